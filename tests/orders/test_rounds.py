"""Many orders at once: each ends as it would have alone, at a fraction of the statements."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.orders import OrderCancelled, OrderRejected, OrderStatus
from banyan.contracts.payments import CapturePayment
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.db import Db
from banyan.foundation.gathering import Asked, Gatherings
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Conflict
from banyan.orders import saga
from banyan.orders.actions.checkout import check_out
from banyan.orders.actions.mailing import send_due
from banyan.orders.actions.placing import Means
from banyan.orders.domain.order import Order, fold
from banyan.orders.saga import committing, steps
from banyan.orders.storage import events, sagas
from banyan.orders.storage.rounds import Stride
from tests.orders.conftest import OpenWorld
from tests.orders.test_saga import all_is_well
from tests.orders.world import LOST, Client, World, broken, counted, key, work


async def filled(world: World, count: int, **wanted: int) -> list[Client]:
    """So many shoppers at the checkout."""
    clients = [Client(world) for _ in range(count)]
    for client in clients:
        await client.fill(**(wanted or {"MUG": 1}))
    return clients


def other_process(world: World) -> Ports:
    """The same database, reached from a process with rounds of its own."""
    ports = world.ports
    db = Db(ports.db._pool, clock=ports.clock, ids=ports.ids)
    db.subjects = ports.db.subjects
    return replace(ports, db=db, gatherings=Gatherings())


async def ordered(ports: Ports, client: Client, token: str = "tok_ok", text: str = "") -> Answer | Conflict:
    who, cart_id = Principal(cart_token=client.token), client.cart.removeprefix("/v1/carts/")
    try:
        return await check_out(ports, who, cart_id, Means("testbank", token), key(text or cart_id))
    except Conflict as refusal:
        return refusal


async def statuses(world: World) -> Counter[str]:
    rows = await world.ports.db.fetch("SELECT status, count(*) AS n FROM order_view GROUP BY status")
    return Counter({row["status"]: row["n"] for row in rows})


async def test_twenty_at_once_cost_little_more_statements_than_one(open_world: OpenWorld) -> None:
    world = await open_world()
    clients = await filled(world, 24)
    await clients[0].check_out()
    await asyncio.gather(*(client.check_out() for client in clients[1:4]))
    with counted() as statements:
        answers = await asyncio.gather(*(client.check_out() for client in clients[4:]))
    assert Counter(order["status"] for _, order in answers) == {"confirmed": 20}
    print(f"twenty checkouts: {len(statements)} statements, {statements.count('COMMIT')} transactions")
    assert len(statements) <= 60, statements
    with counted() as statements:
        await work(world)
    print(f"and after them: {len(statements)} statements, {statements.count('COMMIT')} transactions")
    assert len(statements) <= 30, statements
    await all_is_well(world)


async def test_each_of_many_at_once_has_an_end_of_its_own(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(clock=clock)
    world.room.stock |= {"MUG": 100, "LAST": 5}
    few, poor, fine = [
        await filled(world, count, **want)
        for count, want in ((5, {"LAST": 1}), (10, {"MUG": 1}), (30, {"MUG": 1, "BOOK": 1}))
    ]
    world.room.stock["LAST"] = 3
    said = await asyncio.gather(
        *(client.check_out() for client in few),
        *(client.check_out("tok_declined") for client in poor),
        *(client.check_out() for client in fine),
    )
    assert {status for status, _ in said} == {201}
    assert Counter(order["status"] for _, order in said) == {"rejected": 2, "payment_failed": 10, "confirmed": 33}
    again = await asyncio.gather(*(client.check_out() for client in poor))  # their carts are open
    assert Counter(order["status"] for _, order in again) == {"confirmed": 10}
    await work(world)
    await all_is_well(world)


async def test_who_is_refused_for_want_of_stock_costs_no_further_calls(open_world: OpenWorld) -> None:
    world = await open_world()
    clients = await filled(world, 21, LAST=1)
    world.asked.clear()
    said = await asyncio.gather(*(client.check_out() for client in clients))
    assert Counter(order["status"] for _, order in said) == {"confirmed": 1, "rejected": 20}
    assert world.asked == {"AskItems": 21, "HoldStock": 21, "Authorize": 1, "SellStock": 1}
    assert await world.ports.db.fetchval("SELECT count(*) FROM saga WHERE finished_at IS NULL") == 1
    assert [each["status"] for each in await asyncio.gather(*(see(client) for client in clients))].count("open") == 20
    assert await broken(world.ports) == []


async def see(client: Client) -> dict[str, Any]:
    return dict((await client.call("GET", client.cart))[1])


async def test_two_processes_with_the_same_carts_and_keys_place_each_order_once(
    open_world: OpenWorld, clock: VirtualClock
) -> None:
    world = await open_world(clock=clock)
    here, there = world.ports, other_process(world)
    clients = await filled(world, 30)
    said = await asyncio.gather(
        *(
            ordered(ports, client, text=text)
            for client in clients
            for ports, text in (
                (here, ""),
                (there, ""),
                (there, f"{client.cart} other"),
                (here, f"{client.cart} third"),
            )
        )
    )
    assert (await statuses(world)).total() == 30
    codes = Counter(each.code for each in said if isinstance(each, Conflict))
    assert set(codes) <= {"in_flight", "already_ordered"}
    assert sum(isinstance(each, Answer) for each in said) >= 30
    for ports in (here, there):
        while not await saga.lane(ports, next_lane="saga_2", idle=1):
            pass
    await work(world)
    assert await statuses(world) == {"confirmed": 30}
    await all_is_well(world)


async def test_of_one_cart_in_one_round_one_order_is_placed_and_the_others_are_told(open_world: OpenWorld) -> None:
    world = await open_world()
    [client] = await filled(world, 1)
    said = await asyncio.gather(*(ordered(world.ports, client, text=f"{client.cart} {n}") for n in range(20)))
    told = [each for each in said if isinstance(each, Conflict)]
    assert {each.code for each in told} == {"already_ordered"}
    assert len(told) == 19
    assert (await statuses(world)).total() == 1
    kept = await world.ports.db.fetchval("SELECT count(*) FROM idempotency WHERE status IS NULL")
    assert kept == 0  # who was refused may use the key again


async def placed(world: World, count: int) -> list[Order]:
    """Orders that are processed and in nobody's hands for now."""
    clients = await filled(world, count)
    world.away = {"inventory"}
    for client in clients:
        await client.check_out()
    world.away.clear()
    rows = await world.ports.db.fetch("SELECT order_id FROM saga WHERE finished_at IS NULL ORDER BY order_id")
    return list((await events.load_many(world.ports.db, [row["order_id"] for row in rows])).values())


def rejecting(order: Order, epoch: int) -> Stride:
    fact = OrderRejected(order_id=order.id, reason="test")
    return Stride(order, epoch, "release", 0.0, facts=(fact,), order=fold([fact], order))


async def test_in_a_round_only_who_holds_the_epoch_writes(open_world: OpenWorld, clock: VirtualClock) -> None:
    world = await open_world(clock=clock, checkout_seconds=1)
    one, two, three = await placed(world, 3)
    clock.advance(steps.LONGEST_WAIT)
    async with world.ports.db.transaction() as tx:
        [row] = await sagas.claim(tx, two.id, 8.0, 1)
    wishes = [rejecting(one, 1), rejecting(two, row["epoch"] - 1), rejecting(two, row["epoch"]), rejecting(three, 9)]
    said = await committing.commit_many(world.ports, [Asked(wish) for wish in wishes])
    assert said == [True, False, True, False]
    assert await statuses(world) == {"rejected": 2, "processing": 1}
    await work(world)
    assert await broken(world.ports) == []


async def test_an_answer_is_kept_with_what_it_tells_of_unless_another_was_told_or_somebody_else_has_the_order(
    open_world: OpenWorld, clock: VirtualClock
) -> None:
    world = await open_world(clock=clock, checkout_seconds=1)
    orders, db = await placed(world, 3), world.ports.db
    clock.advance(steps.LONGEST_WAIT)
    keys = [Key.of("ada", each.id, b"") for each in orders]
    async with db.transaction() as tx:
        await idempotency.keep(tx, keys[1], Answer(202, b"before"))
    strides = [
        replace(rejecting(order, 1 + (place == 2)), kept=(key, Answer(201, b"now")))
        for place, (order, key) in enumerate(zip(orders, keys, strict=True))
    ]
    assert await committing.commit_many(world.ports, [Asked(each) for each in strides]) == [True, True, False]
    told = [each and (each.status, each.body) for each in await idempotency.look_many(db, keys)]  # type: ignore[union-attr]
    assert told == [(201, b"now"), (202, b"before"), None]


async def test_one_order_that_changed_meanwhile_spoils_nobody_elses_round(
    open_world: OpenWorld, clock: VirtualClock
) -> None:
    world = await open_world(clock=clock, checkout_seconds=1)
    one, two, three = await placed(world, 3)
    async with world.ports.db.transaction() as tx:  # as nobody should: without the saga's leave
        await events.append(tx, world.ports.ids, two, [OrderCancelled(order_id=two.id, reason="", by="shop")])
    said = await asyncio.gather(
        *(world.ports.together(committing.commit_many, rejecting(each, 1)) for each in (one, two, three)),
        return_exceptions=True,
    )
    assert said[0] is said[2] is True
    assert isinstance(said[1], events.VersionTaken)
    assert await statuses(world) == {"rejected": 2, "cancelled": 1}


async def test_what_a_process_left_for_later_is_found_by_others_when_it_dies(
    open_world: OpenWorld, clock: VirtualClock
) -> None:
    world = await open_world(clock=clock)
    dead = other_process(world)
    clients = await filled(world, 5)
    said = await asyncio.gather(*(ordered(dead, client) for client in clients))
    assert all(isinstance(each, Answer) and each.status == 201 for each in said)
    assert world.asked[CapturePayment.__name__] == 0
    await work(world, until_quiet=False)
    assert world.asked[CapturePayment.__name__] == 0  # somebody has them in hands, as far as anybody knows
    clock.advance(steps.LEASE_SECONDS)
    world.fates[CapturePayment] = [LOST]
    await work(world)
    assert await statuses(world) == {"confirmed": 5}
    await all_is_well(world)


async def test_mails_of_many_orders_go_out_together_and_a_bad_one_alone_stays(open_world: OpenWorld) -> None:
    world = await open_world()
    clients = await filled(world, 12)
    await asyncio.gather(*(client.check_out() for client in clients))
    async with world.ports.db.transaction() as tx:
        bad = await tx.fetchval(
            """UPDATE order_view SET shown = jsonb_set(shown - 'personal', '{email}', '"a@b.example\\nBcc: c@d.example"')
               WHERE order_id = (SELECT min(order_id) FROM order_view) RETURNING order_id"""
        )
    with pytest.raises(ValueError, match="one line"):
        await send_due(world.ports)
    assert len(list((world.shop.settings.data_dir / "mail").glob("ord_*.eml"))) >= 11
    rows = await world.ports.db.fetch("SELECT order_id, attempt FROM mail_due")
    assert [tuple(row) for row in rows] == [(bad, 1)]


_TOKENS = st.sampled_from(["tok_ok", "tok_ok", "tok_declined", "tok_short"])
_BUYERS = st.lists(st.tuples(_TOKENS, st.sampled_from(["MUG", "LAST"]), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(buyers=_BUYERS, units=st.integers(0, 4))
async def test_a_round_ends_as_single_ones_in_some_order(
    world: World, client: Client, buyers: list[tuple[str, str, bool]], units: int
) -> None:
    world.room.stock |= {"MUG": 100, "LAST": 50}
    carts = [Client(world) for _ in buyers]
    for each, (_, sku, _) in zip(carts, buyers, strict=True):
        await each.fill(**{sku: 1})
    world.room.stock["LAST"] = units
    tries = [
        ordered(world.ports, each, token)
        for each, (token, _, twice) in zip(carts, buyers, strict=True)
        for _ in range(1 + twice)
    ]
    said = await asyncio.gather(*tries)
    await work(world)
    rows = {
        row["cart_id"]: row["status"] for row in await world.ports.db.fetch("SELECT cart_id, status FROM order_view")
    }
    ends = [rows[each.cart.removeprefix("/v1/carts/")] for each in carts]
    for (token, sku, _), end in zip(buyers, ends, strict=True):
        good = {OrderStatus.CONFIRMED} if token == "tok_ok" else {OrderStatus.PAYMENT_FAILED}
        assert end in good | ({OrderStatus.REJECTED} if sku == "LAST" else set())
    takers = sum(end == OrderStatus.CONFIRMED for (_, sku, _), end in zip(buyers, ends, strict=True) if sku == "LAST")
    wanted = sum(token == "tok_ok" and sku == "LAST" for token, sku, _ in buyers)
    assert takers <= min(units, wanted)
    assert world.room.stock["LAST"] == units - takers
    assert {each.code for each in said if isinstance(each, Conflict)} <= {"in_flight"}
    await all_is_well(world)
