"""PayPal by its REST API (Orders v2, Payments v2): the shopper approves at PayPal, we authorize, capture, void and refund.

Its SDK knows two fixed environments and waits on its own; this goes over `ports.egress`. The id of a charge is PayPal's id
of the order; authorizations, captures and refunds are found in it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Invalid, Unavailable
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Card, Errand, NotAsked, Notice, Rejected, Unclear, Vaulted, Way
from banyan.payments.providers.paypal import amounts, asking, webhooks
from banyan.payments.providers.paypal.asking import SHOPPER
from banyan.payments.providers.paypal.certificates import Certificates
from banyan.payments.providers.paypal.shapes import Authorization, Capture, Order, Refund, read
from banyan.payments.providers.paypal.wire import Wire, refused

HONOURED = timedelta(days=3)  # for so long an authorization's money is surely there; then it is to be renewed
ENDS = timedelta(days=29)


class Client:
    """`paypal`."""

    def __init__(self) -> None:
        self._wire = Wire()
        self._certificates = Certificates()

    def configured(self, settings: Settings) -> bool:
        return bool(settings.paypal_client_id)

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return (Way("paypal", amounts.CURRENCIES, token=SHOPPER),)

    def check(self, settings: Settings) -> None:
        if not self.configured(settings):
            return
        needed = {
            "CLIENT_SECRET": settings.paypal_client_secret.get_secret_value(),
            "WEBHOOK_ID": settings.paypal_webhook_id,
            "CERT_HOST": settings.paypal_cert_host,
        }
        for name, value in needed.items():
            if not value:
                raise WrongSettings(f"BANYAN_PAYPAL_{name}: set it, or take BANYAN_PAYPAL_CLIENT_ID away")
        self._certificates.check(settings)

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        """ACTION with PayPal's page for the shopper, where there is one to send; a saved token is charged at once."""
        if errand.token == SHOPPER and not errand.return_url:
            return _declined(errand, "", "authentication_required")
        return (await self._order(ports, errand)).evidence()

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        """The order; one that the shopper approved is authorized. Without an id it was never shown to anybody: None,
        unless a saved token was charged, which is found by sending it once more.
        """
        if not errand.charge_id:
            return None if errand.token == SHOPPER else await self._charged(ports, errand)
        order = await self._find(ports, errand.charge_id)
        if order is None or order.status != "APPROVED":
            return None if order is None else order.evidence()
        try:
            return (await self._hold(ports, errand, order)).evidence()
        except Rejected as no:
            return _declined(errand, order.id, no.reason)

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        """Once for a payment: what is not captured is let go of (`final_capture`)."""
        order = await self._known(ports, errand)
        if order.taken or any(each.status == "PENDING" for each in order.unit.payments.captures):
            return order.evidence()
        held = order.held
        if held is None:
            raise Rejected(f"order_{order.evidence().state}")
        held = await self._renewed(ports, errand, held)
        body = {"amount": asking.amount(errand.amount), "final_capture": True}
        path = f"/v2/payments/authorizations/{held.id}/capture"
        answer = await self._wire.ask(ports, "POST", path, body, once=errand.reference)
        if answer.status not in (200, 201):
            raise refused(answer)
        made = read(Capture, answer.body)
        if made.status in ("DECLINED", "FAILED"):
            raise Rejected(f"capture_{made.status.lower()}")
        return _with(order, captures=[*order.unit.payments.captures, made]).evidence()

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        """An order that nobody approved moves no money, and is never authorized again; one that is approved is
        authorized by the same key as any request for it that is on its way, and that is voided.
        """
        if not errand.charge_id and errand.token == SHOPPER:
            return _voided(errand, "")
        try:
            order = await self._find(ports, errand.charge_id) if errand.charge_id else await self._order(ports, errand)
            if order is not None and order.status == "APPROVED":
                order = await self._hold(ports, errand, order)
        except Rejected as no:
            return _declined(errand, errand.charge_id or "", no.reason)
        if order is None:  # PayPal forgets orders that nobody approved
            return _voided(errand, errand.charge_id or "")
        if order.taken:
            return order.evidence()
        if order.held is None:
            seen = order.evidence()
            return replace(seen, state=Charge.VOIDED, action=None) if seen.state is Charge.ACTION else seen
        path = f"/v2/payments/authorizations/{order.held.id}/void"
        answer = await self._wire.ask(ports, "POST", path, once=errand.reference)
        if answer.status not in (200, 204):
            raise refused(answer)
        return replace(order.evidence(), state=Charge.VOIDED)

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        order = await self._known(ports, errand)
        if order.taken is None:
            raise Rejected("nothing_captured")
        body = {"amount": asking.amount(errand.amount), "custom_id": errand.reference}
        path = f"/v2/payments/captures/{order.taken.id}/refund"
        answer = await self._wire.ask(ports, "POST", path, body, once=errand.reference)
        if answer.status not in (200, 201):
            raise refused(answer)
        made = read(Refund, answer.body)
        if made.status in ("CANCELLED", "FAILED"):
            raise Rejected(f"refund_{made.status.lower()}")
        others = [each for each in order.unit.payments.refunds if each.id != made.id]
        ours = made.model_copy(update={"custom_id": errand.reference})
        return _with(order, refunds=[*others, ours]).evidence()

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """PayPal's word, checked by its certificate, and how the order it is of stands now, asked of PayPal itself:
        an event tells of a part, comes late and in any order.
        """
        told = await webhooks.read(ports, self._certificates, headers, body)
        if told is None:
            return None
        try:
            order_id = told.order_id or await self._order_of(ports, told.capture_id)
            order = await self._find(ports, order_id) if order_id else None
        except Unclear as why:  # PayPal sends it again
            raise Unavailable(str(why), retry_after=60) from why
        if order is None or not webhooks.fits(told, order):
            raise Invalid("PayPal does not confirm what this webhook says", code="evidence_mismatch")
        webhooks.check_merchant(ports.settings, order)
        try:
            return Notice(told.event_id, order.evidence())
        except Unclear:  # PayPal does not know yet, and tells again when it does
            return None

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        raise Invalid("a card is not kept at PayPal; the shopper approves there", code="card_refused")

    async def _charged(self, ports: Ports, errand: Errand) -> Evidence:
        try:
            return (await self._order(ports, errand)).evidence()
        except Rejected as no:
            return _declined(errand, "", no.reason)

    async def _order(self, ports: Ports, errand: Errand) -> Order:
        """The payment's order, made at most once: its key is the payment's id, whoever asks."""
        body = asking.order(errand)
        answer = await self._wire.ask(ports, "POST", "/v2/checkout/orders", body, once=errand.payment_id)
        if answer.status == 429:
            raise NotAsked("PayPal has too much to do")
        if answer.status not in (200, 201):
            raise refused(answer)
        return self._ours(ports, errand.payment_id, read(Order, answer.body))

    async def _find(self, ports: Ports, order_id: str) -> Order | None:
        answer = await self._wire.ask(ports, "GET", f"/v2/checkout/orders/{order_id}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unclear(f"PayPal answered {answer.status}")
        return read(Order, answer.body)

    async def _known(self, ports: Ports, errand: Errand) -> Order:
        if not errand.charge_id:
            raise Rejected("never_authorized")
        order = await self._find(ports, errand.charge_id)
        if order is None:
            raise Unclear("PayPal does not know its order just now")
        return self._ours(ports, errand.payment_id, order)

    def _ours(self, ports: Ports, payment_id: str, order: Order) -> Order:
        merchant = ports.settings.paypal_merchant_id
        if order.unit.custom_id != payment_id or (merchant and order.unit.payee.merchant_id != merchant):
            raise Unclear("PayPal answered with an order of somebody else")
        return order

    async def _hold(self, ports: Ports, errand: Errand, order: Order) -> Order:
        """Authorize what the shopper approved. Rejected when PayPal will not."""
        path = f"/v2/checkout/orders/{order.id}/authorize"
        answer = await self._wire.ask(ports, "POST", path, {}, once=f"{errand.payment_id}.authorize")
        if answer.status not in (200, 201):
            raise refused(answer)
        return self._ours(ports, errand.payment_id, read(Order, answer.body))

    async def _renewed(self, ports: Ports, errand: Errand, held: Authorization) -> Authorization:
        """After three days the money is no longer surely there; PayPal renews an authorization once, until the 29th.

        Where it will not, the old one may still do.
        """
        age = ports.clock.now() - held.create_time if held.create_time else timedelta()
        if not HONOURED < age < ENDS:
            return held
        path = f"/v2/payments/authorizations/{held.id}/reauthorize"
        body = {"amount": asking.amount(errand.amount)}
        answer = await self._wire.ask(ports, "POST", path, body, once=f"{errand.reference}.renew")
        if answer.status not in (200, 201):
            if isinstance(no := refused(answer), Unclear):
                raise no
            return held
        return read(Authorization, answer.body)

    async def _order_of(self, ports: Ports, capture_id: str | None) -> str | None:
        """The order of a capture: a refund's event names the capture alone."""
        if capture_id is None:
            return None
        answer = await self._wire.ask(ports, "GET", f"/v2/payments/captures/{capture_id}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unclear(f"PayPal answered {answer.status}")
        return webhooks.order_named_in(answer.body)


def _with(order: Order, **payments: Any) -> Order:
    """The order with what has just been done in it."""
    done = order.unit.payments.model_copy(update=payments)
    return order.model_copy(update={"purchase_units": [order.unit.model_copy(update={"payments": done})]})


def _voided(errand: Errand, charge_id: str) -> Evidence:
    return Evidence(errand.payment_id, charge_id, errand.whole, Charge.VOIDED)


def _declined(errand: Errand, charge_id: str, reason: str) -> Evidence:
    return Evidence(errand.payment_id, charge_id, errand.whole, Charge.DECLINED, reason=reason)
