"""Search while its index does not answer: the database finds what it can find quickly, for a few at a time."""

import asyncio

from banyan.catalog.domain.naming import is_sku
from banyan.catalog.storage import plain
from banyan.foundation.search import Query, Results
from banyan.foundation.search.rows import stem
from banyan.foundation.search.suggesting import typed
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unavailable

AT_ONCE, MOST_WAITING = 2, 32
"""In each process: shoppers who buy need the same database."""
PATIENCE = 1.0  # seconds that the database may take over one
_MOST_WORDS = 6


class WithoutIndex:
    """Finds by parts of words and narrows as ever, but knows no spelling, no relevance and no facets."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def find(self, ports: Ports, asked: Query) -> Results:
        """At most the first `plain.MOST` products. Unavailable when too many ask, or it takes too long."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("search does not answer just now; the lists of products do", retry_after=2)
        self._waiting += 1
        try:
            async with self._turns, ports.db.transaction(seconds=PATIENCE) as tx:
                ids, total = await plain.find(
                    tx,
                    _narrowed(asked),
                    currency=ports.settings.currency,
                    order=asked.sort.value,
                    offset=asked.offset,
                    limit=asked.limit,
                )
        finally:
            self._waiting -= 1
        return Results(tuple(ids), total)


def _narrowed(asked: Query) -> plain.Narrow:
    text = asked.text.strip()
    words = tuple(dict.fromkeys(map(_root, typed(text)[:_MOST_WORDS])))
    return plain.Narrow(
        words,
        text if is_sku(text) else None,
        asked.category,
        asked.brands,
        asked.price_min,
        asked.price_max,
        asked.available_only,
    )


def _root(word: str) -> str:
    """What the word and its inflections have in common: "lamps" and "lamp", "batteries" and "battery"."""
    root = stem(word)
    root = root[:-1] if root.endswith("i") else root
    return root if len(root) > 2 and word.startswith(root) else word
