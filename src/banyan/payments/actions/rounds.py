"""Wishes about payments, many in one transaction: each acts on its account alone, and has an answer of its own."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from banyan.foundation import telemetry
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Refusal
from banyan.payments.domain import Account, Job, Operation, Standing
from banyan.payments.storage import accounts

Wish = TypeVar("Wish")
Intent = tuple[Standing, Job | None]
"""A payment after somebody's wish, and what its provider is to be asked because of it."""


async def on_orders(
    ports: Ports,
    asked: Sequence[Asked[Wish]],
    order_of: Callable[[Wish], str],
    act: Callable[[Account, Wish], Intent],
) -> list[Intent | Exception]:
    """Have `act` done for each wish on its order's account. It refuses before it changes anything."""

    async def effect(tx: Tx) -> list[Intent | Exception]:
        held = await accounts.lock_of_orders(tx, {order_of(each.wish) for each in asked})
        told = [one(held.get(order_of(each.wish)), each, act) for each in asked]
        await accounts.write(tx, held.values())
        return told

    return await ports.db.retrying(effect)


def one(account: Account | None, asked: Asked[Wish], act: Callable[[Account, Wish], Intent]) -> Intent | Exception:
    """What this wish comes to; its refusal as a value."""
    if account is None:
        return no_such_payment()
    account.trace = asked.trace
    try:
        return act(account, asked.wish)
    except Refusal as refusal:
        return refusal


async def alone(tx: Tx, payment_id: str, act: Callable[[Account], Intent]) -> Intent:
    """The same for one payment, in a transaction that has more to do. NotFound when there is none."""
    account = (await accounts.lock(tx, [payment_id])).get(payment_id)
    if account is None:
        raise no_such_payment()
    account.trace = telemetry.traceparent()
    intent = act(account)
    await accounts.write(tx, [account])
    return intent


def intent(account: Account, operation: Operation | None) -> Intent:
    return account.now, Job(account.now, operation) if operation else None


def no_such_payment() -> NotFound:
    return NotFound("there is no such payment", code="no_such_payment")
