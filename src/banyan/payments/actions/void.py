"""Void: whatever became of the order's money, none of it is kept."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from banyan.contracts.payments import LEGACY, Payment, PaymentState, PaymentVoided, VoidPayment
from banyan.foundation.db import Again, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments import domain
from banyan.payments.actions import rounds, show
from banyan.payments.actions.carry_out import LEASE, in_phases, in_phases_once
from banyan.payments.actions.rounds import Intent
from banyan.payments.actions.settle import pursue_void
from banyan.payments.domain import Account, Standing
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import accounts, payments


async def void(desk: Desk, ports: Ports, call: VoidPayment) -> Payment:
    """The order's payment on its way to `voided`, `declined` or `refunded`; a voided one where there was none."""
    if call.amount.amount < 0:
        raise Invalid("an amount is not negative", code="amount")
    return (await in_phases(desk, ports, _intend_all, call)).told()


async def void_once(desk: Desk, ports: Ports, key: Key, payment_id: str) -> Answer:
    """For an operator. Conflict when the money was taken already: that is a refund, and says so to the shopper."""

    def act(account: Account) -> Intent:
        if account.now.captured:
            raise Conflict("the money was taken; refund it instead", code="captured")
        return _act(ports, account, None)

    async def intend(tx: Tx) -> Intent:
        return await rounds.alone(tx, payment_id, act)

    return await in_phases_once(desk, ports, key, intend, show.answer)


async def _intend_all(ports: Ports, asked: Sequence[Asked[VoidPayment]]) -> list[Intent | Exception]:
    async def effect(tx: Tx) -> list[Intent | Exception]:
        held = await accounts.lock_of_orders(tx, {each.wish.order_id for each in asked})
        if missing := {each.wish.order_id: each for each in asked if each.wish.order_id not in held}:
            held |= await _bury(ports, tx, missing)
        told = [rounds.one(held[each.wish.order_id], each, partial(_act, ports)) for each in asked]
        await accounts.write(tx, held.values())
        return told

    return await ports.db.retrying(effect)


async def _bury(ports: Ports, tx: Tx, missing: dict[str, Asked[VoidPayment]]) -> dict[str, Account]:
    """Orders that nobody paid get a payment that stays voided. Again when one of them was authorized in between."""
    new = [_tombstone(ports.ids.new("pay"), missing[order].wish) for order in sorted(missing)]
    made = await payments.open_many(tx, [(each, None, "") for each in new], 0.0)
    if len(made) < len(new):
        raise Again
    for order, each in made.items():
        tx.tell(PaymentVoided(payment_id=each.id, order_id=order), trace=missing[order].trace)
    return {order: Account(each) for order, each in made.items()}


def _tombstone(payment_id: str, call: VoidPayment) -> Standing:
    return Standing(payment_id, call.order_id, call.provider, "", call.amount, PaymentState.VOIDED)


def _act(ports: Ports, account: Account, _: object) -> Intent:
    known = account.now
    if known.state in domain.FINAL or known.provider == LEGACY:  # what a legacy shop took goes back there
        return known, None
    if not known.void_wanted:
        account.now = replace(known, void_wanted=True)
    operation = pursue_void(ports.ids, account, seconds=LEASE)
    return rounds.intent(account, operation)
