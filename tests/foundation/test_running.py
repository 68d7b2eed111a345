"""What services do by themselves: one relay and one reader however many processes, and no failure stops them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation import choose
from banyan.foundation.db import Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.running import Shop
from banyan.foundation.service import Follower, Ports, Service
from banyan.foundation.settings import Settings
from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.ids import SystemIds
from tests.conftest import OpenShop

Fresh = Callable[..., Awaitable[dict[str, str]]]


class Rung(Event, owner="pair", key="door"):
    door: str
    number: int


@dataclass
class Heard:
    """What reactions of one process did."""

    numbers: list[int] = field(default_factory=list)

    def service(self) -> Service:
        async def note(ports: Ports, tx: Tx, event: Rung) -> None:
            self.numbers.append(event.number)

        return replace(PAIR, reactions={Rung: note})


PAIR = Service(name="pair", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


@dataclass
class Pair:
    """Two processes of one service on one database, as far as a test can have them in one."""

    first: Shop
    second: Shop
    urls: dict[str, str]
    heard: tuple[Heard, Heard]

    async def tell(self, shop: Shop, *numbers: int) -> None:
        for number in numbers:
            async with shop.ports["pair"].db.transaction() as tx:
                tx.tell(Rung(door="front", number=number))

    async def published(self) -> list[tuple[str, int]]:
        rows = await self.ask("bus", "SELECT id, (data->>'number')::int AS number FROM log ORDER BY txid, pos")
        return [(row["id"], row["number"]) for row in rows]

    async def until_published(self, count: int) -> list[int]:
        async with asyncio.timeout(20):
            while len({id for id, _ in await self.published()}) < count:
                await asyncio.sleep(0.05)
        return [number for _, number in await self.published()]

    async def relays(self) -> list[int]:
        """Backends of the database server that hold the relay's lock."""
        rows = await self.ask(
            "pair",
            """SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
               WHERE locktype = 'advisory' AND objid = 7067 AND granted AND datname = current_database()""",
        )
        return [row["pid"] for row in rows]

    async def holder(self) -> int:
        """The one backend that holds it; who was ended holds nothing, and the next one is not there at once."""
        async with asyncio.timeout(20):
            while len(holders := await self.relays()) != 1:
                await asyncio.sleep(0.02)
        return holders[0]

    async def ask(self, database: str, sql: str, *values: object) -> list[asyncpg.Record]:
        con = await asyncpg.connect(self.urls[database])
        try:
            return await con.fetch(sql, *values)
        finally:
            await con.close()


@pytest.fixture
async def pair(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    urls, clock, shops, heard = await fresh("bus", "pair"), SystemClock(), list[Shop](), (Heard(), Heard())
    for each in heard:
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"), pool_size=3)
        shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
        await shop.open(each.service(), urls["pair"])
        shop.work(each.service())
        shops.append(shop)
    yield Pair(shops[0], shops[1], urls, heard)
    for shop in shops:
        await shop.close()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def test_of_two_processes_one_relays_what_both_tell(pair: Pair) -> None:
    for number in range(0, 20, 2):
        await pair.tell(pair.first, number)
        await pair.tell(pair.second, number + 1)
    assert await pair.until_published(20) == list(range(20))
    assert len(await pair.relays()) == 1


async def test_when_the_relaying_process_ends_the_other_takes_over(pair: Pair) -> None:
    await pair.tell(pair.first, 1)
    await pair.until_published(1)
    await pair.first.close()
    await pair.tell(pair.second, 2, 3)
    assert await pair.until_published(3) == [1, 2, 3]
    assert len(await pair.relays()) == 1


async def test_a_relay_that_loses_its_lock_is_followed_by_one_and_nothing_is_lost(pair: Pair) -> None:
    await pair.tell(pair.first, 1)
    await pair.until_published(1)
    for number in range(2, 5):
        holder = await pair.holder()
        await pair.ask("pair", "SELECT pg_terminate_backend($1)", holder)
        await pair.tell(pair.second, number)
        assert list(dict.fromkeys(await pair.until_published(number))) == list(range(1, number + 1))
    assert await pair.holder()


async def test_a_fact_has_its_effect_in_one_of_two_processes(pair: Pair) -> None:
    await pair.tell(pair.first, *range(10))
    await until(lambda: sum(len(each.numbers) for each in pair.heard) >= 10)
    assert sorted(pair.heard[0].numbers + pair.heard[1].numbers) == list(range(10))
    reading, idle = (0, 1) if pair.heard[0].numbers else (1, 0)
    assert pair.heard[idle].numbers == []
    await (pair.first, pair.second)[reading].close()
    await pair.tell((pair.first, pair.second)[idle], 10, 11)
    await until(lambda: pair.heard[idle].numbers == [10, 11])


async def test_a_chore_that_fails_is_done_again_and_comes_at_once_when_rung(open_shop: OpenShop) -> None:
    passes = Counter[str]()

    async def sweep(ports: Ports) -> float:
        passes["begun"] += 1
        if passes["begun"] < 3:
            raise OSError("the broom broke")
        passes["done"] += 1
        return 3600

    shop = await open_shop(replace(PAIR, chores={"sweep": sweep}), work=True, clock=VirtualClock())
    await until(lambda: passes["done"] == 1)
    shop.ports["pair"].due["sweep"].ring()
    await until(lambda: passes["done"] == 2)
    assert passes["begun"] == 4


async def test_a_follower_hears_what_is_told_from_now_on_and_each_process_hears_all(open_shop: OpenShop) -> None:
    shop = await open_shop(PAIR, work=True)
    ports, heard, reached, silent = shop.ports["pair"], list[int](), list[str](), list[bool]()

    async def begin(_: Ports) -> None:
        return None

    async def take(_: Ports, batch: Sequence[Envelope]) -> None:
        heard.extend(each.data["number"] for each in batch)

    async def note(_: Ports, position: str) -> None:
        reached.append(position)

    async with ports.db.transaction() as tx:
        tx.tell(Rung(door="front", number=1))
    async with asyncio.timeout(30):
        while not await shop.bus.lag("nobody", frozenset({"pair"})):
            await asyncio.sleep(0.02)
    for name in ("one", "two"):
        follower = Follower(frozenset({"pair"}), begin, take, note, lambda: silent.append(not heard))
        await shop.follow_one(name, ports, follower)
    await until(lambda: silent == [True, True])
    async with ports.db.transaction() as tx:
        tx.tell(Rung(door="front", number=2))
    await until(lambda: heard == [2, 2])
    await until(lambda: len(reached) == 2)
    await until(lambda: silent[-2:] == [False, False])


async def test_a_shop_is_ready_while_its_databases_answer(open_shop: OpenShop) -> None:
    shop = await open_shop(PAIR)
    assert await shop.ready()
    await shop.ports["pair"].db.close()
    assert not await shop.ready()
