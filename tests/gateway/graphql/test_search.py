"""What a search is answered with, read from the HTTP API's JSON: whole, or limited while the search index is away."""

from typing import Any

import orjson
import pytest

from banyan.foundation import loopback
from banyan.foundation.auth import Authority
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.gateway.graphql.app import Endpoint
from banyan.kernel.clock import SystemClock

MUG = {"id": "prd_1", "slug": "mug", "name": "Mug", "price": {"amount": 900, "currency": "EUR"}, "variants": []}
WHOLE: dict[str, Any] = {
    "items": [MUG],
    "total": 1,
    "facets": {
        "brand": [{"value": "Lomvik", "count": 1}],
        "category": [{"value": "kitchen", "label": "Kitchen", "count": 1}],
        "price": [{"low": 0, "high": 4999, "count": 1}],
    },
    "next_cursor": None,
    "corrected": "mug",
}
LIMITED = WHOLE | {"facets": {"brand": [], "category": [], "price": []}, "corrected": None, "degraded": True}
ASKED = """{ search(q: "mgu", first: 5) { degraded total corrected nextCursor items { slug }
    facets { brand { value count } category { label } price { high } } } }"""


class Catalog(Peers):
    """Answers every search alike."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__({}, clock=SystemClock())
        self._found = found

    async def http(self, service: str, method: str, path: str, **_: Any) -> HttpAnswer:
        assert (service, method, path) == ("catalog", "GET", "/v1/search?q=mgu&limit=5")
        return HttpAnswer(200, (), orjson.dumps(self._found))


async def search(found: dict[str, Any]) -> dict[str, Any]:
    peers = Catalog(found)
    answer = await loopback.request(
        Endpoint(peers, Authority(peers, issuer="", clock=SystemClock())),
        "POST",
        "/graphql",
        headers={"content-type": "application/json"},
        body=orjson.dumps({"query": ASKED}),
    )
    told = answer.json()
    assert "errors" not in told
    return dict(told["data"]["search"])


@pytest.mark.parametrize("found", [WHOLE, WHOLE | {"degraded": False}], ids=["not said", "said"])
async def test_a_whole_search_is_not_degraded(found: dict[str, Any]) -> None:
    assert await search(found) == {
        "degraded": False,
        "total": 1,
        "corrected": "mug",
        "nextCursor": None,
        "items": [{"slug": "mug"}],
        "facets": {
            "brand": [{"value": "Lomvik", "count": 1}],
            "category": [{"label": "Kitchen"}],
            "price": [{"high": 4999}],
        },
    }


async def test_a_search_without_its_index_says_so_beside_what_it_found() -> None:
    told = await search(LIMITED)
    assert (told["degraded"], told["items"], told["corrected"]) == (True, [{"slug": "mug"}], None)
    assert told["facets"] == {"brand": [], "category": [], "price": []}
