"""Razorpay's payments and refunds, fetched; and what they say of a payment of ours."""

from banyan.foundation.service import Ports
from banyan.payments.domain import Evidence
from banyan.payments.providers import Errand, Unclear
from banyan.payments.providers.razorpay.shapes import MARK, Payment, Payments, Refund, Refunds
from banyan.payments.providers.razorpay.wire import get


async def payment(ports: Ports, payment_id: str) -> Payment:
    return await get(ports, f"/payments/{payment_id}", Payment)


async def payments(ports: Ports, order_id: str) -> list[Payment]:
    """The attempts to pay an order."""
    return (await get(ports, f"/orders/{order_id}/payments", Payments)).items


async def refunds(ports: Ports, payment_id: str) -> list[Refund]:
    return (await get(ports, f"/payments/{payment_id}/refunds?count=100", Refunds)).items


async def evidence(ports: Ports, errand: Errand, it: Payment) -> Evidence:
    """How the charge stands, with its refunds. Unclear for a payment that is not marked as this one's."""
    if it.notes.get(MARK, errand.payment_id) != errand.payment_id:
        raise Unclear("Razorpay answered with a payment of somebody else")
    return it.evidence(errand.payment_id, await refunds(ports, it.id) if it.captured and it.amount_refunded else [])
