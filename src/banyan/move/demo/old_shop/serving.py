"""The demo's legacy shop as a web application: a thread for each request, as PHP has a process."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pymysql
from pymysql.cursors import DictCursor

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo.old_shop.visit import Answer, Handler, Visit

COOKIE = "OCSESSID"
_THREADS = 8
Routes = Mapping[tuple[str, str], Handler]


class OldShop:
    """An ASGI application."""

    def __init__(self, database_url: str, routes: Routes, *, clock: Clock, ids: Ids) -> None:
        parts = urlsplit(database_url)
        self._login: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": parts.username,
            "password": unquote_plus(parts.password or ""),
            "database": parts.path.strip("/"),
        }
        self._routes = routes
        self._clock = clock
        self._ids = ids
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(_THREADS, "php")

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, scope, body)
        headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers + answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def _answer(self, scope: Any, body: bytes) -> Answer:
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if scope["path"] not in ("/", "/index.php"):
            return Answer(404, b"not found", "text/plain")
        route = query.get("route", "common/home")
        handler = self._routes.get((scope["method"].replace("HEAD", "GET"), route))
        if handler is None:
            return Answer(404, b"not found", "text/plain")
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), True).items()}
        visit = self._visit(scope, query, form)
        try:
            before, fresh = json.dumps(visit.session), not visit.session
            answer = handler(visit)
            if fresh or json.dumps(visit.session) != before:
                self._keep(visit)
            if fresh:
                answer.headers.append((b"set-cookie", f"{COOKIE}={visit.id}; path=/; SameSite=Lax".encode()))
            return answer
        except pymysql.MySQLError as error:
            # As a PHP shop does: a page with the fault in it. 45000 is what a fence says.
            return Answer(503 if error.args and error.args[0] == 1644 else 500, str(error).encode(), "text/plain")

    def _visit(self, scope: Any, query: dict[str, str], form: dict[str, str]) -> Visit:
        if getattr(self._own, "con", None) is None:
            self._own.con = pymysql.connect(
                **self._login,
                charset="utf8mb4",
                autocommit=True,
                cursorclass=DictCursor,
                init_command="SET sql_mode=''",
            )
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        named = dict(each.strip().partition("=")[::2] for each in cookies.split(";") if "=" in each)
        visit = Visit(self._own.con, self._clock, query, form, named.get(COOKIE, ""), {})
        kept = visit.row("SELECT data FROM {session} WHERE session_id = %s", visit.id) if visit.id else None
        if kept is None:
            visit.id = self._ids.secret(13).hex()
        else:
            visit.session = json.loads(kept["data"] or "{}")
        return visit

    def _keep(self, visit: Visit) -> None:
        visit.session.setdefault("language", "en-gb")
        visit.rows(
            "REPLACE INTO {session} (session_id, data, expire) VALUES (%s, %s, %s)",
            visit.id,
            json.dumps(visit.session),
            visit.now + timedelta(days=1),
        )
