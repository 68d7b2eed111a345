"""The providers of one process by name, each with its line; which of them may take a payment, the best first."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

from banyan.contracts.payments import LATER
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound, Unavailable
from banyan.payments.domain import routing
from banyan.payments.domain.routing import Choice
from banyan.payments.providers import Keeper, Provider, Rejected, Unclear, Vaulted, Way
from banyan.payments.providers.line import Line, Question

T = TypeVar("T")
_TYPICAL = 5_000  # minor units: what a payment is taken for where only its currency is known


class Desk:
    """All that this program knows how to deal with; a shop deals with those that its settings name."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = dict(providers)
        self._lines = {name: Line(name) for name in providers}

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __contains__(self, name: str) -> bool:
        return name in self._providers

    def __getitem__(self, name: str) -> Provider:
        """NotFound when nobody of this name is dealt with."""
        if name not in self._providers:
            raise NotFound("there is no such payment provider", code="no_such_provider")
        return self._providers[name]

    def offered(self, settings: Settings) -> dict[str, Provider]:
        """Those that this shop deals with."""
        return {name: each for name, each in self._providers.items() if each.configured(settings)}

    async def ask(self, ports: Ports, name: str, kind: Question, question: Callable[[Provider], Awaitable[T]]) -> T:
        """Ask a provider over its line. Unclear, NotAsked or Rejected where it gave no answer to go by."""
        provider = self[name]
        return await self._lines[name].ask(ports, kind, lambda: question(provider))

    async def keep(self, ports: Ports, name: str, user_id: str, token: str) -> Vaulted | None:
        """What a shopper saves without paying, made good for more than one payment; None where it is that already. Invalid
        when the provider refuses it, Unavailable while it does not answer."""
        if token.startswith(routing.CARD) or not isinstance(self.offered(ports.settings).get(name), Keeper):
            return None

        async def kept(provider: Provider) -> Vaulted:
            assert isinstance(provider, Keeper)
            return await provider.keep(ports, user_id, token)

        try:
            return await self.ask(ports, name, "vault", kept)
        except (Unclear, Rejected):
            raise Unavailable(f"{name} does not answer; try again", retry_after=1) from None

    def check(self, settings: Settings) -> None:
        """WrongSettings where a secret is missing, no provider is set at all, or the routes cannot be read."""
        offered = self.offered(settings)
        for provider in offered.values():
            provider.check(settings)
        if not offered.keys() - LATER:
            raise WrongSettings(
                "no payment provider is set: give one its keys (docs/payments.md), or set BANYAN_TESTBANK_KEY, the same"
                " for testbank and payments (any 32 random characters)"
            )
        try:
            rows = routing.read(settings.payment_routes)
        except routing.WrongRoutes as wrong:
            raise WrongSettings(f"BANYAN_PAYMENT_ROUTES: {wrong}") from None
        if strange := {row.provider for row in rows} - self._providers.keys():
            raise WrongSettings(f"BANYAN_PAYMENT_ROUTES: there is no provider {sorted(strange)[0]}")

    def ways(self, ports: Ports, currency: str, amount: int = _TYPICAL) -> list[tuple[Choice, Way]]:
        """The ways to pay in this currency, in the order in which they are best tried."""
        found = {}
        for name, provider in self.offered(ports.settings).items():
            for way in provider.ways(ports.settings):
                if not way.currencies or currency in way.currencies:
                    found[Choice(name, way.method, self.is_well(ports, name))] = way
        rows = routing.read(ports.settings.payment_routes)
        return [(choice, found[choice]) for choice in routing.ranked(rows, found, Money(amount, currency))]

    def for_cards(self, ports: Ports, amount: Money) -> list[Choice]:
        """Where a card of our own vault may be paid with, the best first."""
        return [choice for choice, way in self.ways(ports, amount.currency, amount.amount) if way.cards]

    def is_well(self, ports: Ports, name: str) -> bool:
        """Whether a payment begun there now would be asked for."""
        return self._lines[name].lets_in("authorize", ports.clock.monotonic())

    def shown(self, ports: Ports) -> list[dict[str, Any]]:
        """Each provider as this process sees it, for operators."""
        offered = self.offered(ports.settings)
        return [
            {
                "name": name,
                "configured": name in offered,
                "under_way": line.under_way,
                "breakers": {kind: state.name.lower() for kind, state in line.states(ports.clock.monotonic()).items()},
                "ways": [way.method for way in self._providers[name].ways(ports.settings)] if name in offered else [],
            }
            for name, line in self._lines.items()
        ]


def known() -> dict[str, Provider]:
    """The providers that this program knows."""
    from banyan.payments.providers import later, paypal, razorpay, stripe, testbank

    return {
        "testbank": testbank.Client(),
        "stripe": stripe.Client(),
        "paypal": paypal.Client(),
        "razorpay": razorpay.Client(),
        **{name: later.Later(name) for name in sorted(LATER)},
    }
