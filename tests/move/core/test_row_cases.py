"""A row that could not be placed is tried again on request: it is placed as soon as it can be, and solved once it is gone."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from banyan.kernel.refusals import Conflict
from banyan.move import quarantine
from banyan.move.legacy import Use, View
from banyan.move.quarantine import Case, Cases
from banyan.move.rows import Row, Unreadable, unpack
from banyan.move.storage import mirror, tables
from tests.move.core.conftest import MakeMoving, Moving
from tests.move.core.toy import Toy

UNPLACED: set[str] = set()


def shelf(row: Row) -> str | None:
    if (code := row.text("code")) in UNPLACED:
        raise Unreadable(f"nobody knows where the shelf {code} stands")
    return code


class Doubtful(Toy):
    """The toy shop before its adapter was mended: some shelves cannot be placed."""

    uses: Mapping[str, Use] = {
        **Toy.uses,
        "shelf": replace(Toy.uses["shelf"], views=(View("category", "catalog", shelf),)),
    }


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    """One shelf that the copy could not place, and two that the stream could not."""
    UNPLACED.update({"Shelf 005", "late", "later"})
    m = await shared_moving(makers=3, shelves=6, adapter=Doubtful())
    await m.mover.copy()
    m.work()
    await m.copied()
    m.sql("INSERT INTO toy_shelf VALUES ('late', 'a late shelf', NULL), ('later', 'a later shelf', NULL)")
    await m.settled()
    return m


async def case(m: Moving, key: str) -> Case:
    (found,) = [each for each in (await quarantine.cases(m.ports.db, state=None)).cases if each.key == key]
    return found


async def retry(m: Moving, id_: str | None = None) -> Cases:
    return await quarantine.retry(m.ports.db, id_, source=m.mover.source, adapter=m.mover.adapter, who="Ada")


async def test_a_row_that_still_cannot_be_placed_stays_with_its_reason(m: Moving) -> None:
    with pytest.raises(Conflict, match="which shop"):
        await quarantine.retry(m.ports.db)
    told = await retry(m)
    assert {each.key: (each.kind, each.state) for each in told.cases} == dict.fromkeys(
        ("Shelf 005", "late", "later"), ("row", "open")
    )
    assert all("nobody knows where the shelf" in each.why for each in told.cases)
    assert told.next_steps


async def test_a_row_that_can_be_placed_now_is_told_to_its_service(m: Moving) -> None:
    UNPLACED.discard("Shelf 005")
    UNPLACED.discard("late")
    for key, name in (("Shelf 005", "shelf 5"), ("late", "a late shelf")):
        found = await case(m, key)
        told = await retry(m, found.id)
        assert [(each.id, each.state) for each in told.cases] == [(found.id, "solved")]
        assert told.next_steps == ()
        await m.until(lambda name=name: name in m.catalog.names("category"))  # type: ignore[misc]
        number = m.mover.mirrors.by_name["toy_shelf"].number
        assert [unpack(image)[1] for _, image in await mirror.of_parents(m.ports.db, number, [key])] == [name.encode()]
        with pytest.raises(Conflict, match="is solved"):
            await retry(m, found.id)
    entries = await m.ports.db.fetch("SELECT who FROM log WHERE what = 'quarantine: a row is solved'")
    assert [row["who"] for row in entries] == ["Ada", "Ada"]
    await m.same()


async def test_a_row_that_is_gone_or_was_copied_anew_is_solved(m: Moving) -> None:
    found = await case(m, "later")
    await m.rest()  # nobody hears of it
    m.sql("DELETE FROM toy_shelf WHERE code = 'later'")
    assert [each.state for each in (await retry(m, found.id)).cases] == ["solved"]
    m.sql("INSERT INTO toy_shelf VALUES ('another', 'another shelf', NULL)")
    UNPLACED.add("another")
    m.work()
    await m.settled()
    found = await case(m, "another")
    await m.rest()
    m.sql("UPDATE toy_shelf SET name = 'changed' WHERE code = 'another'")
    UNPLACED.clear()
    (told,) = (await retry(m, found.id)).cases
    assert told.state == "open"
    assert "taken when the stream brings it" in told.why
    m.work()
    await m.settled()
    assert (await case(m, "another")).state == "solved"
    assert "changed" in m.catalog.names("category")
    await m.same()
    (row,) = [row for row in await tables.overview(m.ports.db) if row["name"] == "toy_shelf"]
    assert row["quarantined"] >= 3
