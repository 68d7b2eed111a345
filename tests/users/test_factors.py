"""An app's codes and recovery codes as a second step; and what operators may do before they have a second factor."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.users import ROLES
from banyan.kernel.clock import VirtualClock
from banyan.users import actions
from banyan.users.app import service
from banyan.users.domain import totp
from banyan.users.domain.factors import device_words
from tests.conftest import OpenShop
from tests.users.desk import Desk, fresh_email
from tests.users.passkey_desk import ORIGIN, add, ask_link, device, enter, finish, owner, set_up_app, step

# RFC 6238, appendix B, the last six of its eight digits.
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (20000000000, "353130"),
]


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop, clock: VirtualClock) -> Desk:
    return Desk(await open_shop(service(), clock=clock, origin=ORIGIN))


@pytest.fixture(scope="module")
async def strict(open_shop: OpenShop, clock: VirtualClock) -> Desk:
    """A shop whose operators need a second factor."""
    return Desk(await open_shop(service(), clock=clock, origin=ORIGIN, operator_factor="required"))


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.code(b"12345678901234567890", seconds // 30) == code


@given(st.binary(min_size=20, max_size=20), st.integers(200, 1 << 35), st.integers(-4, 4))
def test_a_code_is_good_for_its_step_and_the_neighbours_and_never_again(secret: bytes, now: int, away: int) -> None:
    code = totp.code(secret, now // 30 + away)
    found = totp.step_of(secret, code, now, 0)
    if abs(away) <= 1:
        assert found is not None
        assert totp.step_of(secret, code, now, max(found, now // 30 + 1)) is None
    elif found is not None:  # one in 333,333: another step's code looks the same
        assert totp.code(secret, found) == code


@given(st.binary(min_size=10, max_size=10), st.text(max_size=30))
def test_recovery_codes_are_known_however_they_are_typed_and_nothing_else_is(chance: bytes, text: str) -> None:
    code = totp.recovery_code(chance)
    assert totp.is_recovery(totp.typed(f" {code.upper().replace('-', ' ')} "))
    assert totp.recovery_digest("usr_a", code) != totp.recovery_digest("usr_b", code)
    assert totp.is_recovery(text) <= (len(text) == 16)


def test_a_browser_is_told_in_words() -> None:
    chrome = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
    )
    iphone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
    )
    assert [device_words(each) for each in (chrome, iphone, "curl/8", "")] == [
        "Chrome on Windows",
        "Safari on iPhone",
        "a device we do not know",
        "a device we do not know",
    ]


async def test_a_password_asks_for_a_code_once_an_app_is_set_up(desk: Desk) -> None:
    made = await desk.newcomer()
    begun = (await desk.ask("POST", "/v1/me/totp", token=made["access_token"])).json()
    assert begun["uri"].startswith("otpauth://totp/Banyan%20Supply:")
    assert begun["qr_svg"].startswith("<svg")
    assert (await desk.sign_in(made["email"])).status == 201  # nothing is in force before a code was confirmed
    app, codes = await set_up_app(desk, made["access_token"])
    assert (len(codes), len(set(codes))) == (10, 10)
    waiting = await step(desk, made["email"])
    answer = await finish(desk, waiting, app.code(desk))
    assert answer.status == 201
    sessions = (await desk.ask("GET", "/v1/me/sessions", token=answer.json()["access_token"])).json()["items"]
    assert "password+code" in {each["method"] for each in sessions}
    assert (await finish(desk, waiting, app.code(desk, 1))).json()["code"] == "second_step_over"


async def test_the_secret_and_the_codes_are_kept_as_nobody_can_read_them(desk: Desk) -> None:
    made = await desk.newcomer()
    app, codes = await set_up_app(desk, made["access_token"])
    rows = await desk.ports.db.fetch(
        "SELECT t::text AS row FROM totp AS t UNION ALL SELECT c::text FROM recovery_code c"
    )
    kept = " ".join(row["row"] for row in rows)
    assert app.secret.hex() not in kept
    assert not any(each in kept or each.encode().hex() in kept for each in codes)


async def test_a_code_works_once_even_when_it_is_sent_many_times_at_once(desk: Desk, clock: VirtualClock) -> None:
    made = await desk.newcomer()
    app, _ = await set_up_app(desk, made["access_token"])
    waiting = [await step(desk, made["email"]) for _ in range(4)]
    answers = await asyncio.gather(*(finish(desk, each, app.code(desk)) for each in waiting))
    assert sorted(each.status for each in answers) == [201, 401, 401, 401]
    clock.advance(30)
    assert (await finish(desk, await step(desk, made["email"]), app.code(desk))).status == 201


async def test_a_recovery_code_works_once_and_a_new_set_voids_the_old_one(desk: Desk) -> None:
    made = await desk.newcomer()
    _, codes = await set_up_app(desk, made["access_token"])
    first = await finish(desk, await step(desk, made["email"]), codes[0].upper())
    assert first.status == 201
    again = await finish(desk, await step(desk, made["email"]), codes[0])
    assert (again.status, again.json()["code"]) == (401, "wrong_code")
    token = first.json()["access_token"]
    assert (await desk.ask("GET", "/v1/me/factors", token=token)).json()["recovery_codes"] == 9
    renewed = (await desk.ask("POST", "/v1/me/recovery-codes", token=token)).json()["recovery_codes"]
    assert (await finish(desk, await step(desk, made["email"]), codes[1])).status == 401
    assert (await finish(desk, await step(desk, made["email"]), renewed[1])).status == 201


async def test_guesses_are_slowed_down_for_the_account_whoever_guesses(desk: Desk, clock: VirtualClock) -> None:
    made = await desk.newcomer()
    app, codes = await set_up_app(desk, made["access_token"])
    waiting = await step(desk, made["email"])
    wrong = "000000" if app.code(desk) != "000000" else "000001"
    assert [(await finish(desk, waiting, wrong)).status for _ in range(5)] == [401] * 5
    assert (await finish(desk, waiting, codes[0])).json()["code"] == "second_step_over"  # five tries of one browser
    other = await step(desk, made["email"])
    assert (await finish(desk, other, codes[0])).status == 429
    clock.advance(31)
    assert (await finish(desk, other, codes[0])).status == 201


async def test_a_link_asks_for_a_code_too_and_a_passkey_does_not(desk: Desk, clock: VirtualClock) -> None:
    made, held = await owner(desk)
    token, _, _ = await ask_link(desk, made["email"])
    proved = await desk.ask("POST", "/v1/sessions/magic-link/redeem", {"token": token, "keep_passkeys": True})
    app, _ = await set_up_app(desk, proved.json()["access_token"])
    clock.advance(1)
    token, _, _ = await ask_link(desk, made["email"])
    answer = await desk.redeem(token)
    assert (answer.status, answer.json()["ways"]) == (202, ["totp", "recovery_code"])
    assert (await desk.redeem(token)).status == 401  # the link is used up
    assert (await finish(desk, answer.json()["second_step"], app.code(desk))).status == 201
    assert (await enter(desk, held)).status == 201


async def test_a_changed_password_voids_sign_ins_that_wait(desk: Desk) -> None:
    made = await desk.newcomer()
    app, _ = await set_up_app(desk, made["access_token"])
    waiting = await step(desk, made["email"])
    change = {"current": "a long walk by the sea", "new": "another long walk by the sea"}
    assert (await desk.ask("POST", "/v1/me/password", change, token=made["access_token"])).status == 204
    assert (await finish(desk, waiting, app.code(desk))).json()["code"] == "second_step_over"


async def test_what_a_squatter_set_up_does_not_keep_the_owner_out(desk: Desk, clock: VirtualClock) -> None:
    squatter = await desk.newcomer()
    await set_up_app(desk, squatter["access_token"])
    clock.advance(1)
    token, _, _ = await ask_link(desk, squatter["email"])
    came = await desk.redeem(token)
    assert came.status == 201
    has = (await desk.ask("GET", "/v1/me/factors", token=came.json()["access_token"])).json()
    assert (has["totp"], has["recovery_codes"], has["password"], has["mailbox_proved"]) == (False, 0, False, True)


async def test_an_operator_may_do_nothing_before_a_second_factor_is_there(strict: Desk, clock: VirtualClock) -> None:
    operator = await strict.operator()
    token = operator["access_token"]
    assert operator["factor_needed"] is True
    assert (await strict.shop.authority.principal(f"Bearer {token}")).permissions == frozenset()
    assert (await strict.ask("GET", "/v1/users", token=token)).status == 403
    refreshed = (await strict.refresh(operator["refresh_token"])).json()
    assert (await strict.ask("GET", "/v1/users", token=refreshed["access_token"])).status == 403
    held = device()
    assert (await add(strict, refreshed["access_token"], held)).status == 201
    strong = (await strict.refresh(refreshed["refresh_token"])).json()
    assert (await strict.ask("GET", "/v1/users", token=strong["access_token"])).status == 200
    back = (await enter(strict, held)).json()
    assert back["factor_needed"] is False
    who = await strict.shop.authority.principal(f"Bearer {back['access_token']}")
    assert who.permissions == ROLES["operator"]


async def test_an_operator_who_has_a_factor_gets_no_other_one_by_mail(strict: Desk, clock: VirtualClock) -> None:
    """Who reads the mailbox comes in, and may do nothing, not even bring a passkey."""
    email = fresh_email("op")
    operator = await strict.operator(email)
    assert (await add(strict, operator["access_token"], device())).status == 201
    async with strict.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET email_proved_at = shop_now() WHERE id = $1", operator["user"]["id"])
    clock.advance(1)
    token, _, _ = await ask_link(strict, email)
    thief = (await strict.redeem(token)).json()
    assert thief["factor_needed"] is True
    for path in ("/v1/passkeys/options", "/v1/me/totp"):
        answer = await strict.ask("POST", path, token=thief["access_token"])
        assert (answer.status, answer.json()["code"]) == (403, "sign_in_again")
    link = await actions.create_operator(strict.ports, email)  # who has the shop's shell may begin anew
    own = (await strict.redeem(link.partition("token=")[2])).json()
    assert (await add(strict, own["access_token"], device())).status == 201


async def test_an_operator_keeps_one_second_factor(strict: Desk) -> None:
    operator = await strict.operator()
    token = operator["access_token"]
    await set_up_app(strict, token)
    answer = await strict.ask("DELETE", "/v1/me/totp", token=token)
    assert (answer.status, answer.json()["code"]) == (409, "last_factor")
    assert (await add(strict, token, device())).status == 201
    async with strict.ports.db.transaction() as tx:
        await tx.execute("UPDATE account SET email_proved_at = shop_now() WHERE id = $1", operator["user"]["id"])
    assert (await strict.ask("DELETE", "/v1/me/totp", token=token)).status == 204


async def test_on_a_laptop_operators_are_offered_one(desk: Desk) -> None:
    operator = await desk.operator()
    assert operator["factor_needed"] is False
    assert (await desk.ask("GET", "/v1/users", token=operator["access_token"])).status == 200


async def test_roles_that_only_read_need_none(strict: Desk) -> None:
    boss = await strict.operator()
    await add(strict, boss["access_token"], device())
    token = (await strict.refresh(boss["refresh_token"])).json()["access_token"]
    made = await strict.newcomer()
    await strict.ask("PUT", f"/v1/users/{made['id']}/roles", {"roles": ["merchandiser"]}, token=token)
    assert (await strict.sign_in(made["email"])).json()["factor_needed"] is True
    await strict.ask("PUT", f"/v1/users/{made['id']}/roles", {"roles": []}, token=token)
    assert (await strict.sign_in(made["email"])).json()["factor_needed"] is False
