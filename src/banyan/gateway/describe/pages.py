"""The descriptions as they are served: two documents, and pages that show them without anything from elsewhere."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import orjson

from banyan.foundation.edge import Receive, Scope, Send
from banyan.foundation.face.policy import NONCE_BYTES, REPORTING, REPORTS
from banyan.foundation.web import problem
from banyan.gateway.describe import asyncapi
from banyan.gateway.describe.openapi import OpenApi
from banyan.gateway.headers import Headers
from banyan.gateway.prepared import Prepared, prepare
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import NotFound, Refusal

PATHS = ("/docs", "/openapi.json", "/asyncapi.json")

_FOLDER = Path(__file__).parent / "docs"
_KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src %s 'strict-dynamic'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; report-uri " + REPORTS + "; report-to csp"
)
_NONCE = b"{{ nonce }}"  # where the page's own stands in docs.html
_AGAIN = (b"cache-control", b"no-cache")  # kept, and asked for by ETag


class Pages:
    """An ASGI application for `/docs`, `/openapi.json` and `/asyncapi.json`."""

    def __init__(self, openapi: OpenApi, ids: Ids) -> None:
        self._openapi = openapi
        self._ids = ids
        self._files = {f"/docs/{path.name}": _file(path) for path in _FOLDER.iterdir() if path.suffix in _KINDS}
        self._page = (_FOLDER / "docs.html").read_bytes()
        del self._files["/docs/docs.html"]
        self._made: tuple[dict[str, Any], Prepared] | None = None
        self._facts: Prepared | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            refused = problem(Refusal("This is only read", code="method_not_allowed", status=405))
            refused.headers["allow"] = "GET"
            return await refused(scope, receive, send)
        found = await self._find(scope["path"])
        if found is None:
            return await problem(NotFound("There is nothing here"))(scope, receive, send)
        given = dict(scope["headers"])
        await found.send(
            send, accept=given.get(b"accept-encoding", b""), unless=given.get(b"if-none-match", b""), head=False
        )

    async def _find(self, path: str) -> Prepared | None:
        if path == "/openapi.json":
            document = await self._openapi.current()
            if self._made is None or self._made[0] is not document:
                self._made = (document, _json(document))
            return self._made[1]
        if path == "/asyncapi.json":
            self._facts = self._facts or _json(asyncapi.document())
            return self._facts
        if path.rstrip("/") == "/docs":
            return self._with_nonce()
        return self._files.get(path.rstrip("/"))

    def _with_nonce(self) -> Prepared:
        """The page as it is this once: its script runs by a nonce."""
        nonce = b64encode(self._ids.secret(NONCE_BYTES))
        headers: Headers = [
            (b"content-type", _KINDS[".html"].encode()),
            (b"content-security-policy", (_POLICY % f"'nonce-{nonce.decode()}'").encode()),
            *((name.encode(), value.encode()) for name, value in REPORTING.items()),
            (b"cache-control", b"no-store"),
        ]
        return prepare(self._page.replace(_NONCE, nonce), headers)


def _file(path: Path) -> Prepared:
    headers: Headers = [
        (b"content-type", _KINDS[path.suffix].encode()),
        (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
        _AGAIN,
    ]
    return prepare(path.read_bytes(), headers)


def _json(document: dict[str, Any]) -> Prepared:
    return prepare(orjson.dumps(document), [(b"content-type", b"application/json"), _AGAIN])
