"""kill -9 in the middle of checkouts: nothing acknowledged is lost, everything ends, the bank's book is ours."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds, SystemIds
from banyan.trial.crash_trial import SKU, crash_trial
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import proven, stock

FULL = os.environ.get("SHOP_CRASH_FULL") == "1"  # 500 checkouts, 20 kills: minutes
CHECKOUTS, KILLS = (500, 20) if FULL else (60, 4)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="banyan-k-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.slow
async def test_a_shop_killed_in_mid_checkout_loses_nothing_it_acknowledged(folder: Path) -> None:
    ids = SeededIds(SystemClock(), 20)
    verdict = await crash_trial(folder, checkouts=CHECKOUTS, kills=KILLS, parallel=16, ids=ids)
    assert verdict.wrong == []
    outcome = verdict.outcome
    assert (outcome.kills, outcome.power_cuts, outcome.acknowledged) == (KILLS, KILLS // 2, CHECKOUTS)


@pytest.mark.slow
async def test_a_power_cut_takes_shop_and_database_and_an_acknowledged_order_is_found(folder: Path) -> None:
    clock = SystemClock()
    async with own_shop(folder, clock, options=("--empty",)) as shop, aiohttp.ClientSession() as http:
        await stock(folder, SKU, 10)
        await shop.start()
        buyer = Buyer(http, shop.url, clock=clock, ids=SystemIds(clock))
        status, order = await buyer.buy(SKU)
        assert status == "confirmed"
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        await shop.kill()
        await shop.start()
        code, found = await buyer.call("GET", f"/v1/orders/{order['id']}")
        assert (code, found["status"], found["number"]) == (200, "confirmed", order["number"])
        assert (await buyer.buy(SKU))[0] == "confirmed"
        await clock.sleep(6)
        assert await proven(folder) == []
