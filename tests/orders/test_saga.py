"""An order always comes to an end, wherever a process dies, whatever is lost, and whoever else has a hand in it."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
import pytest

from banyan.contracts import Call
from banyan.contracts.inventory import HoldStock, ReleaseStock, SellStock
from banyan.contracts.payments import Authorize, CapturePayment, PaymentRefunded, PaymentState, VoidPayment
from banyan.foundation.auth import Principal
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Refusal
from banyan.orders import saga
from banyan.orders.actions.cancelling import cancel
from banyan.orders.actions.checkout import check_out
from banyan.orders.actions.placing import Means
from banyan.orders.app import LANES, service
from banyan.orders.reactions import REACTIONS
from banyan.orders.saga import steps
from tests.orders.crashing import Crash, bounded
from tests.orders.world import ANSWER_LOST, BUSY, LOST, REFUSED, Client, World, broken, eur, key, work

OUTSIDE: tuple[type[Call[Any]], ...] = (
    HoldStock,
    SellStock,
    ReleaseStock,
    Authorize,
    CapturePayment,
    VoidPayment,
)


async def order_by(ports: Ports, client: Client, token: str = "tok_ok") -> Answer:
    """A checkout on these ports; the key is the cart's, so that trying again is the same request."""
    who, cart_id = Principal(cart_token=client.token), client.cart.removeprefix("/v1/carts/")
    return await check_out(ports, who, cart_id, Means("testbank", token), key(cart_id))


async def statuses(world: World, client: Client) -> list[str]:
    rows = await world.ports.db.fetch(
        "SELECT status FROM order_view WHERE cart_id = $1", client.cart.removeprefix("/v1/carts/")
    )
    return [row["status"] for row in rows]


async def call_off(world: World, client: Client) -> None:
    """The shopper cancels what the cart became, if it is an order already and may still be cancelled."""
    cart_id = client.cart.removeprefix("/v1/carts/")
    for row in await world.ports.db.fetch("SELECT order_id FROM order_view WHERE cart_id = $1", cart_id):
        with suppress(Refusal):
            await cancel(world.ports, Principal(cart_token=client.token), row["order_id"], "", None)


async def all_is_well(world: World) -> None:
    """The invariants hold; goods and money are where each order says they are."""
    assert await broken(world.ports) == []
    rows = await world.ports.db.fetch("SELECT order_id, status, total, refunded FROM order_view")
    good = {
        row["order_id"]: row["total"] - row["refunded"] for row in rows if row["status"] in ("confirmed", "fulfilled")
    }
    assert set(world.room.sold) == set(good)
    assert world.room.orders == {}
    assert world.live_money() == good


@pytest.mark.parametrize(
    ("token", "units", "ends"),
    [("tok_ok", 5, "confirmed"), ("tok_declined", 5, "payment_failed"), ("tok_ok", 0, "rejected")],
)
async def test_a_crash_at_any_boundary_changes_nothing_of_how_it_ends(
    world: World, client: Client, clock: VirtualClock, token: str, units: int, ends: str
) -> None:
    async def whole(ports: Ports) -> None:
        await order_by(ports, client, token)
        while not await saga.lane(ports, next_lane="saga_2", idle=1):
            pass

    at = 0
    while True:
        at += 1
        world.room.stock["MUG"] = 5
        await client.fill(MUG=2)
        world.room.stock["MUG"] = units
        ports, _ = bounded(world.ports, at)
        try:
            await whole(ports)
        except Crash:
            pass
        else:
            break
        clock.advance(3)
        again = await order_by(world.ports, client, token)  # the shopper tries again
        await work(world)
        clock.advance(3)
        final = orjson.loads((await order_by(world.ports, client, token)).body)
        assert final["status"] == ends, at
        assert again.status in (201, 202)
        assert await statuses(world, client) == [ends]
        world.room.stock["MUG"] = 5
    assert at > (16 if ends == "confirmed" else 12)
    await all_is_well(world)


async def test_a_cancellation_at_any_boundary_wins_or_loses_but_never_both(world: World, client: Client) -> None:
    outcomes = set()
    at, crossed = 0, 99
    while at <= crossed:
        at += 1
        world.room.stock["MUG"] = 5
        await client.fill(MUG=2)

        ports, boundaries = bounded(world.ports, at, partial(call_off, world, client))
        await order_by(ports, client)
        while not await saga.lane(ports, next_lane="saga_2", idle=1):
            pass
        crossed = boundaries.seen
        await work(world)
        [status] = await statuses(world, client)
        outcomes.add(status)
        sold = [lines for order, lines in world.room.sold.items()]
        assert world.room.stock["MUG"] == (5 if status == "cancelled" else 3), at
        assert len(sold) == len([each for each in world.live_money().values() if each])
    assert outcomes == {"confirmed", "cancelled"}
    await all_is_well(world)


@pytest.mark.parametrize("seed", range(6))
async def test_random_trouble_ends_well(world: World, client: Client, clock: VirtualClock, seed: int) -> None:
    chance = SeededIds(clock, seed)
    for _ in range(8):
        world.room.stock["MUG"] += 2 - int(chance.fraction() * 2)
        world.room.stock["LAST"] = 1 if chance.fraction() < 0.5 else max(0, world.room.stock["LAST"])
        with suppress(AssertionError):  # sold out, and said so
            await client.fill(MUG=1, **({"LAST": 1} if chance.fraction() < 0.5 else {}))
        await client.deliver()
        for kind in OUTSIDE:
            world.fates[kind] = ["", LOST, ANSWER_LOST][: 1 + int(chance.fraction() * 3)] * int(chance.fraction() * 3)
        token = ("tok_ok", "tok_ok", "tok_declined", "tok_unknown", "tok_short")[int(chance.fraction() * 5)]
        world.bank.unsure = token == "tok_unknown"
        ports, _ = bounded(world.ports, 1 + int(chance.fraction() * 40))
        with suppress(Crash, Refusal):
            await order_by(ports, client, token)
            await saga.lane(ports, next_lane="saga_2", idle=1)
        if chance.fraction() < 0.3:
            await call_off(world, client)
        clock.advance(chance.fraction() * 20)
    world.bank.unsure = False
    world.fates.clear()
    await work(world)
    await all_is_well(world)


async def test_who_was_paused_too_long_cannot_write_any_more(world: World, client: Client, clock: VirtualClock) -> None:
    await client.fill(MUG=1)
    paused, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        paused.set()
        await go_on.wait()

    ports, _ = bounded(world.ports, "after HoldStock", pause)  # it was granted, and is not yet written down
    zombie = asyncio.create_task(order_by(ports, client))
    await paused.wait()
    clock.advance(steps.LEASE_SECONDS + 1)
    await work(world)
    facts = "SELECT count(*) FROM event"
    before = await world.ports.db.fetchval(facts)
    epochs = "SELECT max(epoch) FROM saga JOIN order_view USING (order_id) WHERE cart_id = $1"
    epoch = await world.ports.db.fetchval(epochs, client.cart.removeprefix("/v1/carts/"))
    go_on.set()
    answer = await zombie
    assert orjson.loads(answer.body)["status"] == "confirmed"  # it tells what the other one did
    assert await world.ports.db.fetchval(facts) == before
    assert await world.ports.db.fetchval(epochs, client.cart.removeprefix("/v1/carts/")) == epoch > 1
    await all_is_well(world)


async def test_a_capture_that_waits_does_not_hold_the_shopper(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    world.fates[CapturePayment] = [LOST] * 5
    status, order = await client.check_out()
    assert (status, order["status"]) == (201, "confirmed")
    await work(world)
    assert world.bank.payments[order["id"]].state is PaymentState.CAPTURED
    await all_is_well(world)


@pytest.mark.parametrize("strict", [False, True])
async def test_money_that_can_no_longer_be_taken_calls_the_order_off(
    world: World, client: Client, strict: bool
) -> None:
    world.bank.strict = strict
    await client.fill(MUG=1)
    _, order = await client.check_out()
    world.bank.change(order["id"], state=PaymentState.VOIDED)
    await work(world)
    _, order = await client.call("GET", f"/v1/orders/{order['id']}")
    world.bank.strict = False
    assert (order["status"], order["cancelled_reason"]) == ("cancelled", "payment_lost")
    await all_is_well(world)


@pytest.mark.parametrize("owner", ["inventory", "payments"])
async def test_an_outage_delays_and_loses_nothing(
    world: World, client: Client, clock: VirtualClock, owner: str
) -> None:
    await client.fill(MUG=1)
    world.away = {owner}
    assert (await client.check_out())[0] == 202
    for _ in range(30):
        await work(world, until_quiet=False)
        clock.advance(10)
    assert await statuses(world, client) == ["processing"]
    world.away = set()
    clock.advance(steps.LONGEST_WAIT)  # an order goes on within this time after the end of an outage
    await work(world, until_quiet=False)
    assert await statuses(world, client) == ["confirmed"]
    await work(world)
    await all_is_well(world)


@pytest.mark.parametrize(
    ("kind", "status"),
    [(HoldStock, "rejected"), (Authorize, "payment_failed"), (SellStock, "rejected"), (CapturePayment, "confirmed")],
)
async def test_busy_is_asked_again_and_no_is_no(
    world: World, client: Client, kind: type[Call[Any]], status: str
) -> None:
    await client.fill(MUG=1)
    world.fates[kind] = [BUSY, BUSY]
    await client.check_out()
    await work(world)
    assert await statuses(world, client) == ["confirmed"]
    await client.fill(MUG=1)
    world.fates[kind] = [BUSY, REFUSED]
    await client.check_out()
    await work(world)
    assert await statuses(world, client) == [status]
    reason = "SELECT shown->>'reason' FROM order_view WHERE cart_id = $1"
    said = await world.ports.db.fetchval(reason, client.cart.removeprefix("/v1/carts/"))
    assert said == (None if status == "confirmed" else "cannot_be")
    await all_is_well(world)


async def test_a_fact_told_meanwhile_is_taken_into_account(world: World, client: Client, clock: VirtualClock) -> None:
    await client.fill(MUG=1)
    _, order = await client.check_out()
    clock.advance(steps.LEASE_SECONDS + 1)  # another process finds it
    world.bank.change(order["id"], refunded=eur(1))

    async def refund() -> None:
        told = PaymentRefunded(
            payment_id="pay", order_id=order["id"], refund_id="rfd_1", amount=eur(1), refunded=eur(1)
        )
        async with world.ports.db.transaction() as tx:
            await REACTIONS[PaymentRefunded](world.ports, tx, told)

    ports, _ = bounded(world.ports, "after CapturePayment", refund)
    await saga.lane(ports, next_lane="saga_2", idle=1)
    _, story = await client.call("GET", f"/v1/orders/{order['id']}/events")
    assert [event["type"].removeprefix("orders.Order") for event in story["items"]][3:] == [
        "Confirmed",
        "Refunded",
        "PaymentCaptured",
    ]
    await all_is_well(world)


async def test_what_breaks_inside_this_process_is_no_plain_no(world: World, client: Client) -> None:
    await client.fill(MUG=1)
    whole = world.room.hold

    def breaks(call: HoldStock) -> Any:
        raise KeyError("a fault of ours")

    world.room.hold = breaks  # type: ignore[method-assign]
    world.settled()
    assert (await client.check_out())[0] == 202
    assert "KeyError" in await world.ports.db.fetchval("SELECT last_error FROM saga WHERE finished_at IS NULL")
    world.room.hold = whole  # type: ignore[method-assign]
    world.settled()
    await work(world)
    assert await statuses(world, client) == ["confirmed"]


def test_every_step_forward_has_one_that_gives_back() -> None:
    assert {step: steps.UNDONE_BY[step] in steps.COMPENSATION for step in steps.FORWARD} == dict.fromkeys(
        steps.FORWARD, True
    )
    assert set(steps.COMPENSATION) | set(steps.FORWARD) == set(steps.Step)


def test_waits_grow_spread_out_and_stay_short() -> None:
    waits = [steps.pause(attempt, 0.999) for attempt in range(40)]
    assert waits == sorted(waits)
    assert max(waits) <= steps.LONGEST_WAIT
    assert steps.pause(9, 0.0) == steps.LONGEST_WAIT / 2
    assert steps.CALL_SECONDS < steps.LEASE_SECONDS


def test_lanes_ring_each_other_in_a_circle() -> None:
    chores: dict[str, Any] = dict(service().chores)
    following: dict[str, str] = {lane: chores[lane].keywords["next_lane"] for lane in LANES}
    assert set(following.values()) == set(LANES)
    assert min(LANES.values()) + steps.LEASE_SECONDS < 10  # an order whose process died goes on by then
    assert all(lane != follower for lane, follower in following.items())
