"""PayPal, played: its API, the page its payers approve on, its webhooks and reports, over a book of its own.

Written from its public reference; what it answers is checked by its published OpenAPI (tests/simulators/paypal).
"""

import html
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic_core import to_json

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.simulators import control
from banyan.simulators.common import Answer, Asked, asgi, page, redirect
from banyan.simulators.hooks import Hook, Hooks, Post
from banyan.simulators.paypal import reports, signing
from banyan.simulators.paypal.api import Api
from banyan.simulators.paypal.book import Book, Order, Refused, Wallet
from banyan.simulators.paypal.shapes import Shapes
from banyan.simulators.troubles import Troubles

CLIENT, WEBHOOK_ID, MERCHANT = ("client-id", "client-secret"), "8PT597110X687430LKGECATA", "7XPQL4M2ZK9HA"
SIGNER = "messageverificationcerts.paypal.com"
WAITS = tuple(min(60.0 * 2**attempt, 14_400.0) for attempt in range(25))  # "up to 25 times over three days"
CHOICES = {"approve": "Pay now", "refuse": "Pay with a card that is declined", "review": "Pay, with a review by PayPal"}


class PayPal:
    """`app` is its ASGI application; `deliver()` sends the webhooks that are due."""

    def __init__(
        self,
        clock: Clock,
        ids: Ids,
        post: Post,
        *,
        origin: str = "https://api-m.paypal.com",
        cert_origin: str = "https://api.paypal.com",
        signer: str = SIGNER,
        authority: signing.Authority | None = None,  # who vouches for its certificate; a new one where none is given
        key: RSAPrivateKey | None = None,  # that it signs with; likewise
    ) -> None:
        self._clock, self._ids = clock, ids
        self.authority = authority or signing.Authority.begin(clock.now())
        self.key = key or signing.new_key()
        day = timedelta(days=1)
        certificate = self.authority.issue(self.key, signer, clock.now() - day, clock.now() + 400 * day)
        self._chain = certificate.public_bytes(Encoding.PEM) + self.authority.pem()
        self.cert_url = f"{cert_origin}/v1/notifications/certs/CERT-360caa42-fca2a594-df8cd2d5"
        self.book = Book(clock, ids)
        self.shapes = Shapes(origin, MERCHANT)
        self.api = Api(self.book, self.shapes, CLIENT, self._tell)
        self.hooks = Hooks(clock, self._sign, post, WAITS)
        self.troubles = Troubles(asgi(self._answer))

    @property
    def app(self) -> Troubles:
        return self.troubles

    async def deliver(self) -> int:
        return await self.hooks.deliver()

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/_sim/"):
            return await control.answer(self, asked)
        if asked.path == self.cert_url[self.cert_url.index("/v1/") :]:
            return Answer(200, self._chain, {"content-type": "application/x-pem-file"})
        if asked.path == "/checkoutnow":
            return self._page(asked)
        return await self.api.answer(asked)

    def _page(self, asked: Asked) -> Answer:
        """Where a payer approves: a choice, and back to the shop with `token` and, if approved, `PayerID`."""
        told = dict(asked.pairs())
        try:
            order = self.book.order(told.get("token", ""))
        except Refused:
            return page("<h1>PayPal</h1><p>This payment is not there any more.</p>", 404)
        choice = told.get("choice", "")
        if asked.method == "POST" and choice in (*CHOICES, "cancel"):
            return redirect(self.choose(order, choice))
        amount = " ".join(reversed(self.shapes.order(order)["purchase_units"][0]["amount"].values()))
        buttons = (CHOICES if order.status == "PAYER_ACTION_REQUIRED" else {}) | {"cancel": "Back to the shop"}
        rows = "".join(
            f'<p><button name="choice" value="{name}">{label}</button></p>' for name, label in buttons.items()
        )
        return page(
            f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>PayPal (played)</title>'
            f"<h1>PayPal (played)</h1><p>You pay {html.escape(amount)}.</p>"
            f'<form method="post"><input type="hidden" name="token" value="{order.id}">{rows}</form></html>'
        )

    def choose(self, order: Order, choice: str) -> str:
        """What the payer clicks; where they are sent."""
        before = order.status
        self.book.choose(order, choice)
        if order.status == "APPROVED" != before:
            self._tell("CHECKOUT.ORDER.APPROVED", "checkout-order", self.shapes.order(order))
        if choice == "cancel":
            return _with(order.cancel_url, token=order.id)
        return _with(order.return_url, token=order.id, PayerID="QYR5Z8XDVJNXQ")

    def approve(self, url: str, choice: str = "approve") -> str:
        """The same for a test that has only the page's address."""
        return self.choose(self.book.order(url.rpartition("token=")[2]), choice)

    def _tell(self, kind: str, resource_type: str, resource: dict[str, Any]) -> None:
        event_id = f"WH-{self.book.id()}-{self.book.id()}"
        told = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": f"{self._clock.now():%Y-%m-%dT%H:%M:%S.000Z}",
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": kind.replace(".", " ").lower(),
            "resource": resource,
            "links": [],
        }
        self.hooks.tell(event_id, to_json(told))

    def _sign(self, hook: Hook) -> dict[str, str]:
        transmission = self._ids.new("t").replace("_", "-")
        return dict(signing.headers(self.key, self.cert_url, transmission, self._clock.now(), WEBHOOK_ID, hook.body))

    # What `/_sim/` asks of it.

    def state(self) -> dict[str, Any]:
        return {"orders": [self.shapes.order(each) for each in self.book.orders.values()]}

    def broken(self) -> list[str]:
        return self.book.broken()

    def act(self, what: str, told: dict[str, Any]) -> dict[str, Any]:
        match what:
            case "wallets":
                wallet = Wallet(self.book.id().lower()[:8], self.book.id()[:10], bool(told.get("declines")))
                self.book.wallets[wallet.id] = wallet
                return {"id": wallet.id, "customer": wallet.customer_id}
            case "reviews":
                self.api.reviewed(self.book.order(str(told["order"])), bool(told.get("accepted", True)))
            case "disputes":
                made = self.book.dispute(str(told["capture"]))
                self._tell_dispute("CREATED", made, "WAITING_FOR_SELLER_RESPONSE")
                return {"dispute_id": made}
            case "disputes/end":
                won = told["status"] == "won"
                self.book.end_dispute(str(told["dispute"]), won=won)
                outcome = f"RESOLVED_{'SELLER' if won else 'BUYER'}_FAVOUR"
                self._tell_dispute("RESOLVED", str(told["dispute"]), "RESOLVED", outcome)
            case "payouts":
                return {"amount": self.book.withdraw(str(told.get("currency", "EUR")))}
            case "logout":
                self.api.forget_tokens()
            case _:
                raise KeyError(what)
        return {}

    def _tell_dispute(self, event: str, dispute_id: str, status: str, outcome: str = "") -> None:
        order, taken = self.book.find_taken(self.book.disputes[dispute_id])
        about = self.shapes.dispute(dispute_id, order, taken, status, outcome)
        self._tell(f"CUSTOMER.DISPUTE.{event}", "dispute", about)

    def report(self, told: dict[str, str]) -> Answer:
        text = reports.settlement(self.book, date.fromisoformat(told["date"]), MERCHANT)
        return Answer(200, text.encode(), {"content-type": "text/csv"})


def _with(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
