"""Capture: the authorized money is taken once, all of it or a part; the rest is the shopper's again."""

from collections.abc import Sequence
from functools import partial

from banyan.contracts.payments import CapturePayment, Payment, PaymentState
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments.actions import rounds, show
from banyan.payments.actions.carry_out import LEASE, in_phases, in_phases_once
from banyan.payments.actions.rounds import Intent
from banyan.payments.domain import Account, Job, Operation, Standing
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import operations


async def capture(desk: Desk, ports: Ports, call: CapturePayment) -> Payment:
    """The order's payment after taking its money; as it stands where there is none to take. NotFound without one."""
    return (await in_phases(desk, ports, _intend_all, call)).told()


async def capture_once(desk: Desk, ports: Ports, key: Key, payment_id: str, amount: Money | None = None) -> Answer:
    """For an operator: all of it, or `amount`. Conflict when the payment is not authorized, is to be voided, or was or is
    being captured with another amount; Invalid for more than is authorized.
    """

    def act(account: Account) -> Intent:
        known = account.now
        if known.void_wanted or known.state not in (PaymentState.AUTHORIZED, PaymentState.CAPTURED):
            raise Conflict(f"a payment that is {known.state} cannot be captured", code="not_authorized")
        if amount is not None and not (
            amount.currency == known.amount.currency and 0 < amount.amount <= known.authorized
        ):
            authorized = Money(known.authorized, known.amount.currency)
            raise Invalid(f"capture more than nothing and at most {authorized}", code="capture_amount")
        before = account.find("capture")
        wanted = amount.amount if amount else known.amount.amount
        if before is not None and before.state != "failed" and amount is not None and before.amount != wanted:
            raise Conflict("this payment is captured with another amount", code="other_amount")
        return _act(ports, account, wanted)

    async def intend(tx: Tx) -> Intent:
        return await rounds.alone(tx, payment_id, act)

    return await in_phases_once(desk, ports, key, intend, show.answer)


async def _intend_all(ports: Ports, asked: Sequence[Asked[CapturePayment]]) -> list[Intent | Exception]:
    """One statement for those who ask the first time; who asks again, after a refusal perhaps, is looked at by itself."""
    first = {each.wish.order_id: each.trace for each in reversed(asked)}
    names = {order: ports.ids.new("pop") for order in sorted(first)}
    wanted = [(order, name, first[order]) for order, name in names.items()]
    found = await operations.intend_captures(ports.db, wanted, LEASE)
    told: list[Intent | Exception] = []
    again: list[int] = []
    for place, each in enumerate(asked):
        known, operation = found.get(each.wish.order_id, (None, None))
        if known is None:
            told.append(rounds.no_such_payment())
            continue
        told.append((known, Job(known, operation) if operation else None))
        if operation:
            found[each.wish.order_id] = known, None  # the others of this order wait for this one
            names.pop(each.wish.order_id)
        elif each.wish.order_id in names and _may(known):
            again.append(place)
    if again:
        wishes = [asked[place] for place in again]
        ends = await rounds.on_orders(ports, wishes, lambda wish: wish.order_id, partial(_act, ports))
        for place, end in zip(again, ends, strict=True):
            told[place] = end
    return told


def _may(known: Standing) -> bool:
    return known.state is PaymentState.AUTHORIZED and not known.void_wanted


def _act(ports: Ports, account: Account, amount: object) -> Intent:
    """Have the payment captured: `amount` minor units of it where that is a number, else all."""
    known, before = account.now, account.find("capture")
    if not _may(known) or (before and before.state != "failed"):
        return known, None
    wanted = amount if isinstance(amount, int) else known.amount.amount
    if before:  # with another amount it is another thing that is asked of the provider, by another reference
        reference = before.reference if before.amount == wanted else f"{known.id}.capture.{before.epoch}"
        return rounds.intent(account, account.reopen(before, LEASE, reference=reference, amount=wanted))
    asked = Operation(ports.ids.new("pop"), known.id, "capture", f"{known.id}.capture", wanted)
    return rounds.intent(account, account.intend(asked, LEASE))
