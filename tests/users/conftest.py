"""A users service on fresh databases for each module; with a clock that stands still where time is the subject."""

from collections.abc import AsyncIterator

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import Desk


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop) -> AsyncIterator[Desk]:
    made = Desk(await open_shop(service()))
    yield made
    assert await made.broken() == {}


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def timed(open_shop: OpenShop, clock: VirtualClock) -> AsyncIterator[Desk]:
    """A desk whose time is `clock`."""
    made = Desk(await open_shop(service(), clock=clock))
    yield made
    assert await made.broken() == {}
