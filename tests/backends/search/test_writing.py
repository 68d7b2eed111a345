"""What every search backend promises of products that come, change and go."""

import asyncio

import pytest

from banyan.foundation.search import Document, Query, Search
from tests.backends.search.shelves import fill, ids, named


async def test_a_product_is_found_as_soon_as_it_is_committed_and_not_before(search: Search) -> None:
    await search.put(named("Walnut desk"))
    assert await ids(search, "walnut") == ()
    await search.commit()
    assert await ids(search, "walnut") == ("0",)


async def test_putting_again_replaces_by_id(search: Search) -> None:
    await fill(search, [Document("a", "Walnut desk"), Document("a", "Birch desk")])
    assert (await ids(search, "birch"), await search.count()) == (("a",), 1)
    await fill(search, [Document("a", "Cherry desk"), Document("b", "Oak desk")])
    assert (await ids(search, "cherry"), await search.count()) == (("a",), 2)
    assert (await search.search(Query("birch"))).total == 0


async def test_a_removed_product_is_found_no_more_and_unknown_ids_are_no_fault(search: Search) -> None:
    await fill(search, named("Walnut desk", "Walnut chair"))
    await search.remove(["0", "never there", "\udcff"])
    await search.commit()
    assert await ids(search, "walnut") == ("1",)


async def test_put_then_removed_before_a_commit_is_gone(search: Search) -> None:
    await search.put(named("Walnut desk"))
    await search.remove(["0"])
    await search.commit()
    assert await search.count() == 0


async def test_the_position_is_kept_by_a_commit_and_forgotten_by_clearing(search: Search) -> None:
    await search.clear()
    assert await search.position() is None
    await search.put(named("Walnut desk"))
    await search.commit("42")
    await search.commit()
    assert await search.position() == "42"
    await search.clear()
    assert await search.position() is None
    await search.commit()
    assert (await search.position(), await search.count()) == (None, 0)


async def test_writes_and_searches_at_the_same_time_do_not_disturb_one_another(search: Search) -> None:
    async def write(start: int) -> None:
        await fill(search, [Document(f"{start + at}", f"Lamp number {start + at}") for at in range(50)])

    async def look() -> None:
        for _ in range(20):
            await search.search(Query("lamp"))
            await asyncio.sleep(0)

    await asyncio.gather(*(write(start) for start in range(0, 300, 50)), look())
    assert await search.count() == 300


async def test_a_write_given_up_by_its_caller_does_not_stop_the_next(search: Search) -> None:
    given_up = asyncio.create_task(search.put(named("Walnut desk") * 2_000))
    await asyncio.sleep(0)
    given_up.cancel()
    await search.put([Document("a", "Birch desk")])
    await search.commit("1")
    assert await ids(search, "birch") == ("a",)
    assert given_up.cancelled()


async def test_a_product_may_hold_anything_a_text_can_hold(search: Search) -> None:
    strange = "\0 \ud800 ﷽ 🪑 e\u0301 \u200b" + "x" * 100_000
    await fill(search, [Document("a", strange + " stool", strange, (strange, ""), strange, strange, -5, -1, 2**70)])
    assert await ids(search, "🪑 e") == ("a",)


async def test_half_a_character_is_no_id_and_refusing_it_changes_nothing(search: Search) -> None:
    await fill(search, named("Walnut desk"))
    with pytest.raises(ValueError):
        await search.put([Document("\ud800", "Birch desk")])
    await search.commit()
    assert await ids(search, "desk") == ("0",)
