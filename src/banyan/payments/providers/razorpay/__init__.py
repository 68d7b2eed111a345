"""Razorpay by its REST API: the shopper pays on a payment link's page at Razorpay; a saved token is charged without them.

Why a payment link and not the checkout form: it is a plain address to redirect to, with no script on our pages; a second
one for the same payment is refused by Razorpay (`reference_id`); and it can be taken back (cancelled) before it is paid.
The id of a charge is Razorpay's id of the payment, known once the shopper has paid.

What Razorpay has not, and what is done instead:
- void: a payment that is not captured goes back to the shopper by itself, within days. A void cancels the link and notes on
  the payment that it is not to be captured; nothing here captures it after that.
- capture of a part: it takes the whole or nothing, so a part is refused. Take the whole and refund the rest.
- a key that makes a charge of a saved token happen once: see `saved`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money, exponent
from banyan.kernel.refusals import Invalid
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Card, Errand, Notice, Rejected, Unclear, Vaulted, Way
from banyan.payments.providers.razorpay import links, saved, things, webhooks
from banyan.payments.providers.razorpay.shapes import MARK, VOID, Payment, Refund, read
from banyan.payments.providers.razorpay.wire import ask, refused, unclear

SHOPPER = "razorpay"
"""The token of who pays on Razorpay's page; a saved one is `cust_…:token_…`."""
_TAKEN = "AED AUD BHD CAD CHF CNY DKK EUR GBP HKD INR JPY KWD MYR NOK NZD OMR SAR SEK SGD THB USD"
CURRENCIES = frozenset(_TAKEN.split())


class Client:
    """`razorpay`."""

    def configured(self, settings: Settings) -> bool:
        return bool(settings.razorpay_key_id)

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return (Way("upi", CURRENCIES, token=SHOPPER),)

    def check(self, settings: Settings) -> None:
        if not self.configured(settings):
            return
        for name in ("KEY_SECRET", "WEBHOOK_SECRET", "ACCOUNT"):
            value = getattr(settings, f"razorpay_{name.lower()}")
            if not (value if isinstance(value, str) else value.get_secret_value().strip(", ")):
                raise WrongSettings(f"BANYAN_RAZORPAY_{name}: set it, or take BANYAN_RAZORPAY_KEY_ID away")

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        """ACTION with Razorpay's page for the shopper, where there is one to send; a saved token is charged at once."""
        _check_amount(errand.whole)
        if errand.token != SHOPPER:
            return await saved.charge(ports, errand)
        if not errand.return_url:
            return Evidence(errand.payment_id, "", errand.whole, Charge.DECLINED, reason="authentication_required")
        return await links.told(ports, errand, await links.make(ports, errand))

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        if errand.charge_id:
            return await _known(ports, errand, errand.charge_id)
        if errand.token != SHOPPER:
            return await saved.look(ports, errand)
        link = await links.find(ports, errand.payment_id)
        return await links.told(ports, errand, link) if link else None

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        """All of it: a part is Rejected."""
        if errand.amount != errand.whole:
            raise Rejected("captures_only_the_whole")
        payment = await things.payment(ports, _charge_id(errand))
        seen = await things.evidence(ports, errand, payment)
        if seen.state is Charge.CAPTURED:
            return seen
        if seen.state is not Charge.AUTHORIZED:
            raise Rejected(f"payment_{seen.state}")
        body = {"amount": payment.amount, "currency": payment.currency}
        answer = await ask(ports, "POST", f"/payments/{payment.id}/capture", body)
        if answer.status == 200:
            return await things.evidence(ports, errand, read(Payment, answer.body))
        no = refused(answer)
        if isinstance(no, Rejected):  # perhaps because a request of ours whose answer was lost has done it meanwhile
            seen = await _known(ports, errand, payment.id)
            if seen.state is Charge.CAPTURED:
                return seen
        raise no

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        if errand.charge_id:
            return await _let_go(ports, errand, await things.payment(ports, errand.charge_id))
        payment = await (links if errand.token == SHOPPER else saved).close(ports, errand)
        if payment is None or payment.status in ("created", "failed"):
            return Evidence(errand.payment_id, "", errand.whole, Charge.VOIDED)
        return await _let_go(ports, errand, payment)

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        """Found by its receipt, for the key that makes it once answers as it did the first time, `pending` perhaps."""
        payment = await things.payment(ports, _charge_id(errand))
        refunds = await things.refunds(ports, payment.id)
        if not any(each.reference == errand.reference for each in refunds):
            refunds = [*refunds, await _refund(ports, errand, payment.id)]
        if any(each.reference == errand.reference and each.status == "failed" for each in refunds):
            raise Rejected("refund_failed")
        return payment.evidence(errand.payment_id, refunds)

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return webhooks.read(ports, headers, body)

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        raise Invalid("a card is not kept at Razorpay from here; the shopper pays there", code="card_refused")


async def _known(ports: Ports, errand: Errand, payment_id: str) -> Evidence:
    return await things.evidence(ports, errand, await things.payment(ports, payment_id))


async def _refund(ports: Ports, errand: Errand, payment_id: str) -> Refund:
    body = {"amount": errand.amount.amount, "speed": "normal", "receipt": errand.reference}
    once = re.sub(r"[^A-Za-z0-9_-]", "-", errand.reference)  # what Razorpay lets a key be made of
    answer = await ask(ports, "POST", f"/payments/{payment_id}/refund", body, **{"x-refund-idempotency": once})
    if answer.status != 200:
        raise refused(answer)
    made = read(Refund, answer.body)
    if (made.payment_id, made.amount, made.reference) != (payment_id, errand.amount.amount, errand.reference):
        raise Unclear("Razorpay answered with another refund than was asked for")
    return made


async def _let_go(ports: Ports, errand: Errand, payment: Payment) -> Evidence:
    """Note on an authorized payment that it is not to be captured; of any other, how it stands."""
    seen = await things.evidence(ports, errand, payment)
    if seen.state is not Charge.AUTHORIZED:
        return seen
    notes = payment.notes | {MARK: errand.payment_id, VOID: errand.reference}
    answer = await ask(ports, "PATCH", f"/payments/{payment.id}", {"notes": notes})
    if answer.status != 200:
        raise unclear(answer)
    seen = await _known(ports, errand, payment.id)  # it may have been captured meanwhile
    return replace(seen, state=Charge.VOIDED) if seen.state is Charge.AUTHORIZED else seen


def _check_amount(amount: Money) -> None:
    """Of three decimals Razorpay takes two: the last is to be 0."""
    if amount.currency not in CURRENCIES or (exponent(amount.currency) == 3 and amount.amount % 10):
        raise Rejected("currency_not_taken")


def _charge_id(errand: Errand) -> str:
    if not errand.charge_id:
        raise Rejected("never_authorized")
    return errand.charge_id
