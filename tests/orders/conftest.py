"""Orders on real databases, in a world played by hand."""

from collections.abc import Awaitable, Callable

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.orders.app import service
from tests.conftest import OpenShop
from tests.orders.world import Client, World

OpenWorld = Callable[..., Awaitable[World]]


@pytest.fixture(scope="module")
async def open_world(open_shop: OpenShop) -> OpenWorld:
    async def make(**settings: object) -> World:
        world = World(await open_shop(service(), **settings))
        world.settled()
        world.sells("MUG", 1290, 100)
        world.sells("BOOK", 2500, 50, tax_class="reduced")
        world.sells("LAST", 999, 1)
        return world

    return make


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def world(open_world: OpenWorld, clock: VirtualClock) -> World:
    return await open_world(clock=clock, checkout_seconds=2)


@pytest.fixture
async def client(world: World) -> Client:
    world.room.stock |= {"MUG": 100, "BOOK": 50, "LAST": 1}
    world.away.clear()
    world.fates.clear()
    world.bank.unsure = False
    return Client(world)
