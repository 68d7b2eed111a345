"""Authorize: the order's money is reserved, once, and never after the order was voided."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from banyan.contracts.payments import ROUTED, Authorize, Payment, PaymentDeclined, PaymentState
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments import domain
from banyan.payments.actions.carry_out import LEASE, in_phases
from banyan.payments.actions.rounds import Intent
from banyan.payments.domain import Job, Operation, Standing, routing
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import payments

_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


@dataclass(frozen=True, slots=True)
class _Wish:
    call: Authorize
    refusal: str | None  # why the provider will not be asked


async def authorize(desk: Desk, ports: Ports, call: Authorize) -> Payment:
    """The order's payment, asked of the provider if this is the first time.

    A provider or token that cannot be makes it `declined`, so that an order always ends. Conflict when the order has a
    live payment of another amount; Invalid when there is nothing to pay.
    """
    if call.amount.amount <= 0:
        raise Invalid("there is nothing to pay", code="nothing_to_pay")
    if call.provider == ROUTED:
        call = call.model_copy(update={"provider": _routed(desk, ports, call)})
    wish = _Wish(call, token_refusal(desk, ports, call.provider, call.token))
    return (await in_phases(desk, ports, _open_all, wish)).told()


def _routed(desk: Desk, ports: Ports, call: Authorize) -> str:
    """The provider that is best asked; ROUTED where none can use this token."""
    ranked = desk.for_cards(ports, call.amount) if call.token.startswith(routing.CARD) else []
    return ranked[0].provider if ranked else ROUTED


async def _open_all(ports: Ports, asked: Sequence[Asked[_Wish]]) -> list[Intent | Exception]:
    """Of an order's wishes the first opens its payment; the others find it."""
    first: dict[str, int] = {}
    for place, each in enumerate(asked):
        first.setdefault(each.wish.call.order_id, place)
    new = {order: _new(ports, asked[place]) for order, place in sorted(first.items())}

    async def effect(tx: Tx) -> dict[str, Standing]:
        opened = await payments.open_many(tx, list(new.values()), LEASE)
        for order, known in opened.items():
            if known.reason:
                fact = PaymentDeclined(payment_id=known.id, order_id=order, reason=known.reason)
                tx.tell(fact, trace=asked[first[order]].trace)
        return opened

    if any(each.wish.refusal for each in asked):
        opened = await ports.db.retrying(effect)
    else:  # nothing to tell: the one statement is the transaction
        opened = await payments.open_many(ports.db, list(new.values()), LEASE)
    missing = new.keys() - opened.keys()
    known = opened | (await payments.of_orders(ports.db, missing) if missing else {})
    return [
        _begun(known[order], new[order][1])
        if first[order := each.wish.call.order_id] == place and order in opened
        else _as_it_stands(known[order], each.wish.call)
        for place, each in enumerate(asked)
    ]


def _new(ports: Ports, asked: Asked[_Wish]) -> tuple[Standing, str | None, str]:
    """The payment to be opened, the name of what is asked of its provider, if it is, and whose wish it is."""
    call, refusal = asked.wish.call, asked.wish.refusal
    payment = Standing(
        id=ports.ids.new("pay"),
        order_id=call.order_id,
        provider=call.provider if refusal != "unknown_provider" else "unknown",
        token="" if refusal else call.token,
        amount=call.amount,
        state=PaymentState.DECLINED if refusal else PaymentState.CREATED,
        reason=refusal,
        user_id=call.user_id,
        return_url=call.return_url,
        save=call.save and call.user_id is not None,
    )
    return payment, None if refusal else ports.ids.new("pop"), asked.trace


def _begun(known: Standing, asks: str | None) -> Intent:
    if asks is None:
        return known, None
    asked = Operation(asks, known.id, "authorize", known.id, known.amount.amount, state="sent", attempts=1, epoch=1)
    return known, Job(known, asked)


def _as_it_stands(known: Standing, call: Authorize) -> Intent | Exception:
    if known.amount != call.amount and known.state not in domain.FINAL:
        return Conflict("this order is being paid with another amount", code="other_amount")
    return known, None


def token_refusal(desk: Desk, ports: Ports, provider: str, token: str) -> str | None:
    """Why a provider will not be asked with this token, or None. A card's number is no token and must not be kept."""
    if provider not in desk:
        return "unknown_provider"
    if provider not in desk.offered(ports.settings):
        return "not_offered"
    if not _TOKEN.fullmatch(token) or domain.looks_like_a_card(token):
        return "malformed_token"
    return None
