"""Many orders at once: placed, or moved on, each round in one statement. Who does not take part is told apart by it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from banyan.contracts import Event
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import KEEP, Answer, Key, kept
from banyan.kernel.ids import Ids
from banyan.orders.domain.cart import Cart
from banyan.orders.domain.order import Order
from banyan.orders.domain.personal import Seal
from banyan.orders.domain.upcast import shape
from banyan.orders.storage import Reader
from banyan.orders.storage.carts import KEPT
from banyan.orders.storage.events import COLUMNS, TYPES, OrderedAlready, VersionTaken, as_kept, view_of
from banyan.orders.storage.sagas import PlacedAlready

_CLOSE = """
UPDATE cart SET status = 'ordered', version = cart.version + 1, expires_at = greatest(expires_at, shop_now() + $4)
FROM unnest($1::text[], $2::bigint[], $3::text[]) AS wished (id, version, placement)
WHERE cart.id = wished.id AND cart.version = wished.version AND cart.status = 'open'
    AND NOT EXISTS (SELECT FROM saga WHERE saga.placement = wished.placement)
RETURNING cart.id, nextval('order_number') AS serial"""

# $1 … $7: facts; the rest is said where they are used.
_FACTS = """
INSERT INTO event (stream, version, id, type, schema, key, data, traceparent)
SELECT fact.stream, fact.version, fact.id, fact.type, fact.schema, fact.stream, fact.data, fact.trace
FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::jsonb[], $7::text[])
     WITH ORDINALITY AS fact (stream, version, id, type, schema, data, trace, place)"""
_PLACE = f"""
WITH told AS ({_FACTS} ORDER BY fact.place),
begun AS (
    INSERT INTO saga (order_id, placement, step, claimed, next_at, deadline_at, provider, token)
    SELECT order_id, placement, 'hold', true, shop_now() + make_interval(secs => $8),
        shop_now() + make_interval(secs => $9), provider, token
    FROM unnest($10::text[], $11::text[], $12::text[], $13::text[]) AS begun (order_id, placement, provider, token)),
keyed AS (INSERT INTO order_key (order_id, wrapped) SELECT * FROM unnest($10::text[], $14::bytea[]) ON CONFLICT DO NOTHING)
INSERT INTO order_view ({", ".join(COLUMNS)})
SELECT * FROM unnest({", ".join(f"${place}::{kind}[]" for place, kind in enumerate(TYPES, 15))})"""
_TOLD = """(
    SELECT told.* FROM unnest($25::text[], $26::text[], $27::text[], $28::bytea[], $29::integer[], $30::bytea[])
        AS told (order_id, scope, key, fingerprint, status, body) JOIN moved USING (order_id)) AS told"""
# A saga that somebody else holds by now is not among the moved, and nothing of what is wished for it happens.
_MOVE = f"""
WITH moved AS (
    UPDATE saga SET
        step = wished.step,
        attempt = wished.attempt,
        last_error = wished.error,
        claimed = wished.claimed,
        next_at = shop_now() + make_interval(secs => wished.seconds),  -- never, for one that is finished
        token = CASE WHEN wished.seconds IS NOT NULL AND wished.step IN ('hold', 'authorize') THEN token END,
        finished_at = CASE WHEN wished.seconds IS NULL THEN shop_now() END
    FROM unnest($8::text[], $9::bigint[], $10::text[], $11::float8[], $12::boolean[], $13::integer[], $14::text[])
        AS wished (order_id, epoch, step, seconds, claimed, attempt, error)
    WHERE saga.order_id = wished.order_id AND saga.epoch = wished.epoch AND finished_at IS NULL
    RETURNING saga.order_id),
told AS ({_FACTS} JOIN moved ON moved.order_id = fact.stream ORDER BY fact.place),
seen AS (
    UPDATE order_view SET version = now.version, status = now.status, payment_status = now.payment_status,
        compensated = now.compensated, refunded = now.refunded, shown = now.shown
    FROM unnest($15::text[], $16::integer[], $17::text[], $18::text[], $19::boolean[], $20::bigint[], $21::jsonb[])
        AS now (order_id, version, status, payment_status, compensated, refunded, shown)
    JOIN moved USING (order_id) WHERE order_view.order_id = now.order_id),
owed AS (
    INSERT INTO mail_due (id, order_id, kind)
    SELECT order_id || ':confirmed', order_id, 'confirmed' FROM moved WHERE order_id = ANY($22)
    ON CONFLICT DO NOTHING),
opened AS (
    UPDATE cart SET status = 'open', version = version + 1, touched_at = shop_now()
    FROM unnest($23::text[], $24::text[]) AS ended (cart_id, order_id) JOIN moved USING (order_id)
    WHERE cart.id = ended.cart_id AND cart.status = 'ordered' AND NOT cart.one_click),
answered AS ({KEEP.format(told=_TOLD)})
SELECT order_id FROM moved"""


@dataclass(frozen=True, slots=True)
class New:
    """An order that is placed: its first fact, and what its saga begins with."""

    order: Order
    placement: str
    provider: str
    token: str
    trace: str


@dataclass(frozen=True, slots=True)
class Stride:
    """What becomes of a saga, under the epoch of whoever took its steps.

    It goes on with `step` after `seconds` (None: it is finished, and that was its last), and is `claimed` until then.
    `facts` come after `before` and make it `order`; `mail` and `reopen` are what becomes true with them, and `kept` the
    answer to the request that they settle, unless it was told another before.
    """

    before: Order
    epoch: int
    step: str
    seconds: float | None
    claimed: bool = False
    attempt: int = 0
    error: str | None = None
    facts: tuple[Event, ...] = ()
    order: Order | None = None
    shown: dict[str, Any] | None = None  # the order as its readers get it, where that is known already
    mail: bool = False
    reopen: bool = False
    kept: tuple[Key, Answer] | None = None
    trace: str = field(default="")


async def close_carts(tx: Tx, wished: Sequence[tuple[Cart, str]]) -> dict[str, int]:
    """Close these carts for an order each, where they are as they were read and its placement is new: serials by cart."""
    wished = sorted(wished, key=lambda each: each[0].id)  # no two rounds wait crosswise
    rows = await tx.fetch(
        _CLOSE,
        [cart.id for cart, _ in wished],
        [cart.version for cart, _ in wished],
        [placement for _, placement in wished],
        2 * KEPT,
    )
    return {row["id"]: row["serial"] for row in rows}


async def placed_by(db: Reader, placements: Collection[str]) -> dict[str, str]:
    """The orders that were placed with these keys, by placement."""
    rows = await db.fetch("SELECT placement, order_id FROM saga WHERE placement = ANY($1)", list(placements))
    return {row["placement"]: row["order_id"] for row in rows}


async def place(tx: Tx, ids: Ids, new: Sequence[New], *, lease: float, limit: float) -> None:
    """Record these orders and begin their sagas, claimed (epoch 1) for `lease` seconds by whoever places them.

    All or none: PlacedAlready, OrderedAlready or VersionTaken when one of them cannot be.
    """
    facts = _facts(ids, ((each.order.id, 0, (each.order.placed,), each.trace, each.order.seal) for each in new))
    views = zip(*(view_of(each.order) for each in new), strict=True)
    try:
        await tx.execute(
            _PLACE,
            *facts,
            lease,
            limit,
            [each.order.id for each in new],
            [each.placement for each in new],
            [each.provider for each in new],
            [each.token for each in new],
            [each.order.seal.wrapped if each.order.seal else None for each in new],
            *(list(column) for column in views),
        )
    except asyncpg.UniqueViolationError as taken:
        match taken.constraint_name:
            case "saga_placement_key":
                raise PlacedAlready from None
            case "one_order_per_cart":
                raise OrderedAlready from None
            case "event_pkey":
                raise VersionTaken("an order with this id was made in this moment") from None
        raise


async def move(db: Reader, ids: Ids, strides: Sequence[Stride]) -> set[str]:
    """Take these strides, at most one of an order, in one statement; the orders whose saga was still held under its epoch.

    VersionTaken (and nothing done) when something else became true of one of them meanwhile.
    """
    strides = sorted(strides, key=lambda each: each.before.id)  # no two rounds wait crosswise
    told = [(each, each.order) for each in strides if each.order is not None]
    facts = _facts(
        ids, ((each.before.id, each.before.version, each.facts, each.trace, order.seal) for each, order in told)
    )
    views = [view_of(order, each.shown) for each, order in told]
    ended = [each for each in strides if each.reopen]
    settled = [(each.before.id, each.kept) for each in strides if each.kept is not None]
    try:
        rows = await db.fetch(
            _MOVE,
            *facts,
            *_columns((_saga(each) for each in strides), 7),
            *_columns(((order.id, *_changing(view)) for (_, order), view in zip(told, views, strict=True)), 7),
            [each.before.id for each in strides if each.mail],
            [each.before.placed.cart_id for each in ended],
            [each.before.id for each in ended],
            [order_id for order_id, _ in settled],
            *kept([told for _, told in settled]),
        )
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name != "event_pkey":
            raise
        raise VersionTaken("something else became true meanwhile") from None
    return {row["order_id"] for row in rows}


def _facts(ids: Ids, told: Iterable[tuple[str, int, tuple[Event, ...], str, Seal | None]]) -> list[list[Any]]:
    """Columns of `_FACTS`, from streams, the version each is at, the facts that follow, their trace, and their seal."""
    rows = (
        (stream, at, ids.new("evt"), fact.TYPE, shape(fact.TYPE), as_kept(fact, seal), trace)
        for stream, version, facts, trace, seal in told
        for at, fact in enumerate(facts, version + 1)
    )
    return _columns(rows, 7)


def _saga(stride: Stride) -> tuple[Any, ...]:
    s = stride
    return s.before.id, s.epoch, s.step, s.seconds, s.claimed, s.attempt, s.error


_CHANGING = ("version", "status", "payment_status", "compensated", "refunded", "shown")
_CHANGES = [COLUMNS.index(name) for name in _CHANGING]


def _changing(view: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a fact of our own changes in an order's view."""
    return tuple(view[place] for place in _CHANGES)


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as columns; as many empty ones for no rows at all."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
