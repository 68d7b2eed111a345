"""Facts are only added, in order, sealed; the view is what they come to; and each invariant notices when it is broken."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from banyan.contracts.orders import OrderCancelled, OrderPaymentFailed, OrderRejected
from banyan.foundation.db import Db, Tx
from banyan.orders.actions.rebuild import rebuild
from banyan.orders.domain.order import Illegal
from banyan.orders.invariants import INVARIANTS
from banyan.orders.storage import events
from tests.orders.conftest import OpenWorld
from tests.orders.world import Client, World, broken, work


@pytest.fixture(scope="module")
async def stage(open_world: OpenWorld, world: World) -> World:
    """Three orders: sent, given back after a refusal, not paid."""
    for token, units in (("tok_ok", 5), ("tok_ok", 0), ("tok_declined", 5)):
        client = Client(world)
        world.room.stock["MUG"] = 5
        await client.fill(MUG=1)
        world.room.stock["MUG"] = units
        await client.check_out(token)
        await work(world)
    return world


@pytest.fixture
async def placed(stage: World) -> str:
    client = Client(stage)
    stage.room.stock["MUG"] = 5
    await client.fill(MUG=1)
    _, order = await client.check_out()
    return str(order["id"])


async def test_a_fact_is_appended_after_the_version_it_was_decided_on(stage: World, placed: str) -> None:
    db, ids = stage.ports.db, stage.ports.ids
    order = await events.load(db, placed)
    assert order is not None
    called_off = OrderCancelled(order_id=placed, reason="", by="guest")
    async with db.transaction() as tx:
        await events.append(tx, ids, order, [called_off])
    with pytest.raises(events.VersionTaken):
        async with db.transaction() as tx:
            await events.append(tx, ids, order, [called_off])
    with pytest.raises(Illegal):
        async with db.transaction() as tx:
            await events.append(tx, ids, await events.load(tx, placed), [OrderRejected(order_id=placed, reason="")])
    assert await db.fetchval("SELECT status FROM order_view WHERE order_id = $1", placed) == "cancelled"
    async with db.transaction() as tx:
        await tx.execute("UPDATE saga SET step = 'release', epoch = epoch + 1 WHERE order_id = $1", placed)
    await work(stage)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET data = '{}' WHERE version = 1",
        "DELETE FROM event",
        "TRUNCATE event",
        """INSERT INTO event (stream, version, id, type, key, data)
           SELECT stream, 99, 'evt', type, key, data FROM event LIMIT 1""",
        "INSERT INTO event (stream, version, id, type, key, data) VALUES ('a', 1, 'evt', 'x', 'b', '{}')",
        "UPDATE order_view SET total = total + 1",
        "UPDATE order_view SET refunded = total + 1",
        "UPDATE saga SET next_at = now()",
        "UPDATE saga SET token = 'tok'",
        'INSERT INTO saga SELECT (jsonb_populate_record(saga, \'{"order_id": "x"}\')).* FROM saga LIMIT 1',
    ],
)
async def test_the_database_itself_refuses(stage: World, sql: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with stage.ports.db.transaction() as tx:
            await tx.execute(sql)
    assert await broken(stage.ports) == []


async def test_a_cart_cannot_have_two_living_orders(stage: World, placed: str) -> None:
    order = await events.load(stage.ports.db, placed)
    assert order is not None
    twin = order.placed.model_copy(update={"order_id": stage.ports.ids.new("ord"), "number": "B-TWIN"})
    with pytest.raises(events.OrderedAlready):
        async with stage.ports.db.transaction() as tx:
            await events.append(tx, stage.ports.ids, None, [twin])
    failed = OrderPaymentFailed(order_id=twin.order_id, reason="")
    async with rolled_back(stage.ports.db) as tx:  # one that came to nothing is no obstacle
        await events.append(tx, stage.ports.ids, None, [twin, failed])


async def test_the_view_rebuilt_from_the_facts_is_the_view(stage: World) -> None:
    db = stage.ports.db
    made = await rebuild(db)
    assert made.orders == await db.fetchval("SELECT count(*) FROM order_view") > 2
    assert (made.wrong, made.repaired) == ((), False)


async def test_a_view_that_lies_is_found_and_repaired(stage: World, placed: str) -> None:
    db = stage.ports.db
    before = await db.fetchrow("SELECT * FROM order_view WHERE order_id = $1", placed)
    async with db.transaction() as tx:
        await tx.execute("UPDATE order_view SET shown = '{}', email = 'x' WHERE order_id = $1", placed)
    assert (await rebuild(db)).wrong == (placed,)
    assert (await rebuild(db, repair=True)).repaired
    assert await db.fetchrow("SELECT * FROM order_view WHERE order_id = $1", placed) == before
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM order_view WHERE order_id = $1", placed)
    assert (await rebuild(db, repair=True)).wrong == (placed,)
    assert (await rebuild(db)).wrong == ()


# ---- every invariant is proven able to fail ---------------------------------------------------------------------------

_FORGED = """
INSERT INTO event (stream, version, id, type, key, data) SELECT stream, version + 1, 'forged', $2, key, data
FROM event WHERE stream = $1 ORDER BY version DESC LIMIT 1"""
_LATER = "set_config('banyan.now', (shop_now() + interval '{}')::text, true)"

Break = Callable[[Tx, str], Awaitable[object]]


def sql(*statements: str) -> Break:
    async def run(tx: Tx, order_id: str) -> None:
        await tx.execute("ALTER TABLE event DISABLE TRIGGER USER")
        await tx.execute("ALTER TABLE order_view DROP CONSTRAINT IF EXISTS order_view_check")
        for statement in statements:
            given = [order_id] if "$1" in statement else []
            await tx.execute(statement, *given)

    return run


async def forged(tx: Tx, order_id: str) -> None:
    await tx.execute(_FORGED, order_id, "orders.OrderRejected")


async def many(tx: Tx, order_id: str) -> None:
    await tx.execute(
        """INSERT INTO event (stream, version, id, type, key, data)
           SELECT 'ord_' || n, 1, 'evt_' || n, 'orders.OrderPlaced', 'ord_' || n,
                  jsonb_build_object('number', 'B-Z' || 1000 - n) FROM generate_series(1, 210) AS n"""
    )


BREAKS: dict[str, Break] = {
    "each order's facts are numbered 1, 2, 3 … without a gap": sql(
        "DELETE FROM event WHERE stream = $1 AND version = 2"
    ),
    "no fact was changed: each one's hash seals it and all before it": sql(
        'UPDATE event SET data = data || \'{"number": "B-OTHER"}\' WHERE stream = $1 AND version = 1'
    ),
    "each order is in the view exactly once, at its last version and with the status its facts come to": sql(
        "DELETE FROM order_view WHERE order_id = $1"
    ),
    "every order a shopper was told of is there": sql(
        """INSERT INTO idempotency (scope, key, fingerprint, status, body, running_until)
           VALUES ('guest POST /v1/carts/crt_1/checkout', 'k', '', 201, '{"id": "ord_lost"}', shop_now())"""
    ),
    "what is charged is what the lines come to: Σ lines − discount + shipping (+ tax where it is not included)": sql(
        "UPDATE order_view SET subtotal = subtotal + 1, total = total + 1 WHERE order_id = $1"
    ),
    "an order that was taken over has the amounts that the legacy shop last told": sql(
        """UPDATE event SET type = 'orders.OrderTakenOver', data = jsonb_build_object('record', data)
           WHERE stream = $1 AND version = 1""",
        "UPDATE order_view SET taken = true WHERE order_id = $1",
    ),
    "an order only moves as NEXT allows": forged,
    "order numbers are unique": sql(
        "UPDATE event SET data = jsonb_set(data, '{number}', (SELECT to_jsonb(number) FROM order_view LIMIT 1))"
        " WHERE version = 1"
    ),
    "order numbers rise, but for orders placed in the same moment": many,
    "a saga that is not finished has a timer, and none is overdue by 15 minutes": sql(
        "UPDATE saga SET next_at = shop_now() - interval '16 minutes', finished_at = NULL WHERE order_id = $1"
    ),
    "an order that is being processed has a saga under way": sql(
        "UPDATE order_view SET status = 'processing'",
        "UPDATE saga SET next_at = NULL, claimed = false, finished_at = shop_now()",
    ),
    "an order that came to nothing gave back all it took, or is about to": sql(
        "UPDATE order_view SET compensated = false WHERE status = 'payment_failed'"
    ),
    "only an order that came to nothing is given back": sql(
        "UPDATE order_view SET compensated = true WHERE order_id = $1"
    ),
    "a cart whose order came to nothing can be ordered again": sql("UPDATE cart SET status = 'ordered'"),
    "what is sealed stands nowhere in the open, and of an order whose key is destroyed nothing can be opened": sql(
        "UPDATE order_key SET wrapped = NULL, destroyed_at = shop_now() WHERE order_id = $1"
    ),
    "a payment's token is forgotten once it was used": sql(
        "ALTER TABLE saga DROP CONSTRAINT saga_check", "UPDATE saga SET token = 'tok' WHERE step = 'void'"
    ),
}


@pytest.mark.parametrize("promise", [each.promise for each in INVARIANTS])
async def test_each_invariant_notices_when_it_is_broken(stage: World, placed: str, promise: str) -> None:
    [invariant] = [each for each in INVARIANTS if each.promise == promise]
    async with rolled_back(stage.ports.db) as tx:
        assert await tx.fetch(invariant.sql) == []
        await BREAKS[promise](tx, placed)
        assert await tx.fetch(invariant.sql)
    assert await broken(stage.ports) == []


@asynccontextmanager
async def rolled_back(db: Db) -> AsyncIterator[Tx]:
    class _Undo(Exception):
        pass

    try:
        async with db.transaction() as tx:
            yield tx
            raise _Undo
    except _Undo:
        pass
