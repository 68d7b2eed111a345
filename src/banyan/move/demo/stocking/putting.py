"""Rows put into the demo's legacy shop, and how it writes text."""

from collections.abc import Sequence
from typing import Any

import pymysql

from banyan.move.demo.tables import PREFIX

LANGUAGE, GROUP, STORE, COUNTRY = 1, 1, 0, 222


class Putting:
    def __init__(self, con: "pymysql.Connection[Any]") -> None:
        self._con = con

    def rows(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that have the same columns."""
        if not rows:
            return
        columns = list(rows[0])
        names = ", ".join(f"`{name}`" for name in columns)
        slots = ", ".join(["%s"] * len(columns))
        with self._con.cursor() as cursor:
            for begin in range(0, len(rows), 500):
                cursor.executemany(
                    f"INSERT INTO `{PREFIX}{table}` ({names}) VALUES ({slots})",
                    [tuple(row[name] for name in columns) for row in rows[begin : begin + 500]],
                )


def described(what: str, number: int, name: str, text: str = "") -> dict[str, Any]:
    escaped = html(name)
    row: dict[str, Any] = {f"{what}_id": number, "language_id": LANGUAGE, "name": escaped, "description": html(text)}
    return row | {"meta_title": escaped, "meta_description": "", "meta_keyword": ""}


def html(text: str) -> str:
    """As OpenCart stores what is typed into it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def numbers(of: Sequence[object]) -> range:
    return range(1, len(of) + 1)
