"""What is true of cards in the vault: which may come in, how they are spoken of, where they may be sent."""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from banyan.contracts.vault import CVC, EXP_MONTH, EXP_YEAR, NUMBER
from banyan.kernel import cards
from banyan.kernel.refusals import Fault, Invalid

UNKEPT_SECONDS = 86_400  # that a card lives which nobody keeps: a payment is retried within it
CODE_SECONDS = 600.0  # that a security code stays in memory, for one authorization
REFERENCE_SECONDS = 600.0  # that a card waits for the shop after the page without scripts
TELLS = ("content-type", "request-id", "retry-after")  # headers of a provider's answer that are passed on


@dataclass(frozen=True, slots=True)
class Plain:
    """A card in the clear, for as long as it takes. It prints as stars."""

    number: str
    exp_month: int
    exp_year: int

    def __repr__(self) -> str:
        return "Plain(**)"

    def sealed_text(self) -> bytes:
        return f"{self.number}|{self.exp_month}|{self.exp_year}".encode()

    @classmethod
    def of(cls, text: bytes) -> "Plain":
        number, month, year = text.decode().split("|")
        return cls(number, int(month), int(year))


def check(number: str, month: int, year: int, code: str, today: date) -> None:
    """Invalid for what cannot be a card that pays, by field and without repeating it."""
    faults = []
    scheme = cards.scheme_of(number)
    if not cards.fits_check_digit(number) or (scheme is not None and len(number) not in scheme.lengths):
        faults.append(Fault("/body/number", "card_number", "this is not a card number; check its digits"))
    if cards.expired(year, month, today) or year > today.year + 25:
        faults.append(Fault("/body/exp_month", "card_expired", "the card has expired"))
    if code and scheme is not None and len(code) != scheme.code:
        faults.append(Fault("/body/cvc", "card_code", f"this card's code has {scheme.code} digits"))
    if faults:
        raise Invalid("the card cannot be accepted", code="card_refused", errors=faults)


def origins(listed: str, *, production: bool) -> frozenset[str]:
    """Where cards may be sent. ValueError for what is no origin, and in production for one without TLS."""
    found = set()
    for each in filter(None, (part.strip() for part in listed.split(","))):
        parts = urlsplit(each)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path.strip("/"):
            raise ValueError(f"{parts.scheme}://{parts.hostname or ''} is no origin such as https://api.stripe.com")
        if production and parts.scheme != "https":
            raise ValueError(f"{parts.hostname}: a card goes out over https only")
        found.add(f"{parts.scheme}://{parts.netloc.lower()}")
    return frozenset(found)


def host_of(url: str, allowed: frozenset[str]) -> str:
    """The host a request goes to. Invalid when cards are not sent there, or a card would stand in its address."""
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc.lower()}" not in allowed:
        raise Invalid("the vault does not send cards there", code="host_not_allowed")
    if "{{" in url or "\\" in url or any(ord(each) <= 32 for each in url):
        raise Invalid("a card is written into a body, never into an address", code="card_in_address")
    return parts.netloc.lower()


def filled(body: str, card: Plain, code: str) -> str:
    """The body with the card in it. Invalid for a body that asks for nothing: such a request is no business of the vault."""
    if NUMBER not in body:
        raise Invalid(f"the body has no {NUMBER}", code="nothing_to_fill")
    for mark, value in (
        (NUMBER, card.number),
        (EXP_MONTH, str(card.exp_month)),
        (EXP_YEAR, str(card.exp_year)),
        (CVC, code),
    ):
        body = body.replace(mark, value)
    return body


def scrubbed(text: str, number: str) -> str:
    """The text without the card's number, however its digits are grouped."""
    return re.sub(r"(?:[ .+-]|%20|%2[Dd]|\\u00a0)*".join(number), f"…{number[-4:]}", text)
