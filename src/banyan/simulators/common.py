"""Requests and answers of a simulator that is one function, and forms as Stripe has them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from banyan.kernel.refusals import Malformed

LONGEST_BODY = 2**20


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def pairs(self) -> list[tuple[str, str]]:
        """What was asked for, in order: of the query, then of a form."""
        found = parse_qsl(self.query, keep_blank_values=True)
        if "json" not in self.headers.get("content-type", "form"):
            found += parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return found

    def json(self) -> dict[str, Any]:
        """Malformed where the body is no JSON object."""
        try:
            told = orjson.loads(self.body or b"{}")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Malformed("this is no JSON object")
        return told


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(told: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(told), {"content-type": "application/json", **(headers or {})})


def page(html: str, status: int = 200) -> Answer:
    return Answer(status, html.encode(), {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"})


def redirect(url: str) -> Answer:
    return Answer(303, b"", {"location": url})


Handler = Callable[[Asked], Awaitable[Answer]]


def asgi(handle: Handler) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An ASGI application of one function."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        parts: list[bytes] = []
        more = True
        while more and sum(map(len, parts)) <= LONGEST_BODY:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = unquote(scope["path"])
        asked = Asked(scope["method"], path, scope["query_string"].decode("latin-1"), headers, b"".join(parts))
        answer = await handle(asked)
        named = {"content-length": str(len(answer.body)), **answer.headers}
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    return app


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`card[number]=…` and `expand[]=…` as objects and lists. Malformed where a name is both."""
    told: dict[str, Any] = {}
    for name, value in pairs:
        keys = name.replace("]", "").split("[")
        at: Any = told
        for key in keys[:-1]:
            at = at.setdefault(key, {}) if isinstance(at, dict) else None
        if not isinstance(at, dict):
            raise Malformed(f"{name} is an object and a value at once")
        last = keys[-1]
        at[last or str(len(at))] = value
    return {name: _listed(value) for name, value in told.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return list(inner.values())
    return inner
