"""Whom a legacy shop knows as signed in begins a session here, and nobody becomes more by it than they were there."""

import pytest

from banyan.contracts.moving import SignIn
from banyan.kernel.refusals import NotFound
from banyan.users import actions
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import Desk


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop) -> Desk:
    return Desk(await open_shop(service()))


async def test_a_shopper_gets_a_session_that_can_be_refreshed_and_seen(desk: Desk) -> None:
    user = (await desk.newcomer())["id"]
    given = await actions.sign_in_known(desk.ports, SignIn(user_id=user, user_agent="An old browser"))
    me = await desk.ask("GET", "/v1/me", token=given.access_token)
    assert (me.status, me.json()["id"]) == (200, user)
    seen = (await desk.ask("GET", "/v1/me/sessions", token=given.access_token)).json()["items"]
    assert "An old browser" in [each["user_agent"] for each in seen]
    assert (await desk.refresh(given.refresh_token)).status == 200
    assert 0 < given.expires_in <= 3600


async def test_nobody_becomes_an_operator_by_a_legacy_session(desk: Desk) -> None:
    for user in ((await desk.operator())["user"]["id"], "usr_nobody"):
        before = await desk.ports.db.fetchval("SELECT count(*) FROM session")
        with pytest.raises(NotFound):
            await actions.sign_in_known(desk.ports, SignIn(user_id=user))
        assert await desk.ports.db.fetchval("SELECT count(*) FROM session") == before
