"""A cart is its shopper's alone, shows today's prices and stock, and goes along at sign-in."""

import asyncio
from typing import Any

import pytest

from tests.orders.conftest import OpenWorld
from tests.orders.world import ADDRESS, Client, World, eur


async def opened(world: World, user: str = "") -> Client:
    client = Client(world, user=user)
    status, cart = await client.call("POST", "/v1/carts", {})
    assert status == 201
    client.token, client.cart = cart["token"] or "", f"/v1/carts/{cart['id']}"
    return client


async def add(client: Client, sku: str, quantity: Any = 1, **more: str) -> tuple[int, Any]:
    return await client.call("POST", f"{client.cart}/lines", {"sku": sku, "quantity": quantity}, **more)


async def test_a_guest_gets_a_token_once_of_which_only_the_hash_is_kept(world: World) -> None:
    client = await opened(world)
    assert client.token.startswith("ct_")
    cookie = client.headers["set-cookie"]
    assert cookie == f"banyan_cart={client.token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"
    _, cart = await client.call("GET", client.cart)
    assert "token" not in cart
    kept = "SELECT count(*) FROM cart WHERE cart::text LIKE '%' || $1 || '%'"
    assert await world.ports.db.fetchval(kept, client.token) == 0


async def test_behind_https_the_cookie_is_secure(open_world: OpenWorld) -> None:
    client = await opened(await open_world(origin="https://shop.example"))
    assert client.headers["set-cookie"].startswith("__Host-banyan_cart=ct_")
    assert client.headers["set-cookie"].endswith("; Secure")


async def test_making_a_cart_can_be_tried_again_with_a_key_that_nobody_guesses(world: World) -> None:
    client = Client(world)
    sure = world.ports.ids.new("key")
    _, first = await client.call("POST", "/v1/carts", {}, idempotency_key=sure)
    status, again = await client.call("POST", "/v1/carts", {}, idempotency_key=sure)
    assert (status, again) == (201, first)
    assert client.headers["idempotent-replayed"] == "true"
    assert first["token"] in client.headers["set-cookie"]
    kept = "SELECT count(*) FROM idempotency WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%'"
    assert await world.ports.db.fetchval(kept, first["token"]) == 0
    guessed = [(await client.call("POST", "/v1/carts", {}, idempotency_key="1"))[1]["id"] for _ in range(2)]
    assert guessed[0] != guessed[1]  # another guest's cart is not handed over for a key like this


async def test_nobody_else_reaches_a_cart(world: World) -> None:
    client, other = await opened(world), await opened(world)
    member = await opened(world, world.user("ada"))
    strangers = [Client(world), Client(world, token=other.token), Client(world, user=world.user("eve", "orders:read"))]
    for owner, mine in ((client, client.cart), (member, member.cart)):
        assert (await owner.call("GET", mine))[0] == 200
        for stranger in strangers:
            for method, path, body in (
                ("GET", "", None),
                ("GET", "/shipping-options", None),
                ("POST", "/lines", {"sku": "MUG", "quantity": 1}),
                ("PATCH", "/lines/lin_x", {"quantity": 1}),
                ("DELETE", "/lines/lin_x", None),
                ("PUT", "/delivery", {"email": "a@b.de", "address": ADDRESS, "shipping_option": "standard"}),
            ):
                status, refused = await stranger.call(method, mine + path, body)
                assert (status, refused["code"]) == (404, "no_such_cart"), (method, path)
    assert (await Client(world).call("GET", "/v1/carts/crt_" + "0" * 26))[1]["code"] == "no_such_cart"


async def test_lines_are_added_changed_and_removed(world: World, client: Client) -> None:
    client = await opened(world)
    status, cart = await add(client, "MUG", 2)
    assert (status, cart["subtotal"]["amount"], cart["estimated"]) == (201, 2580, True)
    status, cart = await add(client, "MUG", 3.0)  # JSON knows one kind of number
    assert (status, [line["quantity"] for line in cart["lines"]]) == (200, [5])
    line = f"{client.cart}/lines/{cart['lines'][0]['id']}"
    status, cart = await client.call("PATCH", line, {"quantity": 1})
    assert (status, cart["total"]["amount"], cart["tax"]["amount"]) == (200, 1290, 206)
    assert client.headers["etag"] == f'"{cart["version"]}"'
    assert (await client.call("PATCH", line, {"quantity": 2}, if_match=client.headers["etag"]))[0] == 200
    assert (await client.call("PATCH", line, {"quantity": 1}, if_match='"1"'))[0] == 412
    status, cart = await client.call("PATCH", line, {"quantity": 0})
    assert (status, cart["lines"]) == (200, [])
    assert (await client.call("DELETE", line))[1]["code"] == "no_such_line"


async def test_adding_with_a_key_adds_once(world: World, client: Client) -> None:
    client = await opened(world)
    answers = [await add(client, "MUG", 2, idempotency_key="k") for _ in range(3)]
    assert {status for status, _ in answers} == {201}
    assert (await client.call("GET", client.cart))[1]["lines"][0]["quantity"] == 2
    assert (await add(client, "MUG", 3, idempotency_key="k"))[1]["code"] == "key_reused"


@pytest.mark.parametrize(
    ("sku", "quantity", "status", "code"),
    [
        ("NOTHING", 1, 422, "unknown_sku"),
        ("MUG", -1, 422, "invalid"),
        ("MUG", 0, 422, "invalid"),
        ("MUG", 1.5, 422, "invalid"),
        ("MUG", "2", 422, "invalid"),
        ("MUG", True, 422, "invalid"),
        ("MUG", 2**63, 422, "invalid"),
        ("MUG", 1000, 422, "invalid"),
        ("MUG", 101, 409, "out_of_stock"),
        ("\0", 1, 422, "invalid"),
        ("", 1, 422, "invalid"),
        ("x" * 65, 1, 422, "invalid"),
    ],
)
async def test_what_cannot_be_added_is_refused_and_changes_nothing(
    world: World, client: Client, sku: str, quantity: Any, status: int, code: str
) -> None:
    client = await opened(world)
    got, refused = await add(client, sku, quantity)
    assert (got, refused["code"]) == (status, code)
    assert (await client.call("GET", client.cart))[1]["lines"] == []


async def test_no_more_than_there_are_however_they_are_added(world: World, client: Client) -> None:
    client = await opened(world)
    world.room.stock["BOOK"] = 3
    assert (await add(client, "BOOK", 2))[0] == 201
    status, refused = await add(client, "BOOK", 2)
    assert (status, refused["code"], refused["available"], refused["sku"]) == (409, "out_of_stock", 3, "BOOK")
    _, cart = await client.call("GET", client.cart)
    line = f"{client.cart}/lines/{cart['lines'][0]['id']}"
    assert (await client.call("PATCH", line, {"quantity": 4}))[1]["code"] == "out_of_stock"
    assert (await client.call("PATCH", line, {"quantity": 3}))[0] == 200
    world.room.stock["BOOK"] = 1
    assert (await client.call("PATCH", line, {"quantity": 2}))[0] == 200  # fewer is always possible


async def test_a_look_says_what_changed_and_then_it_is_known(world: World, client: Client) -> None:
    client = await opened(world)
    for sku, quantity in (("MUG", 2), ("BOOK", 5), ("LAST", 1)):
        await add(client, sku, quantity)
    world.sells("MUG", 1000, 100)
    world.room.stock |= {"BOOK": 3, "LAST": 0}
    _, cart = await client.call("GET", client.cart)
    assert [(c["kind"], c["before"], c["after"]) for c in cart["changes"]] == [
        ("price_changed", {"amount": 1290, "currency": "EUR"}, {"amount": 1000, "currency": "EUR"}),
        ("quantity_reduced", 5, 3),
        ("out_of_stock", 1, 0),
    ]
    assert [(line["quantity"], line["available"]) for line in cart["lines"]] == [(2, 100), (3, 3), (1, 0)]
    _, cart = await client.call("GET", client.cart)
    assert [change["kind"] for change in cart["changes"]] == ["out_of_stock"]  # still so
    world.items["MUG"] = world.items["MUG"].model_copy(update={"sellable": False})
    _, cart = await client.call("GET", client.cart)
    assert [change["kind"] for change in cart["changes"]] == ["unavailable", "out_of_stock"]
    assert (cart["lines"][0]["sellable"], cart["lines"][0]["total"]["amount"]) == (False, 0)
    world.sells("MUG", 1290, 100)
    _, cart = await client.call("GET", client.cart)
    assert [change["kind"] for change in cart["changes"]] == ["price_changed", "out_of_stock"]


async def test_what_cannot_be_sold_blocks_the_checkout(world: World, client: Client) -> None:
    await client.fill(MUG=1, BOOK=1)
    world.items["MUG"] = world.items["MUG"].model_copy(update={"sellable": False})
    await client.call("GET", client.cart)
    status, refused = await client.check_out()
    assert (status, refused["code"], refused["changes"][0]["kind"]) == (409, "cart_changed", "unavailable")
    world.sells("MUG", 1290, 100)


async def test_a_cart_is_shown_while_others_are_away(world: World, client: Client) -> None:
    client = await opened(world)
    await add(client, "MUG", 2)
    world.away = {"catalog", "inventory"}
    status, cart = await client.call("GET", client.cart)
    assert (status, cart["stale"], cart["total"]["amount"], cart["lines"][0]["available"]) == (200, True, 2580, None)
    assert (await add(client, "BOOK"))[0] == 503  # at a price nobody knows
    world.away = {"inventory"}
    status, cart = await add(client, "BOOK", 2)
    assert (status, cart["stale"], len(cart["lines"])) == (201, False, 2)


async def test_a_hundred_lines_and_no_more(world: World, client: Client) -> None:
    client = await opened(world)
    for number in range(101):
        world.sells(f"S{number}", 100, 5)
    rows = [(f"lin_{number:026}", client.cart[-30:], f"S{number}") for number in range(100)]
    async with world.ports.db.transaction() as tx:
        seen = world.items["S0"].model_dump(mode="json")
        await tx.executemany("INSERT INTO cart_line VALUES ($1, $2, $3, 1, $4)", [(*row, seen) for row in rows])
    status, refused = await add(client, "S100")
    assert (status, refused["code"]) == (422, "too_many_lines")
    assert len((await client.call("GET", client.cart))[1]["lines"]) == 100


async def test_the_delivery_step_shows_tax_and_total(world: World, client: Client) -> None:
    client = await opened(world)
    await add(client, "MUG", 1)
    _, options = await client.call("GET", f"{client.cart}/shipping-options?country=GB")
    assert [(o["id"], o["price"]["amount"], o["days"]) for o in options["items"]] == [
        ("standard", 990, [3, 6]), ("express", 2490, [1, 2]), ("pickup", 0, [1, 2]),
    ]  # fmt: skip
    cart = await client.deliver("express")
    assert (cart["shipping"], cart["total"]["amount"]) == ({"amount": 1290, "currency": "EUR"}, 2580)
    assert (cart["tax"]["amount"], cart["estimated"], cart["tax_included"]) == (412, False, True)
    cart = await client.deliver("standard", country="US")
    assert (cart["tax"]["amount"], cart["shipping"]["amount"]) == (0, 1490)
    assert cart["address"]["country"] == "US"


async def test_prices_without_tax_get_it_on_top(open_world: OpenWorld) -> None:
    world = await open_world(prices_include_tax=False)
    client = Client(world)
    cart = await client.fill(MUG=1)
    assert (cart["subtotal"]["amount"], cart["tax"]["amount"], cart["total"]["amount"]) == (1290, 338, 1290 + 490 + 338)
    _, order = await client.check_out()
    assert (order["total"], order["tax"]) == (cart["total"], cart["tax"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "no-address"},
        {"email": "a@b.de\nBcc: x@y.z"},
        {"email": "a@b.de,c@d.ef"},
        {"email": "a\ud800@b.de"},
        {"shipping_option": "drone"},
        {"address": {**ADDRESS, "country": "Germany"}},
        {"address": {**ADDRESS, "name": ""}},
        {"address": {**ADDRESS, "line1": "x\0"}},
        {"address": {**ADDRESS, "line1": "x" * 201}},
        {"address": {**ADDRESS, "admin": True}},
        {"total": 1},
    ],
)
async def test_a_delivery_that_cannot_be_is_refused(world: World, client: Client, wrong: dict[str, Any]) -> None:
    client = await opened(world)
    await add(client, "MUG")
    body = {"email": "a@b.de", "address": ADDRESS, "shipping_option": "standard", **wrong}
    status, refused = await put(client, body)
    assert (status, bool(refused["code"])) == (422, True)
    assert (await client.call("GET", client.cart))[1]["email"] is None


async def put(client: Client, body: dict[str, Any]) -> tuple[int, Any]:
    """As another library would write it: lone surrogates as escapes."""
    import json

    from banyan.foundation import loopback

    local = client.world.shop.peers.local("orders")
    assert local is not None
    headers = {"content-type": "application/json", "authorization": f"Bearer {client.token}"}
    answer = await loopback.request(
        local.app, "PUT", f"{client.cart}/delivery", headers=headers, body=json.dumps(body).encode()
    )
    return answer.status, answer.json()


async def test_at_sign_in_the_guests_cart_goes_into_the_users(world: World, client: Client) -> None:
    ada = world.user("ada-merges")
    member, guest = await opened(world, ada), await opened(world)
    await add(member, "MUG", 2)
    world.room.stock |= {"MUG": 6, "BOOK": 3}
    await add(guest, "MUG", 5)
    await add(guest, "BOOK", 3)
    at_sign_in = Client(world, user=ada, token=guest.token)
    for _ in range(2):  # asked again: the same cart, and nothing twice
        status, merged = await at_sign_in.call("POST", f"{guest.cart}/merge")
        assert (status, merged["id"]) == (200, member.cart[-30:])
        assert {line["sku"]: line["quantity"] for line in merged["lines"]} == {"MUG": 6, "BOOK": 3}
    _, left = await guest.call("GET", guest.cart)
    assert (left["status"], left["lines"], left["merged_into"]) == ("merged", [], merged["id"])
    assert (await add(guest, "MUG"))[1]["code"] == "cart_merged"
    assert (await Client(world, user=ada).call("GET", "/v1/carts/current"))[1]["id"] == merged["id"]
    again = Client(world, user=ada)  # the token may be gone by then
    assert (await again.call("POST", f"{guest.cart}/merge"))[1]["id"] == merged["id"]


async def test_a_merge_asked_for_many_times_at_once_is_one(world: World, client: Client) -> None:
    guest = await opened(world)
    await add(guest, "MUG", 2)
    at_sign_in = Client(world, user=world.user("impatient"), token=guest.token)
    answers = await asyncio.gather(*(at_sign_in.call("POST", f"{guest.cart}/merge") for _ in range(8)))
    assert {status for status, _ in answers} == {200}
    assert len({cart["id"] for _, cart in answers}) == 1
    assert {cart["lines"][0]["quantity"] for _, cart in answers} == {2}


async def test_without_a_cart_of_ones_own_a_new_one_takes_the_lines(world: World, client: Client) -> None:
    guest = await opened(world)
    await add(guest, "MUG", 2)
    bob = world.user("bob")
    status, merged = await Client(world, user=bob).call("POST", f"{guest.cart}/merge", {"token": guest.token})
    assert (status, merged["lines"][0]["quantity"]) == (200, 2)
    assert merged["id"] != guest.cart[-30:]
    assert (await Client(world, user=bob).call("GET", f"/v1/carts/{merged['id']}"))[0] == 200
    assert (await guest.call("GET", f"/v1/carts/{merged['id']}"))[0] == 404  # the token opened the guest's cart only


async def test_who_has_no_right_to_a_cart_cannot_merge_it(world: World, client: Client) -> None:
    guest = await opened(world)
    assert (await guest.call("POST", f"{guest.cart}/merge"))[0] == 401
    assert (await Client(world, user=world.user("eve")).call("POST", f"{guest.cart}/merge"))[0] == 404
    wrong = {"token": "ct_" + "x" * 43}
    assert (await Client(world, user=world.user("eve")).call("POST", f"{guest.cart}/merge", wrong))[0] == 404


async def test_the_current_cart_is_the_one_used_last(world: World, client: Client) -> None:
    user = world.user("carol")
    assert (await Client(world, user=user).call("GET", "/v1/carts/current"))[0] == 404
    one, two = await opened(world, user), await opened(world, user)
    world.ports.clock.advance(1)  # type: ignore[attr-defined]
    await add(one, "MUG")
    assert (await two.call("GET", "/v1/carts/current"))[1]["id"] == one.cart[-30:]
    guest = await opened(world)
    assert (await guest.call("GET", "/v1/carts/current"))[1]["id"] == guest.cart[-30:]
    assert (await Client(world).call("GET", "/v1/carts/current"))[0] == 404


async def test_a_sum_too_large_is_a_refusal(world: World, client: Client) -> None:
    client = await opened(world)
    world.sells("YACHT", 2**53 - 1, 999)
    assert (await add(client, "YACHT", 2))[1]["code"] == "total_too_large"


async def test_items_without_a_price_in_the_carts_currency_are_not_for_sale(world: World, client: Client) -> None:
    client = Client(world)
    _, cart = await client.call("POST", "/v1/carts", {"currency": "JPY"})
    client.token, client.cart = cart["token"], f"/v1/carts/{cart['id']}"
    assert (await add(client, "MUG"))[1]["code"] == "out_of_stock"
    assert cart["total"] == {"amount": 0, "currency": "JPY"}
    assert eur(1) != cart["total"]
