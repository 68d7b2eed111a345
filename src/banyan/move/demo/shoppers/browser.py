"""A shopper's browser: keeps cookies, and asks as the legacy shop's pages do."""

from dataclasses import dataclass, field

import aiohttp
import orjson

PATIENCE = 30.0
"""Seconds a shopper waits for an answer."""
_BROKEN = (aiohttp.ClientError, TimeoutError)


class Unanswered(Exception):
    """The line broke, or it took too long: nobody knows whether it was done."""


@dataclass(slots=True)
class Browser:
    """One customer's."""

    base: str
    http: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def post(self, route: str, form: dict[str, str]) -> dict[str, object]:
        """The JSON that the shop answers; another status than 200 is told as an error."""
        status, body = await self.ask("POST", route, form)
        if status != 200:
            return {"error": f"{status} {body[:200]!r}"}
        try:
            got = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {"error": f"no JSON: {body[:200]!r}"}
        return got if isinstance(got, dict) else {"error": str(got)}

    async def ask(self, method: str, route: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body, redirects as they are. Unanswered when there was none."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        try:
            async with self.http.request(
                method,
                f"{self.base}/index.php?route={route}",
                data=form,
                headers=headers if self.cookies else {},
                timeout=aiohttp.ClientTimeout(total=PATIENCE),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                for name, morsel in answer.cookies.items():
                    if morsel["max-age"] == "0":
                        self.cookies.pop(name, None)
                    else:
                        self.cookies[name] = morsel.value
                return answer.status, body
        except _BROKEN as error:
            raise Unanswered(f"{type(error).__name__} {error}") from error
