"""One question for all who ask at once, nothing older than half a second after a change, and something in bad times."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from banyan.foundation.envelope import Envelope
from banyan.foundation.peers import HttpAnswer
from banyan.gateway.cache import (
    BRIEF,
    FRESH,
    GRACE,
    REVALIDATE,
    SETTLING,
    STALE,
    STEADY,
    Shelf,
    family_of,
    key_of,
    tags_of,
)
from banyan.gateway.prepared import Prepared
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import NotFound, Unavailable


def answer(body: object, told: dict[str, str] | None = None, *, status: int = 200) -> HttpAnswer:
    headers = (("content-type", "application/json"), *(told or {}).items())
    return HttpAnswer(status, headers, json.dumps(body).encode())


class Catalog:
    """What is asked for, and how often."""

    def __init__(self) -> None:
        self.answers: dict[str, HttpAnswer | Exception] = {}
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def ask(self, target: str) -> HttpAnswer:
        self.asked.append(target)
        found = self.answers[target]  # read first, answered when the door opens: as a slow service does
        await self.open.wait()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture
def shelf(catalog: Catalog, clock: VirtualClock) -> Shelf:
    return Shelf(catalog.ask, clock, max_bytes=100_000, patience=0.05)


MUG = "/v1/products/mug"
LIST = "/v1/products"


def mug(price: int, told: dict[str, str] | None = None) -> HttpAnswer:
    return answer({"id": "prd_1", "slug": "mug", "price": price}, told)


async def read(shelf: Shelf, target: str) -> object:
    """What a reader gets: from the shelf, else by asking."""
    path, _, query = target.partition("?")
    key = key_of(path.encode(), query.encode())
    got = shelf.fresh(key) or await shelf.get(key, target)
    if isinstance(got, Prepared):
        return json.loads(got.plain.body)
    return got


async def until_asked(catalog: Catalog, times: int) -> None:
    async with asyncio.timeout(30):
        while len(catalog.asked) < times:
            await asyncio.sleep(0)


def fact(kind: str, key: str = "prd_1", **data: object) -> Envelope:
    return Envelope("evt_1", f"catalog.{kind}", key, datetime(2026, 1, 1, tzinfo=UTC), {"product_id": key, **data})


async def test_a_thousand_who_ask_at_once_are_one_question(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers[LIST] = answer({"items": []})
    catalog.open.clear()
    readers = [asyncio.create_task(read(shelf, LIST)) for _ in range(1000)]
    await asyncio.sleep(0)
    readers[0].cancel()  # the first goes away; the question is everyone's
    catalog.open.set()
    got = await asyncio.gather(*readers[1:])
    assert got == [{"items": []}] * 999
    assert catalog.asked == [LIST]
    await read(shelf, LIST)
    assert catalog.asked == [LIST]


async def test_the_order_of_parameters_makes_no_difference_but_that_of_values_does(
    shelf: Shelf, catalog: Catalog
) -> None:
    assert key_of(b"/s", b"q=a&limit=5") == key_of(b"/s", b"limit=5&q=a&") != key_of(b"/s", b"limit=5&q=b")
    assert key_of(b"/s", b"q=a&q=b") != key_of(b"/s", b"q=b&q=a")


async def test_a_change_is_seen_by_the_next_reader(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers = {
        MUG: mug(10),
        LIST: answer({"items": [10]}),
        "/v1/products/cup": answer({"id": "prd_2", "slug": "cup"}),
    }
    for target in catalog.answers:
        await read(shelf, target)
    catalog.answers |= {MUG: mug(9), LIST: answer({"items": [9]})}
    await shelf.hear([fact("PriceChanged", sku="MUG-1")])
    assert await read(shelf, MUG) == {"id": "prd_1", "slug": "mug", "price": 9}
    assert await read(shelf, LIST) == {"items": [9]}
    await read(shelf, "/v1/products/cup")
    assert catalog.asked.count("/v1/products/cup") == 1, "what has not changed stays"


async def test_an_answer_read_before_a_change_and_told_after_it_is_not_kept(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers[MUG] = mug(10)
    catalog.open.clear()
    early = asyncio.create_task(read(shelf, MUG))
    await until_asked(catalog, 1)
    catalog.answers[MUG] = mug(9)
    await shelf.hear([fact("ProductChanged", slug="mug", published=True)])
    late = asyncio.create_task(read(shelf, MUG))
    await until_asked(catalog, 2)
    catalog.open.set()
    assert [await early, await late] == [{"id": "prd_1", "slug": "mug", "price": price} for price in (10, 9)]
    assert len(catalog.asked) == 2, "who comes after the change does not join the old question"


async def test_while_indexes_settle_an_answer_is_believed_for_a_moment_only(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    await shelf.hear([fact("ProductAdded", slug="mug", published=True)])
    clock.advance(0.1)
    catalog.answers["/v1/search?q=mug"] = answer({"items": []})  # the index has not heard yet
    await read(shelf, "/v1/search?q=mug")
    catalog.answers["/v1/search?q=mug"] = answer({"items": ["mug"]})
    clock.advance(BRIEF)
    assert await read(shelf, "/v1/search?q=mug") == {"items": ["mug"]}
    clock.advance(SETTLING)
    await read(shelf, "/v1/search?q=mug")
    clock.advance(FRESH - 1)
    await read(shelf, "/v1/search?q=mug")
    assert len(catalog.asked) == 3


async def test_categories_are_on_every_page(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers = {MUG: mug(10), "/v1/categories": answer({"items": []})}
    for _ in range(2):
        for target in catalog.answers:
            await read(shelf, target)
        await shelf.hear([fact("CategoriesChanged", category_id="cat_1")])
    assert len(catalog.asked) == 4


async def test_nothing_is_kept_longer_than_allowed(shelf: Shelf, catalog: Catalog, clock: VirtualClock) -> None:
    catalog.answers = {MUG: mug(10), LIST: answer({}, {"cache-control": "public, max-age=1, s-maxage=5"})}
    for target, seconds in ((MUG, FRESH), (LIST, 5.0)):
        await read(shelf, target)
        clock.advance(seconds - 0.01)
        await read(shelf, target)
        assert catalog.asked.count(target) == 1
        clock.advance(0.02)
        await read(shelf, target)
        await asyncio.sleep(0)
        assert catalog.asked.count(target) == 2


async def test_what_is_merely_old_is_sent_at_once_while_it_is_asked_for_again(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers = {MUG: mug(10)}
    await read(shelf, MUG)
    catalog.answers = {MUG: mug(20)}
    clock.advance(FRESH + 1)
    seen = [await read(shelf, MUG) for _ in range(3)]
    assert [each["price"] for each in seen] == [10, 10, 10]  # type: ignore[index]
    await until_asked(catalog, 2)
    await asyncio.sleep(0)
    assert (await read(shelf, MUG))["price"] == 20  # type: ignore[index]
    assert len(catalog.asked) == 2


async def test_what_the_bus_would_have_told_of_is_not_asked_for_again(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers = {MUG: mug(10), LIST: answer({}, {"cache-control": "public, max-age=1, s-maxage=5"})}
    await read(shelf, MUG)
    await read(shelf, LIST)
    while clock.monotonic() < STEADY - 1:
        clock.advance(1)
        shelf.heard()
        await read(shelf, MUG)
    assert catalog.asked.count(MUG) == 1
    await read(shelf, LIST)
    assert catalog.asked.count(LIST) == 2, "what the service gave a time of its own has that time"
    await shelf.hear([fact("PriceChanged")])
    catalog.answers[MUG] = mug(20)
    assert (await read(shelf, MUG))["price"] == 20  # type: ignore[index]


async def test_a_bus_that_is_not_heard_is_not_relied_upon(shelf: Shelf, catalog: Catalog, clock: VirtualClock) -> None:
    catalog.answers[MUG] = mug(10)
    await read(shelf, MUG)
    shelf.heard()
    clock.advance(FRESH - 1)
    shelf.heard()
    clock.advance(FRESH - 1)
    await read(shelf, MUG)
    assert len(catalog.asked) == 1
    clock.advance(2)
    catalog.answers[MUG] = mug(20)
    assert (await read(shelf, MUG))["price"] == 10, "merely old: sent while it is asked for again"  # type: ignore[index]
    await until_asked(catalog, 2)
    await asyncio.sleep(0)
    assert (await read(shelf, MUG))["price"] == 20  # type: ignore[index]


async def test_even_what_is_heard_to_be_as_it_was_is_asked_for_again_in_the_end(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers[MUG] = mug(10)
    await read(shelf, MUG)
    clock.advance(STEADY - 1)
    shelf.heard()
    await read(shelf, MUG)
    clock.advance(2)
    shelf.heard()
    await read(shelf, MUG)
    await until_asked(catalog, 2)


async def test_while_it_cannot_be_asked_for_again_not_everyone_asks(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers = {MUG: mug(10)}
    await read(shelf, MUG)
    catalog.answers[MUG] = Unavailable("away")
    clock.advance(FRESH + 1)
    for _ in range(5):
        assert (await read(shelf, MUG))["price"] == 10  # type: ignore[index]
        await asyncio.sleep(0)
    assert len(catalog.asked) == 2
    clock.advance(GRACE)
    await read(shelf, MUG)
    await until_asked(catalog, 3)


async def test_what_is_old_for_long_or_has_changed_is_not_sent(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers = {MUG: mug(10)}
    await read(shelf, MUG)
    catalog.answers = {MUG: mug(20)}
    clock.advance(FRESH + REVALIDATE)
    assert (await read(shelf, MUG))["price"] == 20  # type: ignore[index]
    clock.advance(SETTLING)
    catalog.answers = {MUG: mug(30)}
    await shelf.hear([fact("PriceChanged")])
    assert (await read(shelf, MUG))["price"] == 30  # type: ignore[index]


async def test_while_the_catalogue_is_away_what_was_kept_is_shown(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers[MUG] = mug(10)
    await read(shelf, MUG)
    for trouble in (Unavailable("away"), answer({}, status=503), answer({}, status=500)):
        clock.advance(FRESH + REVALIDATE)
        catalog.answers[MUG] = trouble
        asked = len(catalog.asked)
        assert await read(shelf, MUG) == {"id": "prd_1", "slug": "mug", "price": 10}
        await read(shelf, MUG)
        assert len(catalog.asked) == asked + 1, "it is not asked by everyone while it fails"
        clock.advance(GRACE)
        await read(shelf, MUG)
        assert len(catalog.asked) == asked + 2
    clock.advance(STALE)
    assert isinstance(await read(shelf, MUG), HttpAnswer), "but not for ever"


async def test_a_catalogue_that_hangs_does_not_hold_up_who_can_be_shown_something(
    shelf: Shelf, catalog: Catalog, clock: VirtualClock
) -> None:
    catalog.answers[MUG] = mug(10)
    await read(shelf, MUG)
    clock.advance(FRESH)
    catalog.open.clear()
    assert await read(shelf, MUG) == {"id": "prd_1", "slug": "mug", "price": 10}
    catalog.answers[MUG] = mug(9)
    catalog.open.set()
    await asyncio.sleep(0)
    await shelf.close()


async def test_a_removed_product_is_not_shown_even_then(shelf: Shelf, catalog: Catalog) -> None:
    for gone in (fact("ProductRemoved", slug="mug"), fact("ProductChanged", slug="mug", published=False)):
        catalog.answers[MUG] = mug(10)
        await read(shelf, MUG)
        catalog.answers[MUG] = Unavailable("away")
        await shelf.hear([gone])
        with pytest.raises(Unavailable):
            await read(shelf, MUG)


@pytest.mark.parametrize(
    "headers",
    [{"set-cookie": "a=1"}, {"cache-control": "private"}, {"cache-control": "no-store"}, {"vary": "accept-language"}],
)
async def test_an_answer_for_one_is_shared_with_nobody(shelf: Shelf, catalog: Catalog, headers: dict[str, str]) -> None:
    catalog.answers[LIST] = answer({}, headers)
    assert await read(shelf, LIST) is None
    assert await read(shelf, LIST) is None
    assert catalog.asked == [LIST], "and for a while nobody asks for the others"


async def test_to_look_first_whether_it_changed_is_what_the_bus_spares_us(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers[MUG] = mug(10, {"cache-control": "no-cache", "vary": "authorization"})
    await read(shelf, MUG)
    got = shelf.fresh(key_of(MUG.encode(), b""))
    assert got is not None
    told = dict(got.plain.headers)
    assert (told[b"cache-control"], told[b"vary"]) == (b"no-cache", b"authorization"), (
        "readers are told as the service said"
    )


async def test_refusals_are_shared_but_not_kept(shelf: Shelf, catalog: Catalog) -> None:
    catalog.answers[MUG] = answer({"code": "not_found"}, status=404)
    for _ in range(2):
        got = await read(shelf, MUG)
        assert isinstance(got, HttpAnswer)
        assert got.status == 404
    assert len(catalog.asked) == 2
    catalog.answers[MUG] = NotFound("gone")
    with pytest.raises(NotFound):
        await read(shelf, MUG)


async def test_what_is_kept_stays_below_its_bound(shelf: Shelf, catalog: Catalog) -> None:
    for number in range(200):
        target = f"{LIST}?cursor={number}"
        catalog.answers[target] = answer({"items": ["x" * 3000]})
        await read(shelf, target)
        await read(shelf, f"{LIST}?cursor=0")
    assert catalog.asked.count(f"{LIST}?cursor=0") == 1, "what is read often stays"
    assert shelf.fresh(key_of(LIST.encode(), b"cursor=1")) is None
    assert shelf.fresh(key_of(LIST.encode(), b"cursor=199")) is not None
    catalog.answers["/v1/brands"] = answer({"items": ["x" * 50_000]})
    await read(shelf, "/v1/brands")
    assert shelf.fresh(key_of(b"/v1/brands", b"")) is None, "one answer does not push out all the others"


def test_tags_are_what_the_service_says_or_what_the_answer_shows() -> None:
    assert tags_of(MUG, mug(1)) == {"product:prd_1", "product:mug"}
    assert tags_of("/v1/products/old-mug?currency=EUR", mug(1)) == {"product:prd_1", "product:mug"}
    assert tags_of(LIST, answer({"items": []})) == {"lists"}
    assert tags_of("/v1/products/mug/media", answer([])) == {"lists"}
    assert tags_of(MUG, answer(["no product"])) == {"lists"}
    assert tags_of(MUG, mug(1, {"x-banyan-tags": "product:prd_9, lists"})) == {"product:prd_9", "lists"}


def test_only_reads_that_answer_everyone_alike_are_kept() -> None:
    assert family_of("/v1/products/mug") == "/v1/products"
    assert family_of("/v1/search") == "/v1/search"
    for path in ("/v1/me", "/v1/carts/crt_1", "/v1/stock/x", "/v1/productsx", "/", "/v1/orders"):
        assert family_of(path) is None
