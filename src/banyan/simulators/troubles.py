"""What goes wrong at a played provider when it is told to: the answers a shop must live with."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banyan.foundation.egress import NotSent
from banyan.kernel.refusals import Unavailable

Kind = Literal["down", "error", "too_many", "hang", "lost", "cut"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""down: nobody is reached. error: 500, nothing done. too_many: 429. hang: no answer, nothing done.
lost: done, answered 500. cut: done, and the connection ends without an answer."""


@dataclass(slots=True)
class Trouble:
    kind: Kind
    path: str = ""  # of which requests: a regular expression found in `POST /v2/checkout/orders`
    times: int = 1


class Troubles:
    """An application, in trouble as often as it was told. What is below `/_sim/` is never."""

    def __init__(self, app: ASGIApp, says: Mapping[str, object] | None = None) -> None:
        """`says`: bodies of error and too_many, as the provider has them."""
        self._app = app
        self._says = {"error": {"error": "INTERNAL_ERROR"}, "too_many": {"error": "RATE_LIMIT_REACHED"}, **(says or {})}
        self.coming: list[Trouble] = []

    def add(self, kind: str, path: str = "", times: int = 1) -> None:
        """ValueError for a kind that is none."""
        if kind not in KINDS:
            raise ValueError(f"troubles are {', '.join(KINDS)}")
        re.compile(path)
        self.coming.append(Trouble(kind, path, times))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trouble = self._next(scope) if scope["type"] == "http" else None
        match trouble:
            case None:
                await self._app(scope, receive, send)
            case "down":
                raise NotSent("nobody listens")
            case "error":
                await JSONResponse(self._says["error"], 500)(scope, receive, send)
            case "too_many":
                await JSONResponse(self._says["too_many"], 429, {"retry-after": "1"})(scope, receive, send)
            case "hang":
                await asyncio.Event().wait()
            case "lost":
                await self._app(scope, receive, _nowhere)
                await JSONResponse(self._says["error"], 500)(scope, receive, send)
            case "cut":
                await self._app(scope, receive, _nowhere)
                raise Unavailable("the connection was cut")

    def _next(self, scope: Scope) -> Kind | None:
        if scope["path"].startswith("/_sim/"):
            return None
        asked = f"{scope['method']} {scope['path']}"
        for each in self.coming:
            if each.times > 0 and re.search(each.path, asked):
                each.times -= 1
                return each.kind
        return None


async def _nowhere(_: Message) -> None: ...


def told(troubles: Troubles) -> list[dict[str, Any]]:
    return [{"kind": each.kind, "path": each.path, "times": each.times} for each in troubles.coming if each.times]
