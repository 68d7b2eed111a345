"""Payment providers, as a promise: what each must be able to do. `line` guards the way to each; `desk` has them all.

One that joins is a module here and a line in `desk.known()`; nothing else of payments changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.money import Money
from banyan.payments.domain import Evidence


class Unclear(Exception):
    """No answer, or none that tells: it may or may not have been done."""


class NotAsked(Unclear):
    """Definitely nothing was done, and may be asked again or elsewhere: nothing left this machine, or the provider says
    that it did nothing and cannot just now.

    A provider lets egress.NotSent pass, or raises this itself, only where nothing of the errand that could lead to held
    or moved money has been sent before.
    """


class Rejected(Exception):
    """Definitely not done; `reason` in the provider's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Errand:
    """What a provider is asked about one payment. `reference` is the idempotency key of this very request."""

    payment_id: str  # the reference of the charge
    reference: str
    amount: Money
    token: str
    charge_id: str | None
    whole: Money  # of the payment; of a capture or refund `amount` may be a part of it
    return_url: str = ""  # where a provider sends the shopper back to; empty: there is nobody to send
    customer: str | None = None  # our user's id, where there is one
    save: bool = False  # keep the way to pay for later, with the shopper's consent


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay by a provider, as it is offered to shoppers."""

    method: str  # card, paypal, upi, bank_transfer …
    currencies: frozenset[str] = frozenset()  # those it takes; empty: all
    token: str = ""  # what to send as the token where nothing is typed in: the shopper confirms at the provider
    cards: bool = False  # whether it takes `card_…`, the tokens of our own vault
    public: Mapping[str, str] = field(default_factory=dict)  # what a page needs to ask for a token: a publishable key


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature holds."""

    event_id: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Card:
    """A card on its way to the provider's vault. It is never kept, and prints as stars."""

    number: SecretStr
    exp_month: int
    exp_year: int
    cvc: SecretStr


@dataclass(frozen=True, slots=True)
class Vaulted:
    """A card in the provider's vault."""

    token: str
    brand: str
    last4: str


class Provider(Protocol):
    """Raises Unclear or Rejected where no Evidence can be given. Asked twice by one reference, it does a thing once."""

    def configured(self, settings: Settings) -> bool:
        """Whether this shop deals with it: its key is set. One that is not is offered to nobody and asked nothing new."""
        ...

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        """The ways to pay that it offers in this shop, the usual one first."""
        ...

    def check(self, settings: Settings) -> None:
        """WrongSettings when it is configured and a secret is missing: a webhook nobody can check is believed by nobody."""
        ...

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence: ...

    async def capture(self, ports: Ports, errand: Errand) -> Evidence: ...

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        """Let go of the charge and see to it that none by its reference is ever made, even if one is on its way.

        A provider that cannot refuse a charge beforehand sends the authorization once more by its reference, which
        is answered as the first one was, and voids that.
        """
        ...

    async def refund(self, ports: Ports, errand: Errand) -> Evidence: ...

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        """The charge by our reference (`payment_id`) or its `charge_id`; None when the provider definitely has none.

        What only waits for us after the shopper confirmed it (an approved PayPal order) is carried on with, by the
        reference of the authorization.
        """
        ...

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook says; None for kinds of no concern here. Malformed when signature, time or account is wrong."""
        ...

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        """Put a card into the vault. Invalid when it is refused."""
        ...


@runtime_checkable
class Keeper(Protocol):
    """A provider whose tokens are good for one payment, until it keeps them for a shopper."""

    async def keep(self, ports: Ports, user_id: str, token: str) -> Vaulted:
        """Keep the token's card for our user; done twice, it is kept once. Invalid when it is refused."""
        ...
