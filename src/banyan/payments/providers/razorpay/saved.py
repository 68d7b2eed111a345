"""Saved tokens, charged without the shopper. Razorpay has no key that makes such a charge happen once.

The payment's order is that key: it is found by `receipt` before anything is sent, the oldest of two counts, one that has a
payment, even a failed one, is never charged again, and one that we noted void on is charged no more.
"""

import re

from banyan.foundation.service import Ports
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Errand, NotAsked, Rejected
from banyan.payments.providers.razorpay import things
from banyan.payments.providers.razorpay.shapes import MARK, VOID, Begun, Customer, Order, Orders, Payment, best, read
from banyan.payments.providers.razorpay.wire import ask, get, refused, unclear

_SAVED = re.compile(r"(cust_[A-Za-z0-9]{1,40}):(token_[A-Za-z0-9]{1,40})")


async def charge(ports: Ports, errand: Errand) -> Evidence:
    """Charge the token, unless that was done before, or the payment was voided. Rejected for what is no token."""
    saved = _SAVED.fullmatch(errand.token)
    if saved is None:
        raise Rejected("unknown_token")
    order = await _order(ports, errand)
    payment = best(await things.payments(ports, order.id))
    if payment is None and order.void:
        return Evidence(errand.payment_id, "", errand.whole, Charge.VOIDED)
    return await _told(ports, errand, order, payment or await _begin(ports, errand, order, saved[1], saved[2]))


async def look(ports: Ports, errand: Errand) -> Evidence | None:
    order = await _find(ports, errand.payment_id)
    payment = best(await things.payments(ports, order.id)) if order else None
    return await _told(ports, errand, order, payment) if order and payment else None


async def close(ports: Ports, errand: Errand) -> Payment | None:
    """See to it that the order is charged no more; what was charged before."""
    order = await _order(ports, errand)
    if not order.void:
        answer = await ask(ports, "PATCH", f"/orders/{order.id}", {"notes": order.notes | {VOID: errand.reference}})
        if answer.status != 200:
            raise unclear(answer)
    return best(await things.payments(ports, order.id))


async def _told(ports: Ports, errand: Errand, order: Order, payment: Payment) -> Evidence:
    if order.void:  # it was on its way when the order was voided: nobody captures it
        payment = payment.model_copy(update={"notes": payment.notes | {VOID: ""}})
    return await things.evidence(ports, errand, payment)


async def _begin(ports: Ports, errand: Errand, order: Order, customer_id: str, token: str) -> Payment:
    customer = await get(ports, f"/customers/{customer_id}", Customer)
    asked = {
        "email": customer.email or "",
        "contact": customer.contact,
        "amount": errand.whole.amount,
        "currency": errand.whole.currency,
        "order_id": order.id,
        "customer_id": customer_id,
        "token": token,
        "recurring": True,
        "notes": {MARK: errand.payment_id},
    }
    answer = await ask(ports, "POST", "/payments/create/recurring", asked)
    if answer.status == 200:
        return await things.payment(ports, read(Begun, answer.body).razorpay_payment_id)
    no = refused(answer)
    if isinstance(no, Rejected) and (failed := best(await things.payments(ports, order.id))):
        return failed
    raise no


async def _order(ports: Ports, errand: Errand) -> Order:
    """The oldest order of the payment: of two that were made at once, both makers choose it."""
    if found := await _find(ports, errand.payment_id):
        return found
    asked = {
        "amount": errand.whole.amount,
        "currency": errand.whole.currency,
        "receipt": errand.payment_id,
        "payment_capture": False,
        "notes": {MARK: errand.payment_id},
    }
    answer = await ask(ports, "POST", "/orders", asked)
    if answer.status == 429:
        raise NotAsked("Razorpay has too much to do")
    if answer.status != 200:
        raise refused(answer)
    return await _find(ports, errand.payment_id) or read(Order, answer.body)


async def _find(ports: Ports, payment_id: str) -> Order | None:
    found = (await get(ports, f"/orders?receipt={payment_id}", Orders)).items
    ours = [each for each in found if each.receipt == payment_id]
    return min(ours, key=lambda each: (each.created_at, each.id), default=None)
