"""What the catalogue tells is found: by words, filters and facets, soon after, and no longer when it is gone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from banyan.catalog import indexing
from banyan.catalog.app import service
from banyan.foundation import outbox, web
from banyan.foundation.search import DEEPEST, WritesLost
from banyan.foundation.search.embedded import EmbeddedSearch
from banyan.kernel.clock import VirtualClock
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import Counter, eventually

ROWS = [
    {
        "sku": f"LMP-{number}",
        "name": f"Desk Lamp {number}",
        "brand": ("Fennick", "Lomvik")[number % 2],
        "categories": ["Home", "Lamps"],
        "price": 10 + number,
        "attributes": {"socket": "E27"},
    }
    for number in range(30)
] + [{"sku": "KTL-1", "name": "Whistling Kettle", "brand": "Fennick", "categories": "Home > Kettles", "price": "49.90"}]


@pytest.fixture(scope="module")
async def shop(open_counter: OpenCounter) -> Counter:
    counter = await open_counter(work=True)
    await counter.take(*ROWS)
    await eventually(lambda: found(counter, "", 31))
    return counter


async def found(counter: Counter, query: str, count: int) -> bool:
    return bool((await counter.json(f"/v1/search?{query}"))["total"] == count)


async def test_a_product_is_found_by_its_words_and_by_misspelt_ones(shop: Counter) -> None:
    answer = await shop.json("/v1/search?q=whistling")
    assert [each["name"] for each in answer["items"]] == ["Whistling Kettle"]
    assert (answer["total"], answer["corrected"], answer["next_cursor"]) == (1, None, None)
    assert set(answer["items"][0]) >= {"id", "slug", "name", "brand", "price", "image", "variants"}
    answer = await shop.json("/v1/search?q=whisling+ketle")
    assert (answer["total"], answer["corrected"]) == (1, "whistling kettle")
    for words in ("KTL-1", "E27+lamp"):
        assert (await shop.json(f"/v1/search?q={words}"))["total"] >= 1, words


async def test_a_facets_value_is_what_narrows_by_it(shop: Counter) -> None:
    facets = (await shop.json("/v1/search?q=lamp"))["facets"]
    assert facets["brand"] == [{"value": "Fennick", "count": 15}, {"value": "Lomvik", "count": 15}]
    for facet in facets["category"]:
        assert (await shop.json(f"/v1/search?q=lamp&category={facet['value']}"))["total"] == facet["count"]
    assert {"value": "lamps", "label": "Home > Lamps", "count": 30} in facets["category"]
    for band in facets["price"]:
        query = f"q=lamp&price_min={band['low']}&price_max={band['high']}"
        assert await found(shop, query, band["count"])
    assert await found(shop, "brand=Lomvik&brand=fennick&category=lamps", 30)
    assert await found(shop, "brand=nobody", 0)
    assert await found(shop, "category=nowhere", 0)
    assert await found(shop, "category=Home%20%3E%20Kettles", 1)


async def test_pages_hold_every_result_once_in_order(shop: Counter) -> None:
    names: list[str] = []
    cursor: Any = ""
    while cursor is not None:
        page = await shop.json(f"/v1/search?q=lamp&sort=-price&limit=7{cursor}")
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert names == [f"Desk Lamp {number}" for number in reversed(range(30))]


async def test_suggestions_complete_what_was_typed(shop: Counter) -> None:
    assert "Whistling Kettle" in (await shop.json("/v1/suggest?q=whis"))["items"]
    assert (await shop.json("/v1/suggest"))["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "sort=best",
        "price_min=-1",
        "price_max=1e9",
        f"price_max={2**53}",
        "limit=0",
        "available=perhaps",
        "brand=%00",
        "category=%00",
        "q=" + "x" * 501,
        "cursor=" + web.cursor(-1),
        "cursor=" + web.cursor(DEEPEST),
        "cursor=" + web.cursor("x"),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(shop: Counter, query: str) -> None:
    assert (await shop.get(f"/v1/search?{query}")).status in (400, 422)


@pytest.mark.parametrize(
    "words", ["%00", "%F0%9F%8F%94", "%ED%A0%80", '"', "*:*", "a%20AND%20(", "%25", "'; DROP TABLE"]
)
async def test_any_words_at_all_are_a_question(shop: Counter, words: str) -> None:
    assert (await shop.get(f"/v1/search?q={words.replace(' ', '%20')}")).status == 200
    assert (await shop.get(f"/v1/suggest?q={words.replace(' ', '%20')}")).status == 200


async def test_what_changes_is_found_as_it_is_now(shop: Counter) -> None:
    made = await shop.product("SRCH-1", name="Umbrella Stand", category="kettles")
    at = f"/v1/products/{made['id']}"
    await eventually(lambda: found(shop, "q=umbrella", 1))
    await shop.send("PATCH", at, {"name": "Parasol Base"}, if_match="*")
    await eventually(lambda: found(shop, "q=parasol", 1))
    assert await found(shop, "q=umbrella", 0)
    assert await found(shop, "q=parasol&available=true", 0)
    await shop.inventory_tells("SRCH-1", True)
    await eventually(lambda: found(shop, "q=parasol&available=true", 1))
    await shop.send("PUT", f"{at}/variants/SRCH-1/prices/EUR", {"amount": 123456})
    await eventually(lambda: found(shop, "price_min=123456", 1))
    await shop.send("PATCH", "/v1/categories/kettles", {"name": "Boilers"})
    await eventually(lambda: found(shop, "q=parasol+boilers", 1))
    await eventually(lambda: found(shop, "category=kettles", 2))
    await shop.send("PATCH", at, {"status": "draft"}, if_match="*")
    await eventually(lambda: found(shop, "q=parasol", 0))
    await shop.send("PATCH", at, {"status": "published"}, if_match="*")
    await eventually(lambda: found(shop, "q=parasol", 1))
    await shop.send("DELETE", at)
    await eventually(lambda: found(shop, "q=parasol", 0))


async def test_what_is_gone_meanwhile_is_not_shown(open_counter: OpenCounter) -> None:
    """The index is a little behind; the database is asked what is still there."""
    counter = await open_counter()
    made = await counter.product("BEHIND-1", name="Ghost")
    await indexing.rebuild(counter.ports)
    assert await found(counter, "q=ghost", 1)
    await counter.send("DELETE", f"/v1/products/{made['id']}")
    assert (await counter.json("/v1/search?q=ghost"))["items"] == []


async def test_a_product_without_a_price_in_the_shops_currency_is_not_found(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    for currency in ("USD", "EUR"):
        await counter.take({"sku": currency, "name": f"Mug {currency}", "price": 5, "currency": currency})
    await indexing.rebuild(counter.ports)
    assert [each["name"] for each in (await counter.json("/v1/search?q=mug"))["items"]] == ["Mug EUR"]


async def test_an_index_that_was_lost_is_filled_from_the_database(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    await counter.take(*ROWS)
    assert await found(counter, "", 0)
    position = await indexing.begin(counter.ports)
    assert await found(counter, "", 31)
    await counter.ports.search.clear()
    assert await indexing.begin(counter.ports) == position
    assert await found(counter, "", 31)


async def test_an_index_that_slept_longer_than_the_bus_remembers_is_filled_anew(open_counter: OpenCounter) -> None:
    clock = VirtualClock()
    counter = await open_counter(clock=clock)
    made = await counter.product("SLEPT-1")
    await indexing.begin(counter.ports)
    await counter.send("PATCH", f"/v1/products/{made['id']}", {"name": "Woke"}, if_match="*")
    for days, names in ((1, 0), (6, 1)):
        clock.advance(days * 86_400)
        await indexing.begin(counter.ports)
        assert await found(counter, "q=woke", names)


async def test_an_index_on_disk_goes_on_where_it_was(open_counter: OpenCounter, tmp_path: Path) -> None:

    counter = await open_counter(work=True)
    disk = EmbeddedSearch.open(tmp_path)
    ports = replace(counter.ports, search=disk)
    await counter.take(*ROWS[:5])
    await indexing.begin(ports)
    await counter.take(*ROWS[5:])
    await disk.close()
    ports = replace(counter.ports, search=EmbeddedSearch.open(tmp_path))
    position = await indexing.begin(ports)
    assert position is not None
    assert await ports.search.count() == 5
    keeper = indexing.Keeper()

    async def caught_up() -> bool:
        nonlocal position
        position = await counter.shop.bus.follow(
            indexing.TOPICS, position, lambda batch: keeper.take(ports, list(batch))
        )
        await keeper.reached(ports, position)
        return await ports.search.count() == 31

    await eventually(caught_up)
    await ports.search.close()


class Forgetful:
    """An index whose next commit fails, as on a full disk."""

    def __init__(self, search: Any) -> None:
        self._search = search
        self.lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._search, name)

    async def commit(self, position: str | None = None) -> None:
        if not self.lost:
            self.lost = True
            await self._search.clear()
            raise WritesLost
        await self._search.commit(position)


async def test_an_index_that_loses_what_was_put_is_filled_anew(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    await counter.take(*ROWS)
    # An index of the test's own: the shop's is filled by its own follower as soon as the bell rings.
    forgetful = Forgetful(EmbeddedSearch.open(None))
    ports = replace(counter.ports, search=forgetful)
    keeper = indexing.Keeper()
    position = await counter.shop.bus.follow(indexing.TOPICS, None, nothing)
    await outbox.relay_once(ports.db, ports.bus)
    position = await counter.shop.bus.follow(indexing.TOPICS, position, lambda batch: keeper.take(ports, list(batch)))
    assert await forgetful.count() == 0
    await keeper.reached(ports, position)
    assert forgetful.lost
    assert await forgetful.count() == 31
    await forgetful.close()


async def nothing(_: object) -> None: ...


def test_the_service_says_that_it_searches() -> None:
    assert service().searches
    assert set(service().followers) == {"search"}
