"""Passkeys: signing up and in without a password, several per account, named, and never the last way in taken away."""

import asyncio

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.users import ceremonies
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import PASSWORD, Desk
from tests.users.passkey_desk import ORIGIN, add, ask_link, device, enter, options, owner, prove


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop, clock: VirtualClock) -> Desk:
    return Desk(await open_shop(service(), clock=clock, origin=ORIGIN))


async def test_a_newcomer_needs_no_password(desk: Desk) -> None:
    made, held = await owner(desk)
    assert (made["has_password"], made["roles"]) == (False, [])
    assert await desk.facts(made["id"]) == ["UserRegistered"]
    answer = await enter(desk, held)
    assert (answer.status, answer.json()["user"]["id"]) == (201, made["id"])
    sessions = (await desk.ask("GET", "/v1/me/sessions", token=answer.json()["access_token"])).json()["items"]
    assert {each["method"] for each in sessions} == {"passkey"}


async def test_a_passkey_is_asked_to_be_discoverable_and_to_verify_its_user(desk: Desk) -> None:
    made = (await options(desk, "sign-up/", {"email": "look@example.com"}))["public_key"]
    assert made["rp"] == {"name": "Banyan Supply", "id": "shop.test"}
    chosen = made["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["requireResidentKey"], chosen["userVerification"]) == (
        "required",
        True,
        "required",
    )
    assert made["attestation"] == "none"
    assert {each["alg"] for each in made["pubKeyCredParams"]} == {-7, -8, -257}
    asked = (await options(desk, "sign-in/"))["public_key"]
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("shop.test", "required", [])


async def test_a_taken_address_is_said_to_be_and_keeps_its_owner(desk: Desk) -> None:
    made, _ = await owner(desk)
    body = {"email": made["email"].upper(), "name": "Eve"}
    answer = await desk.ask("POST", "/v1/passkeys/sign-up/options", body)
    assert (answer.status, answer.json()["code"]) == (409, "email_taken")


async def test_of_two_who_sign_up_with_one_mailbox_at_once_one_does(desk: Desk) -> None:
    newcomer = {"email": "both@example.com", "name": "B"}
    bodies = []
    for _ in range(2):
        given = await options(desk, "sign-up/", newcomer)
        bodies.append({"ceremony": given["ceremony"], "credential": device().make(given["public_key"])})
    answers = await asyncio.gather(*(desk.ask("POST", "/v1/passkeys/sign-up", body) for body in bodies))
    assert sorted(each.status for each in answers) == [201, 409]
    assert await desk.ports.db.fetchval("SELECT count(*) FROM passkey p JOIN account a ON a.id = p.account_id"
                                        " WHERE a.email_canonical = 'both@example.com'") == 1  # fmt: skip


async def test_several_passkeys_are_listed_named_and_removed(desk: Desk, clock: VirtualClock) -> None:
    made, first = await owner(desk)
    clock.advance(1)
    token, second = made["access_token"], device()
    assert (await add(desk, token, second, "Phone")).json()["name"] == "Phone"
    listed = (await desk.ask("GET", "/v1/passkeys", token=token)).json()["items"]
    assert [each["name"] for each in listed] == ["a device we do not know", "Phone"]
    clock.advance(1)
    path = f"/v1/passkeys/{listed[0]['id']}"
    assert (await desk.ask("PATCH", path, {"name": "Laptop"}, token=token)).json()["name"] == "Laptop"
    assert (await enter(desk, second)).status == 201
    assert (await desk.ask("DELETE", path, token=token)).status == 204
    assert (await enter(desk, first)).status == 401
    assert (await enter(desk, second)).status == 201
    texts = [text for to, _, text in await desk.mail() if to == made["email"]]
    assert ["“Phone”, was added" in texts[0], "was removed" in texts[1]] == [True, True]
    assert await desk.facts(made["id"]) == ["UserRegistered", "FactorsChanged", "FactorsChanged"]


async def test_a_device_is_not_asked_for_what_it_has(desk: Desk) -> None:
    made, held = await owner(desk)
    known = (await options(desk, "", token=made["access_token"]))["public_key"]["excludeCredentials"]
    assert [each["id"] for each in known] == [held.make(await _options(desk, made))["id"]]


async def _options(desk: Desk, made: dict[str, str]) -> dict[str, object]:
    given: dict[str, object] = (await options(desk, "", token=made["access_token"]))["public_key"]
    return given


async def test_the_last_way_in_stays(desk: Desk) -> None:
    made, _ = await owner(desk)
    token = made["access_token"]
    only = (await desk.ask("GET", "/v1/passkeys", token=token)).json()["items"][0]["id"]
    answer = await desk.ask("DELETE", f"/v1/passkeys/{only}", token=token)
    assert (answer.status, answer.json()["code"]) == (409, "last_factor")
    assert (await desk.ask("POST", "/v1/me/password", {"new": PASSWORD}, token=token)).status == 204
    assert (await desk.ask("DELETE", f"/v1/passkeys/{only}", token=token)).status == 204


async def test_ways_in_are_changed_within_ten_minutes_of_proving_oneself_only(desk: Desk, clock: VirtualClock) -> None:
    made, held = await owner(desk)
    token = made["access_token"]
    assert (await add(desk, token, device())).status == 201
    clock.advance(590)
    fresh = await desk.refresh(made["refresh_token"])
    clock.advance(20)
    token = fresh.json()["access_token"]
    for method, path in (("POST", "/v1/passkeys/options"), ("POST", "/v1/me/totp"), ("POST", "/v1/me/recovery-codes")):
        answer = await desk.ask(method, path, token=token)
        assert (answer.status, answer.json()["code"]) == (403, "sign_in_again"), path
    assert (await desk.ask("GET", "/v1/me/factors", token=token)).json()["recent"] is False
    assert await prove(desk, token, held) == 204
    assert (await desk.ask("GET", "/v1/me/factors", token=token)).json()["recent"] is True
    assert (await add(desk, token, device())).status == 201


async def test_a_counter_that_goes_back_is_refused_and_one_that_stays_at_zero_is_not(desk: Desk) -> None:
    _, held = await owner(desk)
    assert (await enter(desk, held, count=5)).status == 201
    assert [(await enter(desk, held, count=count)).status for count in (5, 4, 0, 6)] == [401, 401, 401, 201]
    _, still = await owner(desk)
    assert [(await enter(desk, still, count=0)).status for _ in range(3)] == [201] * 3


async def test_of_many_answers_to_one_challenge_one_signs_in(desk: Desk) -> None:
    _, held = await owner(desk)
    given = await options(desk, "sign-in/")
    body = {"ceremony": given["ceremony"], "credential": held.sign(given["public_key"])}
    answers = await asyncio.gather(*(desk.ask("POST", "/v1/passkeys/sign-in", body) for _ in range(6)))
    assert sorted(each.status for each in answers) == [201] + [401] * 5


async def test_the_owner_of_a_mailbox_keeps_the_passkeys_they_say_are_theirs(desk: Desk, clock: VirtualClock) -> None:
    for keep, status in ((True, 201), (False, 401)):
        made, held = await owner(desk)
        token, _, attempt = await ask_link(desk, made["email"])
        seen = await desk.ask("POST", "/v1/sessions/magic-link/look", {"token": token, "attempt": attempt})
        assert seen.json()["unproved_passkeys"] == ["a device we do not know"]
        body = {"token": token, "keep_passkeys": keep}
        assert (await desk.ask("POST", "/v1/sessions/magic-link/redeem", body)).status == 201
        assert (await enter(desk, held)).status == status
        clock.advance(1)
        token, _, _ = await ask_link(desk, made["email"])
        seen = await desk.ask("POST", "/v1/sessions/magic-link/look", {"token": token})
        assert seen.json()["unproved_passkeys"] == []


async def test_an_account_has_at_most_twenty_passkeys(desk: Desk) -> None:
    made, _ = await owner(desk)
    async with desk.ports.db.transaction() as tx:
        await tx.execute(
            """INSERT INTO passkey (id, account_id, credential_id, public_key, name)
            SELECT 'pky_x' || n, $1, convert_to('x' || n || $1, 'UTF8'), '', 'x' FROM generate_series(1, 19) AS n""",
            made["id"],
        )
    answer = await desk.ask("POST", "/v1/passkeys/options", token=made["access_token"])
    assert (answer.status, answer.json()["code"]) == (409, "too_many_passkeys")


@pytest.mark.parametrize(
    ("origin", "rp_id", "seen"),
    [
        ("https://shop.example", "shop.example", "https://shop.example"),
        ("https://shop.example:8443/", "shop.example", "https://shop.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_are_bound_to_the_shops_name_and_a_laptop_is_localhost(origin: str, rp_id: str, seen: str) -> None:
    party = ceremonies.party(origin, "Shop")
    assert (party.id, party.origins) == (rp_id, (seen,))
