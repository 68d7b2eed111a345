"""The simulator answers in the shapes that Stripe publishes, and takes no parameter that Stripe does not have."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from banyan.simulators.stripe import api
from tests.simulators.stripe.conftest import Asker

PUBLISHED = json.loads((Path(__file__).parent / "openapi.json").read_text())


def wrong(told: Any) -> list[str]:
    """Where an object does not have the shape of its kind, or has a field that Stripe never published."""
    found = []
    kind = told.get("object") or ("error" if "error" in told else "")
    if kind in ("list", "search_result"):
        return [each for inner in told["data"] for each in wrong(inner)]
    if kind not in PUBLISHED["definitions"]:
        return [f"nobody published {kind}"]
    schema = {"$ref": f"#/definitions/{kind}", "definitions": PUBLISHED["definitions"]}
    found += [
        f"{kind}: {each.message} at {list(each.path)}" for each in jsonschema.Draft7Validator(schema).iter_errors(told)
    ]
    known = {*PUBLISHED["definitions"][kind]["properties"], *PUBLISHED["newer"].get(kind, ())}
    return found + [f"{kind}: nobody published {name}" for name in told.keys() - known]


async def test_every_object_has_its_published_shape(ask: Asker) -> None:
    ask.sim.listen("https://shop.example/webhooks/stripe")
    _, customer = await ask("POST", "/v1/customers", {"metadata": {"user_id": "usr_1"}})
    paid = await ask.pay("pm_card_visa", customer=customer["id"], setup_future_usage="off_session")
    await ask("POST", f"/v1/payment_intents/{paid['id']}/capture")
    await ask("POST", "/v1/refunds", {"payment_intent": paid["id"], "amount": 100})
    waits = await ask.pay("pm_card_threeDSecure2Required", return_url="https://shop.example/")
    await ask("POST", f"/v1/payment_intents/{waits['id']}/cancel", {"cancellation_reason": "abandoned"})
    for token in ("pm_card_visa_chargeDeclined", "pm_card_createDispute", "pm_card_refundFail"):
        made = await ask.pay(token, manual=False)
        await ask("POST", "/v1/refunds", {"payment_intent": made.get("id", "")})
    await ask.pay(manual=False, amount=90_000)
    await ask("POST", "/v1/setup_intents", {"payment_method": "pm_card_visa", "confirm": True})
    ask.clock.advance(3 * 86_400)
    await ask.pull("payouts")
    seen = set[str]()
    for told in [each for of in ask.sim.book.objects.values() for each in of.values()]:
        assert wrong(told) == []
        seen.add(told["object"])
        if told["object"] == "event":
            assert wrong(told["data"]["object"]) == []
    assert seen >= {"payment_intent", "charge", "refund", "payment_method", "customer", "event", "dispute"}
    assert seen >= {"payout", "setup_intent", "webhook_endpoint", "balance_transaction"}
    assert wrong((await ask("GET", "/v1/balance"))[1]) == []
    assert await ask.pull("invariants") == []


async def test_what_is_expanded_has_its_published_shape(ask: Asker) -> None:
    paid = await ask.pay(
        manual=False, expand=["latest_charge.balance_transaction", "latest_charge.refunds", "payment_method"]
    )
    assert wrong(paid) == []
    assert wrong(paid["latest_charge"]) == []
    assert wrong(paid["latest_charge"]["balance_transaction"]) == []
    assert wrong(paid["payment_method"]) == []
    listed = (await ask("GET", "/v1/charges", {"expand": ["data.payment_intent"]}))[1]
    assert wrong(listed["data"][0]["payment_intent"]) == []
    assert (await ask("GET", "/v1/charges", {"expand": ["data.amount"]}))[0] == 400
    assert (await ask("GET", f"/v1/payment_intents/{paid['id']}", {"expand": ["latest_charge." * 5 + "x"]}))[0] == 400


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"amount": 10}, 400, "amount_too_small"),
        ({"amount": 100_000_000}, 400, "amount_too_large"),
        ({"amount": "1.5"}, 400, "parameter_invalid_integer"),
        ({"amount": "١٢٩٩"}, 400, "parameter_invalid_integer"),
        ({"colour": "red"}, 400, "parameter_unknown"),
        ({"customer": "cus_nobody"}, 400, "resource_missing"),
        ({"payment_method": "pm_card_nobody"}, 400, "resource_missing"),
        ({"payment_method": "pm_card_visa_chargeDeclinedLostCard"}, 402, "card_declined"),
        ({"payment_method": "pm_card_chargeDeclinedExpiredCard"}, 402, "expired_card"),
        ({"payment_method": "pm_card_authenticationRequired", "off_session": True}, 402, "authentication_required"),
        (
            {"payment_method": "pm_card_authenticationRequired", "error_on_requires_action": True},
            402,
            "authentication_required",
        ),
        ({"off_session": True, "setup_future_usage": "off_session"}, 400, None),
    ],
)
async def test_errors_have_their_published_shape(
    ask: Asker, asked: dict[str, Any], status: int, code: str | None
) -> None:
    plain = {"amount": 1299, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    got, told = await ask("POST", "/v1/payment_intents", plain | asked)
    assert (got, told["error"].get("code")) == (status, code)
    assert wrong(told) == []


async def test_strangers_and_unknown_paths_are_turned_away(ask: Asker) -> None:
    assert (await ask("GET", "/v1/charges", authorization="Bearer sk_test_guessed"))[0] == 401
    assert (await ask("GET", "/v1/charges", **{"stripe-account": "acct_other"}))[0] == 403
    for method, path in (
        ("GET", "/v1/nothing"),
        ("POST", "/v1/payment_intents/pi_x/explode"),
        ("GET", "/v1/charges/ch_x"),
    ):
        status, told = await ask(method, path)
        assert (status, wrong(told)) == (404, [])


def test_no_parameter_is_taken_that_stripe_does_not_have() -> None:
    for operation in api.POSTS:
        known = PUBLISHED["operations"].get(f"POST {operation.path}")
        if known is not None:
            assert operation.takes - {"expand"} <= set(known["parameters"]), operation.path
    for path, (_, filters) in api.LISTS.items():
        known = PUBLISHED["operations"].get(f"GET /v1/{path}")
        if known is not None:
            assert set(filters) <= set(known["parameters"]), path
