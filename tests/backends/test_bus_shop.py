"""A shop that sells moves from its own log to Kafka, and on: no order is lost, made twice or left unfinished."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from banyan.foundation import choose
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Outcome, crowd
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.stocking import proven, stock
from tests.backends.kafka_server import KafkaServer
from tests.process.cli import banyan

SKU = "MOVED-1"


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[OwnShop]:
    folder = Path(tempfile.mkdtemp(prefix="banyan-bus-"))
    folder.chmod(0o755)
    try:
        async with own_shop(folder, SystemClock(), options=("--empty",), rate_limits="false") as shop:
            await stock(folder, SKU, 100)
            await shop.start()
            yield shop
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def sold(shop: OwnShop, buyers: int) -> Outcome:
    clock = SystemClock()
    return await crowd(shop.url, SKU, buyers=buyers, parallel=3, clock=clock, ids=SystemIds(clock))


async def available(shop: OwnShop) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{shop.url}/v1/stock/{SKU}") as answer:
        return int((await answer.json())["available"])


@pytest.mark.slow
async def test_orders_before_during_and_after_a_move_to_another_bus_all_end_well(
    shop: OwnShop, kafka: KafkaServer
) -> None:
    url, folder = f"kafka://{kafka.address}/moved?partitions=3&session=2", str(shop.data_dir)
    assert (await sold(shop, 3)).counts == {"confirmed": 3}
    # Somebody changes the URL and nothing else: no fact goes astray.
    meanwhile = asyncio.create_task(sold(shop, 12))
    said = await banyan("bus", "status", "--data-dir", folder, "--json", BANYAN_BUS_URL=url)
    assert (said.status, {each["bus"] for each in said.json()["services"]}) == (1, {"postgresql"})

    said = await banyan("bus", "move", "--to", url, "--data-dir", folder, "--json")
    assert said.status == 0, said.err
    name = said.json()["to"]
    assert (said.json()["from"], name.startswith("kafka/moved/")) == ("postgresql", True)
    await shop.stop()
    shop.env, shop.options = {**shop.env, "BANYAN_BUS_URL": url}, (*shop.options, "--workers", "2")
    await shop.start()

    outcome = await meanwhile
    assert (outcome.counts, outcome.odd) == ({"confirmed": 12}, [])
    assert (await sold(shop, 5)).counts == {"confirmed": 5}
    async with asyncio.timeout(60):
        while True:
            said = await banyan("bus", "status", "--data-dir", folder, "--json", BANYAN_BUS_URL=url)
            stands = said.json()["services"]
            if not any(each["unsent"] or each["unhandled"] for each in stands):
                break
    assert (said.status, {each["bus"] for each in stands}) == (0, {name})
    async with asyncio.timeout(30):
        while (body := await found(shop)) == 0:
            await asyncio.sleep(0.2)
    assert body == 1
    assert await available(shop) == 100 - 3 - 12 - 5
    assert await proven(shop.data_dir) == []
    assert await on_the_bus(url) > 5


async def found(shop: OwnShop) -> int:
    """How many products the search finds: its index was kept at a place on the old bus."""
    async with aiohttp.ClientSession() as http, http.get(f"{shop.url}/v1/search?q={SKU}") as answer:
        return int((await answer.json())["total"])


async def on_the_bus(url: str) -> int:
    bus = await choose.bus(url)
    try:
        return await bus.lag("nobody", frozenset({"orders"}))
    finally:
        await bus.close()


@pytest.mark.slow
async def test_a_move_to_a_bus_that_is_not_there_changes_nothing(shop: OwnShop) -> None:
    said = await banyan(
        *("bus", "move", "--to", "kafka://u:secret@127.0.0.1:1/x", "--data-dir", str(shop.data_dir)), **shop.env
    )
    assert (said.status, said.plain(), "secret" in said.err) == (1, True, False)
    assert "does not answer" in said.err
    assert (await sold(shop, 1)).counts == {"confirmed": 1}
