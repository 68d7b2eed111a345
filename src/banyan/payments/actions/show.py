"""A payment as it is shown: to other services, to its shopper, to operators."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic_core import to_json

from banyan.contracts.payments import AskPayment, Payment
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.payments.actions.rounds import no_such_payment
from banyan.payments.domain import Operation, Standing
from banyan.payments.storage import attempts, disputes, ledger, operations, payments

Tell = Callable[[Tx, Standing], Awaitable[Answer]]


def found(known: Standing | None) -> Standing:
    """NotFound when there is no such payment."""
    if known is None:
        raise no_such_payment()
    return known


async def ask_payment(ports: Ports, call: AskPayment) -> Payment:
    return (await ports.together(_of_orders, call)).told()


async def _of_orders(ports: Ports, asked: Sequence[Asked[AskPayment]]) -> list[Standing | Exception]:
    known = await payments.of_orders(ports.db, {each.wish.order_id for each in asked})
    return [known.get(each.wish.order_id) or no_such_payment() for each in asked]


async def one(ports: Ports, payment_id: str, *, owner: str | None) -> dict[str, Any]:
    """A payment with its refunds; NotFound, too, when it is not `owner`'s (None: anybody's)."""
    known = await payments.find(ports.db, payment_id)
    if known is None or owner not in (None, known.user_id):
        raise no_such_payment()
    left = await attempts.of_payment(ports.db, payment_id)
    return shown(known, await operations.of_payment(ports.db, payment_id)) | {
        "attempts": [{"provider": row["provider"], "why": row["why"], "made_at": row["made_at"]} for row in left],
        "disputes": [] if owner else [_dispute(each) for each in await disputes.of_payments(ports.db, [payment_id])],
    }


async def page(ports: Ports, *, order_id: str | None, state: str | None, below: str | None, limit: int) -> list[Any]:
    """Payments without their refunds, newest first."""
    rows = await payments.page(ports.db, order_id=order_id, state=state, below=below, limit=limit)
    return [shown(each, ()) for each in rows]


async def entries(ports: Ports, payment_id: str) -> list[dict[str, Any]]:
    """The ledger's entries of a payment, oldest first."""
    found(await payments.find(ports.db, payment_id))
    return [
        {
            "transfer_id": each["transfer_id"],
            "kind": each["kind"],
            "account": each["account"],
            "amount": Money(each["amount"], each["currency"]),
            "made_at": each["made_at"],
        }
        for each in await ledger.of_payment(ports.db, payment_id)
    ]


def shown(known: Standing, asked: Sequence[Operation]) -> dict[str, Any]:
    currency = known.amount.currency
    return {
        "id": known.id,
        "order_id": known.order_id,
        "provider": known.provider,
        "state": known.state,
        "amount": known.amount,
        "authorized": Money(known.authorized, currency),
        "captured": Money(known.captured, currency),
        "refunded": Money(known.refunded, currency),
        "reason": known.reason,
        "action": known.action,
        "refunds": [_refund(each, currency) for each in asked if each.kind == "refund"],
        "created_at": known.created_at,
        "updated_at": known.updated_at,
        "attempts": [],
        "disputes": [],
    }


def _dispute(of: dict[str, Any]) -> dict[str, Any]:
    told = {name: of[name] for name in ("id", "state", "reason", "respond_by", "opened_at")}
    steps = [{name: each[name] for name in ("state", "told_by", "at")} for each in of["steps"]]
    return told | {"amount": Money(of["amount"], of["currency"]), "steps": steps}


def _refund(asked: Operation, currency: str) -> dict[str, Any]:
    return {
        "id": asked.refund_id,
        "amount": Money(asked.amount, currency),
        "state": "pending" if asked.open else asked.state,
        "reason": asked.note or None,
        "failure": asked.failure if asked.state == "failed" else None,
        "created_at": asked.created_at,
    }


async def answer(tx: Tx, now: Standing) -> Answer:
    """The payment after what was asked: 200, or 202 while something is still open at the provider."""
    asked = await operations.of_payment(tx, now.id)
    now = found(await payments.find(tx, now.id))
    return Answer(202 if any(each.open for each in asked) else 200, to_json(shown(now, asked)))


def refund_answer(refund_id: str) -> Tell:
    """Tells a payment: 201 when this refund has ended, done or failed; 202 while the provider has not said."""

    async def tell(tx: Tx, now: Standing) -> Answer:
        asked = await operations.of_payment(tx, now.id)
        now = found(await payments.find(tx, now.id))
        pending = any(each.refund_id == refund_id and each.open for each in asked)
        return Answer(202 if pending else 201, to_json(shown(now, asked)))

    return tell
