"""Charges: what an intent makes of a card, held, taken or declined."""

from typing import Any

from banyan.simulators.stripe import methods, money
from banyan.simulators.stripe.book import ApiError, Book, Obj

HOLD = 7 * 86_400  # seconds for which a card's money can be held


def charged(book: Book, intent: Obj, method: Obj) -> Obj:
    card = methods.card_of(book, method)
    if card.code:
        raise declined(book, intent, method, card.code, card.decline_code)
    manual = intent["capture_method"] == "manual"
    charge = _make(book, intent, method, status="succeeded", paid=True)
    book.used.add(method["id"])
    intent |= {"latest_charge": charge["id"], "last_payment_error": None, "next_action": None}
    if intent["customer"] and intent["setup_future_usage"]:
        methods.attach(book, method, intent["customer"])
    book.tell("charge.succeeded", charge)
    if manual:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        book.later.append((book.now() + HOLD, "expire", intent["id"]))
        book.tell("payment_intent.amount_capturable_updated", intent)
    else:
        taken(book, intent, charge, intent["amount"])
    return intent


def _make(book: Book, intent: Obj, method: Obj, **of: Any) -> Obj:
    charge = book.add(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        application=None,
        application_fee=None,
        application_fee_amount=None,
        balance_transaction=None,
        billing_details=method["billing_details"],
        calculated_statement_descriptor=None,
        captured=False,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_balance_transaction=None,
        failure_code=None,
        failure_message=None,
        fraud_details={},
        invoice=None,
        livemode=False,
        metadata=dict(intent["metadata"]),
        on_behalf_of=None,
        outcome={
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=methods.details(book, method),
        receipt_email=None,
        receipt_number=None,
        receipt_url=None,
        refunded=False,
        review=None,
        shipping=None,
        source_transfer=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        transfer_data=None,
        transfer_group=None,
    )
    charge.update(of)
    return charge


def declined(book: Book, intent: Obj, method: Obj, code: str, decline_code: str) -> ApiError:
    message = "Your card was declined." if code == "card_declined" else f"The payment failed: {code}."
    outcome = {
        "network_status": "declined_by_network",
        "reason": decline_code or code,
        "seller_message": message,
        "type": "issuer_declined",
    }
    charge = _make(
        book, intent, method, status="failed", paid=False, failure_code=code, failure_message=message, outcome=outcome
    )
    said = {"code": code, "message": message, "type": "card_error", "charge": charge["id"], "payment_method": method}
    if decline_code:
        said["decline_code"] = decline_code
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": said,
        "latest_charge": charge["id"],
        "next_action": None,
    }
    intent["payment_method"] = None
    book.tell("charge.failed", charge)
    book.tell("payment_intent.payment_failed", intent)
    more = {
        "code": code,
        "decline_code": decline_code,
        "charge": charge["id"],
        "payment_intent": intent,
        "payment_method": method,
    }
    return ApiError(message, 402, "card_error", **more)


def taken(book: Book, intent: Obj, charge: Obj, amount: int) -> None:
    charge |= {"captured": True, "amount_captured": amount}
    money.charged(book, charge)
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    if intent["capture_method"] == "manual":
        book.tell("charge.captured", charge)
    book.tell("payment_intent.succeeded", intent)
    if methods.card_of(book, book.find("payment_method", charge["payment_method"])).disputed:
        money.dispute(book, charge)
