"""What a request asks of PostgreSQL, counted on a whole shop: the cost model of docs/performance.md is kept."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial import costing
from banyan.trial.costing import Stand
from banyan.trial.paths import PATHS
from banyan.trial.stand import stand

MOST = {
    "product": 0,
    "list": 0,
    "search": 0,
    "suggest": 0,
    "search-new": 1,
    "account": 1,
    "order-read": 1,
    "graphql": 1,
    "add": 4,
    "steps": 19,
    "checkout": 90,
}
"""Statements, BEGIN and COMMIT among them, of a request that comes alone, with what it leaves to be done. A checkout is the
whole purchase, cart to captured payment, in all services."""
_OTHERS = 0.5  # of a statement: what the shop does meanwhile by itself


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Stand]:
    folder, clock = Path(tempfile.mkdtemp(prefix="banyan-c-")), SystemClock()
    folder.chmod(0o755)
    try:
        async with stand(folder, clock, SystemIds(clock), products=60) as made:
            await costing.settled(made)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def idle(shop: Stand) -> costing.Unasked:
    return await costing.unasked(shop, 2.0)


@pytest.mark.parametrize("name", MOST)
async def test_a_request_asks_no_more_of_the_database_than_the_cost_model_says(
    shop: Stand, idle: costing.Unasked, name: str
) -> None:
    drive = await PATHS[name].prepare(shop[1])
    await drive(0.3, 2)  # prepared answers are made, and statements planned
    found = await costing.statements(shop, PATHS[name], 1.0, idle.statements)
    assert found <= MOST[name] * 1.05 + _OTHERS
    assert MOST[name] < 5 or found > MOST[name] / 2  # a figure that is far too high keeps nothing
