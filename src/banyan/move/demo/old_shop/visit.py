"""One request to the demo's legacy shop, and its answer: a form, a session, and a connection that commits each statement."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import orjson
import pymysql
from pymysql.cursors import DictCursor

from banyan.kernel.clock import Clock
from banyan.move.demo.tables import PREFIX

_TRIES, _DEADLOCK = 5, 1213


@dataclass(slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @classmethod
    def page(cls, html: str) -> "Answer":
        return cls(body=html.encode())

    @classmethod
    def data(cls, value: object) -> "Answer":
        return cls(body=orjson.dumps(value), kind="application/json")


@dataclass(slots=True)
class Visit:
    """One request: what was asked, by which session, and a connection that commits each statement by itself."""

    con: "pymysql.Connection[DictCursor]"
    clock: Clock
    query: dict[str, str]
    form: dict[str, str]
    id: str
    session: dict[str, Any]

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self.con.cursor() as cursor:
            self._execute(cursor, sql, values)
            return list(cursor.fetchall())

    def change(self, sql: str, *values: object) -> int:
        """How many rows it changed."""
        with self.con.cursor() as cursor:
            return self._execute(cursor, sql, values)

    def row(self, sql: str, *values: object) -> dict[str, Any] | None:
        return next(iter(self.rows(sql, *values)), None)

    def add(self, table: str, **values: object) -> int:
        """Insert a row; its auto-increment value."""
        names = ", ".join(f"`{name}`" for name in values)
        slots = ", ".join(["%s"] * len(values))
        with self.con.cursor() as cursor:
            self._execute(cursor, f"INSERT INTO {{{table}}} ({names}) VALUES ({slots})", tuple(values.values()))
            return int(cursor.lastrowid)

    def _execute(self, cursor: DictCursor, sql: str, values: tuple[object, ...]) -> int:
        """A statement is a transaction; one that met another (InnoDB locks gaps, too) is tried again, as MySQL asks."""
        sql = sql.replace("{", f"`{PREFIX}").replace("}", "`")
        for _ in range(_TRIES):
            try:
                return int(cursor.execute(sql, values))
            except pymysql.MySQLError as error:
                if not error.args or error.args[0] != _DEADLOCK:
                    raise
        return int(cursor.execute(sql, values))

    @property
    def now(self) -> Any:
        return self.clock.now().replace(tzinfo=None, microsecond=0)

    @property
    def customer(self) -> int:
        return int(self.session.get("customer_id", 0))

    def typed(self, name: str, length: int) -> str:
        """A field of the form as OpenCart stores it: escaped, and cut where the column ends."""
        return escape(self.form.get(name, "").strip(), quote=False).replace('"', "&quot;")[:length]


Handler = Callable[[Visit], Answer]


def whose(visit: Visit) -> tuple[str, tuple[object, ...]]:
    """Which rows of `cart` are this shopper's."""
    if visit.customer:
        return "customer_id = %s", (visit.customer,)
    return "customer_id = 0 AND session_id = %s", (visit.id,)
