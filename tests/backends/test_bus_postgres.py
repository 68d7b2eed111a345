"""The log in PostgreSQL: a reader passes what is not for it once, and misses nothing of what is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import asyncpg

from banyan.foundation import choose
from banyan.foundation.bus.postgres import FAR, LOOKS, PostgresBus
from banyan.foundation.envelope import Envelope

FreshDatabases = Callable[..., Awaitable[dict[str, str]]]
MINE, OTHERS = frozenset({"mine"}), frozenset({"others"})


def facts(owner: str, *numbers: int) -> list[Envelope]:
    return [Envelope(f"{owner}-{n}", f"{owner}.Told", "key", datetime.now(UTC), {"number": n}) for n in numbers]


async def test_what_is_not_for_a_reader_is_passed_once(fresh: FreshDatabases) -> None:
    url = (await fresh("bus"))["bus"]
    bus = await choose.bus(url)
    assert isinstance(bus, PostgresBus)
    heard: list[str] = []

    async def take(batch: Sequence[Envelope]) -> None:
        heard.extend(each.id for each in batch)

    async def place() -> str:
        con = await asyncpg.connect(url)
        try:
            return str(await con.fetchval("SELECT txid::text || '.' || pos FROM reader WHERE name = 'reader'"))
        finally:
            await con.close()

    try:
        assert await bus.deliver("reader", MINE, take) == 0
        await bus.publish(facts("mine", 1))
        await bus.publish(facts("others", *range(FAR + 10)))
        end = await bus.follow(OTHERS, None, take)
        assert await bus.deliver("reader", MINE, take) == 1
        before = await place()
        assert before != end
        for _ in range(LOOKS):
            assert await bus.deliver("reader", MINE, take) == 0
        assert await place() == end == await bus.follow(MINE, before, take)
        await bus.publish(facts("mine", 2))
        assert await bus.follow(MINE, end, take) != end
        assert await bus.deliver("reader", MINE, take) == 1
        assert heard == ["mine-1", "mine-2", "mine-2"]
    finally:
        await bus.close()


async def test_a_fact_whose_transaction_is_still_open_is_not_passed(fresh: FreshDatabases) -> None:
    url = (await fresh("bus"))["bus"]
    bus, late = await choose.bus(url), await asyncpg.connect(url)
    heard: list[str] = []

    async def take(batch: Sequence[Envelope]) -> None:
        heard.extend(each.id for each in batch)

    try:
        assert await bus.deliver("reader", MINE, take) == 0
        open_ = late.transaction()
        await open_.start()
        await late.execute(
            "INSERT INTO log (topic, key, id, type, time, data, traceparent)"
            " VALUES ('mine', 'key', 'late', 'mine.Told', now(), '{}', '')"
        )
        await bus.publish(facts("others", *range(FAR + 10)))
        assert await bus.deliver("reader", MINE, take) == 0
        await open_.commit()
        while not heard:
            await bus.deliver("reader", MINE, take)
            await asyncio.sleep(0.01)
        assert heard == ["late"]
    finally:
        await late.close()
        await bus.close()
