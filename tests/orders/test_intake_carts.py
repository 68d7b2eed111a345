"""Carts of a legacy shop are there for whoever had them, at our prices; and they go back as they came."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import CartRecord, CartsTouched
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Invalid
from tests.orders.conftest import OpenWorld
from tests.orders.legacy import cart, handed, number, take, taken
from tests.orders.world import Client, World, broken, work

OLD, BRIEF = "ct_old-session-0123456789", "ct_brief-session-0123456789"


@pytest.fixture(scope="module")
async def world(open_world: OpenWorld, clock: VirtualClock) -> World:
    world = await open_world(clock=clock, checkout_seconds=2)
    world.sells("CAP", 500, 10)
    return world


async def test_a_cart_is_there_for_its_user_and_for_its_token_at_todays_prices(world: World) -> None:
    mine, guests = (
        cart(number(), user="usr_cat", MUG=2, CAP=1),
        cart(number(), user=None, token=OLD.removeprefix("ct_"), BOOK=1),
    )
    await taken(world, mine, guests)
    status, shown = await Client(world, user=world.user("cat")).call("GET", "/v1/carts/current")
    assert status == 200
    assert [(each["sku"], each["quantity"], each["unit_price"]["amount"]) for each in shown["lines"]] == [
        ("MUG", 2, 1290), ("CAP", 1, 500),
    ]  # fmt: skip
    guest = Client(world, token=OLD)
    assert (await guest.call("GET", f"/v1/carts/{guests.id}"))[1]["lines"][0]["sku"] == "BOOK"
    kept = await world.ports.db.fetchval("SELECT count(*) FROM taken WHERE kept::text LIKE '%old-session%'")
    assert kept == 0


async def test_a_newer_cart_replaces_what_is_in_it_and_an_order_can_be_made_of_it(world: World) -> None:
    first = cart(number(), 1, user="usr_dan", MUG=2, CAP=1)
    second = cart(number(), 2, user="usr_dan", MUG=5, BOOK=1).model_copy(update={"id": first.id})
    await taken(world, first)
    dan = Client(world, user=world.user("dan"))
    before = (await dan.call("GET", "/v1/carts/current"))[1]
    await taken(world, second)
    after = (await dan.call("GET", "/v1/carts/current"))[1]
    assert [(each["sku"], each["quantity"]) for each in after["lines"]] == [("MUG", 5), ("BOOK", 1)]
    assert after["lines"][0]["id"] == before["lines"][0]["id"]
    assert after["version"] > before["version"]
    dan.cart = f"/v1/carts/{first.id}"
    await dan.deliver()
    assert (await dan.check_out())[0] == 201
    third = cart(0, 3, user="usr_dan", CAP=1).model_copy(update={"id": first.id})
    assert (await handed(world, "cart", first.id))[first.id].lines == ()
    await taken(world, third)  # the cart of an order stays the order's
    current = (await dan.call("GET", "/v1/carts/current"))[1]
    assert ([each["sku"] for each in current["lines"]], current["id"] != first.id) == (["CAP"], True)
    assert (await handed(world, "cart", first.id))[first.id] == third
    await work(world)
    assert await broken(world.ports) == []


async def test_a_cart_waits_for_what_the_catalogue_does_not_know_yet(world: World) -> None:
    early, fine = cart(number(), NEW=1), cart(number(), user="usr_eve", MUG=1)
    fates = await take(world, early, fine)
    assert [fate.outcome for fate in fates] == ["waits", "taken"]
    assert fates[0].why == "the catalogue does not know NEW yet"
    world.away.add("catalog")
    assert [fate.outcome for fate in await take(world, early, cart(number(), user="usr_fay"))] == ["waits", "taken"]
    world.away.clear()
    world.sells("NEW", 100, 1)
    await taken(world, early)


async def test_carts_of_nobody_and_of_anothers_token_are_refused(world: World) -> None:
    await taken(world, cart(number(), user=None, token="t1"))
    fates = await take(
        world, cart(number(), user=None), cart(number(), user=None, token="t1"), cart(number(), user="usr_gus", MUG=1),
        CartRecord(id="crt_1", version=1, user_id="usr_gus"),
    )  # fmt: skip
    assert [fate.outcome for fate in fates] == ["refused", "refused", "taken", "refused"]
    assert "nobody" in fates[0].why
    assert "another cart" in fates[1].why


async def test_a_cart_that_is_gone_there_is_gone_here(world: World) -> None:
    record = cart(number(), 1, user=None, token=BRIEF, MUG=1)
    await taken(world, record)
    removed = CartRecord(id=record.id, version=2, token=BRIEF, removed=True)
    await taken(world, removed)
    assert (await Client(world, token=BRIEF).call("GET", f"/v1/carts/{record.id}"))[0] == 404
    assert (await handed(world, "cart", record.id))[record.id] == removed.model_copy(update={"token": None})
    assert [fate.outcome for fate in await take(world, record)] == ["stale"]


async def test_carts_that_were_touched_here_are_told_so_that_none_is_missed(world: World, clock: VirtualClock) -> None:
    clock.advance(3600)
    began = clock.now()
    record = cart(number(), user="usr_hal", MUG=1)
    await taken(world, record)
    fresh = []
    for _ in range(5):
        clock.advance(120)
        guest = Client(world)
        await guest.fill(MUG=1)
        fresh.append(guest.cart.rpartition("/")[2])
    found: list[str] = []
    since = began
    for _ in range(10):
        told = await world.shop.peers.ask(CartsTouched(since=since, most=3))
        found, since = [*found, *told.ids], told.until
    assert list(dict.fromkeys(found)) == [record.id, *fresh]
    for most in (0, 10**6):
        with pytest.raises(Invalid):
            await world.shop.peers.ask(CartsTouched(since=since, most=most))


@given(st.lists(st.tuples(st.sampled_from(["MUG", "BOOK", "CAP"]), st.integers(-2, 2000)), max_size=5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_an_untouched_cart_goes_back_as_it_came(world: World, lines: list[tuple[str, int]]) -> None:
    record = cart(number(), 4, user="usr_any")
    record = CartRecord.model_validate(
        {**record.model_dump(), "lines": [{"sku": sku, "quantity": units} for sku, units in lines]}
    )
    await taken(world, record)
    assert (await handed(world, "cart", record.id))[record.id] == record
