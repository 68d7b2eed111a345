"""What is remembered: all SQL of users, one file per table."""

from typing import Any, Protocol

from banyan.foundation.db import Row


class Source(Protocol):
    """Where one may read: a database, or an open transaction."""

    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    async def fetchrow(self, sql: str, *values: Any) -> Row | None: ...

    async def fetchval(self, sql: str, *values: Any) -> Any: ...
