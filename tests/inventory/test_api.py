"""HTTP: everyone sees what can be bought, operators the rest; what is wrong is a 4xx that says what."""

import json

import pytest

from tests.inventory.floor import Floor

NEW = {"sku": "mug", "change": 5, "kind": "received", "reason": "delivery 1"}


async def test_everyone_sees_what_can_be_bought_and_operators_where_it_lies(floor: Floor) -> None:
    await floor.count("lamp", 7, low_stock_at=7)
    public = {"sku": "lamp", "available": 7, "backorder": False, "low": True}
    for who in ("", "shopper"):
        answer = await floor.get("/v1/stock/lamp", who)
        assert (answer.status, answer.json(), answer.header("etag")) == (200, public, None)
    answer = await floor.get("/v1/stock/lamp", "reader")
    shelf = {"warehouse_id": "wh_main", "on_hand": 7, "reserved": 0, "available": 7}
    assert answer.json() == {**public, "low_stock_at": 7, "version": 1, "warehouses": [shelf]}
    assert answer.header("etag") == '"1"'
    assert (await floor.get("/v1/stock/ghost", "")).status == 404


async def test_many_skus_at_once_are_answered_in_the_order_asked(floor: Floor) -> None:
    for sku in ("x1", "x2", "y & z"):
        await floor.count(sku, 1)
    answer = (await floor.get("/v1/stock?sku=y%20%26%20z&sku=ghost&sku=x1&sku=x1", "")).json()
    assert [each["sku"] for each in answer["items"]] == ["y & z", "x1"]
    assert (await floor.get("/v1/stock?" + "&".join(f"sku=s{n}" for n in range(101)), "")).status == 422


async def test_operators_page_through_what_runs_low(floor: Floor) -> None:
    for number in range(5):
        await floor.count(f"page_{number}", 100 + number, low_stock_at=102)
    found, cursor = [], ""
    while True:
        answer = (await floor.get(f"/v1/stock?limit=2&below=104{cursor}")).json()
        found += [each["sku"] for each in answer["items"] if each["sku"].startswith("page_")]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert found == ["page_0", "page_1", "page_2", "page_3"]
    low = (await floor.get("/v1/stock?low=true&limit=100")).json()["items"]
    assert {"page_0", "page_1", "page_2"} == {each["sku"] for each in low if each["sku"].startswith("page_")}
    assert (await floor.get("/v1/stock", "")).status == 401
    assert (await floor.get("/v1/stock", "shopper")).status == 403


async def test_an_adjustment_makes_a_sku_known_and_is_done_once_per_key(floor: Floor) -> None:
    first = await floor.post("/v1/stock/adjustments", NEW, key="once")
    again = await floor.post("/v1/stock/adjustments", NEW, key="once")
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.header("idempotent-replayed") == "true"
    level = {"sku": "mug", "warehouse_id": "wh_main", "on_hand": 5, "reserved": 0, "available": 5, "change": 5}
    assert first.json() == {**level, "movement_id": first.json()["movement_id"]}
    [moved] = (await floor.get("/v1/stock/mug/movements")).json()["items"]
    assert moved["id"] == first.json()["movement_id"]
    assert (moved["kind"], moved["change"], moved["reason"], moved["by"]) == (
        "received",
        5,
        "delivery 1",
        "usr_keeper",
    )
    assert (await floor.post("/v1/stock/adjustments", {**NEW, "change": 6}, key="once")).status == 422
    assert (await floor.request("POST", "/v1/stock/adjustments", NEW)).json()["code"] == "key_required"


async def test_counting_what_is_there_already_moves_nothing(floor: Floor) -> None:
    wish = {"sku": "same", "on_hand": 3, "reason": "stocktaking"}
    assert (await floor.post("/v1/stock/adjustments", wish)).json()["change"] == 3
    again = (await floor.post("/v1/stock/adjustments", wish)).json()
    assert (again["change"], again["movement_id"], again["on_hand"]) == (0, None, 3)


async def test_no_adjustment_takes_what_is_reserved(floor: Floor) -> None:
    await floor.count("vase", 3)
    await floor.hold("crt_1", vase=2)
    for wrong in ({"change": -2}, {"on_hand": 1}):
        answer = await floor.post("/v1/stock/adjustments", {"sku": "vase", "reason": "broken", **wrong})
        assert (answer.status, answer.json()["code"]) == (409, "below_reserved")
    wish = {"sku": "vase", "reason": "broken", "change": -1, "kind": "damaged"}
    assert (await floor.post("/v1/stock/adjustments", wish)).json()["on_hand"] == 2
    full = {"sku": "vase", "reason": "typing error", "change": 10**9}
    assert (await floor.post("/v1/stock/adjustments", full)).json()["code"] == "too_many_units"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"change": 1, "on_hand": 1},
        {"change": 0},
        {"change": -1, "kind": "received"},
        {"change": 1, "kind": "damaged"},
        {"on_hand": 5, "kind": "received"},
        {"on_hand": -1},
        {"change": "1"},
        {"change": 1.5},
        {"change": 10**30},
        {"change": 1, "sku": "a\0b"},
        {"change": 1, "sku": "\ud800"},
        {"change": 1, "reason": ""},
        {"change": 1, "warehouse_id": "wh_nowhere"},
        {"change": 1, "discount": 1},
    ],
)
async def test_an_adjustment_that_cannot_be_is_a_422(floor: Floor, wrong: dict[str, object]) -> None:
    body = json.dumps({"sku": "plate", "reason": "because", **wrong}).encode()  # orjson refuses half a surrogate pair
    answer = await floor.request("POST", "/v1/stock/adjustments", body, more={"idempotency-key": "x"})
    assert answer.status == 422
    assert (await floor.get("/v1/stock/plate")).status == 404


async def test_settings_are_edited_by_who_read_them_last(floor: Floor) -> None:
    await floor.count("rug", 1)
    path = "/v1/stock/rug"
    etag = (await floor.get(path)).header("etag")
    assert (await floor.patch(path, {"backorder": True}, None)).status == 428
    changed = await floor.patch(path, {"backorder": True, "low_stock_at": 4}, etag)
    assert (changed.status, changed.json()["backorder"], changed.json()["low_stock_at"]) == (200, True, 4)
    assert (await floor.patch(path, {"backorder": False}, etag)).status == 412
    await floor.hold("crt_2", rug=2)
    owed = await floor.patch(path, {"backorder": False}, changed.header("etag"))
    assert (owed.status, owed.json()["code"]) == (409, "backorders_open")
    assert (await floor.patch("/v1/stock/ghost", {}, "*")).status == 404
    assert (await floor.patch(path, {"backorder": "yes"}, "*")).status == 422


async def test_a_closed_warehouse_sells_nothing_new_and_keeps_its_promises(floor: Floor) -> None:
    north = await floor.warehouse("North", 3)
    await floor.put("pan", 4, north)
    await floor.hold("crt_3", "ord_3", pan=1)
    path = f"/v1/warehouses/{north}"
    etag = (await floor.get(path)).header("etag")
    closed = await floor.patch(path, {"active": False}, etag)
    assert (closed.status, closed.json()["active"], closed.json()["name"]) == (200, False, "North")
    assert (await floor.patch(path, {"active": True}, etag)).status == 412
    assert await floor.available("pan") == 0
    assert (await floor.hold("crt_4", pan=1)).short[0].available == 0
    assert await floor.sell("ord_3")
    await floor.patch(path, {"active": True}, closed.header("etag"))
    assert await floor.available("pan") == 3


async def test_warehouses_are_listed_and_for_operators_alone(floor: Floor) -> None:
    first = (await floor.get("/v1/warehouses?limit=1")).json()
    second = (await floor.get(f"/v1/warehouses?limit=1&cursor={first['next_cursor']}")).json()
    assert first["items"][0]["id"] < second["items"][0]["id"]
    assert (await floor.get("/v1/warehouses/wh_nowhere")).status == 404
    new = {"name": "South", "country": "IT"}
    assert [(await floor.post("/v1/warehouses", new, who)).status for who in ("", "reader")] == [401, 403]
    assert (await floor.post("/v1/warehouses", {**new, "country": "Italy"})).status == 422
    assert (await floor.post("/v1/warehouses", new)).json()["priority"] == 100


async def test_a_hold_by_hand_is_made_shown_and_ended(floor: Floor) -> None:
    await floor.count("pot", 2)
    wish = {"cart_id": "crt_5", "lines": [{"sku": "pot", "quantity": 2}], "seconds": 60}
    made = await floor.post("/v1/reservations", wish, key="hand")
    assert made.status == 201
    assert (await floor.post("/v1/reservations", wish, key="hand")).body == made.body
    path = f"/v1/reservations/{made.json()['reservation_id']}"
    shown = (await floor.get(path)).json()
    assert (shown["state"], shown["cart_id"], shown["order_id"]) == ("held", "crt_5", None)
    assert shown["lines"] == [{"sku": "pot", "warehouse_id": "wh_main", "quantity": 2}]
    short = await floor.post("/v1/reservations", {**wish, "cart_id": "crt_6"})
    assert (short.status, short.json()["code"]) == (409, "out_of_stock")
    assert short.json()["errors"][0]["detail"] == "pot: 2 wanted, 0 available"
    for _ in range(2):
        assert (await floor.request("DELETE", path)).status == 204
    assert (await floor.get(path)).json()["state"] == "released"
    assert (await floor.request("DELETE", "/v1/reservations/rsv_none")).status == 404


async def test_what_an_order_holds_is_not_ended_by_hand(floor: Floor) -> None:
    await floor.count("cup", 2)
    promised = await floor.hold("crt_7", "ord_7", cup=2)
    answer = await floor.request("DELETE", f"/v1/reservations/{promised.reservation_id}")
    assert (answer.status, answer.json()["code"]) == (409, "held_by_order")
    assert await floor.sell("ord_7")


async def test_reservations_are_found_by_cart_order_sku_and_state(floor: Floor) -> None:
    await floor.count("fan", 9)
    for number in range(3):
        await floor.hold(f"crt_f{number}", f"ord_f{number}" if number else None, fan=1)
    await floor.release("ord_f2")

    async def found(query: str) -> list[str]:
        items = (await floor.get(f"/v1/reservations?{query}")).json()["items"]
        return [each["cart_id"] for each in items]

    assert set(await found("sku=fan")) == {"crt_f0", "crt_f1", "crt_f2"}
    assert await found("sku=fan&state=promised") == ["crt_f1"]
    assert await found("order_id=ord_f2") == ["crt_f2"]
    assert await found("cart_id=crt_f0&state=held") == ["crt_f0"]
    first = (await floor.get("/v1/reservations?sku=fan&limit=2")).json()
    rest = (await floor.get(f"/v1/reservations?sku=fan&limit=2&cursor={first['next_cursor']}")).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/stock/a%00b",
        "/v1/stock?sku=a%00b",
        "/v1/stock?below=99999999999999999999",
        "/v1/stock?cursor=WyJcdTAwMDAiXQ",  # ["\u0000"]
        "/v1/stock/pot/movements?cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTldCg",
        "/v1/stock/pot/movements?cursor=%F0%9F%90%8C",
        "/v1/reservations?sku=%00",
        "/v1/reservations?state=lost",
        "/v1/reservations?cursor=null",
        "/v1/reservations/%ff%fe",
        "/v1/warehouses?limit=0",
    ],
)
async def test_what_nobody_can_mean_is_a_4xx(floor: Floor, path: str) -> None:
    await floor.count("pot", 1)
    answer = await floor.get(path)
    assert 400 <= answer.status < 500, answer.body
    assert answer.header("content-type") == "application/problem+json"
