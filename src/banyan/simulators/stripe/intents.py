"""Payment intents through their states (docs.stripe.com/payments/paymentintents/lifecycle)."""

from contextlib import suppress

from banyan.simulators.stripe import charges, methods
from banyan.simulators.stripe.book import ApiError, Book, Obj

LARGEST = 99_999_999
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "processing")
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "inr": 50, "chf": 50, "cad": 50, "aud": 50}


def create(book: Book, asked: Obj) -> Obj:
    amount = number(asked, "amount")
    currency = str(asked.get("currency", "")).lower()
    if len(currency) != 3 or not currency.isalpha():
        raise ApiError(f"Invalid currency: {currency}", code="parameter_invalid_empty", param="currency")
    if amount < _SMALLEST.get(currency, 1):
        raise ApiError("Amount must be at least a minimum charge amount.", code="amount_too_small", param="amount")
    if amount > LARGEST:
        raise ApiError("Amount must be no more than 999,999.99", code="amount_too_large", param="amount")
    confirm = _flag(asked, "confirm")
    _fits(asked, confirm)
    customer = book.find("customer", asked["customer"], "customer")["id"] if "customer" in asked else None
    method = _method(book, asked)
    made = book.add(
        "payment_intent",
        "pi",
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        application=None,
        application_fee_amount=None,
        automatic_payment_methods=None,
        canceled_at=None,
        cancellation_reason=None,
        capture_method=asked.get("capture_method", "automatic"),
        client_secret=None,
        confirmation_method=asked.get("confirmation_method", "automatic"),
        currency=currency,
        customer=customer,
        description=asked.get("description"),
        invoice=None,
        last_payment_error=None,
        latest_charge=None,
        livemode=False,
        metadata=asked.get("metadata") or {},
        next_action=None,
        on_behalf_of=None,
        payment_method=method["id"] if method else None,
        payment_method_options={},
        payment_method_types=asked.get("payment_method_types") or ["card"],
        processing=None,
        receipt_email=asked.get("receipt_email"),
        review=None,
        setup_future_usage=asked.get("setup_future_usage"),
        shipping=None,
        statement_descriptor=asked.get("statement_descriptor"),
        statement_descriptor_suffix=None,
        status="requires_confirmation" if method else "requires_payment_method",
        transfer_data=None,
        transfer_group=None,
    )
    made["client_secret"] = f"{made['id']}_secret_{book.ids.secret(12).hex()}"
    book.tell("payment_intent.created", made)
    return confirmed(book, made, asked) if confirm else made


def _fits(asked: Obj, confirm: bool) -> None:
    if asked.get("capture_method", "automatic") not in ("automatic", "automatic_async", "manual"):
        raise ApiError("Invalid capture_method", param="capture_method")
    if asked.get("setup_future_usage", "off_session") not in ("off_session", "on_session"):
        raise ApiError("Invalid setup_future_usage", param="setup_future_usage")
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if asked.get(name, "false") != "false" and not confirm:
            raise ApiError(f"{name} can only be given with confirm=true", param=name)
    if _flag(asked, "off_session") and "setup_future_usage" in asked:
        raise ApiError("You cannot set both off_session and setup_future_usage.", param="off_session")


def _method(book: Book, asked: Obj) -> Obj | None:
    if "payment_method_data" in asked:
        return methods.create(book, asked["payment_method_data"])
    return methods.given(book, asked["payment_method"]) if "payment_method" in asked else None


def confirmed(book: Book, intent: Obj, asked: Obj) -> Obj:
    """Confirm: declined, held or taken, or for the shopper to authenticate."""
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(intent, "confirm")
    if (given := _method(book, asked)) is not None:
        intent["payment_method"] = given["id"]
    if intent["payment_method"] is None:
        raise ApiError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    method = book.find("payment_method", intent["payment_method"])
    if method["customer"] != intent["customer"] and method["customer"] is not None:
        raise ApiError("The payment method is attached to a customer; provide it.", param="customer")
    if method["id"] in book.used and method["customer"] is None:
        raise ApiError(
            "The payment method was used without a customer before and cannot be used again.", param="payment_method"
        )
    off_session = _flag(asked, "off_session")
    if _needs_shopper(book, method, off_session):
        if off_session or _flag(asked, "error_on_requires_action"):
            raise charges.declined(book, intent, method, "authentication_required", "authentication_required")
        return _ask_shopper(book, intent, asked.get("return_url"))
    return charges.charged(book, intent, method)


def _needs_shopper(book: Book, method: Obj, off_session: bool) -> bool:
    card = methods.card_of(book, method)
    if card.authentication == "unless_set_up":
        return not (off_session and method["id"] in book.set_up)
    return card.authentication == "always"


def _ask_shopper(book: Book, intent: Obj, return_url: object) -> Obj:
    intent["status"] = "requires_action"
    if return_url:
        url = f"{book.origin}/_pages/3ds/{intent['id']}"
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    else:
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    book.tell("payment_intent.requires_action", intent)
    return intent


def authenticated(book: Book, intent: Obj, agreed: bool) -> None:
    """What the shopper did on the bank's page. Nothing where nobody waits for it any more."""
    if intent["status"] != "requires_action":
        return
    intent["next_action"] = None
    method = book.find("payment_method", intent["payment_method"])
    if agreed:
        if intent["setup_future_usage"] == "off_session":
            book.set_up.add(method["id"])
        with suppress(ApiError):  # the card was declined after all: the intent says so
            charges.charged(book, intent, method)
        return
    message = "We are unable to authenticate your payment method."
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "message": message,
        "type": "invalid_request_error",
        "payment_method": method,
    }
    intent["payment_method"] = None
    book.tell("payment_intent.payment_failed", intent)


def captured(book: Book, intent: Obj, asked: Obj) -> Obj:
    """Take what is held, or part of it: the rest is let go of."""
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    amount = number(asked, "amount_to_capture") if "amount_to_capture" in asked else intent["amount_capturable"]
    if not 1 <= amount <= intent["amount_capturable"]:
        raise ApiError(
            "The amount to capture is more than can be captured.", code="amount_too_large", param="amount_to_capture"
        )
    charge = book.find("charge", intent["latest_charge"])
    charges.taken(book, intent, charge, amount)
    return intent


def canceled(book: Book, intent: Obj, reason: str | None) -> Obj:
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "cancel")
    if reason not in (None, "duplicate", "fraudulent", "requested_by_customer", "abandoned", "automatic"):
        raise ApiError("Invalid cancellation_reason", param="cancellation_reason")
    held = intent["status"] == "requires_capture"
    intent |= {"status": "canceled", "canceled_at": book.now(), "cancellation_reason": reason, "amount_capturable": 0}
    intent["next_action"] = None
    if held and reason == "automatic":
        book.tell("charge.expired", book.find("charge", intent["latest_charge"]))
    book.tell("payment_intent.canceled", intent)
    return intent


def _unexpected(intent: Obj, deed: str) -> ApiError:
    message = f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}."
    return ApiError(message, code="payment_intent_unexpected_state", payment_intent=intent)


def number(asked: Obj, name: str) -> int:
    if name not in asked:
        raise ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        if not str(asked[name]).isascii():
            raise ValueError
        return int(str(asked[name]))
    except ValueError:
        raise ApiError(f"Invalid integer: {asked[name]}", code="parameter_invalid_integer", param=name) from None


def _flag(asked: Obj, name: str) -> bool:
    if asked.get(name, "false") not in ("true", "false"):
        raise ApiError(f"Invalid boolean: {asked[name]}", param=name)
    return bool(asked.get(name) == "true")
