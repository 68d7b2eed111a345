"""Stopping: what was begun is finished and answered, nobody new is sent here, and a second start finds everything."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop
from tests.process.cli import banyan
from tests.process.conftest import SKU

SLOW = {"payment": {"provider": "testbank", "token": "tok_slow"}}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
async def buyer(running: OwnShop, http: aiohttp.ClientSession) -> Buyer:
    clock = SystemClock()
    return Buyer(http, running.url, clock=clock, ids=SystemIds(clock))


async def readiness(http: aiohttp.ClientSession, shop: OwnShop) -> int:
    """The status of /readyz; 0 when nobody listens."""
    try:
        async with http.get(f"{shop.url}/readyz") as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_running_checkout_is_answered_while_nobody_new_is_sent_here(
    shop: OwnShop, http: aiohttp.ClientSession, buyer: Buyer, number: signal.Signals
) -> None:
    at, _, _ = await buyer.fill_a_cart(SKU)
    paying = asyncio.create_task(buyer.call("POST", f"{at}/checkout", SLOW))
    await asyncio.sleep(0.5)
    assert shop.process is not None
    shop.process.send_signal(number)
    seen = list[int]()
    while not paying.done():
        seen.append(await readiness(http, shop))
        await asyncio.sleep(0.05)
    status, order = await paying
    assert (status, order["status"]) == (201, "confirmed")
    assert 503 in seen
    assert 200 not in seen[seen.index(503) :]
    assert await shop.process.wait() == 0
    assert await readiness(http, shop) == 0
    assert not (shop.data_dir / "postgres" / "postmaster.pid").exists()
    assert "Traceback" not in shop.last_words()

    await shop.start()
    _, found = await buyer.call("GET", f"/v1/orders/{order['id']}")
    assert (found["status"], found["total"]) == ("confirmed", order["total"])


async def test_a_shop_that_is_still_starting_stops_in_order_too(shop: OwnShop) -> None:
    await shop.stop()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", "up", "--port", str(shop.port), "--data-dir", str(shop.data_dir)),
        stderr=asyncio.subprocess.PIPE,
    )
    while not (shop.data_dir / "postgres" / "postmaster.pid").exists():
        await asyncio.sleep(0.01)
    process.terminate()
    _, said = await process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in said
    assert not (shop.data_dir / "postgres" / "postmaster.pid").exists()


async def test_background_work_alone_stops_in_order(shop: OwnShop) -> None:
    await shop.stop()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", "work", "orders", "--data-dir", str(shop.data_dir)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"orders: at work" in await asyncio.wait_for(process.stderr.readline(), 30)
    process.terminate()
    assert await process.wait() == 0
    assert await process.stderr.read() == b""
    assert not (shop.data_dir / "postgres" / "postmaster.pid").exists()


async def test_what_a_command_opened_is_closed_again(shop: OwnShop) -> None:
    await shop.stop()
    said = await banyan("db", "upgrade", "--data-dir", str(shop.data_dir))
    assert (said.status, said.out) == (0, "Everything was up to date.\n")
    assert not (shop.data_dir / "postgres" / "postmaster.pid").exists()
