"""A service that is played by hand, for faces' lines and sessions."""

from collections.abc import Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from banyan.foundation.peers import Local, Peers
from banyan.kernel.clock import VirtualClock


def said(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def no(status: int, code: str) -> Response:
    return said({"title": "no", "status": status, "code": code, "detail": "no"}, status)


class Played:
    """`answer` says what it answers; `asked` is what it was asked."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self.bodies: list[Any] = []

    def peers(self, name: str = "users") -> Peers:
        async def endpoint(request: Request) -> Response:
            self.asked.append(request)
            body = await request.body()
            self.bodies.append(orjson.loads(body) if body else None)
            return self.answer(request)

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        peers = Peers({}, clock=VirtualClock())
        peers.add(name, Local(None, {}, Starlette(routes=[Route("/{path:path}", endpoint, methods=methods)])))
        return peers
