"""Payments and the test bank over a database, with Stripe, PayPal and Razorpay played in this process beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from banyan.foundation import choose, databases, loopback
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.foundation.settings import Settings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.payments.app import service as payments_service
from banyan.payments.providers.desk import Desk, known
from banyan.simulators import paypal, razorpay, stripe
from banyan.simulators.paypal.signing import Authority
from banyan.testbank.app import service as bank_service
from banyan.trial.money.weather import Weather, door, over

PROVIDERS = ("testbank", "stripe", "paypal", "razorpay")
CURRENCIES = {
    "testbank": ("EUR", "USD", "JPY", "INR", "KWD"),
    "stripe": ("EUR", "USD", "JPY", "INR", "KWD"),
    "paypal": ("EUR", "USD", "JPY", "HUF"),
    "razorpay": ("INR", "INR", "EUR", "USD", "JPY", "KWD"),
}
_SECRET = "whsec_trial"
_STRIPE, _PAYPAL, _RAZORPAY = "https://api.stripe.com", "https://api-m.paypal.com", "https://api.razorpay.com"
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(slots=True)
class Stage:
    shop: Shop
    clock: VirtualClock
    weather: Weather
    services: dict[str, Service]
    desk: Desk
    stripe: stripe.Stripe
    paypal: paypal.PayPal
    razorpay: razorpay.Razorpay
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)  # by provider: good, poor, confirm
    _bank: Any = None  # the test bank in fair weather

    @property
    def ports(self) -> Ports:
        return self.shop.ports["payments"]

    @classmethod
    async def open(cls, folder: Path, urls: Mapping[str, str], seed: int) -> Self:
        clock = VirtualClock()
        ids, weather = SeededIds(clock, seed), Weather(SeededIds(clock, seed + 1))
        authority = Authority.begin(clock.now())
        (folder / "paypal-roots.pem").write_bytes(authority.pem())
        settings = Settings(data_dir=folder, search_url="embedded://memory", **_keys(folder))
        shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=ids)
        providers = known()
        services = {"payments": payments_service(providers), "testbank": bank_service()}
        for name, service in services.items():
            await shop.open(service, urls[name])

        async def post(path: str, headers: Mapping[str, str], body: bytes) -> int:
            local = shop.peers.local("payments")
            assert local is not None
            return (await loopback.request(local.app, "POST", path, headers=headers, body=body)).status

        made = cls(
            shop=shop,
            clock=clock,
            weather=weather,
            services=services,
            desk=Desk(providers),
            stripe=stripe.Stripe(clock, ids, lambda url, headers, body: post(urlsplit(url).path, headers, body)),
            paypal=paypal.PayPal(
                clock, ids, lambda headers, body: post("/webhooks/paypal", headers, body), authority=authority
            ),
            razorpay=razorpay.Razorpay(clock, ids, lambda headers, body: post("/webhooks/razorpay", headers, body)),
        )
        made.stripe.listen("https://shop.example/webhooks/stripe", _SECRET)
        made._stand_in()
        return made

    def _stand_in(self) -> None:
        egress = self.shop.egress
        for origin, played, name in (
            (_STRIPE, self.stripe, "stripe"), (_PAYPAL, self.paypal, "paypal"), (_RAZORPAY, self.razorpay, "razorpay"),
        ):  # fmt: skip
            egress.stand_in(origin, over(played.app, name, self.weather, played.deliver))
        egress.stand_in("https://api.paypal.com", self.paypal.app)  # its certificates
        bank, ours = self.shop.peers.local("testbank"), self.shop.peers.local("payments")
        assert bank is not None
        assert ours is not None
        self.shop.peers.add(
            "testbank", Local(bank.ports, bank.calls, over(bank.app, "testbank", self.weather, self.bank))
        )
        self.shop.peers.add("payments", Local(ours.ports, ours.calls, door(ours.app, self.weather)))
        self._bank = bank.app
        token = [self.razorpay.act("tokens", {"declines": poor}) for poor in (False, True)]
        saved = [f"{each['customer_id']}:{each['id']}" for each in token]
        wallets = [self.paypal.act("wallets", {"declines": poor})["id"] for poor in (False, True)]
        self.tokens = {
            "testbank": {"good": "tok_ok", "poor": "tok_insufficient_funds", "confirm": "tok_3ds"},
            "stripe": {
                "good": "pm_card_visa",
                "poor": "pm_card_chargeDeclinedInsufficientFunds",
                "confirm": "pm_card_threeDSecure2Required",
            },
            "paypal": {"good": wallets[0], "poor": wallets[1], "confirm": "paypal"},
            "razorpay": {"good": saved[0], "poor": saved[1], "confirm": "razorpay"},
        }

    async def bank(self) -> None:
        """The bank's webhooks that are due."""
        await self.services["testbank"].chores["webhooks"](self.shop.ports["testbank"])

    async def agree(self, provider: str, url: str, yes: bool) -> None:
        """What the shopper does on the provider's page."""
        match provider:
            case "paypal":
                self.paypal.approve(url, "approve" if yes else "refuse")
            case "razorpay":
                self.razorpay.pay(url, "pay" if yes else "fail")
            case "stripe":
                await self._press(self.stripe.app, urlsplit(url).path, agree="yes" if yes else "no")
            case _:
                await self._press(self._bank, urlsplit(url).path, answer="confirm" if yes else "refuse")

    def bank_says_yes(self, url: str) -> bool:
        """Razorpay hears from a payer's bank at last; False when it had heard before."""
        link = self.razorpay.book.links[f"plink_{url.rpartition('/i/')[2]}"]
        for payment in self.razorpay.book.payments.values():
            if payment.order is link.order and payment.status == "created":
                self.razorpay.api.banked(payment)
                return True
        return False

    @staticmethod
    async def _press(app: Any, path: str, **form: str) -> None:
        await loopback.request(app, "POST", path, headers=_FORM, body=urlencode(form).encode())

    async def deliver(self) -> None:
        """The webhooks of all providers that are due."""
        for each in (self.stripe.deliver, self.paypal.deliver, self.razorpay.deliver, self.bank):
            await each()

    async def look(self) -> None:
        """One pass of the pollers, until none has anything due."""
        for name in PROVIDERS:
            work = self.services["payments"].chores[f"settle {name}"]
            for _ in range(200):
                if await work(self.ports) > 0:
                    break

    async def pass_time(self, passes: int, seconds: float = 2.0) -> None:
        for _ in range(passes):
            self.clock.advance(seconds)
            await self.look()
            await self.deliver()

    async def open_ones(self) -> int:
        """Operations that are not settled."""
        return int(await self.ports.db.fetchval("SELECT count(*) FROM operation WHERE next_look_at IS NOT NULL"))


def _keys(folder: Path) -> dict[str, Any]:
    return {
        "stripe_key": stripe.KEY,
        "stripe_webhook_secret": _SECRET,
        "stripe_publishable_key": "pk_test_simulated",
        "paypal_client_id": paypal.CLIENT[0],
        "paypal_client_secret": paypal.CLIENT[1],
        "paypal_webhook_id": paypal.WEBHOOK_ID,
        "paypal_merchant_id": paypal.MERCHANT,
        "paypal_cert_roots": str(folder / "paypal-roots.pem"),
        "razorpay_key_id": razorpay.KEY[0],
        "razorpay_key_secret": razorpay.KEY[1],
        "razorpay_webhook_secret": razorpay.WEBHOOK_SECRET,
        "razorpay_account": razorpay.ACCOUNT,
    }


CAST = ("payments", "testbank")


async def urls_at(server: str) -> dict[str, str]:
    return dict(await databases.ensure(server, ("bus", *CAST)))
