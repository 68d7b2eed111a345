"""Which news of a provider fits a payment, where it leads, and what that moves in the ledger."""

from typing import Literal
from urllib.parse import urlsplit

from banyan.contracts.payments import PaymentState
from banyan.payments.domain.payment import ASKED, FINAL, Charge, Evidence, Kind, Standing

FIRST_WAIT = 0.25  # seconds until an operation without a clear answer is looked at; doubled each time
LONGEST_WAIT = 15.0
PATIENCE = 600.0  # seconds after which an order's money that cannot be authorized is given up
CONFIRM_SECONDS = 840.0  # … and after which one that the shopper does not confirm is: before orders gives the order up
CONFIRM_LOOK = 20.0  # seconds between looks at such a one: the shopper's return and the webhook come first
_HERE = ("localhost", "127.0.0.1", "::1")


def misfit(known: Standing, seen: Evidence, capturing: int | None = None) -> str | None:
    """Why this evidence cannot be of this payment, or None. A signature says who speaks, not that it fits (I13).

    `capturing`: how much of it was asked to be captured, where that was less than all.
    """
    if seen.reference != known.id:
        return "it is of another payment"
    if known.charge_id is not None and seen.charge_id and seen.charge_id != known.charge_id:
        return "it is of another charge"
    if seen.amount.currency != known.amount.currency:
        return f"it is in {seen.amount.currency} instead of {known.amount.currency}"
    harmless = known.void_wanted and seen.state is Charge.VOIDED and seen.captured == 0
    if seen.amount != known.amount and not harmless:
        return f"it is of {seen.amount} instead of {known.amount}"
    asked = known.captured or capturing or known.amount.amount
    if seen.captured != (asked if seen.state is Charge.CAPTURED else 0):
        return f"{seen.captured} are captured instead of {asked}"
    if seen.action is not None and not safe_to_visit(seen.action):
        return "it sends the shopper to an address that is none"
    if sum(seen.refunds.values()) > seen.captured or any(part <= 0 for part in seen.refunds.values()):
        return "more is refunded than was captured"
    return None


def follows(known: Standing, seen: Evidence) -> tuple[PaymentState, ...]:
    """The states that fitting evidence leads through, in order; none when it is old, or says what is known."""
    asked = known.state in ASKED
    match seen.state:
        case Charge.AUTHORIZED:
            return (PaymentState.AUTHORIZED,) if asked else ()
        case Charge.CAPTURED:
            if asked:
                return PaymentState.AUTHORIZED, PaymentState.CAPTURED
            return (PaymentState.CAPTURED,) if known.state is PaymentState.AUTHORIZED else ()
        case Charge.DECLINED:
            return (PaymentState.DECLINED,) if asked else ()
        case Charge.ACTION:
            first = known.state in (PaymentState.CREATED, PaymentState.UNKNOWN)
            return (PaymentState.REQUIRES_ACTION,) if first else ()
        case Charge.VOIDED:
            if asked:  # nobody ordered the void: to the order it is money that could not be had
                return (PaymentState.VOIDED,) if known.void_wanted else (PaymentState.DECLINED,)
            return (PaymentState.VOIDED,) if known.state is PaymentState.AUTHORIZED else ()


def outcome(kind: Kind, known: Standing, seen: Evidence) -> Literal["done", "failed"] | None:
    """What becomes of an open authorize, capture or void, given the payment after this evidence; None: it stays open."""
    if kind == "authorize":
        if known.state in ASKED:
            return None
        return "done" if known.authorized else "failed"
    if kind == "capture":
        if known.captured:
            return "done"
        return "failed" if known.state in FINAL else None
    if known.state in (PaymentState.VOIDED, PaymentState.DECLINED):
        return "done"
    return "failed" if known.captured else None


def movements(kind: Literal["authorize", "capture", "release", "refund"], amount: int) -> dict[str, int]:
    """The entries of a transfer: debits above zero, credits below; their sum is zero."""
    match kind:
        case "authorize":
            return {"funds_authorized": amount, "funds_pledged": -amount}
        case "release":
            return {"funds_authorized": -amount, "funds_pledged": amount}
        case "capture":
            return movements("release", amount) | {"provider_clearing": amount, "sales": -amount}
        case "refund":
            return {"sales_refunds": amount, "provider_clearing": -amount}


def pause(attempts: int, chance: float) -> float:
    """Seconds until the next look after `attempts`: doubled, capped, and jittered by `chance` in [0, 1)."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 20)) * (0.5 + chance / 2))


def safe_to_visit(url: str) -> bool:
    """Whether a shopper may be sent there: by https, or to this very machine."""
    if len(url) > 2048 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, plain = parts.hostname or "", parts.username is None and parts.password is None
    except ValueError:
        return False
    return plain and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE))


def looks_like_a_card(text: str) -> bool:
    """Whether this may be a card number (ISO/IEC 7812: 12 to 19 digits with a check digit); such is kept nowhere."""
    digits = "".join(each for each in text if each not in " -_.")
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19):
        return False
    values = [int(each) for each in reversed(digits)]
    return (sum(values[::2]) + sum(sum(divmod(2 * each, 10)) for each in values[1::2])) % 10 == 0
