"""The category tree as search sees it, by names: kept for a second, because every search asks for it."""

from banyan.catalog.storage import Asks, shelves
from banyan.foundation.search import PATH
from banyan.kernel.clock import Clock

FRESH = 1.0
"""Seconds a renamed category may still be called by its old name in a facet."""


class Tree:
    """Slugs and ids to paths of names, and back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read = -FRESH
        self._names: dict[str, str] = {}
        self._slugs: dict[str, str] = {}

    async def names(self, asks: Asks) -> dict[str, str]:
        """The path of names, as the index knows it, by id and by slug."""
        await self._refresh(asks)
        return self._names

    async def slugs(self, asks: Asks) -> dict[str, str]:
        """The slug by path of names."""
        await self._refresh(asks)
        return self._slugs

    async def _refresh(self, asks: Asks) -> None:
        if self._clock.monotonic() - self._read < FRESH:
            return
        rows = {row["id"]: row for row in await shelves.named(asks)}
        names, slugs = {}, {}
        for row in rows.values():
            path = PATH.join(rows[step]["name"] for step in row["path"] if step in rows)
            names[row["id"]] = names[row["slug"]] = path
            slugs[path] = row["slug"]
        self._names, self._slugs = names, slugs
        self._read = self._clock.monotonic()
