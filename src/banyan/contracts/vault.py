"""What the card vault may be asked, by payments alone. No answer ever holds a card's number."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from banyan.contracts import Call, Contract

CardToken = Annotated[str, Field(pattern="^card_[0-9a-z]{26}$")]
NUMBER, EXP_MONTH, EXP_YEAR, CVC = "{{number}}", "{{exp_month}}", "{{exp_year}}", "{{cvc}}"
"""What stands in a request's body where the vault writes the card: digits, the month without a leading zero, four of the year."""


class Purpose(StrEnum):
    """Why a card's number leaves the vault."""

    PAY = "pay"  # one payment, named
    SAVE = "save"  # to be kept by the provider for later


class Forwarded(Contract):
    """What the provider answered, the card's number taken out of it."""

    status: int
    headers: dict[str, str] = {}  # content-type and the provider's id of the request
    body: str = ""


class ForwardCard(Call[Forwarded], owner="vault", answer=Forwarded):
    """Send this request to a provider with the card written into its body.

    Invalid for a host that the vault does not send to; NotFound for a card that is not there; Conflict `code_gone` when the
    body wants the security code, there is none any more, and no `without_code` says what to send then. Unavailable with the
    code `not_sent`: certainly nothing left; any other Unavailable or DeadlinePassed: it may have been done.
    """

    card: CardToken
    purpose: Purpose
    provider: str
    payment_id: str = ""
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    url: str
    headers: dict[str, str]
    body: str
    without_code: str = ""
    seconds: float = 3.0


class KeptCard(Contract):
    """A card that its shopper may use again. `token`: the one to keep; the same card saved before keeps its first."""

    token: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


class KeepCard(Call[KeptCard], owner="vault", answer=KeptCard):
    """Keep this card for this shopper. What nobody keeps is gone after a day. NotFound: not there, or another's."""

    card: CardToken
    user_id: str


class CardForgotten(Contract):
    forgotten: bool


class ForgetCard(Call[CardForgotten], owner="vault", answer=CardForgotten):
    """Destroy a card. False when it was gone already."""

    card: CardToken
