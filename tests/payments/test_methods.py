"""A card goes to the vault and comes back as a token; a shopper's saved tokens are theirs, and one is the default."""

import asyncio
import logging
from typing import Any

import asyncpg
import pytest

from banyan.contracts.payments import AskDefaultMethod, PaymentState
from banyan.kernel.refusals import NotFound
from tests.payments.conftest import OpenTill, Till

NUMBER, CODE = "4242424242424242", "917"
CARD = {"number": NUMBER, "exp_month": 12, "exp_year": 2031, "cvc": CODE}
METHODS = "/v1/me/payment-methods"


async def save(till: Till, user: str, token: str, **of: Any) -> Any:
    till.clock.advance(1)
    body = {"provider": "testbank", "token": token} | of
    return await till.http("POST", METHODS, body, may=[], user=user)


async def everything(till: Till) -> str:
    """All that both databases hold, as text."""
    found = []
    for ports in till.shop.ports.values():
        tables = await ports.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for each in tables:
            found += [str(row["t"]) for row in await ports.db.fetch(f"SELECT t::text FROM {each['tablename']} AS t")]
    return "\n".join(found)


async def test_a_card_becomes_a_token_that_pays_and_its_number_is_nowhere(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await till.http("POST", "/v1/vault/cards", CARD | {"number": "4242 4242-4242 4242"})
    assert answer.status == 201
    kept = answer.json()
    assert (kept["brand"], kept["last4"]) == ("visa", "4242")
    assert kept["token"].startswith("tok_card_")
    assert (await till.authorize("ord_card", kept["token"])).state is PaymentState.AUTHORIZED
    assert NUMBER not in await everything(till) + caplog.text
    assert answer.header("cache-control") == "no-store"


async def test_a_card_that_the_bank_declines_has_a_token_all_the_same(till: Till) -> None:
    kept = (await till.http("POST", "/v1/vault/cards", CARD | {"number": "4000000000000002"})).json()
    declined = await till.authorize("ord_poor", kept["token"])
    assert (declined.state, declined.reason) == (PaymentState.DECLINED, "card_declined")


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "4242424242424241"},
        {"number": "4242"},
        {"number": "4" * 100_000},
        {"number": 4242424242424242},
        {"number": "4242424242424242\x00"},
        {"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"},
        {"exp_year": 2025},
        {"exp_month": 13},
        {"exp_year": 31},
        {"cvc": "12"},
        {"cvc": "12a"},
        {"holder": "somebody"},
    ],
)
async def test_a_card_that_cannot_be_is_refused_without_repeating_it(till: Till, wrong: dict[str, Any]) -> None:
    answer = await till.http("POST", "/v1/vault/cards", CARD | wrong)
    assert answer.status == 422
    assert b"4242" not in answer.body
    assert CODE.encode() not in answer.body


async def test_without_its_bank_the_vault_says_try_again(open_till: OpenTill) -> None:
    till = await open_till()
    with till.cut_off("testbank"):
        answer = await till.http("POST", "/v1/vault/cards", CARD)
    assert (answer.status, answer.header("retry-after")) == (503, "1")


async def test_the_first_saved_method_is_the_default_until_another_is(till: Till) -> None:
    first = (await save(till, "usr_a", "tok_ok", brand="visa", last4="4242")).json()
    second = (await save(till, "usr_a", "tok_slow")).json()
    assert (first["default"], second["default"]) == (True, False)
    third = (await save(till, "usr_a", "tok_5xx", default=True)).json()
    items = (await till.http("GET", METHODS, may=[], user="usr_a")).json()["items"]
    assert [(each["id"], each["default"]) for each in items] == [
        (third["id"], True),
        (second["id"], False),
        (first["id"], False),
    ]
    asked = await till.shop.peers.ask(AskDefaultMethod(user_id="usr_a"))
    assert (asked.method_id, asked.token, asked.last4) == (third["id"], "tok_5xx", "")


async def test_when_the_default_is_removed_the_newest_other_one_takes_its_place(till: Till) -> None:
    ids = [(await save(till, "usr_b", token)).json()["id"] for token in ("tok_1", "tok_2", "tok_3")]
    assert (await till.http("DELETE", f"{METHODS}/{ids[0]}", may=[], user="usr_b")).status == 204
    assert (await till.shop.peers.ask(AskDefaultMethod(user_id="usr_b"))).method_id == ids[2]
    assert (await till.http("DELETE", f"{METHODS}/{ids[0]}", may=[], user="usr_b")).status == 404
    for each in ids[1:]:
        await till.http("DELETE", f"{METHODS}/{each}", may=[], user="usr_b")
    with pytest.raises(NotFound):
        await till.shop.peers.ask(AskDefaultMethod(user_id="usr_b"))


async def test_saved_methods_are_their_owners_alone(till: Till) -> None:
    mine = (await save(till, "usr_c", "tok_ok")).json()["id"]
    assert (await till.http("GET", METHODS)).status == 401
    assert (await till.http("GET", METHODS, may=[], user="usr_d")).json()["items"] == []
    assert (await till.http("DELETE", f"{METHODS}/{mine}", may=[], user="usr_d")).status == 404
    assert (await till.http("DELETE", f"{METHODS}/{mine}")).status == 401
    assert (await till.http("DELETE", f"{METHODS}/pm_%00", may=[], user="usr_c")).status == 422


async def test_the_same_token_is_saved_once_and_many_at_once_leave_one_default(till: Till) -> None:
    tokens = [f"tok_{number % 5}" for number in range(10)]
    answers = await asyncio.gather(*(save(till, "usr_e", token, default=True) for token in tokens))
    assert {each.status for each in answers} == {201}
    items = (await till.http("GET", METHODS, may=[], user="usr_e")).json()["items"]
    assert len(items) == 5
    assert [each["default"] for each in items].count(True) == 1
    with pytest.raises(asyncpg.UniqueViolationError):
        async with till.ports.db.transaction() as tx:
            await tx.execute("UPDATE method SET is_default = true")


async def test_no_card_number_and_no_endless_list_is_saved(till: Till) -> None:
    wrong = await save(till, "usr_f", NUMBER)
    assert (wrong.status, wrong.json()["code"]) == (422, "malformed_token")
    assert (await save(till, "usr_f", "tok_ok", provider="moonbank")).status == 422
    assert (await save(till, "usr_f", "tok\x00")).status == 422
    assert (await save(till, "usr_f", "tok_ok", last4="12345")).status == 422
    for number in range(20):
        assert (await save(till, "usr_f", f"tok_{number}")).status == 201
    assert (await save(till, "usr_f", "tok_21")).status == 409
    assert NUMBER not in await everything(till)
