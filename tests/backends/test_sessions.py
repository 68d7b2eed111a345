"""Sessions in DynamoDB keep what sessions in the users database keep: the suites of users, run on the other store.

What is imported here runs on moto and on DynamoDB Local; tests/users runs it on rows.
"""
# ruff: noqa: F401  (imported to be run here, too)

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from banyan.foundation import choose
from banyan.foundation.sessions import Session, Sessions
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Unavailable
from banyan.users import actions
from banyan.users.app import service
from tests.backends.aws_server import AwsServer
from tests.backends.dynamodb_server import TABLE
from tests.conftest import OpenShop
from tests.users import test_refreshing
from tests.users.desk import PASSWORD, Desk
from tests.users.oauth.application import Application
from tests.users.oauth.test_code_flow import (
    test_a_code_is_worth_nothing_once_the_shopper_signed_out_or_changed_what_it_rests_on,
    test_a_code_that_comes_again_ends_what_came_of_it,
    test_an_old_session_is_not_new_enough_and_a_fresh_one_is,
    test_consent_taken_back_ends_the_application_s_sessions_and_its_codes,
    test_of_many_who_come_with_one_code_at_once_one_at_most_is_served_and_nothing_of_it_lives,
    test_refresh_tokens_rotate_for_their_client_and_their_reuse_ends_the_family,
    test_signing_out_everywhere_else_ends_other_devices_and_applications,
)
from tests.users.oauth.test_oauth_clients import test_introspection_tells_of_what_holds_to_whom_it_was_given
from tests.users.test_links import (
    test_a_lost_answer_is_given_again_with_its_key,
    test_of_many_who_redeem_at_once_one_comes_in,
    test_who_signed_up_with_anothers_address_is_out_when_its_owner_comes,
)
from tests.users.test_me import (
    test_a_new_password_ends_the_other_sessions_and_is_told_by_mail,
    test_an_access_token_that_outlived_its_session_changes_no_password,
    test_who_has_no_password_sets_one_soon_after_signing_in_only,
)
from tests.users.test_oauth import test_revoking_ends_the_session_and_says_nothing_about_unknown_tokens
from tests.users.test_recognised import test_a_shopper_gets_a_session_that_can_be_refreshed_and_seen
from tests.users.test_refreshing import (
    test_a_retry_with_another_key_or_too_late_is_a_reuse,
    test_a_retry_with_its_key_gets_the_lost_token_again,
    test_a_session_ends_after_thirty_days_however_often_it_was_refreshed,
    test_a_used_token_that_comes_again_ends_the_family_for_thief_and_owner,
    test_each_refresh_gives_the_next_pair,
    test_of_many_at_once_one_is_served_and_the_family_ends,
    test_of_many_at_once_with_one_key_all_get_the_same_token,
    test_what_is_no_refresh_token_is_refused_alike,
)
from tests.users.test_roles import (
    test_a_role_is_given_and_ends_the_sessions_that_lacked_it,
    test_whoever_took_an_operators_address_before_loses_what_they_had,
)
from tests.users.test_sessions import (
    test_a_session_elsewhere_is_ended_by_its_owner_and_by_nobody_else,
    test_sessions_come_in_pages,
    test_signing_in_gives_tokens_and_says_who,
    test_signing_out_ends_the_session_and_only_it,
)


@pytest.fixture(scope="module", params=["moto", "dynamodb local"])
async def url(request: pytest.FixtureRequest, aws: AwsServer) -> str:
    """A new table."""
    server = aws
    if request.param != "moto":
        local = request.getfixturevalue("dynamodb")
        server = AwsServer(local.folder, port=local.port)
    await server.ask("dynamodb", "create_table", TableName="sessions", **TABLE)
    if server is not aws:
        await server.let_go()
    return server.url("dynamodb", "sessions")


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop, url: str) -> AsyncIterator[Desk]:
    made = Desk(await open_shop(service(), sessions_url=url))
    yield made
    assert await made.broken() == {}
    assert await made.ports.db.fetchval("SELECT count(*) FROM session") == 0


@pytest.fixture(scope="module")
async def app(desk: Desk) -> Application:
    return await Application.registered(desk)


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def timed(open_shop: OpenShop, url: str, clock: VirtualClock) -> Desk:
    return Desk(await open_shop(service(), clock=clock, sessions_url=url))


@pytest.mark.parametrize("url", ["dynamodb local"], indirect=True, scope="module")
async def test_any_order_of_use_retry_and_theft_keeps_to_the_model(timed: Desk, clock: VirtualClock) -> None:
    await test_refreshing.test_any_order_of_use_retry_and_theft_keeps_to_the_model(timed, clock)


async def test_a_sign_in_that_meets_a_change_of_password_leaves_no_session_behind(desk: Desk) -> None:
    made = await desk.newcomer()
    other, new = (await desk.sign_in(made["email"])).json(), "another long password"
    change = {"current": PASSWORD, "new": new}
    answers = await asyncio.gather(
        desk.ask("POST", "/v1/me/password", change, token=made["access_token"]),
        *(desk.sign_in(made["email"]) for _ in range(4)),
    )
    assert answers[0].status == 204
    for came in [other, *(each.json() for each in answers[1:] if each.status == 201)]:
        assert (await desk.refresh(came["refresh_token"])).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    listed = await desk.ask("GET", "/v1/me/sessions", token=made["access_token"])
    assert [each["id"] for each in listed.json()["items"]] == [made["session_id"]]


async def test_who_was_not_let_in_leaves_no_session(desk: Desk) -> None:
    made = await desk.newcomer()
    await desk.ask("POST", "/v1/users", {"email": made["email"], "password": PASSWORD, "name": "Eve"})
    for _ in range(2):
        await desk.sign_in(made["email"], key="one")
    listed = await desk.ask("GET", "/v1/me/sessions", token=made["access_token"])
    assert len(listed.json()["items"]) == 2  # signed up, signed in


async def test_an_end_that_a_crash_kept_from_being_told_is_told_later(desk: Desk) -> None:
    made = await desk.newcomer()
    store, now = desk.ports.sessions, desk.ports.clock.now()
    assert store is not None
    assert await store.end(made["session_id"], made["id"], "refresh_token_reused", now)
    assert await desk.facts(made["id"]) == ["UserRegistered"]
    while await actions.sweep(desk.ports) == 1.0:
        pass
    assert await desk.facts(made["id"]) == ["UserRegistered", "SessionsEnded refresh_token_reused"]
    assert await store.untold() == []


@pytest.fixture
async def store(url: str) -> AsyncIterator[Sessions]:
    made = await choose.sessions(Settings(sessions_url=url))
    assert made is not None
    yield made
    await made.close()


@pytest.fixture
def session(clock: VirtualClock) -> Session:
    ids, now = SystemIds(clock), clock.now()
    return Session(ids.new("ses"), ids.new("usr"), 1, "password", "", now, now, now + timedelta(days=30))


async def use(store: Sessions, shown: Any, this: bytes, following: bytes) -> bool:
    now = shown.session.created_at
    return await store.use(shown, this, following, seed=b"seed", used_with=None, now=now)


async def test_of_many_who_use_one_token_one_does(store: Sessions, session: Session) -> None:
    first = session.id.encode()
    await store.begin(session, first)
    shown = await store.presented(first)
    assert shown is not None
    done = await asyncio.gather(*(use(store, shown, first, first + bytes([number])) for number in range(8)))
    assert done.count(True) == 1
    now = await store.presented(first)
    assert now is not None
    assert (now.used_at, now.next_unused, now.version) == (session.created_at, True, 2)


async def test_what_was_shown_before_the_end_is_not_used_after_it(store: Sessions, session: Session) -> None:
    first = session.id.encode()
    await store.begin(session, first)
    shown = await store.presented(first)
    assert await store.end(session.id, session.account_id, "signed_out", session.created_at)
    assert not await use(store, shown, first, first + b"2")
    assert await store.presented(first + b"2") is None
    assert not await store.end(session.id, session.account_id, "signed_out", session.created_at)


async def test_nobody_ends_anothers_session(store: Sessions, session: Session) -> None:
    await store.begin(session, session.id.encode())
    assert not await store.end(session.id, "usr_other", "signed_out", session.created_at)
    assert await store.live(session.id, session.account_id, 1, session.created_at) == session


async def test_a_session_of_an_older_epoch_is_over_unless_it_was_carried_along(
    store: Sessions, session: Session
) -> None:
    await store.begin(session, session.id.encode())
    assert await store.live(session.id, session.account_id, 2, session.created_at) is None
    await store.carry(session.id, session.account_id, 2)
    assert await store.live(session.id, session.account_id, 2, session.created_at) == replace(session, epoch=2)
    await store.end(session.id, session.account_id, "signed_out", session.created_at)
    await store.carry(session.id, session.account_id, 3)
    assert await store.live(session.id, session.account_id, 3, session.created_at) is None


async def test_what_is_known_of_an_erased_accounts_sessions_is_dropped(store: Sessions, session: Session) -> None:
    mine = [replace(session, id=f"{session.id}{number}", user_agent="her phone") for number in range(3)]
    for each in mine:
        await store.begin(each, each.id.encode())
    await store.end(mine[0].id, session.account_id, "signed_out", session.created_at)
    other = replace(session, account_id="usr_other")
    await store.begin(other, other.id.encode())
    for _ in range(2):  # asked again, nothing more is there
        await store.forget(session.account_id)
    for each in mine:
        assert await store.presented(each.id.encode()) is None
        assert await store.live(each.id, session.account_id, 1, session.created_at) is None
    assert await store.live(other.id, "usr_other", 1, session.created_at) == other


async def test_the_same_session_does_not_begin_twice(store: Sessions, session: Session) -> None:
    first = session.id.encode()
    await store.begin(session, first)
    await store.begin(replace(session, account_id="usr_other"), first + b"2")
    assert await store.live(session.id, session.account_id, 1, session.created_at) == session
    assert await store.presented(first + b"2") is None


async def test_dynamodb_that_does_not_answer_is_unavailable(aws: AwsServer) -> None:
    url = "dynamodb://sessions?region=eu-central-1&endpoint=http://127.0.0.1:1"
    store = await choose.sessions(Settings(sessions_url=url))
    assert store is not None
    with pytest.raises(Unavailable, match="dynamodb does not answer"):
        await store.presented(b"x")
    await store.close()


@pytest.mark.parametrize("url_given", ["dynamodb://?region=eu-west-1", "redis://sessions"])
async def test_a_wrong_url_stops_the_start(url_given: str) -> None:
    with pytest.raises(WrongSettings, match="BANYAN_SESSIONS_URL"):
        await choose.sessions(Settings(sessions_url=url_given))
