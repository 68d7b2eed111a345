"""A stage for each provider: the provider's client, and behind it something that answers as the provider would.

To join: a function like `stripe` below, and a line in `STAGES`; the promises in test_promises.py are then kept by it too.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer, Local
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Errand, Provider
from banyan.payments.providers.testbank import Client as TestbankClient
from banyan.simulators.stripe import KEY, Stripe
from banyan.simulators.troubles import Troubles
from tests.payments.conftest import Till

PRICE = Money(1299, "EUR")
RETURN = "https://shop.example/checkout/return/ord"


@dataclass(frozen=True, slots=True)
class Sums:
    """What the provider's own book has of a payment, in minor units."""

    charges: int = 0  # that hold or took money
    held: int = 0
    taken: int = 0
    refunded: int = 0


@dataclass(slots=True)
class Stage:
    name: str
    till: Till
    provider: Provider
    troubles: Troubles  # what goes wrong with requests: `add(kind, path)`
    paths: Mapping[str, str]  # which requests do it, by deed: authorize, capture, void, refund, look_up
    sums: Callable[[str], Awaitable[Sums]]  # by payment
    good: str  # tokens: held at once, or after the shopper agreed where `confirms` is true
    poor: str = ""  # declined
    confirms: bool = False  # every payment needs its shopper
    confirm: str = ""  # a token whose payment needs its shopper
    agree: Callable[[str, bool], Awaitable[HttpAnswer]] | None = None  # what the shopper does at the provider's page
    webhooks: Callable[[], list[tuple[Mapping[str, str], bytes]]] | None = None  # that wait, signed as of now
    captures_parts: bool = True
    lag: float = 0.0  # seconds after which the provider finds a payment by our reference
    keeps: bool = False  # ways to pay for later
    finds_by_asking: bool = False  # it has no search: a look without an id sends the authorization once more
    played: Any = None  # the simulator itself
    count: int = 0

    @property
    def ports(self) -> Ports:
        return self.till.ports

    @property
    def clock(self) -> VirtualClock:
        return self.till.clock

    def errand(self, token: str = "", **of: Any) -> Errand:
        """An authorization of a new payment."""
        payment = self.ports.ids.new("pay")
        errand = Errand(payment, payment, PRICE, token or self.good, None, PRICE, return_url=RETURN)
        return replace(errand, **of)

    def deed(self, errand: Errand, seen: Evidence | None, deed: str, **of: Any) -> Errand:
        """A capture, void or refund of it, asked for the first time."""
        self.count += 1
        told = {"charge_id": seen.charge_id if seen else None, "reference": f"{errand.payment_id}.{deed}{self.count}"}
        return replace(errand, **(told | of))

    async def held(self, token: str = "", **of: Any) -> tuple[Errand, Evidence]:
        """A payment that is authorized."""
        errand = self.errand(token, **of)
        seen = await self.provider.authorize(self.ports, errand)
        if seen.state is Charge.ACTION and seen.action and self.agree:
            await self.agree(seen.action, True)
            looked = await self.provider.look_up(
                self.ports, self.deed(errand, seen, "look", reference=errand.reference)
            )
            assert looked
            seen = looked
        assert seen.state is Charge.AUTHORIZED
        return errand, seen

    async def taken(self) -> tuple[Errand, Evidence]:
        errand, seen = await self.held()
        return errand, await self.provider.capture(self.ports, self.deed(errand, seen, "capture"))


def testbank(till: Till) -> Stage:
    local = till.shop.peers.local("testbank")
    assert local
    troubles = Troubles(local.app)
    till.shop.peers.add("testbank", Local(local.ports, local.calls, troubles))

    async def sums(payment_id: str) -> Sums:
        row = await till.charge(payment_id)
        if row is None or row["state"] not in ("authorized", "captured"):
            return Sums()
        held = row["approved"] if row["state"] == "authorized" else 0
        return Sums(1, held, row["captured"], row["refunded"])

    async def agree(url: str, yes: bool) -> HttpAnswer:
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"answer": "confirm" if yes else "refuse"}).encode()
        assert local
        return await loopback.request(local.app, "POST", url[url.index("/bank/") :], headers=form, body=body)

    return Stage(
        name="testbank",
        till=till,
        provider=TestbankClient(),
        troubles=troubles,
        paths={
            "authorize": "POST /bank/charges$",
            "capture": "/capture$",
            "void": "/void$",
            "refund": "/refunds$",
            "look_up": "GET /bank/charges/by-reference",
        },
        sums=sums,
        good="tok_ok",
        poor="tok_insufficient_funds",
        confirm="tok_3ds",
        agree=agree,
        keeps=True,
    )


STRIPE: dict[str, Any] = {
    "stripe_key": KEY,
    "stripe_webhook_secret": "whsec_first,whsec_second",
    "stripe_publishable_key": "pk_test_simulated",
}


def simulated_stripe(till: Till) -> Stripe:
    """Stripe beside this till, its webhooks on their way to it."""

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        local = till.shop.peers.local("payments")
        assert local
        return (await loopback.request(local.app, "POST", urlsplit(url).path, headers=headers, body=body)).status

    stripe = Stripe(till.clock, till.ports.ids, post)
    stripe.listen("https://shop.example/webhooks/stripe", "whsec_second")
    till.ports.egress.stand_in("https://api.stripe.com", stripe.app)
    return stripe


def stripe(till: Till) -> Stage:
    from banyan.payments.providers.stripe import Client

    sim = simulated_stripe(till)

    async def sums(payment_id: str) -> Sums:
        mine = [
            each
            for each in sim.book.of("payment_intent").values()
            if each["metadata"].get("payment_id") == payment_id and each["status"] in ("requires_capture", "succeeded")
        ]
        charges = [sim.book.of("charge")[each["latest_charge"]] for each in mine]
        return Sums(
            len(mine),
            sum(each["amount_capturable"] for each in mine),
            sum(each["amount_captured"] for each in charges),
            sum(each["amount_refunded"] for each in charges),
        )

    async def agree(url: str, yes: bool) -> HttpAnswer:
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode({"agree": "yes" if yes else "no"}).encode()
        return await till.ports.egress.send("POST", url, headers=form, body=body, seconds=5)

    def webhooks() -> list[tuple[Mapping[str, str], bytes]]:
        (hooks,) = sim.hooks.values()
        return [({"stripe-signature": sim.sign("whsec_second", each.body)}, each.body) for each in hooks.told]

    return Stage(
        name="stripe",
        till=till,
        provider=Client(),
        troubles=sim.troubles,
        paths={
            "authorize": "POST /v1/payment_intents$",
            "capture": "/capture$",
            "void": "POST /v1/payment_intents(/[^/]+/cancel)?$",
            "refund": "POST /v1/refunds$",
            "look_up": "GET /v1/payment_intents",
        },
        sums=sums,
        good="pm_card_visa",
        poor="pm_card_chargeDeclinedInsufficientFunds",
        confirm="pm_card_threeDSecure2Required",
        agree=agree,
        webhooks=webhooks,
        lag=6.0,
        keeps=True,
        played=sim,
    )


def paypal(till: Till) -> Stage:
    from tests.payments.paypal.stage import stage

    return stage(till)


def razorpay(till: Till) -> Stage:
    from tests.payments.razorpay.stage import stage

    return stage(till)


def settings() -> dict[str, Any]:
    """Of a shop that deals with every provider."""
    from tests.payments.paypal.stage import settings as paypal
    from tests.payments.razorpay.conftest import SETTINGS as RAZORPAY

    return STRIPE | paypal() | RAZORPAY | {"razorpay_settles_in": PRICE.currency}


STAGES: dict[str, Callable[[Till], Stage]] = {
    "testbank": testbank,
    "stripe": stripe,
    "paypal": paypal,
    "razorpay": razorpay,
}
