"""What shoppers do to their carts at the same time is done together, and each is told what they would be told alone."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.kernel.refusals import Conflict, NotFound, Refusal
from banyan.orders.actions import carts as opening
from banyan.orders.actions.editing import Edit, edit_many
from banyan.orders.actions.lines import out_of_stock
from banyan.orders.actions.reaching import Reach, reach_many
from banyan.orders.domain.cart import Cart, CartShown, Line, NewCart
from banyan.orders.domain.cart import World as Said
from banyan.orders.domain.filling import added, with_quantity
from banyan.orders.storage import carts
from tests.orders.conftest import OpenWorld
from tests.orders.test_carts import add, opened, put
from tests.orders.world import ADDRESS, Client, World, counted

Change = Callable[[Cart], tuple[Cart, int]]
SKUS = ("MUG", "BOOK")


@pytest.fixture(scope="module")
async def quick(open_world: OpenWorld) -> World:
    """By the machine's clock, as a shop runs: a virtual one makes a transaction of each read."""
    return await open_world()


def of_orders(statements: list[str]) -> list[str]:
    return [each.split(maxsplit=1)[0] for each in statements]


async def test_an_add_is_a_read_and_a_write(quick: World) -> None:
    client = await opened(quick)
    await add(client, "BOOK", 1)
    with counted() as statements:
        assert (await add(client, "MUG", 1))[0] == 201
    assert of_orders(statements) == ["SELECT", "WITH"]
    with counted() as statements:
        assert (await add(client, "MUG", 1, idempotency_key="k"))[0] == 200
    assert of_orders(statements) == ["SELECT", "SELECT", "BEGIN", "WITH", "INSERT", "COMMIT"]


async def test_the_way_to_the_checkout_is_a_read_and_a_write_each(quick: World) -> None:
    client = Client(quick)
    with counted() as statements:
        _, cart = await client.call("POST", "/v1/carts", {}, idempotency_key=quick.ports.ids.new("key"))
        client.token, client.cart = cart["token"], f"/v1/carts/{cart['id']}"
    assert of_orders(statements) == ["BEGIN", "INSERT", "INSERT", "COMMIT"]
    await add(client, "MUG", 1)
    with counted() as statements:
        await client.call("GET", f"{client.cart}/shipping-options")
        await client.deliver()
        await client.call("GET", client.cart)
    assert of_orders(statements) == ["SELECT", "SELECT", "WITH", "SELECT"]


async def test_twenty_adds_at_once_are_a_few_rounds(quick: World) -> None:
    clients = [await opened(quick) for _ in range(20)]
    with counted() as statements:
        got = await asyncio.gather(*(add(client, "MUG", 1, idempotency_key="k") for client in clients))
    assert [status for status, _ in got] == [201] * 20
    assert len(statements) <= 14, statements
    with counted() as statements:
        got = await asyncio.gather(*(add(client, "MUG", 1) for client in clients))
    assert [(status, cart["lines"][0]["quantity"]) for status, cart in got] == [(200, 2)] * 20
    assert len(statements) <= 6, statements


async def test_twenty_carts_at_once_are_a_few_rounds(quick: World) -> None:
    clients = [Client(quick) for _ in range(20)]
    with counted() as statements:
        got = await asyncio.gather(
            *(
                client.call("POST", "/v1/carts", {}, idempotency_key=f"a key that nobody guesses {number}")
                for number, client in enumerate(clients)
            )
        )
    assert len(statements) <= 8, statements
    assert len({cart["token"] for _, cart in got} | {cart["id"] for _, cart in got}) == 40
    for client, (status, cart) in zip(clients, got, strict=True):
        client.token, client.cart = cart["token"], f"/v1/carts/{cart['id']}"
        assert (status, (await client.call("GET", client.cart))[0]) == (201, 200)


async def test_an_answer_is_what_the_description_says_byte_for_byte(world: World, client: Client) -> None:
    client = await opened(world, world.user("bytes"))
    assert (await client.call("POST", "/v1/carts", {}))[0] == 201
    made = await raw(client, "POST", "/v1/carts", {})
    assert NewCart.model_validate_json(made).model_dump_json().encode() == made
    await add(client, "MUG", 2)
    await client.deliver()
    world.sells("MUG", 1300, 1)
    changed = await raw(client, "GET", client.cart)
    world.sells("MUG", 1290, 100)
    assert len(orjson.loads(changed)["changes"]) == 2
    for got in (changed, await raw(client, "POST", f"{client.cart}/lines", {"sku": "BOOK", "quantity": 1})):
        assert CartShown.model_validate_json(got).model_dump_json().encode() == got


async def raw(client: Client, method: str, path: str, body: Any = None) -> bytes:
    from banyan.foundation import loopback

    local = client.world.shop.peers.local("orders")
    assert local is not None
    headers = {"content-type": "application/json", "authorization": client.user}
    sent = b"" if body is None else orjson.dumps(body)
    return (await loopback.request(local.app, method, path, headers=headers, body=sent)).body


async def test_of_many_at_once_each_is_told_its_own(world: World, client: Client) -> None:
    one, two = await opened(world), await opened(world)
    stranger = Client(world, token=two.token, cart=one.cart)
    world.room.stock["BOOK"] = 3
    got = await asyncio.gather(
        *(add(one, "MUG", 1) for _ in range(20)),
        *(add(two, "BOOK", 1) for _ in range(5)),
        *(add(one, "NOTHING", 1) for _ in range(3)),
        *(add(stranger, "MUG", 1) for _ in range(3)),
        *(add(one, "MUG", 1, if_match='"77"') for _ in range(3)),
        *(put(two, {"email": "a@b.de", "address": ADDRESS, "shipping_option": "drone"}) for _ in range(3)),
    )
    assert sorted(status for status, _ in got[:20]) == [200] * 19 + [201]
    assert sorted(status for status, _ in got[20:25]) == [200, 200, 201, 409, 409]
    assert [refused["code"] for _, refused in got[25:34]] == [
        *["unknown_sku"] * 3, *["no_such_cart"] * 3, *["stale"] * 3
    ]  # fmt: skip
    assert {refused["code"] for _, refused in got[34:]} <= {"unknown_shipping_option", "cart_empty"}
    assert sorted(cart["version"] for _, cart in got[:20]) == list(range(2, 22))
    for shopper, expected in ((one, {"MUG": 20}), (two, {"BOOK": 3})):
        _, cart = await shopper.call("GET", shopper.cart)
        assert {line["sku"]: line["quantity"] for line in cart["lines"]} == expected


async def test_of_equal_keys_at_once_one_has_its_effect(world: World, client: Client) -> None:
    client = await opened(world)
    got = await asyncio.gather(
        *(add(client, "MUG", 2, idempotency_key="same") for _ in range(10)),
        *(add(client, "MUG", 3, idempotency_key="same") for _ in range(3)),
    )
    answered = [cart for status, cart in got if status in (200, 201)]
    assert {orjson.dumps(cart) for cart in answered} == {orjson.dumps(answered[0])}
    assert {refused["code"] for status, refused in got if status >= 400} <= {"in_flight", "key_reused"}
    _, cart = await client.call("GET", client.cart)
    assert [line["quantity"] for line in cart["lines"]] == [answered[0]["lines"][0]["quantity"]]


async def test_equal_keys_of_one_round_are_told_the_same(world: World, client: Client) -> None:
    client = await opened(world)
    cart = await kept(world, client)
    key, other = Key.of("test", "equal", b"a"), Key.of("test", "equal", b"b")
    told = await edit_many(
        world.ports, [Asked(Edit(cart, said(world), adding(world, "MUG", 1), each)) for each in (key, key, other)]
    )
    assert isinstance(told[0], Answer)
    assert isinstance(told[1], Answer)
    assert isinstance(told[2], Refusal)
    assert (told[1].body, told[1].replayed, told[2].code) == (told[0].body, True, "key_reused")


async def test_a_line_may_go_and_come_back_in_one_round(world: World, client: Client) -> None:
    client = await opened(world)
    await add(client, "MUG", 5)
    cart = await kept(world, client)
    changes = [putting("MUG", 0), adding(world, "MUG", 2), putting("MUG", 3)]
    told = await edit_many(world.ports, [Asked(Edit(cart, said(world), change)) for change in changes])
    assert [each.status for each in told if isinstance(each, Answer)] == [200, 201, 200]
    after = await kept(world, client)
    assert [(line.sku, line.quantity) for line in after.lines] == [("MUG", 3)]
    assert (after.version, after.lines[0].id != cart.lines[0].id) == (cart.version + 3, True)


async def test_a_cart_that_was_forgotten_meanwhile_is_told_so(world: World, client: Client) -> None:
    client = await opened(world)
    cart = await kept(world, client)
    await world.ports.db.execute("DELETE FROM cart WHERE id = $1", cart.id)
    (told,) = await edit_many(world.ports, [Asked(Edit(cart, said(world), adding(world, "MUG", 1)))])
    assert isinstance(told, Conflict)
    assert told.code == "cart_changed"


async def test_two_processes_write_the_same_carts_at_once_and_nothing_is_lost(
    open_world: OpenWorld,
) -> None:
    here = await open_world()
    clients = [await opened(here) for _ in range(6)]

    async def one_process(turn: int) -> int:
        """Its own rounds: what it read may be old by the time it writes."""
        mine, done = clients[turn % 6 :] + clients[: turn % 6], 0
        for number in range(8):
            read = await reach_many(here.ports, [Asked(Reach(who(each), each.cart[-30:])) for each in mine])
            edits = [
                Edit(cart, said(here), adding(here, "MUG", 1), Key.of(str(turn), f"{number}-{cart.id}", b""))
                for cart in read
                if isinstance(cart, Cart)
            ]
            told = await edit_many(here.ports, [Asked(edit) for edit in edits])
            done += sum(isinstance(each, Answer) for each in told)
        return done

    assert sum(await asyncio.gather(*map(one_process, range(3)))) == 3 * 8 * 6
    for client in clients:
        cart = await kept(here, client)
        assert ([line.quantity for line in cart.lines], cart.version) == ([24], 25)


async def test_the_same_new_cart_wanted_by_two_processes_at_once_is_one(open_world: OpenWorld) -> None:
    here = await open_world()
    key = here.ports.ids.new("key")
    wanted = [
        opening.open_many(here.ports, [Asked(an_opening(here, key)), Asked(an_opening(here, f"{turn} own"))])
        for turn in range(6)
    ]
    told = [each for both in await asyncio.gather(*wanted) for each in both]
    made = {orjson.loads(each.body)["cart"]["id"] for each in told if isinstance(each, Answer)}
    assert all(isinstance(each, Answer) or (isinstance(each, Refusal) and each.code == "in_flight") for each in told)
    assert len(made) == 7 == await here.ports.db.fetchval("SELECT count(*) FROM cart")


def an_opening(world: World, key: str) -> opening.Opening:
    token_hash = world.ports.ids.secret(32)
    empty = opening.empty(world.ports, world.ports.ids.new("crt"), None, token_hash, "EUR")
    return opening.Opening(empty, "", Key.of("guest", key, b""))


WISH = st.tuples(
    st.integers(0, 1),  # which cart
    st.sampled_from(["add", "put"]),
    st.sampled_from(SKUS),
    st.integers(0, 4),
    st.sampled_from([None, None, None, '"2"', '"4"']),
    st.booleans(),  # with a key
)


async def test_a_round_is_its_edits_one_after_another(world: World, client: Client) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None)
    @given(st.lists(WISH, max_size=12), st.booleans())
    def compare(wishes: list[Any], disturbed: bool) -> None:
        asyncio.run_coroutine_threadsafe(both_ways(world, wishes, disturbed), loop).result(60)

    await asyncio.to_thread(compare)


async def both_ways(world: World, wishes: list[Any], disturbed: bool) -> None:
    world.room.stock |= {"MUG": 7, "BOOK": 2}
    round_of, alone = [[await opened(world) for _ in range(2)] for _ in range(2)]
    for first in (round_of[0], alone[0]):
        await add(first, "MUG", 1)
    read = [await kept(world, each) for each in round_of]
    if disturbed:  # what is only refused may be told as of when it was read: no versions are asked for then
        wishes = [(*wish[:4], None, wish[5]) for wish in wishes]
        for cart in (read[0], await kept(world, alone[0])):
            await world.ports.db.execute("UPDATE cart SET version = version + 1 WHERE id = $1", cart.id)
    together = await edit_many(world.ports, [Asked(edit(world, wish, read[wish[0]])) for wish in wishes])
    one_by_one = []
    for wish in wishes:
        one_by_one += await edit_many(world.ports, [Asked(edit(world, wish, await kept(world, alone[wish[0]])))])
    assert [summed(each) for each in together] == [summed(each) for each in one_by_one]
    for left, right in zip(round_of, alone, strict=True):
        assert state(await kept(world, left)) == state(await kept(world, right))


def edit(world: World, wish: Any, cart: Cart) -> Edit:
    _, kind, sku, units, if_match, keyed = wish
    change = adding(world, sku, units + 1) if kind == "add" else putting(sku, units)
    key = Key.of("test", world.ports.ids.new("key"), b"") if keyed else None
    return Edit(cart, said(world), change, key, if_match)


def adding(world: World, sku: str, units: int) -> Change:
    new_id, item, room = world.ports.ids.new("lin"), world.items[sku], said(world).room(sku)

    def change(cart: Cart) -> tuple[Cart, int]:
        after = added(cart, Line(new_id, sku, units, item), room)
        if after is None:
            raise out_of_stock(sku, room)
        return after, 201 if len(after.lines) > len(cart.lines) else 200

    return change


def putting(sku: str, units: int) -> Change:
    def change(cart: Cart) -> tuple[Cart, int]:
        line_id = next((line.id for line in cart.lines if line.sku == sku), "")
        after = with_quantity(cart, line_id, units)
        if after is None:
            raise NotFound("no line", code="no_such_line")
        return after, 200

    return change


def said(world: World) -> Said:
    from banyan.contracts.inventory import StockLevel

    levels = {sku: StockLevel(sku=sku, available=world.room.stock[sku]) for sku in SKUS}
    return Said(frozenset(SKUS), dict(world.items), levels)


def who(client: Client) -> Any:
    from banyan.foundation.auth import Principal

    return Principal(cart_token=client.token)


async def kept(world: World, client: Client) -> Cart:
    cart = await carts.load(world.ports.db, client.cart[-30:])
    assert cart is not None
    return cart


def state(cart: Cart) -> Any:
    return cart.version, cart.seen_total, [(line.sku, line.quantity, line.seen) for line in cart.lines]


def summed(told: Answer | Exception) -> Any:
    """An answer without its ids and times."""
    if not isinstance(told, Answer):
        assert isinstance(told, Refusal)
        return told.code
    cart = orjson.loads(told.body)
    return told.status, cart["version"], cart["total"], [(line["sku"], line["quantity"]) for line in cart["lines"]]
