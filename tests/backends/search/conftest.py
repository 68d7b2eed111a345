"""An empty index of each backend."""

from collections.abc import AsyncIterator

import pytest

from banyan.foundation.search import DEEPEST, Query, Search
from banyan.foundation.search.embedded import EmbeddedSearch
from banyan.foundation.search.opensearch import OpenSearchSearch, place
from tests.backends.opensearch_server import OpenSearchServer
from tests.backends.search.shelves import Open

BACKENDS = ("embedded in memory", "embedded on disk", "opensearch")


@pytest.fixture(scope="module", params=BACKENDS)
async def new(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Open]:
    """Opens empty indexes of their own."""
    opened: list[Search] = []

    def make() -> Search:
        match request.param:
            case "embedded in memory":
                made: Search = EmbeddedSearch.open(None)
            case "embedded on disk":
                made = EmbeddedSearch.open(tmp_path_factory.mktemp("search") / "search")
            case _:
                server: OpenSearchServer = request.getfixturevalue("opensearch")
                made = OpenSearchSearch(place(server.fresh()))
        opened.append(made)
        return made

    yield make
    for one in opened:
        await one.close()


@pytest.fixture(scope="module")
async def shared(new: Open) -> Search:
    made = new()
    await made.commit()
    return made


@pytest.fixture
async def search(shared: Search) -> Search:
    """One that is empty: a new index for each test would cost a server most of the suite's time."""
    await shared.remove((await shared.search(Query(limit=DEEPEST))).ids)
    await shared.commit()
    return shared
