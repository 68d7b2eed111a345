"""Applications of others at the desk: one that keeps a secret, one that cannot."""

import pytest

from tests.users.desk import Desk
from tests.users.oauth.application import Application


@pytest.fixture(scope="module")
async def app(desk: Desk) -> Application:
    return await Application.registered(desk)


@pytest.fixture(scope="module")
async def public(desk: Desk) -> Application:
    return await Application.registered(desk, "Pocket", confidential=False)


@pytest.fixture(scope="module")
async def shopper(desk: Desk) -> dict[str, str]:
    """Somebody who is signed in at the shop."""
    made: dict[str, str] = await desk.newcomer()
    return made
