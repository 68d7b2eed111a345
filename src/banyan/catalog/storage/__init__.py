"""All SQL of the catalogue. Functions take a transaction, or the database itself where one statement is enough."""

from typing import Any, Protocol

from banyan.foundation.db import Row


class Asks(Protocol):
    """What a reading statement runs on: a transaction, or the database by itself."""

    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    async def fetchrow(self, sql: str, *values: Any) -> Row | None: ...

    async def fetchval(self, sql: str, *values: Any) -> Any: ...
