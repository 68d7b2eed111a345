"""What tests stand on: one private PostgreSQL for the run, fresh databases for each module, services opened on them."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from banyan.foundation import choose, databases, embedded
from banyan.foundation.running import Shop
from banyan.foundation.service import Service
from banyan.foundation.settings import Settings
from banyan.kernel.clock import Clock, SystemClock
from banyan.kernel.ids import SystemIds

# No test is about how long a busy machine takes.
examples.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("house")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test run alone."""
    folder = Path(tempfile.mkdtemp(prefix="banyan-test-"))
    folder.chmod(0o755)
    running = embedded.start(folder, durable=False)
    yield running.url
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


_count = 0


@pytest.fixture(scope="module")
async def fresh(server: str) -> AsyncIterator[Callable[..., Awaitable[dict[str, str]]]]:
    """Make new, empty databases: `await fresh("orders", "bus")` gives their URLs; gone after the module."""
    made: list[str] = []

    async def make(*names: str) -> dict[str, str]:
        global _count
        _count += 1
        prefix = f"t{_count}"
        made.extend(f"{prefix}_{name}" for name in names)
        return await databases.ensure(server, names, prefix)

    yield make
    con = await asyncpg.connect(server)
    for name in made:
        await con.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await con.close()


OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture(scope="module")
async def open_shop(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenShop]:
    """Open services on fresh databases: `shop = await open_shop(service(), work=True, clock=…, currency="EUR")`."""
    opened: list[Shop] = []

    async def make(*services: Service, work: bool = False, clock: Clock | None = None, **given: object) -> Shop:
        clock = clock or SystemClock()
        urls = await fresh("bus", *(each.name for each in services))
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("data"), search_url="embedded://memory", pool_size=5, **given
        )
        shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
        opened.append(shop)
        for each in services:
            await shop.open(each, urls[each.name])
        for each in services:
            await shop.follow(each)
            if work:
                shop.work(each)
        return shop

    yield make
    for shop in opened:
        await shop.close()
        await asyncio.sleep(0)
