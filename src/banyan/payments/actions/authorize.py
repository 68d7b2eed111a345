"""Authorize: the order's money is reserved, once, and never after the order was voided."""

import re

from banyan.contracts.payments import Authorize, Payment, PaymentDeclined, PaymentState
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments import domain
from banyan.payments.actions.carry_out import LEASE, Intent, in_phases
from banyan.payments.providers import Desk
from banyan.payments.storage import operations, payments
from banyan.payments.storage.operations import Job

_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


async def authorize(desk: Desk, ports: Ports, call: Authorize) -> Payment:
    """The order's payment, asked of the provider if this is the first time.

    A provider or token that cannot be makes it `declined`, so that an order always ends. Conflict when the order has a
    live payment of another amount; Invalid when there is nothing to pay.
    """
    if call.amount.amount <= 0:
        raise Invalid("there is nothing to pay", code="nothing_to_pay")
    refusal = token_refusal(desk, call.provider, call.token)

    async def intend(tx: Tx) -> Intent:
        new = await payments.open_payment(
            tx,
            ports.ids.new("pay"),
            order_id=call.order_id,
            provider=call.provider if refusal != "unknown_provider" else "unknown",
            token="" if refusal else call.token,
            amount=call.amount,
            state=PaymentState.DECLINED if refusal else PaymentState.CREATED,
            reason=refusal,
            user_id=call.user_id,
        )
        if new is None:
            return await _as_it_stands(tx, call), None
        if refusal:
            tx.tell(PaymentDeclined(payment_id=new.id, order_id=new.order_id, reason=refusal))
            return new, None
        operation = await operations.intend(
            tx, ports.ids.new("pop"), new.id, "authorize", new.amount.amount, reference=new.id, seconds=LEASE
        )
        assert operation is not None, "a new payment was never asked for before"
        return new, Job(new, operation)

    return (await in_phases(desk, ports, intend)).told()


async def _as_it_stands(tx: Tx, call: Authorize) -> domain.Standing:
    known = await payments.find_of_order(tx, call.order_id)
    assert known is not None, "payments are never deleted"
    if known.amount != call.amount and known.state not in domain.FINAL:
        raise Conflict("this order is being paid with another amount", code="other_amount")
    return known


def token_refusal(desk: Desk, provider: str, token: str) -> str | None:
    """Why a provider will not be asked with this token, or None. A card's number is no token and must not be kept."""
    if provider not in desk:
        return "unknown_provider"
    if not _TOKEN.fullmatch(token) or domain.looks_like_a_card(token):
        return "malformed_token"
    return None
