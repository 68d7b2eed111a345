"""What changed is told until it is taken: in order, in its newest state, with ids that stay, whatever the services do."""

import asyncio
from collections.abc import Iterable

import pytest

from banyan.contracts.legacy import BrandRecord, CatalogTake, Fates
from banyan.foundation.peers import Local
from banyan.foundation.service import Ports
from banyan.kernel.refusals import DeadlinePassed, Invalid, Unavailable
from banyan.move.delivering import CALL_BYTES, calls
from banyan.move.delivering.lookups import Lookups
from banyan.move.legacy import Ref, Stock
from banyan.move.storage import identities
from tests.move.core.conftest import MakeMoving, Moving


class Moody:
    """A catalog that fails in a way of its own for the first calls, then behaves."""

    def __init__(self, m: Moving, moods: Iterable[Exception | str]) -> None:
        self.m, self.moods, self.sizes = m, list(moods), list[int]()

    async def take(self, ports: Ports, call: CatalogTake) -> Fates:
        self.sizes.append(len(call.records))
        mood = self.moods.pop(0) if self.moods else None
        if isinstance(mood, Exception):
            if isinstance(mood, DeadlinePassed):  # it may have been done after all
                await self.m.catalog.take(ports, call)
            raise mood
        fates = await self.m.catalog.take(ports, call)
        return Fates(fates=fates.fates[::2]) if mood == "forgets half" else fates

    def at_work(self) -> None:
        self.m.mover.ports.peers.add("catalog", Local(self.m.ports, {CatalogTake: self.take}, None))


@pytest.fixture(scope="module")
async def m(shared_moving: MakeMoving) -> Moving:
    m = await shared_moving(makers=60, work=True)
    await m.copied()
    return m


async def test_a_service_that_fails_gets_everything_later(m: Moving) -> None:
    moody = Moody(m, [Unavailable("not now"), DeadlinePassed(), "forgets half", Invalid("one of these is wrong")])
    moody.at_work()
    m.sql("UPDATE toy_maker SET name = CONCAT('later ', maker_id)")
    await m.settled()
    assert {name.split(" text")[0] for name in m.catalog.names("brand")} == {
        f"Maker of later {number}" for number in range(1, 61)
    }
    assert not moody.moods
    assert min(moody.sizes) < max(moody.sizes)


async def test_a_changed_reference_table_reaches_every_record_that_reads_it(m: Moving) -> None:
    m.sql("UPDATE toy_word SET word = 'House of' WHERE word_id = 1")
    await m.until(lambda: all(name.startswith("House of") for name in m.catalog.names("brand")))
    await m.settled()


async def test_an_aggregate_that_is_gone_is_told_as_gone_and_keeps_its_id(m: Moving) -> None:
    (known,) = (await identities.known(m.ports.db, [("brand", "5")])).values()
    m.sql("DELETE FROM toy_maker WHERE maker_id = 5")
    await m.settled()
    record = m.catalog.taken["brand", known]
    assert isinstance(record, BrandRecord)
    assert record.removed
    m.sql("INSERT INTO toy_maker (maker_id, name) VALUES (5, 'is back')")
    await m.settled()
    assert not m.catalog.taken["brand", known].removed  # type: ignore[union-attr]


async def test_versions_never_go_down_and_the_last_word_is_the_newest(m: Moving) -> None:
    for number in range(30):
        m.sql("UPDATE toy_maker SET name = %s WHERE maker_id = 9", f"name {number}")
        if number % 10 == 0:
            await asyncio.sleep(0.05)
    await m.settled()
    (known,) = (await identities.known(m.ports.db, [("brand", "9")])).values()
    versions = [version for kind, id_, version in m.catalog.offered if id_ == known]
    assert versions == sorted(versions)
    assert "name 29" in m.catalog.taken["brand", known].name  # type: ignore[union-attr]


async def test_what_waits_for_another_comes_after_it(m: Moving) -> None:
    m.sql("INSERT INTO toy_shelf VALUES ('Child', 'child', 'Parent')")
    await m.until(lambda: any(offered[0] == "category" for offered in m.catalog.offered[-3:]))
    assert "child" not in m.catalog.names("category")
    m.sql("INSERT INTO toy_shelf VALUES ('Parent', 'parent', NULL)")
    await m.settled()
    assert {"child", "parent"} <= m.catalog.names("category")


async def test_rows_of_an_aggregate_come_from_the_mirror_by_key(m: Moving) -> None:
    rows = await m.mover.load(Ref("brand", "7"))
    assert [row.text("language") for row in rows["maker_text"]] == ["de", "en"]
    assert [row.int("maker_id") for row in rows["maker"]] == [7]
    assert (await m.mover.load(Ref("brand", "999")))["maker"] == []


async def test_ids_keys_and_counters_are_kept_before_they_are_used(m: Moving) -> None:
    new = m.ports.ids.new("brd")

    def work(stock: Stock) -> tuple[str, str, int, int, str]:
        return (
            stock.id("brand", "7"),
            stock.key("brand", new),
            stock.next("maker"),
            stock.next("maker"),
            stock.id("address", "1"),
        )

    id_, key, first, second, other = await m.mover.lookups.settled(work)
    assert id_.startswith("brd_")
    assert other.startswith("adr_")
    assert await identities.known(m.ports.db, [("brand", "7"), ("brand", key)]) == {
        ("brand", "7"): id_,
        ("brand", key): new,
    }
    assert len({int(key), first, second}) == 3
    assert min(int(key), first, second) > 60, "above every key there is"
    again = await m.mover.lookups.settled(work)
    assert (again[0], again[1], again[4]) == (id_, key, other)
    assert again[2] > second
    both = await asyncio.gather(*(m.mover.lookups.settled(lambda stock: stock.id("order", "1")) for _ in range(4)))
    assert len(set(both)) == 1


async def test_a_name_has_one_holder_and_is_free_again_when_it_is_left(m: Moving) -> None:
    settled = m.mover.lookups.settled
    claims = [
        settled(lambda stock, key=key: stock.names.claim("sku", key, ["RED", f"RED-{key}"]))  # type: ignore[misc]
        for key in "abc"
    ]
    names = await asyncio.gather(*claims)
    assert len(set(names)) == 3
    assert names.count("RED") == 1
    holder = await settled(lambda stock: stock.names.holder("sku", "RED"))
    assert "abc"[names.index("RED")] == holder
    other = Lookups(m.ports.db, m.ports.ids, m.mover.adapter, m.mover.mirrors)
    assert await other.settled(lambda stock: stock.names.held("sku", holder)) == "RED"
    assert await other.settled(lambda stock: stock.names.keep("sku", holder, ["BLUE"])) == "RED"
    assert await other.settled(lambda stock: stock.names.claim("sku", holder, ["BLUE"])) == "BLUE"
    assert await other.settled(lambda stock: stock.names.claim("sku", "z", ["RED", "RED-z"])) == "RED"
    assert await other.settled(lambda stock: stock.names.held("sku", "nobody")) == ""


def test_records_are_cut_into_calls_that_fit() -> None:
    records = [BrandRecord(id=f"brd_{number}", version=1, name="x" * 50_000) for number in range(30)]
    runs = list(calls(records, CALL_BYTES))
    assert [each for run in runs for each in run] == records
    assert max(len(run) for run in runs) == 11
    assert [len(run) for run in calls(records, None)] == [30]
