"""Too many at the door: what matters goes first, lines stay short, and the limit finds its place and comes back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.gateway.admission import Door, Overloaded, Priority, priority_of
from banyan.gateway.admission.door import TERMS
from banyan.gateway.admission.limit import LEAST, MOST, QUICK, WINDOW, Limit
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds


@pytest.mark.parametrize(
    ("asked", "priority"),
    [
        ("POST /v1/carts/crt_1/checkout", Priority.P0),
        ("POST /v1/sessions", Priority.P0),
        ("POST /v1/sessions/refresh", Priority.P0),
        ("POST /webhooks/testbank", Priority.P0),
        ("GET /.well-known/jwks.json", Priority.P0),
        ("POST /checkout/place", Priority.P0),
        ("POST /v1/carts", Priority.P1),
        ("PUT /v1/carts/crt_1/delivery", Priority.P1),
        ("GET /v1/me", Priority.P1),
        ("GET /v1/orders/ord_1", Priority.P1),
        ("GET /cart", Priority.P1),
        ("GET /v1/products", Priority.P2),
        ("HEAD /v1/search", Priority.P2),
        ("POST /graphql", Priority.P2),
        ("GET /", Priority.P2),
        ("GET /console/orders", Priority.P3),
        ("GET /v1/stock/SKU-1", Priority.P3),
        ("PATCH /v1/products/prd_1", Priority.P3),
        ("GET /openapi.json", Priority.P3),
    ],
)
def test_what_matters_is_told_from_what_can_wait(asked: str, priority: Priority) -> None:
    assert priority_of(*asked.split(" ")) is priority


@pytest.fixture
def door() -> Door:
    clock = SystemClock()
    made = Door(clock, SeededIds(clock, 1))
    made.limit.allowed = 10
    return made


class Guests:
    """Requests that stay inside until they are let go."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.inside: list[Priority] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.go = asyncio.Event()

    async def come(self, priority: Priority, count: int = 1) -> None:
        self.tasks += [asyncio.create_task(self._stay(priority)) for _ in range(count)]
        await _settle()

    async def _stay(self, priority: Priority) -> None:
        async with self.door.inside(priority, "test"):
            self.inside.append(priority)
            await self.go.wait()

    async def leave(self) -> list[BaseException | None]:
        self.go.set()
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_waits_while_there_is_room(door: Door) -> None:
    guests = Guests(door)
    await guests.come(Priority.P0, 10)
    assert (len(guests.inside), door.running, door.waiting()) == (10, 10, 0)
    assert not any(await guests.leave())
    assert door.running == 0


async def test_lesser_things_leave_room_for_greater_ones(door: Door) -> None:
    guests = Guests(door)
    for priority in reversed(Priority):
        await guests.come(priority, 20)
    counts = {priority: guests.inside.count(priority) for priority in Priority}
    assert counts == {Priority.P3: 3, Priority.P2: 5, Priority.P1: 1, Priority.P0: 1}
    await guests.leave()


async def test_who_matters_more_goes_first_whoever_came_before(door: Door) -> None:
    guests = Guests(door)
    await guests.come(Priority.P0, 10)
    await guests.come(Priority.P2, 3)
    await guests.come(Priority.P1, 3)
    await guests.come(Priority.P0, 3)
    assert not any(await guests.leave())
    assert guests.inside[10:] == [Priority.P0] * 3 + [Priority.P1] * 3 + [Priority.P2] * 3


async def test_who_finds_no_place_in_the_line_is_told_at_once_when_to_come_again(door: Door) -> None:
    guests = Guests(door)
    places = TERMS[Priority.P3].places
    await guests.come(Priority.P0, 10)
    await guests.come(Priority.P3, places + 5)
    told = [each.exception() for each in guests.tasks if each.done()]
    assert len(told) == 5
    assert all(isinstance(each, Overloaded) and 1 <= (each.retry_after or 0) <= 5 for each in told)
    assert len({each.retry_after for each in told if isinstance(each, Overloaded)}) == 5, "or all come back at once"
    await guests.leave()


async def test_nobody_waits_longer_than_his_patience(door: Door) -> None:
    guests = Guests(door)
    await guests.come(Priority.P0, 10)
    await guests.come(Priority.P3)
    async with asyncio.timeout(30):
        await asyncio.wait([guests.tasks[-1]])
    assert isinstance(guests.tasks[-1].exception(), Overloaded)
    assert door.waiting() == 0
    await guests.leave()


async def test_who_leaves_the_line_takes_nobodys_place(door: Door) -> None:
    guests = Guests(door)
    await guests.come(Priority.P0, 10)
    await guests.come(Priority.P0, 2)
    guests.tasks[10].cancel()
    await guests.leave()
    assert len(guests.inside) == 11
    assert (door.running, door.waiting()) == (0, 0)


async def test_a_request_that_fails_makes_room_as_well(door: Door) -> None:
    with pytest.raises(ValueError, match="oops"):
        async with door.inside(Priority.P0, "test"):
            raise ValueError("oops")
    assert door.running == 0


class Shop:
    """A shop of so many hands: each request takes `alone` seconds of a hand; more than hands at once wait for one."""

    def __init__(self, hands: int, alone: float) -> None:
        self.hands, self.alone = hands, alone
        self.limit = Limit(0.0)
        self.now = 0.0

    def serve(self, wanted: int, seconds: float) -> None:
        ends = self.now + seconds
        while self.now < ends:
            running = min(wanted, self.limit.allowed)
            took = self.alone * max(1.0, running / self.hands)
            self.limit.began(running)
            self.now += took
            for _ in range(running):
                self.limit.ended("test", took, self.now)


def test_under_more_than_it_can_do_the_limit_falls_until_requests_are_quick_enough() -> None:
    shop = Shop(hands=20, alone=0.05)
    shop.serve(5, 20)  # what it takes alone is learnt in quiet times
    shop.serve(10_000, 60)
    assert shop.alone * shop.limit.allowed / shop.hands < 2 * QUICK
    assert shop.limit.allowed >= shop.hands


def test_when_there_is_more_to_do_than_allowed_and_all_is_quick_the_limit_rises() -> None:
    shop = Shop(hands=5000, alone=0.01)
    shop.serve(10_000, 120)
    assert shop.limit.allowed == MOST


def test_a_quiet_shop_does_not_raise_its_limit_nor_lower_it() -> None:
    shop = Shop(hands=100, alone=0.02)
    first = shop.limit.allowed
    shop.serve(3, 60)
    assert shop.limit.allowed == first


def test_after_the_crowd_is_gone_everything_is_as_before() -> None:
    shop = Shop(hands=20, alone=0.05)
    shop.serve(5, 20)
    shop.serve(10_000, 120)
    crowded = shop.limit.allowed
    shop.hands = 200  # what slowed it down is over
    shop.serve(10_000, 30)
    assert shop.limit.allowed > 2 * crowded


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(0.0001, 20)), max_size=300))
def test_the_limit_never_leaves_its_bounds(seen: list[tuple[int, float]]) -> None:
    limit, now = Limit(0.0), 0.0
    for running, seconds in seen:
        limit.began(running)
        now += WINDOW / 8
        limit.ended("test", seconds, now)
        assert LEAST <= limit.allowed <= MOST
