"""HTTP to an ASGI application of this process, without a socket."""

from collections.abc import Mapping
from typing import Any

from banyan.foundation.peers import HttpAnswer


async def request(app: Any, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
    """Run one request through `app` and collect its answer. `path` may have a query."""
    plain, _, query = path.partition("?")
    raw = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    if body:
        raw.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _unquote(plain),
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": raw,
        "client": ("127.0.0.1", 0),
        "server": ("banyan", 80),
        "state": {},
    }
    status, got, parts = 500, [], []
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, got
        if message["type"] == "http.response.start":
            status, got = message["status"], message["headers"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return HttpAnswer(
        status, tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in got), b"".join(parts)
    )


def _unquote(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path) if "%" in path else path
