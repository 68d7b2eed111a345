"""Writes while their group changes hands: held, counted, released to the new owner, and none of them lost or doubled."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from banyan.foundation.peers import Peers
from banyan.gateway.legacy.gates import Gates
from banyan.gateway.legacy.lease import Lease
from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.refusals import Moving
from tests.gateway.legacy.conftest import CART_ADD, PRODUCT, House, Mover, OpenHouse


@pytest.fixture(scope="module")
async def house(open_house: OpenHouse) -> House:
    return await open_house()


class Shoppers:
    """They write all the time and keep a book of what was acknowledged to them."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.acknowledged: list[bytes] = []
        self.errors: list[str] = []
        self._number = 0
        self._stop = False

    async def shop(self, http: aiohttp.ClientSession) -> None:
        while not self._stop:
            self._number += 1
            body = b"write %d" % self._number
            answer = await http.post(self.origin + CART_ADD, data=body)
            if answer.status == 200:
                self.acknowledged.append(body)
            else:
                self.errors.append(await answer.text())
            await asyncio.sleep(0.02)

    def stop(self) -> None:
        self._stop = True


async def _turn(house: House, owner: str, epoch: int) -> None:
    """A cutover as the mover does it: hold, wait for everybody, pass the ownership on, release."""
    house.mover.steer(orders={"holding": True, "changing": True, "epoch": epoch})
    await house.mover.until_held("orders", epoch)
    assert house.old.running == 0
    house.mover.steer(orders={"holding": False, "changing": False, "epoch": epoch + 1, "owner": owner})


async def test_ten_changes_of_owner_under_writes_lose_nothing_and_nobody_sees_an_error(
    house: House, http: aiohttp.ClientSession
) -> None:
    house.old.seconds = 0.03
    shoppers = Shoppers(house.origin)
    running = [asyncio.create_task(shoppers.shop(http)) for _ in range(8)]
    for turn in range(10):
        await asyncio.sleep(0.1)
        await _turn(house, "new" if turn % 2 == 0 else "legacy", 10 + 10 * turn)
    await asyncio.sleep(0.1)
    shoppers.stop()
    await asyncio.gather(*running)
    assert shoppers.errors == []
    arrived = house.old.bodies + house.new.bodies
    assert sorted(arrived) == sorted(shoppers.acknowledged)
    assert len(house.new.bodies) > 5


async def test_reads_go_on_while_writes_wait(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(orders={"holding": True, "epoch": 300})
    await house.mover.until_held("orders", 300)
    waiting = asyncio.create_task(http.post(house.origin + CART_ADD, data=b"x"))
    assert (await http.get(house.origin + PRODUCT)).status == 200
    await asyncio.sleep(0.1)
    assert not waiting.done()
    house.mover.steer(orders={"holding": False, "epoch": 301})
    assert (await waiting).status == 200


async def test_a_hold_is_not_acknowledged_while_a_write_is_under_way(house: House, http: aiohttp.ClientSession) -> None:
    house.mover.steer(orders={"owner": "legacy", "epoch": 400})
    await house.mover.until_heard()
    house.old.seconds = 0.3
    slow = asyncio.create_task(http.post(house.origin + CART_ADD, data=b"slow"))
    while not house.old.running:
        await asyncio.sleep(0.005)
    house.mover.steer(orders={"holding": True, "epoch": 401})
    await house.mover.until_heard()
    assert house.old.running
    assert "orders" not in house.mover.renewals[-1].held
    assert (await slow).status == 200
    await house.mover.until_held("orders", 401)
    house.mover.steer(orders={"holding": False, "epoch": 402})
    await house.mover.until_heard()
    house.old.seconds = 0.0


async def test_with_the_mover_away_a_lease_runs_out_and_only_what_was_changing_hands_waits(
    open_house: OpenHouse, http: aiohttp.ClientSession
) -> None:
    house = await open_house(orders={"changing": True})
    house.mover.lease_seconds = 0.3
    house.mover.steer(users={"epoch": 2})
    await house.mover.until_heard()
    assert (await http.post(house.origin + CART_ADD, data=b"1")).status == 200
    house.mover.away = True
    assert house.gateway.crossing is not None
    async with asyncio.timeout(30):
        while not house.gateway.crossing.lease.over:
            await asyncio.sleep(0.02)
    held = asyncio.create_task(http.post(house.origin + CART_ADD, data=b"2"))
    assert (await http.post(f"{house.origin}/index.php?route=account/edit", data=b"3")).status == 200
    assert (await http.get(house.origin + PRODUCT)).status == 200
    assert not held.done()
    house.mover.away = False
    assert (await held).status == 200
    assert sorted(house.old.bodies) == [b"1", b"2", b"3"]


async def test_a_gateway_that_never_heard_of_the_mover_shows_the_legacy_shop_and_sends_no_write(
    open_house: OpenHouse, http: aiohttp.ClientSession
) -> None:
    house = await open_house(away=True)
    assert "legacy" in await (await http.get(house.origin + PRODUCT)).text()
    held = asyncio.create_task(http.post(house.origin + CART_ADD, data=b"x"))
    await asyncio.sleep(0.2)
    assert (held.done(), house.old.bodies) == (False, [])
    house.mover.away = False
    assert (await held).status == 200
    assert house.old.bodies == [b"x"]


# ---- the queue's bounds ------------------------------------------------------------------------------------------


async def test_beyond_its_places_or_its_seconds_a_write_is_refused_and_nothing_was_sent() -> None:
    gates = Gates(lambda _: True, places=2, seconds=0.2)
    done: list[str] = []

    async def write() -> None:
        async with gates.through("orders"):
            done.append("sent")

    first = [asyncio.create_task(write()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Moving) as full:
        await write()
    assert (full.value.code, full.value.retry_after) == ("moving", 1)
    assert [type(each) for each in await asyncio.gather(*first, return_exceptions=True)] == [Moving] * 2
    assert (done, gates.waiting, gates.in_flight["orders"]) == ([], 0, 0)


async def test_a_write_that_is_given_up_leaves_its_place_in_the_queue() -> None:
    gates = Gates(lambda _: True, places=1, seconds=5)

    async def write() -> None:
        async with gates.through("orders"):
            raise AssertionError("the gate was closed")

    given_up = asyncio.create_task(write())
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert gates.waiting == 0


async def test_a_gate_tells_how_long_the_slowest_write_takes_and_each_answer_once() -> None:
    gates = Gates(lambda _: False)
    leave = asyncio.Event()

    async def write(group: str) -> None:
        async with gates.through(group):
            await leave.wait()

    async with gates.through("users"):
        await asyncio.sleep(0.05)
    long = asyncio.create_task(write("orders"))
    await asyncio.sleep(0)  # it begins
    await asyncio.sleep(0.03)
    told = gates.slowest()
    assert told["users"] >= 0.05
    assert told["orders"] >= 0.03
    assert gates.slowest().keys() == {"orders"}
    leave.set()
    await long
    assert gates.slowest()["orders"] >= told["orders"]
    assert gates.slowest() == {}


async def test_only_gates_that_are_open_let_their_writes_through() -> None:
    closed = {"orders", "users"}
    gates = Gates(closed.__contains__, seconds=5)
    done: list[str] = []

    async def write(group: str) -> None:
        async with gates.through(group):
            done.append(group)

    waiting = [asyncio.create_task(write(group)) for group in ("orders", "users", "catalog")]
    await asyncio.sleep(0.01)
    assert done == ["catalog"]
    closed.discard("orders")
    gates.look_again()
    await asyncio.sleep(0.01)
    assert done == ["catalog", "orders"]
    closed.clear()
    gates.look_again()
    await asyncio.gather(*waiting)


# ---- the lease ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    peers = Peers({}, clock=SystemClock())
    yield peers
    await peers.close()


async def test_a_lease_is_counted_from_before_it_was_asked_for(peers: Peers) -> None:
    from banyan.contracts.moving import Renew, Steering
    from banyan.foundation.peers import Local

    clock, mover = VirtualClock(), Mover()
    mover.steer(orders={})

    async def slowly(_: object, call: Renew) -> Steering:
        clock.advance(1.5)
        return await mover.renew(_, call)

    peers.add("move", Local(object(), {Renew: slowly}, None))  # type: ignore[arg-type]
    lease = Lease(peers, clock, "wrk_1")
    await lease._try(0.0)
    assert not lease.over
    clock.advance(0.49)
    assert not lease.over
    clock.advance(0.01)
    assert lease.over


async def test_beats_rise_and_a_worker_that_ends_says_so(peers: Peers) -> None:
    from banyan.contracts.moving import Renew
    from banyan.foundation.peers import Local

    mover = Mover()
    mover.steer(orders={})
    peers.add("move", Local(object(), {Renew: mover.renew}, None))  # type: ignore[arg-type]
    lease = Lease(peers, SystemClock(), "wrk_1")
    await lease.start()
    mover.steer(orders={"epoch": 2})
    await mover.until_heard()
    await lease.close()
    beats = [each.beat for each in mover.renewals]
    assert beats == sorted(set(beats))
    assert mover.renewals[-1].leaving
