"""What cannot be taken over waits in quarantine in plain words, holds up nobody else, and comes once it is mended."""

import pytest

from banyan.kernel.refusals import Conflict, Invalid, NotFound
from banyan.move import quarantine
from banyan.move.status import status
from banyan.move.storage import due
from tests.move.core.conftest import MakeMoving, Moving


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    """A shop with a nameless maker, and one whose name the service refuses."""
    m = await shared_moving(makers=30)
    m.sql("UPDATE toy_maker SET name = '' WHERE maker_id = 7")
    m.sql("UPDATE toy_maker SET name = 'forbidden' WHERE maker_id = 8")
    await m.mover.copy()
    m.work()
    await m.copied()
    return m


async def test_bad_rows_are_told_in_plain_words_and_hold_up_nobody(m: Moving) -> None:
    cases = await quarantine.cases(m.ports.db)
    assert {(case.kind, case.key): case.why for case in cases.cases} == {
        ("brand", "7"): "the maker 7 has no name: give it one",
        ("brand", "8"): "that name is not allowed here",
    }
    assert len(m.catalog.names("brand")) == 28
    (group,) = (await status(m.ports.db, m.mover.adapter)).groups
    assert (group.state, group.quarantine_open, group.due) == ("in_sync", 2, 0)
    assert any("brand 7" in line for line in cases.lines())


async def test_a_case_shows_its_rows_and_ends_when_they_are_mended_in_the_legacy_shop(m: Moving) -> None:
    (case,) = [each for each in (await quarantine.cases(m.ports.db)).cases if each.key == "7"]
    shown = await quarantine.show(m.ports.db, m.mover.adapter, case.id)
    assert shown.rows["toy_maker"][0]["name"] == ""
    assert len(shown.rows["toy_maker_text"]) == 2
    assert shown.as_json()["rows"]["toy_maker"][0]["maker_id"] == "7"

    async def fix(table: str, values: dict[str, str | None], key: dict[str, str] | None = None) -> quarantine.Case:
        return await quarantine.fix(
            m.ports.db, m.mover.source, m.mover.adapter, case.id, table, values, who="test", key=key
        )

    with pytest.raises(Invalid, match="no column colour"):
        await fix("maker", {"colour": "red"})
    with pytest.raises(Invalid, match="2 rows of toy_maker_text fit"):
        await fix("maker_text", {"body": "x"})
    with pytest.raises(Invalid, match="there is no table cellar"):
        await fix("cellar", {"a": "b"})
    with pytest.raises(Conflict, match="the legacy database refuses"):
        await fix("maker", {"name": None})
    await fix("toy_maker_text", {"body": "mended it's"}, {"language": "de"})
    await fix("maker", {"name": "It's me"})
    await m.until(lambda: any("It's me mended it's" in name for name in m.catalog.names("brand")))
    await m.settled()
    (solved,) = [each for each in (await quarantine.cases(m.ports.db, state="solved")).cases if each.key == "7"]
    assert solved.id == case.id
    await m.same()


async def test_a_waiver_needs_a_name_and_a_reason_and_ends_with_the_reason(m: Moving) -> None:
    (case,) = [each for each in (await quarantine.cases(m.ports.db)).cases if each.key == "8"]
    for who, because in (("", "it is old"), ("Ada", "  ")):
        with pytest.raises(Invalid, match="the name of who answers for it and the reason"):
            await quarantine.waive(m.ports.db, case.id, who, because)
    waived = await quarantine.waive(m.ports.db, case.id, "Ada", "nobody sells it")
    assert (waived.state, waived.waived_by) == ("waived", "Ada")
    assert any("waived by Ada: nobody sells it" in line for line in waived.lines())
    with pytest.raises(Conflict):
        await quarantine.waive(m.ports.db, case.id, "Ada", "nobody sells it")
    m.sql("UPDATE toy_maker SET price = 3 WHERE maker_id = 8")  # refused again, for the same reason
    await m.settled()
    assert (await quarantine.show(m.ports.db, m.mover.adapter, case.id)).state == "waived"
    m.sql("UPDATE toy_maker SET name = '' WHERE maker_id = 8")  # for another
    await m.settled()
    assert (await quarantine.show(m.ports.db, m.mover.adapter, case.id)).state == "open"


async def test_what_changes_in_quarantine_counts_as_untold_until_it_was_offered_again(m: Moving) -> None:
    """A last-minute mend in the legacy shop must be over before it changes hands."""
    (case,) = [each for each in (await quarantine.cases(m.ports.db)).cases if each.key == "8"]
    counts = []

    async def offered_in_vain() -> None:
        async with m.ports.db.transaction() as tx:  # unseen by the mover that works beside
            await due.mark(tx, {(case.kind, case.key): (case.group, 1 << 60, None)})
            counts.append(await due.unsettled(tx, case.group))
            await due.later(tx, [(case.kind, case.key, 1 << 60)], [60.0])
            counts.append(await due.unsettled(tx, case.group))
            raise NotFound("nothing of this is kept")

    with pytest.raises(NotFound, match="nothing of this is kept"):
        await offered_in_vain()
    assert counts == [1, 0]


async def test_a_case_is_offered_again_on_request(m: Moving) -> None:
    offered = len(m.catalog.offered)
    m.sql("UPDATE toy_maker SET name = 'forbidden' WHERE maker_id = 9")
    await m.settled()
    (case,) = [each for each in (await quarantine.cases(m.ports.db)).cases if each.key == "9"]
    before = len(m.catalog.offered)
    assert before > offered
    assert [each.id for each in (await quarantine.retry(m.ports.db, case.id)).cases] == [case.id]
    await m.until(lambda: len(m.catalog.offered) > before)
    assert await quarantine.retry(m.ports.db, group="catalog")
    for unknown in ("qua_nothing", "\x00"):
        with pytest.raises(NotFound):
            await quarantine.retry(m.ports.db, unknown)
