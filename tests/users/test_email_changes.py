"""Another e-mail address: proved by the new mailbox, undone from the old one, and never somebody else's."""

import asyncio

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.desk import PASSWORD, Desk, fresh_email
from tests.users.passkey_desk import ORIGIN, add, ask_link, device, enter, mailed, owner


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop, clock: VirtualClock) -> Desk:
    return Desk(await open_shop(service(), clock=clock, origin=ORIGIN))


async def ask(desk: Desk, token: str, email: str) -> int:
    return (await desk.ask("POST", "/v1/me/email", {"email": email}, token=token)).status


async def confirm(desk: Desk, email: str) -> int:
    token = await mailed(desk, email, r"confirm=(em_\S+)")
    return (await desk.ask("POST", "/v1/me/email/confirm", {"token": token})).status


async def undo_link(desk: Desk, email: str) -> str:
    return await mailed(desk, email, r"undo=(un_\S+)")


async def email_of(desk: Desk, token: str) -> str:
    return str((await desk.ask("GET", "/v1/me", token=token)).json()["email"])


async def test_nothing_changes_before_the_new_mailbox_answers(desk: Desk, clock: VirtualClock) -> None:
    made, new = await desk.newcomer(), fresh_email("new")
    assert await ask(desk, made["access_token"], new) == 202
    assert await email_of(desk, made["access_token"]) == made["email"]
    assert await confirm(desk, new) == 204
    assert await email_of(desk, made["access_token"]) == new
    assert (await desk.sign_in(new)).status == 201
    assert (await desk.sign_in(made["email"])).status == 401
    assert (await desk.refresh(made["refresh_token"])).status == 200
    assert await desk.facts(made["id"]) == ["UserRegistered", "EmailChanged"]
    assert await confirm(desk, new) == 401  # once


async def test_the_old_mailbox_takes_the_account_back_for_seven_days(desk: Desk, clock: VirtualClock) -> None:
    for seconds, status in ((7 * 86_400 - 10, 204), (7 * 86_400 + 10, 401)):
        made, new = await desk.newcomer(), fresh_email("thief")
        await ask(desk, made["access_token"], new)
        await confirm(desk, new)
        assert (await add(desk, made["access_token"], thief := device())).status == 201
        token = await undo_link(desk, made["email"])
        clock.advance(seconds)
        answer = await desk.ask("POST", "/v1/me/email/undo", {"token": token})
        assert answer.status == status
        if status == 204:
            assert (await desk.refresh(made["refresh_token"])).status == 401
            assert (await enter(desk, thief)).status == 401  # what came since is gone, and so is the password
            assert (await desk.sign_in(made["email"], PASSWORD)).status == 401
            link, _, _ = await ask_link(desk, made["email"])
            assert (await desk.redeem(link)).json()["user"]["email"] == made["email"]
            assert (await desk.ask("POST", "/v1/me/email/undo", {"token": token})).status == 401


async def test_a_chain_of_changes_is_undone_from_its_beginning(desk: Desk, clock: VirtualClock) -> None:
    made, second, third = await desk.newcomer(), fresh_email("second"), fresh_email("third")
    for new in (second, third):
        await ask(desk, made["access_token"], new)
        assert await confirm(desk, new) == 204
        clock.advance(1)
    first_undo, second_undo = await undo_link(desk, made["email"]), await undo_link(desk, second)
    assert (await desk.ask("POST", "/v1/me/email/undo", {"token": first_undo})).status == 204
    assert (await desk.ask("POST", "/v1/me/email/undo", {"token": second_undo})).status == 401
    row = await desk.ports.db.fetchrow("SELECT email_canonical FROM account WHERE id = $1", made["id"])
    assert row is not None
    assert row["email_canonical"] == made["email"]


async def test_the_old_address_cannot_be_taken_while_it_may_be_taken_back(desk: Desk) -> None:
    made, new = await desk.newcomer(), fresh_email("new")
    await ask(desk, made["access_token"], new)
    await confirm(desk, new)
    taken = await desk.ask("POST", "/v1/users", {"email": made["email"], "password": PASSWORD, "name": "T"})
    assert (taken.status, taken.json()["code"]) == (409, "email_taken")
    other = await desk.newcomer()
    assert await ask(desk, other["access_token"], made["email"]) == 202
    assert await confirm(desk, made["email"]) == 409
    undo = await undo_link_before(desk, made["email"])
    assert (await desk.ask("POST", "/v1/me/email/undo", {"token": undo})).status == 204


async def undo_link_before(desk: Desk, email: str) -> str:
    """The undo link, of mail that came before the last."""
    import re

    texts = " ".join(text for to, _, text in await desk.mail() if to == email)
    found = re.search(r"undo=(un_\S+)", texts)
    assert found
    return found[1]


async def test_a_taken_address_is_answered_as_a_free_one_and_told_its_owner(desk: Desk) -> None:
    made, other = await desk.newcomer(), await desk.newcomer()
    free = await desk.ask("POST", "/v1/me/email", {"email": fresh_email("free")}, token=made["access_token"])
    taken = await desk.ask("POST", "/v1/me/email", {"email": other["email"]}, token=made["access_token"])
    assert (free.status, free.headers, free.body) == (taken.status, taken.headers, taken.body)
    text = await mailed(desk, other["email"], "(has an account already)")
    assert text
    assert "confirm=" not in [body for to, _, body in await desk.mail() if to == other["email"]][-1]


async def test_of_two_who_want_one_address_the_first_to_confirm_has_it(desk: Desk) -> None:
    wanted, links = fresh_email("wanted"), []
    for _ in range(2):
        made = await desk.newcomer()
        await ask(desk, made["access_token"], wanted)
    for to, _, text in await desk.mail():
        if to == wanted:
            links.append(text.partition("confirm=")[2].split()[0])
    answers = await asyncio.gather(*(desk.ask("POST", "/v1/me/email/confirm", {"token": each}) for each in links))
    assert sorted(each.status for each in answers) == [204, 409]


async def test_a_change_is_void_when_another_one_came_after_it(desk: Desk, clock: VirtualClock) -> None:
    made, first, second = await desk.newcomer(), fresh_email("first"), fresh_email("second")
    await ask(desk, made["access_token"], first)
    await ask(desk, made["access_token"], second)
    assert await confirm(desk, first) == 401
    assert await confirm(desk, second) == 204


async def test_a_change_needs_a_proof_of_the_last_ten_minutes(desk: Desk, clock: VirtualClock) -> None:
    made, _ = await owner(desk)
    clock.advance(595)
    refreshed = (await desk.refresh(made["refresh_token"])).json()
    clock.advance(10)
    assert await ask(desk, refreshed["access_token"], fresh_email()) == 403
    made = await desk.newcomer()
    clock.advance(595)
    refreshed = (await desk.refresh(made["refresh_token"])).json()
    clock.advance(10)
    wrong = await desk.ask(
        "POST", "/v1/me/proof", {"password": "another one entirely"}, token=refreshed["access_token"]
    )
    assert (wrong.status, wrong.json()["code"]) == (403, "wrong_password")
    assert await ask(desk, refreshed["access_token"], fresh_email()) == 403
    proof = await desk.ask("POST", "/v1/me/proof", {"password": PASSWORD}, token=refreshed["access_token"])
    assert proof.status == 204
    assert await ask(desk, refreshed["access_token"], fresh_email()) == 202


async def test_a_sign_in_link_to_the_old_mailbox_is_void_after_the_change(desk: Desk) -> None:
    made, new = await desk.newcomer(), fresh_email("new")
    token, _, _ = await ask_link(desk, made["email"])
    await ask(desk, made["access_token"], new)
    await confirm(desk, new)
    assert (await desk.redeem(token)).status == 401


async def test_only_the_spelling_may_change_too(desk: Desk) -> None:
    made = await desk.newcomer()
    upper = made["email"].upper()
    assert await ask(desk, made["access_token"], upper) == 202
    assert await confirm(desk, upper.partition("@")[0] + "@example.com") == 204
    assert await email_of(desk, made["access_token"]) == upper
