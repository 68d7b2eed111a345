"""A card of our vault pays at the bank: its number goes from the one to the other, and payments never sees it."""

import logging

import pytest

from banyan.contracts.payments import AskDefaultMethod, Authorize, PaymentState
from banyan.foundation import loopback
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound
from banyan.payments import actions as paying
from banyan.payments.app import service as payments_service
from banyan.payments.providers import desk
from banyan.testbank.app import service as bank_service
from banyan.vault.app import service
from banyan.vault.safe import Safe
from tests.conftest import OpenShop
from tests.vault.conftest import CARD, NUMBER, SHOP, VAULT, World

PRICE = Money(1299, "EUR")


@pytest.fixture(scope="module")
async def till(open_shop: OpenShop) -> World:
    safe = Safe()
    shop = await open_shop(
        payments_service(),
        bank_service(),
        service(safe),
        clock=VirtualClock(),
        origin=SHOP,
        vault_origin=VAULT,
        card_fields="vault",
        rate_limits=False,
    )
    bank = shop.peers.local("testbank")
    assert bank is not None
    shop.egress.stand_in(SHOP, bank.app)
    return World(shop, safe, None)  # type: ignore[arg-type]


async def pay(shop: Shop, order: str, token: str) -> tuple[PaymentState, str | None]:
    call = Authorize(order_id=order, amount=PRICE, provider="testbank", token=token, user_id="usr_a")
    payment = await shop.peers.ask(call)
    return payment.state, payment.reason


async def everything(ports: Ports) -> str:
    found = []
    for each in await ports.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        found += [str(row["t"]) for row in await ports.db.fetch(f"SELECT t::text FROM {each['tablename']} AS t")]
    return "\n".join(found)


async def test_a_card_of_the_vault_pays_and_its_number_is_in_no_database_and_no_log(
    till: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await till.card()
    assert await pay(till.shop, "ord_1", token) == (PaymentState.AUTHORIZED, None)
    assert await pay(till.shop, "ord_1", token) == (PaymentState.AUTHORIZED, None)
    assert [deed for deed, *_ in await till.audit(token)] == ["made", "forwarded", "answered"]
    assert (await till.audit(token))[1][3] is not None
    for name in ("payments", "testbank", "vault"):
        assert NUMBER not in await everything(till.shop.ports[name])
    assert NUMBER not in caplog.text
    charged = await till.shop.ports["testbank"].db.fetchval("SELECT token FROM charge")
    assert charged.startswith("tok_card_")


async def test_a_card_that_the_bank_declines_is_declined(till: World) -> None:
    token = await till.card(number="4000000000000002")
    assert await pay(till.shop, "ord_2", token) == (PaymentState.DECLINED, "card_declined")


async def test_a_card_that_is_gone_declines_its_payment(till: World) -> None:
    assert await pay(till.shop, "ord_3", "card_" + "0" * 26) == (PaymentState.DECLINED, "card_gone")


async def test_the_same_payment_tried_again_has_the_same_token_at_the_bank_and_no_code(till: World) -> None:
    bank, body = till.shop.ports["testbank"], CARD | {"reference": "pay_x"}
    from banyan.testbank import actions as bank_actions

    first = await bank_actions.keep_card(bank, NUMBER, 2031, 12, str(body["reference"]))
    assert first == await bank_actions.keep_card(bank, NUMBER, 2031, 12, "pay_x")
    assert first != await bank_actions.keep_card(bank, NUMBER, 2031, 12, "pay_y")
    assert first["token"] != (await bank_actions.keep_card(bank, "4111111111111111", 2031, 12, "pay_x"))["token"]


async def test_a_saved_card_is_kept_once_shown_as_the_vault_knows_it_and_destroyed_when_removed(till: World) -> None:
    lines, ports = desk.Desk(desk.known()), till.shop.ports["payments"]
    first, again = await till.card(number="5555555555554444"), await till.card(number="5555555555554444")
    for token in (first, again):
        given = {"provider": "testbank", "token": token, "brand": "visa", "last4": "0000", "default": False}
        answer = await paying.save_method(lines, ports, None, "usr_b", **given)  # type: ignore[arg-type]
        assert answer.status == 201
    method = await till.shop.peers.ask(AskDefaultMethod(user_id="usr_b"))
    assert (method.token, method.brand, method.last4) == (first, "mastercard", "4444")
    assert len(await paying.saved_methods(ports, "usr_b")) == 1
    assert await pay(till.shop, "ord_4", first) == (PaymentState.AUTHORIZED, None)
    await paying.remove_method(ports, "usr_b", method.method_id)
    with pytest.raises(NotFound):
        await till.shop.peers.ask(AskDefaultMethod(user_id="usr_b"))
    assert (await till.audit(first))[-1][0] == "forgotten"


async def test_the_shops_own_origin_takes_no_card_and_says_where_one_goes(till: World) -> None:
    payments = till.shop.peers.local("payments")
    assert payments is not None
    answer = await loopback.request(payments.app, "POST", "/v1/vault/cards", headers={}, body=b"not even read")
    assert (answer.status, answer.json()["code"]) == (421, "vault_elsewhere")
    assert answer.json()["vault"] == f"{VAULT}/v1/vault/cards"
