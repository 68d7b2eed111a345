"""Refunds: at once, pending, or failing later, as the card has it."""

from banyan.simulators.stripe import intents, methods, money
from banyan.simulators.stripe.book import ApiError, Book, Obj

_SETTLES = 60  # seconds after which a pending or failing refund ends
_REASONS = (None, "duplicate", "fraudulent", "requested_by_customer")


def create(book: Book, asked: Obj) -> Obj:
    charge = _charge(book, asked)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise ApiError("This charge has been charged back.", code="charge_disputed", param="charge")
    if left <= 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = intents.number(asked, "amount") if "amount" in asked else left
    if not 1 <= amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(message, param="amount")
    if asked.get("reason") not in _REASONS:
        raise ApiError("Invalid reason", param="reason")
    manner = methods.card_of(book, book.find("payment_method", charge["payment_method"])).refunds
    made = book.add(
        "refund",
        "re",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        metadata=asked.get("metadata") or {},
        payment_intent=charge["payment_intent"],
        reason=asked.get("reason"),
        receipt_number=None,
        source_transfer_reversal=None,
        status="pending" if manner == "pend" else "succeeded",
        transfer_reversal=None,
    )
    made["balance_transaction"] = money.enter(book, "refund", made, -amount)["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    book.tell("refund.created", made)
    book.tell("charge.refunded", charge)
    if manner:
        book.later.append((book.now() + _SETTLES, f"refund_{manner}", made["id"]))
    return made


def _charge(book: Book, asked: Obj) -> Obj:
    if "charge" in asked:
        return book.find("charge", asked["charge"], "charge")
    if "payment_intent" not in asked:
        raise ApiError(
            "One of the following params should be provided: payment_intent or charge.", code="parameter_missing"
        )
    intent = book.find("payment_intent", asked["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise ApiError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    return book.find("charge", intent["latest_charge"])


def settled(book: Book, made: Obj) -> None:
    """A pending one has come through."""
    made["status"] = "succeeded"
    for kind in ("refund.updated", "charge.refund.updated"):
        book.tell(kind, made)


def failed(book: Book, made: Obj) -> None:
    """The bank would not take it: the money is back with the shop."""
    charge = book.find("charge", made["charge"])
    made |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    entered = money.enter(book, "refund_failure", made, made["amount"], category="refund_failure")
    made["failure_balance_transaction"] = entered["id"]
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    for kind in ("refund.failed", "charge.refund.updated"):
        book.tell(kind, made)


def run(book: Book) -> None:
    """What happens by itself in time: holds end, refunds come through or fail."""
    now = book.now()
    due = [each for each in book.later if each[0] <= now]
    if not due:
        return
    book.later = [each for each in book.later if each[0] > now]
    for _, what, name in due:
        if what == "expire":
            intent = book.find("payment_intent", name)
            if intent["status"] == "requires_capture":
                intents.canceled(book, intent, "automatic")
        elif what == "refund_pend":
            settled(book, book.find("refund", name))
        else:
            failed(book, book.find("refund", name))
