"""Who may read which order, and reading it."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from banyan.contracts.orders import OrderStatus
from banyan.foundation.auth import Principal
from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Refusal
from banyan.orders.actions import confirming
from banyan.orders.actions.reaching import hashed
from banyan.orders.domain.shown import public
from banyan.orders.saga.links import READABLE, links
from banyan.orders.storage import Reader, events, orders

_ORDER_ID = re.compile(r"ord_[0-9a-z]{26}")


def is_order_id(text: str) -> bool:
    """Whether there could be such an order: what is asked of the database is of known shape."""
    return bool(_ORDER_ID.fullmatch(text))


async def read(ports: Ports, who: Principal, order_id: str, access: str | None) -> dict[str, Any]:
    """The order with its links. NotFound for who may not read it, so that nobody learns which there are."""
    row = await readable(ports, who, order_id, access)
    found = orders.as_shown(ports.db, order_id, row)
    return (await links(ports)).answer(found, await confirming.where(ports, found))


async def history(ports: Ports, who: Principal, order_id: str, access: str | None) -> list[dict[str, Any]]:
    """The facts of an order, for the same readers as the order."""
    await readable(ports, who, order_id, access)
    told = await events.told(ports.db, order_id)
    if who.may("orders:read"):
        return told
    return [{**each, "data": public(each["type"], each["data"])} for each in told]


async def listed(
    ports: Ports,
    who: Principal,
    *,
    status: OrderStatus | None = None,
    email: str | None = None,
    numbers: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, str] | None = None,
    most: int,
) -> list[dict[str, Any]]:
    """Orders, newest first: one's own, or anybody's with `orders:read`. Unauthenticated for a guest."""
    user_id = who.signed_in()
    found = await orders.listed(
        ports.db,
        most,
        user_id=None if who.may("orders:read") else user_id,
        status=status.value if status else None,
        email=email.lower() if email else None,
        numbers=list(numbers) or None,
        since=since,
        until=until,
        before=before,
    )
    tell = (await links(ports)).answer
    return [tell(shown) for shown in found]


async def mine(db: Reader, ports: Ports, who: Principal, order_id: str) -> bool:
    """Whether it is this caller's own order: as its user, or by the token of the cart it was made from."""
    row = await _found(db, order_id)
    return row is not None and _own(row, who, ports.clock.now())


def no_such_order() -> Refusal:
    return NotFound("there is no such order, or it is not yours", code="no_such_order")


async def readable(
    ports: Ports, who: Principal, order_id: str, access: str | None, *, also: str = "orders:read"
) -> Row:
    """The order's row for who may read it: its shopper, who has its link, and who has the permission `also`.
    NotFound for everybody else."""
    row = await _found(ports.db, order_id)
    now = ports.clock.now()
    if row is None:
        raise no_such_order()
    if who.may(also) or _own(row, who, now):
        return row
    if access is not None and (await links(ports)).holds(order_id, access, now):
        return row
    raise no_such_order()


async def _found(db: Reader, order_id: str) -> Row | None:
    return await orders.for_reader(db, order_id) if is_order_id(order_id) else None


def _own(row: Row, who: Principal, now: datetime) -> bool:
    if who.user_id is not None and row["user_id"] == who.user_id:
        return True
    token_hash = hashed(who.cart_token)
    return token_hash is not None and row["token_hash"] == token_hash and now < row["placed_at"] + READABLE
