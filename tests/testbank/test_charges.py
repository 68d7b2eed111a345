"""The bank does each thing once by its reference, says no where it must, and misbehaves only as a token asks."""

import asyncio

import pytest

from tests.testbank.conftest import Desk


async def test_a_charge_is_made_once_however_often_it_is_sent(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.charge("once") for _ in range(12)))
    assert {each.status for each in answers} == {200}
    assert len({each.json()["id"] for each in answers}) == 1
    assert (await desk.charge("once", amount=501)).json()["code"] == "reference_reused"
    assert (await desk.charge("once", currency="USD")).status == 409


async def test_money_is_held_taken_and_given_back(desk: Desk) -> None:
    charge = await desk.held("course")
    taken = (await desk.do(charge, "capture", "course.c")).json()
    assert (taken["state"], taken["captured"]) == ("captured", 500)
    back = (await desk.do(charge, "refunds", "course.r1", 200)).json()
    assert (back["refunded"], back["refunds"]) == (200, [{"reference": "course.r1", "amount": 200}])
    assert (await desk.do(charge, "refunds", "course.r2", 301)).json()["code"] == "charge_captured"
    assert (await desk.do(charge, "void", "course.v")).status == 409
    found = (await desk.http("GET", "/charges/by-reference/course")).json()
    assert found == back


async def test_a_charge_can_be_captured_with_the_same_request(desk: Desk) -> None:
    assert (await desk.charge("at_once", capture=True)).json()["state"] == "captured"


async def test_part_may_be_taken_and_the_rest_goes_back(desk: Desk) -> None:
    charge = await desk.held("part")
    assert (await desk.do(charge, "capture", "part.c", 501)).status == 409
    assert (await desk.do(charge, "capture", "part.c", 400)).json()["captured"] == 400
    assert (await desk.do(charge, "capture", "part.c2", 100)).status == 409


@pytest.mark.parametrize(("deed", "count"), [("capture", 1), ("void", 1), ("refunds", 1)])
async def test_a_deed_is_done_once_by_its_reference(desk: Desk, deed: str, count: int) -> None:
    charge = await desk.held(f"deed_{deed}")
    if deed == "refunds":
        await desk.do(charge, "capture", f"{deed}.first")
    answers = await asyncio.gather(*(desk.do(charge, deed, f"{deed}.ref") for _ in range(8)))
    assert {each.status for each in answers} == {200}
    done = "SELECT count(*) FROM deed WHERE reference = $1"
    assert await desk.ports.db.fetchval(done, f"{deed}.ref") == count
    other = await desk.held(f"other_{deed}")
    assert (await desk.do(other, deed, f"{deed}.ref")).json()["code"] == "reference_reused"


async def test_a_charge_and_what_is_done_to_it_may_share_a_reference(desk: Desk) -> None:
    charge = await desk.held("shared")
    assert (await desk.do(charge, "capture", "shared")).json()["state"] == "captured"
    assert (await desk.do(charge, "refunds", "shared")).json()["code"] == "reference_reused"


async def test_refunds_racing_never_give_back_more_than_was_taken(desk: Desk) -> None:
    charge = await desk.held("race")
    await desk.do(charge, "capture", "race.c")
    answers = await asyncio.gather(*(desk.do(charge, "refunds", f"race.{n}", 100) for n in range(16)))
    assert [each.status for each in answers].count(200) == 5


async def test_capture_and_void_racing_have_one_winner(desk: Desk) -> None:
    for number in range(5):
        charge = await desk.held(f"duel_{number}")
        answers = await asyncio.gather(
            desk.do(charge, "capture", f"duel_{number}.c"), desk.do(charge, "void", f"duel_{number}.v")
        )
        assert sorted(each.status for each in answers) == [200, 409]


async def test_a_void_before_the_charge_refuses_it_for_good(desk: Desk) -> None:
    body = {"reference": "early.v", "amount": 500, "currency": "EUR"}
    assert (await desk.http("POST", "/charges/by-reference/early/void", body)).json()["state"] == "voided"
    assert (await desk.http("POST", "/charges/by-reference/early/void", body)).json()["state"] == "voided"
    late = (await desk.charge("early")).json()
    assert (late["state"], late["approved"]) == ("voided", 0)
    assert (await desk.do(late["id"], "capture", "early.c")).status == 409


async def test_a_void_by_reference_lets_go_of_what_is_held_and_leaves_what_was_taken(desk: Desk) -> None:
    body = {"reference": "held.v", "amount": 500, "currency": "EUR"}
    await desk.held("held")
    assert (await desk.http("POST", "/charges/by-reference/held/void", body)).json()["state"] == "voided"
    charge = await desk.held("taken")
    await desk.do(charge, "capture", "taken.c")
    answer = await desk.http("POST", "/charges/by-reference/taken/void", body | {"reference": "taken.v"})
    assert (answer.status, answer.json()["code"]) == (409, "charge_captured")


@pytest.mark.parametrize(
    ("token", "reason"), [("tok_declined", "card_declined"), ("tok_insufficient_funds", "insufficient_funds")]
)
async def test_a_declined_charge_holds_nothing(desk: Desk, token: str, reason: str) -> None:
    charge = (await desk.charge(token, token)).json()
    assert (charge["state"], charge["reason"], charge["approved"]) == ("declined", reason, 0)
    assert (await desk.do(charge["id"], "capture", f"{token}.c")).status == 409
    assert (await desk.do(charge["id"], "void", f"{token}.v")).json()["state"] == "declined"


async def test_tok_5xx_fails_twice_by_each_reference_and_then_works(desk: Desk) -> None:
    for reference in ("stumble_1", "stumble_2"):
        for _ in range(2):
            assert (await desk.charge(reference, "tok_5xx")).status == 500
            assert (await desk.http("GET", f"/charges/by-reference/{reference}")).json()["code"] == "no_such_charge"
        assert (await desk.charge(reference, "tok_5xx")).json()["state"] == "authorized"


async def test_tok_timeout_is_done_though_nobody_hears_of_it(desk: Desk) -> None:
    assert (await desk.charge("lost", "tok_timeout")).status == 504
    assert (await desk.http("GET", "/charges/by-reference/lost")).json()["state"] == "authorized"
    assert (await desk.charge("lost", "tok_timeout")).status == 200


async def test_tok_partial_approves_less_and_says_so(desk: Desk) -> None:
    assert (await desk.charge("less", "tok_partial")).json()["amount"] == 499


async def test_an_unknown_token_charge_or_reference_is_refused(desk: Desk) -> None:
    assert (await desk.charge("who", "tok_who")).json()["code"] == "unknown_token"
    assert (await desk.do("tb_" + "0" * 26, "capture", "who.c")).status == 404
    assert (await desk.do("tb_%00", "capture", "who.c")).status == 422
    for wrong in ({"amount": 0}, {"amount": 2**63}, {"amount": "5"}, {"reference": "a\x00"}, {"currency": "euro"}):
        assert (await desk.charge("wrong", **wrong)).status == 422


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer sk_" + "0" * 64, "Basic x", "Bearer é"])
async def test_the_bank_answers_its_merchant_only(desk: Desk, key: str) -> None:
    for method, path in (("POST", "/charges"), ("GET", "/charges/by-reference/once"), ("POST", "/tokens")):
        answer = await desk.http(method, path, {}, key=key)
        assert (answer.status, answer.json()["code"]) == (401, "not_the_merchant")


async def test_the_book_is_sound_after_all_of_this(desk: Desk) -> None:
    assert await desk.broken() == []
