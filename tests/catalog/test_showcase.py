"""Cards are rendered once for all processes, and never shown after a change."""

import asyncio
from typing import Any

import orjson

from banyan.catalog.actions.keeping import Keeping
from banyan.catalog.showcase import Showcase
from banyan.catalog.storage import reading
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import Counter


async def shown(counter: Counter, showcase: Showcase, currency: str = "EUR") -> dict[str, Any]:
    db = counter.ports.db
    rows = await db.fetch("SELECT id, revision FROM product ORDER BY id")
    cards = await showcase.cards(db, [(row["id"], row["revision"]) for row in rows], currency)
    return {each["name"]: each for each in map(orjson.loads, cards)}


async def rendered_anew(counter: Counter, currency: str = "EUR") -> list[str]:
    rows = await counter.ports.db.fetch("SELECT id FROM product")
    read = await reading.cards(counter.ports.db, [row["id"] for row in rows], currency)
    return sorted(row["name"] for row in read if row["body"] is None)


async def test_a_card_rendered_by_one_process_is_there_for_the_next_until_its_product_changes(
    open_counter: OpenCounter,
) -> None:
    counter, here = await open_counter(), Showcase()
    for name in ("CARD-1", "CARD-2"):
        await counter.product(name)
    first = await shown(counter, here)
    assert await rendered_anew(counter) == ["CARD-1", "CARD-2"]
    assert not await here.keep(counter.ports.db)
    assert await rendered_anew(counter) == []
    assert await rendered_anew(counter, "USD") == ["CARD-1", "CARD-2"]
    assert await shown(counter, Showcase()) == first
    assert (await shown(counter, Showcase(), "USD"))["CARD-1"]["price"] is None

    await counter.send("PUT", "/v1/products/card-1/variants/CARD-1/prices/EUR", {"amount": 77})
    assert await rendered_anew(counter) == ["CARD-1"]
    assert (await shown(counter, Showcase()))["CARD-1"]["price"] == {"amount": 77, "currency": "EUR"}


async def test_what_was_rendered_before_a_change_is_not_kept_after_it(open_counter: OpenCounter) -> None:
    counter, slow, quick = await open_counter(), Showcase(), Showcase()
    await counter.product("LATE-1")
    await shown(counter, slow)
    await counter.send("PUT", "/v1/products/late-1/variants/LATE-1/prices/EUR", {"amount": 77})
    await shown(counter, quick)
    for each in (quick, slow, quick):
        await each.keep(counter.ports.db)
    assert await rendered_anew(counter) == []
    assert (await shown(counter, Showcase()))["LATE-1"]["price"]["amount"] == 77


async def test_a_shop_at_work_renders_all_it_sells_before_anybody_asks(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    for number in range(3):
        await counter.product(f"AHEAD-{number}")
    keeping = Keeping(Showcase())
    soon = await keeping.ahead(counter.ports)
    assert await rendered_anew(counter) == []
    await counter.send("PUT", "/v1/products/ahead-1/variants/AHEAD-1/prices/EUR", {"amount": 77})
    assert await rendered_anew(counter) == ["AHEAD-1"]
    assert await keeping.ahead(counter.ports) == soon  # there was one to render: others may follow
    assert await rendered_anew(counter) == []
    assert await keeping.ahead(counter.ports) > soon


async def test_a_shop_at_work_keeps_what_its_shoppers_saw(open_counter: OpenCounter) -> None:
    counter = await open_counter(work=True)
    await counter.product("KEPT-1")
    await counter.json("/v1/products")
    async with asyncio.timeout(20):
        while await rendered_anew(counter):
            await asyncio.sleep(0.05)
