"""Several workers on one port: one shop to its shoppers, whole again after a kill, and ended as one."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.stocking import stock
from tests.process.cli import banyan

SKU = "WORKERS-1"
BUYERS = 24


@pytest.fixture(scope="module")
async def shop(scratch: Path) -> AsyncIterator[OwnShop]:
    """Two workers with something to sell."""
    options = ("--empty", "--workers", "2")
    async with own_shop(scratch / "workers", SystemClock(), options=options, rate_limits="false") as shop:
        await stock(scratch / "workers", SKU, BUYERS)
        await shop.start()
        await two(shop)
        yield shop


def workers(shop: OwnShop) -> list[int]:
    return [each.pid for each in psutil.Process(shop.pid).children() if "--worker" in each.cmdline()]


async def two(shop: OwnShop) -> list[int]:
    """Until both are there: who came first answers already."""
    for _ in range(300):
        if len(found := workers(shop)) == 2 and all(_listens(pid, shop.port) for pid in found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(shop.last_words())


def _listens(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections("tcp4")
    except psutil.Error:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


async def asked(shop: OwnShop, path: str, times: int = 12) -> list[tuple[int, bytes]]:
    """The same on so many new connections, which the kernel spreads over the workers."""
    answers = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
        for _ in range(times):
            async with http.get(shop.url + path) as answer:
                answers.append((answer.status, await answer.read()))
    return answers


async def test_orders_placed_through_all_workers_are_each_made_once(shop: OwnShop) -> None:
    clock = SystemClock()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:

        async def buy() -> str:
            buyer = Buyer(http, shop.url, clock=clock, ids=SystemIds(clock))
            at, _, _ = await buyer.fill_a_cart(SKU)
            status, order = await buyer.call(
                "POST", f"{at}/checkout", {"payment": {"provider": "testbank", "token": "tok_ok"}}
            )
            assert status == 201
            return str(order["status"])

        told = await asyncio.gather(*(buy() for _ in range(BUYERS)))
    assert told == ["confirmed"] * BUYERS
    for _ in range(40):  # until the facts have arrived everywhere
        said = await banyan("invariants", "--data-dir", str(shop.data_dir))
        if said.status == 0:
            break
        await asyncio.sleep(0.25)
    assert said.status == 0, said.out + said.err


async def test_every_worker_finds_a_new_product_within_moments(shop: OwnShop) -> None:
    await stock(shop.data_dir, "FRESH-1", 1)
    for _ in range(100):
        found = [b"FRESH-1" in body for _, body in await asked(shop, "/v1/search?q=FRESH-1")]
        if all(found):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def test_metrics_are_those_of_all_workers_whoever_is_asked(shop: OwnShop) -> None:
    await asked(shop, "/v1/categories", 10)
    await asyncio.sleep(1)  # prepared answers are counted some at a time
    counted = {
        line.rpartition(b" ")[2]
        for _, body in await asked(shop, "/metrics", 6)
        for line in body.splitlines()
        if line.startswith(b"http_server_request_duration_seconds_count") and b'route="/v1/categories"' in line
    }
    assert len(counted) == 1


async def test_a_killed_worker_comes_back_and_nobody_asks_in_vain_meanwhile(shop: OwnShop) -> None:
    before = workers(shop)
    os.kill(before[0], signal.SIGKILL)
    await asyncio.sleep(0.2)  # the kernel takes its socket away at once
    assert {status for status, _ in await asked(shop, "/v1/products?limit=1")} == {200}
    after = await two(shop)
    assert len(set(before) & set(after)) == 1
    assert "a worker ended and is started again" in shop.last_words()
    assert {status for status, _ in await asked(shop, "/v1/search?q=workers")} == {200}


async def test_a_worker_does_not_outlive_who_watches_it(shop: OwnShop) -> None:
    left = [psutil.Process(pid) for pid in workers(shop)]
    await shop.kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, left, timeout=20)
    assert not alive
    await shop.start()
    await two(shop)


async def test_they_end_together_in_order(shop: OwnShop) -> None:
    left = [psutil.Process(pid) for pid in workers(shop)]
    assert await shop.stop() == 0
    assert not [each for each in left if each.is_running()]


async def test_a_shop_whose_workers_do_not_start_says_so_and_ends(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = await banyan("up", "--workers", "2", "--data-dir", str(tmp_path / "file" / "below"))
    assert said.status == 2
    assert "Traceback" not in said.err
