"""The catalogue alone, on a database of each module's own, with a storeroom that stands for inventory."""

from collections.abc import Awaitable, Callable

import pytest

from banyan.catalog.app import service
from banyan.kernel.clock import Clock
from tests.catalog.counter import Counter
from tests.conftest import OpenShop

OpenCounter = Callable[..., Awaitable[Counter]]


@pytest.fixture(scope="module")
def open_counter(open_shop: OpenShop) -> OpenCounter:
    async def make(*, work: bool = False, clock: Clock | None = None, **settings: object) -> Counter:
        made = service()
        return Counter(await open_shop(made, work=work, clock=clock, **settings), made)

    return make


@pytest.fixture(scope="module")
async def counter(open_counter: OpenCounter) -> Counter:
    return await open_counter()
