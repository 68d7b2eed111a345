"""A card goes in and a token comes out; what is kept cannot be read without the vault's own keys."""

import logging
import re
from typing import Any

import asyncpg
import pytest

from banyan.contracts.vault import ForgetCard, KeepCard
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Forbidden, NotFound, Unavailable
from banyan.vault import actions
from banyan.vault.app import service
from banyan.vault.safe import Safe
from tests.conftest import OpenShop
from tests.vault.conftest import CARD, NUMBER, SHOP, VAULT, World


async def test_a_card_becomes_a_token_and_its_number_and_code_are_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await world.http("POST", "/v1/vault/cards", CARD | {"number": "4242 4242-4242 4242", "cvc": "917"})
    told = answer.json()
    assert (answer.status, told["brand"], told["last4"]) == (201, "visa", "4242")
    assert re.fullmatch("card_[0-9a-z]{26}", told["token"])
    assert answer.header("cache-control") == "no-store"
    found = await world.everything() + caplog.text
    assert NUMBER not in found
    assert NUMBER.encode().hex() not in found
    assert "917" not in re.sub(r"\\x[0-9a-f]+|[0-9]{4}-[0-9:. +-]+|[a-z]+_[0-9a-z]{26}", "", found)


async def test_the_same_card_twice_has_two_tokens_and_two_different_seals(world: World) -> None:
    first, second = await world.card(), await world.card()
    rows = [await world.ports.db.fetchrow("SELECT * FROM card WHERE token = $1", each) for each in (first, second)]
    assert rows[0]
    assert rows[1]
    assert first != second
    assert rows[0]["fingerprint"] == rows[1]["fingerprint"]
    assert rows[0]["sealed"] != rows[1]["sealed"]
    assert rows[0]["wrapped"] != rows[1]["wrapped"]


async def test_a_sealed_card_that_is_moved_to_another_token_does_not_open(world: World) -> None:
    mine, theirs = await world.card(), await world.card(number="4111111111111111")
    row = dict(await world.ports.db.fetchrow("SELECT * FROM card WHERE token = $1", mine) or {})
    assert (await world.safe.open(world.ports, row)).number == NUMBER  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await world.safe.open(world.ports, row | {"token": theirs})  # type: ignore[arg-type]
    flipped = row["sealed"][:-1] + bytes([row["sealed"][-1] ^ 1])
    with pytest.raises(Unavailable):
        await world.safe.open(world.ports, row | {"sealed": flipped})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "4242424242424241"},
        {"number": "4242"},
        {"number": "42424242424242"},
        {"number": "4" * 100_000},
        {"number": 4242424242424242},
        {"number": "4242424242424242\x00"},
        {"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"},
        {"exp_year": 2019},
        {"exp_year": 2099},
        {"exp_month": 13},
        {"cvc": "12"},
        {"cvc": "12a"},
        {"cvc": "1234"},
        {"holder": "somebody"},
    ],
)
async def test_a_card_that_cannot_be_is_refused_without_repeating_it(world: World, wrong: dict[str, Any]) -> None:
    before = await world.ports.db.fetchval("SELECT count(*) FROM card")
    answer = await world.http("POST", "/v1/vault/cards", CARD | wrong)
    assert answer.status == 422
    assert b"4242" not in answer.body
    assert await world.ports.db.fetchval("SELECT count(*) FROM card") == before


async def test_only_the_shops_pages_may_send_cards_from_a_browser(world: World) -> None:
    theirs = await world.http("POST", "/v1/vault/cards", CARD, origin="https://evil.example")
    assert (theirs.status, theirs.json()["code"]) == (403, "other_origin")
    ours = await world.http("POST", "/v1/vault/cards", CARD, origin=SHOP)
    assert (ours.status, ours.header("access-control-allow-origin")) == (201, SHOP)
    frame = await world.http("POST", "/fields/cards", CARD, origin=VAULT)
    assert (frame.status, frame.header("access-control-allow-origin")) == (201, None)
    assert (await world.http("OPTIONS", "/v1/vault/cards", origin=SHOP)).header(
        "access-control-allow-methods"
    ) == "POST"
    assert (await world.http("OPTIONS", "/v1/vault/cards", origin="null")).status == 403


async def test_a_kept_card_stays_and_the_same_one_again_keeps_its_first_token(world: World) -> None:
    first, again, other = (
        await world.card(number="5555555555554444"),
        await world.card(number="5555555555554444", exp_year=2032),
        await world.card(number="5555555555554444"),
    )
    kept = await world.payments.ask(KeepCard(card=first, user_id="usr_a"))
    assert (kept.token, kept.brand, kept.last4) == (first, "mastercard", "4444")
    assert (await world.payments.ask(KeepCard(card=first, user_id="usr_a"))).token == first
    renewed = await world.payments.ask(KeepCard(card=again, user_id="usr_a"))
    assert (renewed.token, renewed.exp_year) == (first, 2032)
    row = await world.ports.db.fetchrow("SELECT * FROM card WHERE token = $1", first)
    assert row is not None
    assert (await world.safe.open(world.ports, row)).exp_year == 2032
    assert (await world.payments.ask(KeepCard(card=other, user_id="usr_b"))).token == other
    with pytest.raises(NotFound):
        await world.payments.ask(KeepCard(card=first, user_id="usr_b"))


async def test_a_card_that_nobody_keeps_goes_within_a_day_and_a_forgotten_one_at_once(world: World) -> None:
    left, kept, dropped = await world.card(), await world.card(), await world.card()
    await world.payments.ask(KeepCard(card=kept, user_id="usr_c"))
    assert (await world.payments.ask(ForgetCard(card=dropped))).forgotten
    assert not (await world.payments.ask(ForgetCard(card=dropped))).forgotten
    world.clock.advance(86_401)
    await actions.sweep(world.safe, world.ports)
    rows = await world.ports.db.fetch("SELECT token FROM card WHERE token = ANY($1)", [left, kept, dropped])
    assert [row["token"] for row in rows] == [kept]
    assert [deed for deed, *_ in await world.audit(left)] == ["made", "forgotten"]
    assert len(world.safe.codes) == 0


async def test_a_reference_gives_its_card_once_and_for_minutes(world: World) -> None:
    token = await world.card()
    reference, late = await actions.refer(world.ports, token), await actions.refer(world.ports, token)
    assert reference not in await world.everything()
    told = await world.http("POST", "/v1/vault/redemptions", {"reference": reference})
    assert told.json() == {"token": token, "brand": "visa", "last4": "4242"}
    assert (await world.http("POST", "/v1/vault/redemptions", {"reference": reference})).status == 404
    world.clock.advance(601)
    assert (await world.http("POST", "/v1/vault/redemptions", {"reference": late})).status == 404


async def test_the_audit_is_only_ever_added_to(world: World) -> None:
    token = await world.card()
    for sql in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(asyncpg.RaiseError):
            await world.ports.db.execute(sql)
    assert (await world.audit(token))[0][:2] == ("made", "shopper")


async def test_nobody_but_payments_asks_the_vault(world: World) -> None:
    token = await world.card()
    for who in ("orders", "storefront", "gateway", "testbank", "users", "console"):
        with pytest.raises(Forbidden):
            await world.shop.peers.of(who).ask(ForgetCard(card=token))


async def test_who_tries_many_cards_waits_and_one_card_is_not_tried_without_end(open_shop: OpenShop) -> None:
    safe = Safe()
    shop = await open_shop(service(safe), origin=SHOP, vault_origin=VAULT)
    limited = World(shop, safe, None)  # type: ignore[arg-type]
    answers = [await limited.http("POST", "/v1/vault/cards", CARD | {"number": "4242424242424241"}) for _ in range(22)]
    assert [each.status for each in answers] == [422] * 20 + [429] * 2
    assert answers[-1].header("retry-after") is not None
    fresh = [
        await actions.put_in(safe, shop.ports["vault"], actions.cards.Plain(NUMBER, 12, 2031), "", f"10.0.0.{each}")
        for each in range(20)
    ]
    assert len({each.token for each in fresh}) == 20
    assert (await limited.http("POST", "/v1/vault/cards", CARD, x_forwarded_for="1.2.3.4")).status == 429


async def test_a_vault_that_would_send_cards_over_plain_http_does_not_start(open_shop: OpenShop) -> None:
    for hosts in ("http://api.stripe.com", "https://user:pass@api.stripe.com", "api.stripe.com", "https://a.com/path"):
        with pytest.raises(WrongSettings, match="BANYAN_VAULT_HOSTS"):
            await open_shop(service(), environment="production", vault_hosts=hosts)
