"""Inventory alone, on a database of each module's own."""

from collections.abc import Awaitable, Callable

import pytest

from banyan.inventory.app import service
from banyan.kernel.clock import Clock
from tests.backends.redis_server import own_redis
from tests.conftest import OpenShop
from tests.inventory.floor import Doorman, Floor

__all__ = ["own_redis"]

OpenFloor = Callable[..., Awaitable[Floor]]


@pytest.fixture(scope="module")
def open_floor(open_shop: OpenShop) -> OpenFloor:
    async def make(clock: Clock | None = None, **settings: object) -> Floor:
        shop = await open_shop(service(), clock=clock, **settings)
        shop.ports["inventory"].authority = Doorman()  # type: ignore[assignment]
        return Floor(shop)

    return make


@pytest.fixture(scope="module")
async def floor(open_floor: OpenFloor) -> Floor:
    return await open_floor()
