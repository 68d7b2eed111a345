"""What only Stripe does: keys that remember, an index that is behind, refunds that end later, customers, modes, accounts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from banyan.contracts.vault import CVC, ForwardCard, Forwarded
from banyan.foundation.peers import HttpAnswer, Local
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import Invalid, Unavailable
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Card, NotAsked, Rejected, Unclear
from banyan.payments.providers.stripe import Client, finding, wire
from banyan.payments.storage import customers
from banyan.simulators.common import Answer, Asked, asgi, json_answer
from banyan.simulators.stripe import KEY
from tests.payments.conftest import OpenTill
from tests.payments.providers.stages import PRICE, RETURN, STRIPE, Stage, Sums, stripe

PATH = "/v1/payment_intents"
CREATE = f"POST {PATH}$"


@pytest.fixture(scope="module")
async def opened(open_till: OpenTill) -> Stage:
    return stripe(await open_till({"stripe": Client()}, **STRIPE))


@pytest.fixture
def stage(opened: Stage) -> Stage:
    opened.troubles.coming.clear()
    opened.played.errors_kept.clear()
    opened.ports.egress.stand_in("https://api.stripe.com", opened.troubles)
    return opened


async def authorize(stage: Stage, **of: Any) -> Evidence:
    return await stage.provider.authorize(stage.ports, stage.errand(**of))


def watched(stage: Stage) -> list[Asked]:
    """All that is asked of Stripe from now on."""
    seen: list[Asked] = []
    whole = stage.played

    async def watch(asked: Asked) -> Answer:
        seen.append(asked)
        answer: Answer = await whole._answer(asked)
        return answer

    stage.ports.egress.stand_in("https://api.stripe.com", asgi(watch))
    return seen


async def test_an_authorization_says_whose_it_is_and_bears_its_key(stage: Stage) -> None:
    seen = watched(stage)
    errand, _ = await stage.held()
    (asked,) = seen
    assert asked.headers["idempotency-key"] == errand.payment_id
    assert asked.headers["stripe-version"] == wire.VERSION
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    told = dict(asked.pairs())
    assert told["metadata[payment_id]"] == errand.payment_id
    assert (told["amount"], told["currency"], told["capture_method"]) == ("1299", "eur", "manual")
    assert (told["confirm"], told["return_url"]) == ("true", RETURN)
    assert "off_session" not in told


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, {"error": {"type": "api_error"}}, Unclear),
        (503, "<html>try again</html>", Unclear),
        (200, "<html>a proxy</html>", Unclear),
        (200, {"id": "pi_1"}, Unclear),
        (302, "", Unclear),
        (400, "not Stripe", Unclear),
        (409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}, Unclear),
        (429, {"error": {"type": "invalid_request_error", "code": "lock_timeout"}}, Unclear),
        (429, {"error": {"type": "invalid_request_error", "code": "rate_limit"}}, NotAsked),
        (401, {"error": {"type": "invalid_request_error"}}, NotAsked),
        (403, {"error": {"type": "invalid_request_error"}}, NotAsked),
        (400, {"error": {"type": "invalid_request_error", "code": "resource_missing"}}, Rejected),
        (402, {"error": {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}}, Rejected),
        (402, {"error": {"type": "card_error", "code": "card<script>"}}, Unclear),
    ],
)
async def test_each_kind_of_answer_says_whether_something_was_done(
    stage: Stage, status: int, body: Any, error: type[Exception]
) -> None:
    async def answers(_: Asked) -> Answer:
        return Answer(status, body.encode()) if isinstance(body, str) else json_answer(body, status)

    stage.ports.egress.stand_in("https://api.stripe.com", asgi(answers))
    with pytest.raises(error) as raised:
        await authorize(stage)
    assert type(raised.value) in (error, wire.KeyUsed)


@pytest.mark.parametrize(
    "change",
    [
        {"livemode": True},
        {"metadata": {"payment_id": "pay_other"}},
        {"metadata": {}},
        {"amount": "1299"},
        {"amount": -1},
    ],
)
async def test_an_answer_that_cannot_be_ours_is_not_believed(stage: Stage, change: dict[str, Any]) -> None:
    whole = stage.played

    async def altered(asked: Asked) -> Answer:
        answer = await whole._answer(asked)
        return json_answer(orjson.loads(answer.body) | change)

    stage.ports.egress.stand_in("https://api.stripe.com", asgi(altered))
    with pytest.raises(Unclear):
        await authorize(stage)


async def test_an_old_answer_is_not_taken_for_how_it_is_now(stage: Stage) -> None:
    errand = stage.errand(stage.confirm)
    seen = await stage.provider.authorize(stage.ports, errand)
    assert seen.action
    assert stage.agree
    await stage.agree(seen.action, True)
    assert (await stage.provider.authorize(stage.ports, errand)).state is Charge.AUTHORIZED


async def test_after_an_old_answer_that_nothing_was_sent_says_nothing(stage: Stage) -> None:
    errand, _ = await stage.held()
    stage.troubles.add("down", f"GET {PATH}")
    with pytest.raises(Unclear) as unclear:
        await stage.provider.authorize(stage.ports, errand)
    assert not isinstance(unclear.value, NotAsked)


async def test_a_failure_that_the_key_remembers_is_a_definite_end_when_nothing_came_of_it(stage: Stage) -> None:
    stage.played.errors_kept.append(PATH)
    errand = stage.errand()
    with pytest.raises(Unclear):
        await stage.provider.authorize(stage.ports, errand)
    with pytest.raises(Rejected, match="processing_error"):
        await stage.provider.authorize(stage.ports, errand)
    seen = await stage.provider.void(stage.ports, stage.deed(errand, None, "void"))
    assert (seen.state, seen.charge_id) == (Charge.VOIDED, "")
    assert await stage.sums(errand.payment_id) == Sums()


async def test_a_void_is_a_void_even_if_its_own_key_remembers_a_failure(stage: Stage) -> None:
    errand = stage.errand()
    void = stage.deed(errand, None, "void")
    stage.played.errors_kept.append(PATH)
    with pytest.raises(Unclear):
        await stage.provider.void(stage.ports, void)
    assert (await stage.provider.void(stage.ports, void)).state is Charge.VOIDED
    with pytest.raises(Unclear):
        await stage.provider.authorize(stage.ports, errand)
    assert await stage.sums(errand.payment_id) == Sums()


@pytest.mark.parametrize("deed", ["capture", "void", "refund"])
async def test_what_failed_and_is_remembered_is_done_by_another_key_once(stage: Stage, deed: str) -> None:
    errand, seen = await (stage.taken() if deed == "refund" else stage.held())
    path = {"capture": f"{PATH}/{seen.charge_id}/capture", "void": f"{PATH}/{seen.charge_id}/cancel"}.get(
        deed, "/v1/refunds"
    )
    stage.played.errors_kept += [path, path]
    asked = stage.deed(errand, seen, deed)
    for _ in range(2):
        with pytest.raises(Unclear):
            await getattr(stage.provider, deed)(stage.ports, asked)
    for _ in range(2):
        await getattr(stage.provider, deed)(stage.ports, asked)
    sums = {"capture": Sums(1, taken=1299), "void": Sums(), "refund": Sums(1, taken=1299, refunded=1299)}
    assert await stage.sums(errand.payment_id) == sums[deed]


async def test_a_void_finds_by_going_through_all_what_the_search_does_not_see_yet(stage: Stage) -> None:
    errand, _ = await stage.held()
    assert await finding.search(stage.ports, errand.payment_id) is None
    for _ in range(101):  # the list is longer than a page
        book = stage.played.book
        book.of("payment_intent")[f"pi_{len(book.of('payment_intent'))}"] = {
            **next(iter(book.of("payment_intent").values())),
            "id": f"pi_{len(book.of('payment_intent'))}",
            "metadata": {},
            "status": "canceled",
            "amount_capturable": 0,
            "amount_received": 0,
        }
    assert (await stage.provider.void(stage.ports, stage.deed(errand, None, "void"))).state is Charge.VOIDED
    assert await stage.sums(errand.payment_id) == Sums()


async def test_an_authorization_that_differs_by_its_key_is_found_instead(stage: Stage) -> None:
    errand, seen = await stage.held()
    other = replace(errand, return_url="https://shop.example/elsewhere")
    with pytest.raises(Unclear):
        await stage.provider.authorize(stage.ports, other)
    stage.clock.advance(stage.lag)
    again = await stage.provider.authorize(stage.ports, other)
    assert (again.charge_id, again.state) == (seen.charge_id, Charge.AUTHORIZED)
    assert (await stage.sums(errand.payment_id)).charges == 1


async def test_a_pending_refund_is_no_refund_until_it_is(stage: Stage) -> None:
    errand, seen = await stage.held("pm_card_pendingRefund")
    await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture"))
    refund = stage.deed(errand, seen, "refund", amount=Money(300, "EUR"))
    assert (await stage.provider.refund(stage.ports, refund)).refunds == {}
    stage.clock.advance(60)
    assert (await stage.provider.refund(stage.ports, refund)).refunds == {refund.reference: 300}
    assert (await stage.sums(errand.payment_id)).refunded == 300


async def test_a_refund_that_fails_later_is_refused_and_its_money_is_with_the_shop(stage: Stage) -> None:
    errand, seen = await stage.held("pm_card_refundFail")
    await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture"))
    refund = stage.deed(errand, seen, "refund")
    await stage.provider.refund(stage.ports, refund)
    stage.clock.advance(60)
    with pytest.raises(Rejected, match="refund_expired_or_canceled_card"):
        await stage.provider.refund(stage.ports, refund)
    assert await stage.sums(errand.payment_id) == Sums(1, taken=1299)


async def test_a_refund_is_made_once_even_when_its_key_is_forgotten_and_among_many(stage: Stage) -> None:
    errand, seen = await stage.taken()
    first = stage.deed(errand, seen, "refund", amount=Money(10, "EUR"))
    for refund in [first, *(stage.deed(errand, seen, "refund", amount=Money(10, "EUR")) for _ in range(12))]:
        told = await stage.provider.refund(stage.ports, refund)
    assert len(told.refunds) == 13
    stage.clock.advance(2 * 86_400)
    assert (await stage.provider.refund(stage.ports, first)).refunds == told.refunds
    assert (await stage.sums(errand.payment_id)).refunded == 130


async def test_refunds_that_were_made_elsewhere_are_told_by_stripes_id(stage: Stage) -> None:
    errand, seen = await stage.taken()
    await wire.post(stage.ports, "/v1/refunds", {"payment_intent": seen.charge_id, "amount": 100})
    looked = await stage.provider.look_up(stage.ports, stage.deed(errand, seen, "look"))
    assert looked
    ((name, amount),) = looked.refunds.items()
    assert (name[:3], amount) == ("re_", 100)


async def test_a_hold_that_stripe_ended_is_a_void(stage: Stage) -> None:
    errand, seen = await stage.held()
    stage.clock.advance(7 * 86_400)
    with pytest.raises(Rejected):
        await stage.provider.capture(stage.ports, stage.deed(errand, seen, "capture"))
    looked = await stage.provider.look_up(stage.ports, stage.deed(errand, seen, "look"))
    assert looked
    assert looked.state is Charge.VOIDED


async def test_a_shopper_is_one_customer_however_often_they_save(stage: Stage) -> None:
    user = stage.ports.ids.new("usr")
    before = len(stage.played.book.of("customer"))
    for _ in range(2):
        seen = await stage.held(customer=user, save=True)
        assert seen[1].saved
        assert (seen[1].saved.brand, seen[1].saved.last4) == ("visa", "4242")
    assert len(stage.played.book.of("customer")) == before + 1
    assert (await customers.find(stage.ports.db, user, "stripe.test") or "").startswith("cus_")
    assert await customers.find(stage.ports.db, user, "stripe") is None  # live mode knows nobody of them


async def test_without_consent_nothing_is_kept(stage: Stage) -> None:
    _, seen = await stage.held(customer=stage.ports.ids.new("usr"))
    assert seen.saved is None


async def test_a_kept_card_that_wants_its_shopper_is_declined_without_them(stage: Stage) -> None:
    user = stage.ports.ids.new("usr")
    _, seen = await stage.held("pm_card_authenticationRequired", customer=user, save=True)
    assert seen.saved
    declined = await authorize(stage, token=seen.saved.token, customer=user, return_url="")
    assert (declined.state, declined.reason) == (Charge.DECLINED, "authentication_required")
    asked = await authorize(stage, token=seen.saved.token, customer=user)
    assert asked.state is Charge.ACTION


async def test_a_legacy_token_pays_too(stage: Stage) -> None:
    assert (await authorize(stage, token="tok_visa")).state is Charge.AUTHORIZED


async def test_an_amount_that_stripe_cannot_take_is_rejected_unasked(stage: Stage) -> None:
    seen = watched(stage)
    money = Money(5124, "KWD")
    with pytest.raises(Rejected, match="amount_not_payable"):
        await authorize(stage, amount=money, whole=money)
    assert seen == []


async def test_amounts_without_minor_units_come_back_as_they_went(stage: Stage) -> None:
    for money in (Money(1299, "JPY"), Money(500, "ISK")):
        seen = await authorize(stage, amount=money, whole=money)
        assert (seen.amount, seen.state) == (money, Charge.AUTHORIZED)


async def test_a_card_of_our_vault_is_sent_by_it_and_never_seen_here(stage: Stage) -> None:
    sent: list[ForwardCard] = []

    async def forward(ports: Ports, call: ForwardCard) -> Forwarded:
        sent.append(call)
        body = call.body.replace("{{number}}", "4242424242424242").replace("{{exp_month}}", "12")
        body = body.replace("{{exp_year}}", "2030").replace(CVC, "123")
        answer = await ports.egress.send(call.method, call.url, headers=call.headers, body=body.encode(), seconds=3)
        return Forwarded(status=answer.status, body=answer.body.decode())

    async def away(_: Ports, __: ForwardCard) -> Forwarded:
        raise Unavailable("nobody there", code="not_sent")

    add = stage.till.shop.peers.add
    add("vault", Local(stage.ports, {ForwardCard: forward}, None))
    errand = stage.errand("card_01jd3m4q5r6s7t8v9w0x1y2z3a")
    seen = await stage.provider.authorize(stage.ports, errand)
    assert seen.state is Charge.AUTHORIZED
    assert (sent[0].provider, sent[0].payment_id) == ("stripe", errand.payment_id)
    assert CVC not in sent[0].without_code
    add("vault", Local(stage.ports, {ForwardCard: away}, None))
    with pytest.raises((NotAsked, Unavailable)) as untouched:
        await authorize(stage, token="card_01jd3m4q5r6s7t8v9w0x1y2z3b")
    assert type(untouched.value).__name__ in ("NotAsked", "NotSent")


async def test_stripes_own_vault_takes_a_card_or_says_that_it_does_not(stage: Stage) -> None:
    card = Card(SecretStr("4242424242424242"), 12, 2030, SecretStr("123"))
    kept = await stage.provider.vault(stage.ports, card)
    assert (kept.token[:3], kept.brand, kept.last4) == ("pm_", "visa", "4242")
    with pytest.raises(Invalid):
        await stage.provider.vault(stage.ports, replace(card, number=SecretStr("4242424242424241")))


async def test_a_platform_asks_for_its_account_and_hears_of_no_other(open_till: OpenTill) -> None:
    till = await open_till({"stripe": Client()}, **(STRIPE | {"stripe_account": "acct_1Ours"}))
    stage = stripe(till)
    with pytest.raises(NotAsked):  # this Stripe knows no such account
        await authorize(stage)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"stripe_webhook_secret": ""}, "WEBHOOK_SECRET"),
        ({"stripe_webhook_secret": " , "}, "WEBHOOK_SECRET"),
        ({"stripe_key": "pk_test_1"}, "BANYAN_STRIPE_KEY"),
        ({"stripe_key": "whsec_1"}, "BANYAN_STRIPE_KEY"),
        ({"stripe_url": "http://api.stripe.com", "environment": "production"}, "https"),
    ],
)
def test_a_start_with_half_of_the_settings_is_stopped(given: Mapping[str, Any], why: str) -> None:
    settings = Settings(**(STRIPE | dict(given)))
    assert Client().configured(settings)
    with pytest.raises(WrongSettings, match=why) as stopped:
        Client().check(settings)
    assert "sk_test" not in str(stopped.value) or "begins" in str(stopped.value)


async def save(stage: Stage, token: str, user: str = "usr_keeps") -> HttpAnswer:
    body = {"provider": "stripe", "token": token}
    return await stage.till.http("POST", "/v1/me/payment-methods", body, may=[], user=user)


async def test_a_card_that_is_saved_without_paying_is_kept_at_stripe_and_pays_again_and_again(stage: Stage) -> None:
    saved = (await save(stage, "pm_card_mastercard")).json()
    assert (saved["brand"], saved["last4"]) == ("mastercard", "4444")  # as Stripe tells them
    assert (await save(stage, saved["token"])).json()["id"] == saved["id"]
    for _ in range(2):
        seen = await authorize(stage, token=saved["token"], customer="usr_keeps")
        assert seen.state is Charge.AUTHORIZED


@pytest.mark.parametrize("token", ["pm_unknown", "pm_1/../../refunds", "tok_visa", "4242424242424242"])
async def test_what_stripe_does_not_keep_is_not_saved(stage: Stage, token: str) -> None:
    assert (await save(stage, token, "usr_none")).status == 422
    listed = await stage.till.http("GET", "/v1/me/payment-methods", may=[], user="usr_none")
    assert listed.json()["items"] == []


async def test_while_stripe_does_not_answer_nothing_is_saved_and_it_may_be_tried_again(stage: Stage) -> None:
    stage.troubles.add("error", "/attach$")
    assert (await save(stage, "pm_card_visa", "usr_later")).status == 503
    assert (await save(stage, "pm_card_visa", "usr_later")).status == 201


async def test_nobody_saves_a_card_that_another_has_kept(stage: Stage) -> None:
    saved = (await save(stage, "pm_card_visa")).json()
    assert (await save(stage, saved["token"], "usr_thief")).status == 422


def test_a_shop_without_a_key_does_not_deal_with_stripe() -> None:
    assert not Client().configured(Settings())
    Client().check(Settings())
    Client().check(Settings(**STRIPE))
    (way,) = Client().ways(Settings(**STRIPE))
    assert way.public == {"publishable_key": "pk_test_simulated"}
    (way,) = Client().ways(Settings(**STRIPE, stripe_account="acct_1"))
    assert way.public == {"publishable_key": "pk_test_simulated", "account": "acct_1"}
    assert PRICE
