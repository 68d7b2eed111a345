"""One's own account: edits need the version that was read, a new password ends what the old one opened."""

import asyncio

import pytest

from banyan.contracts.users import AskShopper
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import NotFound
from banyan.users import actions
from tests.users.desk import PASSWORD, Desk

NEW = "another walk by the sea"


async def test_name_and_preferences_change_as_far_as_they_are_sent(desk: Desk) -> None:
    made = await desk.newcomer()
    token = made["access_token"]
    steps = [
        ({"preferences": {"language": "pt-BR", "marketing": True}}, ("Ada", "pt-BR", None, True)),
        ({"name": " Countess ", "preferences": {"currency": "EUR"}}, ("Countess", "pt-BR", "EUR", True)),
        ({"name": "", "preferences": {"language": None}}, ("", None, "EUR", True)),
        ({}, ("", None, "EUR", True)),
    ]
    tag = (await desk.ask("GET", "/v1/me", token=token)).header("etag") or ""
    for change, expected in steps:
        answer = await desk.ask("PATCH", "/v1/me", change, token=token, match=tag)
        found, likes = answer.json(), answer.json()["preferences"]
        assert (found["name"], likes["language"], likes["currency"], likes["marketing"]) == expected
        tag = answer.header("etag") or ""
    assert (await desk.facts(made["id"])).count("ProfileChanged") == 3


async def test_an_edit_of_an_older_version_changes_nothing(desk: Desk) -> None:
    made = await desk.newcomer()
    token = made["access_token"]
    assert (await desk.ask("PATCH", "/v1/me", {"name": "B"}, token=token)).status == 428
    assert (await desk.ask("PATCH", "/v1/me", {"name": "B"}, token=token, match='"7"')).status == 412
    answers = await asyncio.gather(
        *(desk.ask("PATCH", "/v1/me", {"name": f"N{each}"}, token=token, match='"1"') for each in range(6))
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 5
    [kept] = [answer.json()["name"] for answer in answers if answer.status == 200]
    assert (await desk.ask("GET", "/v1/me", token=token)).json()["name"] == kept


@pytest.mark.parametrize(
    "change",
    [
        {"email": "b@example.com"},
        {"roles": ["operator"]},
        {"version": 9},
        {"name": None},
        {"name": "x" * 201},
        {"preferences": None},
        {"preferences": {"theme": "dark"}},
        {"preferences": {"marketing": "yes"}},
        {"preferences": {"language": "english"}},
        {"preferences": {"currency": "eur"}},
    ],
)
async def test_what_cannot_be_changed_here_is_refused(desk: Desk, change: object) -> None:
    made = await desk.newcomer()
    answer = await desk.ask("PATCH", "/v1/me", change, token=made["access_token"], match="*")
    assert answer.status == 422
    assert (await desk.ask("GET", "/v1/me", token=made["access_token"])).header("etag") == '"1"'


async def test_a_new_password_ends_the_other_sessions_and_is_told_by_mail(desk: Desk) -> None:
    made = await desk.newcomer()
    other = (await desk.sign_in(made["email"])).json()
    await desk.ask("POST", "/v1/sessions/magic-link", {"email": made["email"]})
    link = await desk.link_to(made["email"])
    change = {"current": PASSWORD, "new": NEW}
    answers = [
        await desk.ask("POST", "/v1/me/password", change, token=made["access_token"], key="change") for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [204, 204]
    assert answers[1].header("idempotent-replayed") == "true"
    assert (await desk.refresh(other["refresh_token"])).status == 401
    assert (await desk.redeem(link)).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    assert (await desk.sign_in(made["email"])).status == 401
    assert (await desk.sign_in(made["email"], NEW)).status == 201
    assert await desk.facts(made["id"]) == ["UserRegistered", "PasswordChanged", "SessionsEnded password_changed"]
    assert (made["email"], "Your password at Banyan Supply was changed") in [each[:2] for each in await desk.mail()]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"current": "a wrong password", "new": NEW}, 403, "wrong_password"),
        ({"new": NEW}, 403, "wrong_password"),
        ({"current": PASSWORD, "new": "short"}, 422, "password_too_short"),
        ({"current": PASSWORD, "new": "passwordpassword"}, 422, "password_too_common"),
        ({"current": PASSWORD}, 422, "invalid"),
    ],
)
async def test_a_refused_change_leaves_the_password(desk: Desk, change: object, status: int, code: str) -> None:
    made = await desk.newcomer()
    answer = await desk.ask("POST", "/v1/me/password", change, token=made["access_token"])
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert (await desk.sign_in(made["email"])).status == 201


async def test_an_access_token_that_outlived_its_session_changes_no_password(desk: Desk) -> None:
    made = await desk.newcomer()
    await desk.ask("DELETE", "/v1/sessions/current", token=made["access_token"])
    answer = await desk.ask("POST", "/v1/me/password", {"current": PASSWORD, "new": NEW}, token=made["access_token"])
    assert (answer.status, answer.json()["code"]) == (401, "session_ended")
    assert (await desk.sign_in(made["email"])).status == 201


async def test_who_has_no_password_sets_one_soon_after_signing_in_only(timed: Desk, clock: VirtualClock) -> None:
    late = await timed.operator()
    clock.advance(901)
    fresh = (await timed.refresh(late["refresh_token"])).json()["access_token"]
    answer = await timed.ask("POST", "/v1/me/password", {"new": NEW}, token=fresh)
    assert (answer.status, answer.json()["code"]) == (403, "sign_in_again")

    soon = await timed.operator()
    for new, status in (("only 14 chars!", 422), (NEW, 204)):
        answer = await timed.ask("POST", "/v1/me/password", {"new": new}, token=soon["access_token"])
        assert answer.status == status
    assert (await timed.sign_in(soon["user"]["email"], NEW)).status == 201


async def test_a_guest_has_no_account(desk: Desk) -> None:
    for method, path in [
        ("GET", "/v1/me"),
        ("PATCH", "/v1/me"),
        ("POST", "/v1/me/password"),
        ("GET", "/v1/me/sessions"),
        ("GET", "/v1/me/addresses"),
        ("DELETE", "/v1/sessions/current"),
    ]:
        body = {"new": NEW} if path.endswith("password") else {} if method == "PATCH" else None
        answer = await desk.ask(method, path, body)
        assert (answer.status, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_checkout_is_told_who_a_shopper_is(desk: Desk) -> None:
    made = await desk.newcomer(name="Ada Lovelace")
    told = await desk.shop.peers.ask(AskShopper(user_id=made["id"]))
    assert (told.email, told.name, told.address) == (made["email"], "Ada Lovelace", None)
    where = {"name": "Ada", "line1": "1 St James's Sq", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}
    await desk.ask("POST", "/v1/me/addresses", where, token=made["access_token"])
    told = await desk.shop.peers.ask(AskShopper(user_id=made["id"]))
    assert told.address
    assert told.address.model_dump() == where | {"line2": "", "region": "", "phone": ""}
    for nobody in ("usr_0", "", "\x00"[:0]):
        with pytest.raises(NotFound):
            await actions.answer_shopper(desk.ports, AskShopper(user_id=nobody))
