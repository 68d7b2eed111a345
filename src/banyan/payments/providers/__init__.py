"""Payment providers, as a promise: what each must be able to do, and the guarded line over which it is asked.

One that joins (stripe, paypal, razorpay) is a module here and a line in `known()`; nothing else of payments changes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import SecretStr

from banyan.contracts.payments import LATER
from banyan.foundation import deadlines
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.money import Money
from banyan.kernel.refusals import DeadlinePassed, NotFound, Unavailable
from banyan.payments.domain import Evidence

T = TypeVar("T")
SECONDS = 3.0  # how long one question to a provider may take
MARGIN = 0.5  # seconds of the caller's deadline kept for writing down what was answered
AT_ONCE = 32  # questions on one provider's line; the others wait or give up
FAILURES = 10  # without a clear answer, one after another, before the line rests
REST = 1.0  # seconds


class Unclear(Exception):
    """No answer, or none that tells: it may or may not have been done."""


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

    def check(self, settings: Settings) -> None:
        """WrongSettings when a secret is missing: a webhook nobody can check is believed by nobody."""
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


class Line:
    """The way to one provider: a bulkhead, a time limit, and a rest when it seems to be away."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._failures = 0
        self._rests_until = float("-inf")

    async def ask(self, ports: Ports, question: Callable[[], Awaitable[T]]) -> T:
        """The answer; Unclear when there was none in time, or none was sought because the provider seems away."""
        if ports.clock.monotonic() < self._rests_until:
            raise Unclear("the provider does not answer just now")
        try:
            async with deadlines.within(min(SECONDS, deadlines.remaining() - MARGIN)), self._free:
                answer = await question()
        except (Unclear, Unavailable, DeadlinePassed) as error:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = ports.clock.monotonic() + REST
            raise Unclear(str(error)) from error
        except Rejected:
            self._failures = 0
            raise
        self._failures = 0
        return answer


class Desk:
    """The providers of one process by name, each with its line."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = dict(providers)
        self._lines = {name: Line() for name in providers}

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __contains__(self, name: str) -> bool:
        return name in self._providers

    def __getitem__(self, name: str) -> Provider:
        """NotFound when nobody of this name is dealt with."""
        if name not in self._providers:
            raise NotFound("there is no such payment provider", code="no_such_provider")
        return self._providers[name]

    async def ask(self, ports: Ports, name: str, question: Callable[[Provider], Awaitable[T]]) -> T:
        """Ask a provider over its line. Unclear or Rejected where it gave no answer to go by."""
        provider = self[name]
        return await self._lines[name].ask(ports, lambda: question(provider))

    def check(self, settings: Settings) -> None:
        for provider in self._providers.values():
            provider.check(settings)


def known() -> dict[str, Provider]:
    """The providers of a shop."""
    from banyan.payments.providers import later, testbank

    return {"testbank": testbank.Client(), **{name: later.Later(name) for name in sorted(LATER)}}
