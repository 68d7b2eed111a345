"""What the bank knows by heart: how each test token behaves, what a card number tells, how a webhook is signed."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Literal

STUMBLES = 2  # how often tok_5xx fails by one reference before it works
LOST_SECONDS = 8.0  # longer than any caller waits
SLOW_SECONDS = 2.0
Step = Literal["charge", "capture", "void", "refund"]


class Trouble(StrEnum):
    LOST = "lost"  # done, and the answer comes after the caller has gone
    SLOW = "slow"  # done, and the answer takes two seconds
    BROKEN = "broken"  # 500 and nothing done, twice by one reference; then it works


@dataclass(frozen=True, slots=True)
class Manner:
    """How a charge by a token behaves: a refusal or a trouble, and at which step it shows."""

    refusal: str = ""
    trouble: Trouble | None = None
    at: Step = "charge"
    partial: bool = False  # approves one minor unit less than was asked
    confirm: bool = False  # waits until its holder confirmed it on the bank's page

    def refuses(self, step: Step) -> str:
        return self.refusal if step == self.at else ""

    def troubles(self, step: Step) -> Trouble | None:
        return self.trouble if step == self.at else None


TOKENS: dict[str, Manner] = {
    "tok_ok": Manner(),
    "tok_declined": Manner(refusal="card_declined"),
    "tok_insufficient_funds": Manner(refusal="insufficient_funds"),
    "tok_timeout": Manner(trouble=Trouble.LOST),
    "tok_slow": Manner(trouble=Trouble.SLOW),
    "tok_5xx": Manner(trouble=Trouble.BROKEN),
    "tok_partial": Manner(partial=True),
    "tok_3ds": Manner(confirm=True),
    "tok_capture_timeout": Manner(trouble=Trouble.LOST, at="capture"),
    "tok_capture_5xx": Manner(trouble=Trouble.BROKEN, at="capture"),
    "tok_capture_declined": Manner(refusal="authorization_expired", at="capture"),
    "tok_void_timeout": Manner(trouble=Trouble.LOST, at="void"),
    "tok_void_5xx": Manner(trouble=Trouble.BROKEN, at="void"),
    "tok_refund_timeout": Manner(trouble=Trouble.LOST, at="refund"),
    "tok_refund_5xx": Manner(trouble=Trouble.BROKEN, at="refund"),
    "tok_refund_declined": Manner(refusal="refund_refused", at="refund"),
}

# Numbers that behave otherwise than tok_ok, as with other providers' test cards.
CARDS = {
    "4000000000000002": "tok_declined",
    "4000000000009995": "tok_insufficient_funds",
    "4000002760003184": "tok_3ds",
}

_BRANDS = (("34", "amex"), ("37", "amex"), ("4", "visa"), ("6011", "discover"), ("65", "discover"), ("62", "unionpay"))


@dataclass(frozen=True, slots=True)
class NewCharge:
    """A charge to be written down, with its entries and the webhook that tells of it."""

    id: str
    reference: str
    amount: int
    approved: int
    currency: str
    token: str
    manner: str
    state: str
    reason: str | None
    created_at: datetime
    event_id: str
    body: str
    action: str | None = None  # the bank's page where it is confirmed
    return_url: str = ""

    @property
    def transfer(self) -> str:
        return f"charge {self.reference}"

    @property
    def moved(self) -> dict[str, int]:
        return movements("charge", 0, self.approved)


@dataclass(frozen=True, slots=True)
class NewDeed:
    """What is to be done to a charge that holds money: how it is then, its entries, the webhook that tells of it."""

    charge_id: str
    reference: str
    kind: Step
    amount: int
    state: str
    captured: int
    currency: str
    moved: Mapping[str, int]
    event_id: str
    body: str

    @property
    def transfer(self) -> str:
        return f"{self.kind} {self.reference}"


def luhn(number: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    digits = [int(each) for each in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0


def brand(number: str) -> str:
    """The scheme by its first digits; `card` where they tell nothing."""
    if 51 <= int(number[:2]) <= 55 or 2221 <= int(number[:4]) <= 2720:
        return "mastercard"
    return next((name for start, name in _BRANDS if number.startswith(start)), "card")


def expired(year: int, month: int, today: date) -> bool:
    """A card is good until the end of its month."""
    return (year, month) < (today.year, today.month)


@cache
def derived(key: bytes, purpose: str) -> bytes:
    """One of the bank's secrets, out of the one key that both sides were given."""
    return hmac.new(key, f"testbank {purpose}".encode(), sha256).digest()


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The header over a webhook: `t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>`."""
    digest = hmac.new(secret, f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def movements(step: Step, amount: int, approved: int) -> dict[str, int]:
    """What a step moves between accounts; the sum is 0. `approved` is what was held."""
    match step:
        case "charge":
            moved = {"cardholder": -approved, "held": approved}
        case "capture":
            moved = {"held": -approved, "merchant": amount, "cardholder": approved - amount}
        case "void":
            moved = {"held": -approved, "cardholder": approved}
        case "refund":
            moved = {"merchant": -amount, "cardholder": amount}
    return {account: change for account, change in moved.items() if change}
