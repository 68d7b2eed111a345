"""The storefront over services that are played by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from banyan.foundation.auth import Authority
from banyan.foundation.peers import Peers
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.kernel.clock import Clock, SystemClock
from banyan.kernel.ids import SystemIds
from banyan.storefront.app import face
from tests.storefront.browser import Browser
from tests.storefront.fake_shop import FakeShop

OpenFront = Callable[..., Awaitable[Any]]


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop()


@pytest.fixture
async def open_front(shop: FakeShop) -> AsyncIterator[OpenFront]:
    """Open the storefront over the fake shop: `app = await open_front(environment="production")`."""
    opened: list[Peers] = []

    async def make(clock: Clock | None = None, **given: object) -> Any:
        clock = clock or SystemClock()
        settings = Settings.model_validate({"origin": "http://shop.test", **given})
        peers = Peers({}, clock=clock)
        opened.append(peers)
        shop.open(peers)
        authority = Authority(peers, issuer=settings.origin, clock=clock)
        return await face(Shop(settings, clock, SystemIds(clock), cast(Any, None), peers, authority))

    yield make
    for peers in opened:
        await peers.close()


@pytest.fixture
async def app(open_front: OpenFront) -> Any:
    return await open_front()


@pytest.fixture
def browser(app: Any) -> Browser:
    return Browser(app)


@pytest.fixture
async def member(browser: Browser) -> Browser:
    """Somebody who has signed up and is signed in."""
    await browser.get("/sign-up")
    await browser.submit("/sign-up", name="Ada Lovelace", email="ada@example.com", password="four words in a row")
    return browser
