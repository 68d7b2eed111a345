"""Search on an OpenSearch server that all processes share: `opensearch://host:9200/prefix`."""

from collections.abc import Iterable, Sequence

from banyan.foundation.search import Document, Query, Results
from banyan.foundation.search.opensearch.fields import PRODUCTS, VERSION
from banyan.foundation.search.opensearch.reading import Reader
from banyan.foundation.search.opensearch.server import Place, Server, place
from banyan.foundation.search.opensearch.vocabulary import Vocabulary
from banyan.foundation.search.opensearch.writing import Writer

__all__ = ["OpenSearchSearch", "place"]


class OpenSearchSearch:
    """Every process reads it; one at a time keeps it, and which one that is settle those who would (`common`).

    `clear` begins a new index: what was there answers until the next commit, and is replaced by it in one step.
    Until the first commit of all there is nothing to ask: Unavailable.
    """

    keeps = True

    def __init__(self, where: Place) -> None:
        """Nothing is asked yet: a shop starts without its search server."""
        self.common = f"{where.prefix}-products-v{VERSION}"
        self._server = Server(where)
        self._words = Vocabulary(self._server, self.common)
        self._reader = Reader(self._server, self.common, self._words)
        self._writer = Writer(self._server, self.common)

    async def put(self, documents: Sequence[Document]) -> None:
        await self._writer.put(documents)

    async def remove(self, ids: Iterable[str]) -> None:
        await self._writer.remove(ids)

    async def commit(self, position: str | None = None) -> None:
        try:
            await self._writer.commit(position)
        finally:
            self._words.forget()

    async def clear(self) -> None:
        await self._writer.clear()

    async def position(self) -> str | None:
        return await self._writer.position()

    async def count(self) -> int:
        (answer,) = await self._server.ask_all(self.common, [{"size": 0, "track_total_hits": True, "query": PRODUCTS}])
        return int(answer["hits"]["total"]["value"])

    async def search(self, query: Query) -> Results:
        return await self._reader.search(query)

    async def suggest(self, prefix: str, limit: int = 8) -> tuple[str, ...]:
        return await self._reader.suggest(prefix, limit)

    async def close(self) -> None:
        await self._server.close()
