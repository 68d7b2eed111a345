"""Dual write before a real old shop: what both sides would have made of a write is told apart, each write once."""

import asyncio
from typing import Any

import pytest

from banyan.kernel.refusals import Conflict
from banyan.move.demo import stocking
from banyan.move.shift import dual
from banyan.move.status import status
from banyan.move.storage import dual as storage
from banyan.move.storage import groups, log
from tests.move.dual.conftest import World

ADDRESS = {
    "firstname": "Ada",
    "lastname": "Abel",
    "address_1": "Hauptstr. 1",
    "city": "Köln",
    "postcode": "50667",
    "country_id": str(stocking.COUNTRY),
}


def door(found: dual.Compared, name: str) -> dict[str, Any]:
    return next(dict(each) for each in found.doors if each["door"] == name)


async def test_it_is_switched_on_only_where_there_is_something_to_compare_with(world: World) -> None:
    await world.ports.db.execute("UPDATE groups SET state = 'copying' WHERE name = 'users'")
    with pytest.raises(Conflict, match="banyan move copy users"):
        await dual.switch(world.ports, "users", on=True)
    await world.ports.db.execute("UPDATE groups SET state = 'in_sync' WHERE name = 'users'")
    with pytest.raises(Conflict, match="no write of catalog has a door"):
        await dual.switch(world.ports, "catalog", on=True)
    switched = await dual.switch(world.ports, "users", on=True, who="Ada")
    assert "account.save" in switched.doors
    assert "users" in {each.group for each in (await status(world.ports.db)).groups if each.mode == "dual"}
    entries = await log.newest(world.ports.db, "users")  # the mover that works beside may have added its own since
    assert "dual write: on" in [entry["what"] for entry in entries]
    await world.on(*dual_groups())


def dual_groups() -> tuple[str, ...]:
    return ("users", "orders")


async def test_what_both_sides_do_alike_is_equal_and_a_difference_is_told_by_door_and_field(world: World) -> None:
    browser, before = world.browser(), await world.written("users")
    await browser.sign_in(3)
    long = {"firstname": "Wolfeschlegelsteinhausenbergerdorff", "lastname": "Abel"}
    answer = await browser.post("account/edit.save", {"firstname": "Grażyna", "lastname": "O'Brien & Sons"})
    assert "success" in answer.json()
    first = await world.settled("users", before + 2)
    assert door(first, "account.save")["different"] == 0, first.lines()
    assert door(first, "account.save")["equal"] == 1
    assert door(first, "")["not_played"] == 1  # the sign-in: it has no part in this
    await browser.post("account/edit.save", long)
    found = await world.settled("users", before + 3)
    assert door(found, "account.save")["different"] == 1
    told = {(each["door"], each["field"]): each["how"] for each in found.examples}
    # 35 letters; the column takes 32 of them
    assert told["account.save", "name"] == "the same for 32 characters; the legacy shop kept 37, ours 40"
    assert "Wolfe" not in str(found.as_json())
    assert any("name: 1" in line for line in found.lines())
    entries = [row["what"] for row in await log.newest(world.ports.db, "users")]
    assert "dual write: account.save differs in name" in entries


async def test_addresses_and_their_rules_are_compared(world: World) -> None:
    browser = world.browser()
    await browser.sign_in(4)
    before = await world.written("users")
    made = (await browser.post("account/address.save", ADDRESS)).json()["address_id"]
    assert made
    found = await world.settled("users", before + 1)
    assert door(found, "address.save")["equal"] == 1, found.lines()
    await browser.post("account/address.save", ADDRESS | {"postcode": "50!67?"})  # the legacy shop takes anything
    found = await world.settled("users", before + 2)
    assert ("address.save", "answer") in {(each["door"], each["field"]) for each in found.examples}
    assert any("ours: refused (postcode); the legacy shop: done" in each["how"] for each in found.examples)


async def test_signing_up_is_played_without_the_password(world: World) -> None:
    browser, before = world.browser(), await world.written("users")
    form = {"firstname": "New", "lastname": "Shopper", "email": "new.shopper@example.com", "agree": "1"}
    await browser.post("account/register.register", form | {"password": "a secret of 20 chars", "telephone": "0123"})
    found = await world.settled("users", before + 1)
    # The legacy shop keeps a telephone number with the account, ours does not ask for one.
    assert {each["field"] for each in found.examples if each["door"] == "register"} == {"phone"}, found.lines()
    rows = await world.ports.db.fetch("SELECT * FROM dual_write")
    assert "a secret" not in str([dict(row) for row in rows])
    assert all(row["said"] is None for row in rows)  # forgotten once it was played


async def test_a_report_is_of_one_moment(world: World) -> None:
    async def compared() -> None:
        for number in range(40):
            async with world.ports.db.transaction() as tx:
                field = f"field {number}"
                await storage.differ(tx, "orders", "probe", field, "odd", kind="cart", key="1", request="dwr_1")

    comparing = asyncio.create_task(compared())
    while not comparing.done():
        found = await dual.report(world.ports, "orders")
        shown = [each["field"] for each in found.examples if each["door"] == "probe"]
        assert sorted(shown) == sorted(each["field"] for each in found.fields if each["door"] == "probe")
    await comparing
    for table in ("dual_field", "dual_example"):
        await world.ports.db.execute(f"DELETE FROM {table} WHERE door = 'probe'")


async def test_carts_are_compared_for_guests_and_customers(world: World) -> None:
    guest, before = world.browser(), await world.written("orders")
    for _ in range(2):
        await guest.post("checkout/cart.add", {"product_id": "5", "quantity": "2"})
    await guest.post("checkout/cart.add", {"product_id": "6", "quantity": "1"})
    row = world.sql("SELECT cart_id FROM oc_cart WHERE session_id = %s AND product_id = 6", guest.cookies["OCSESSID"])
    await world.settled("orders", before + 3)
    await guest.post("checkout/cart.remove", {"key": str(row[0][0])})
    found = await world.settled("orders", before + 4)
    assert door(found, "cart.add") | {"unkept": 0} == door(found, "cart.add")
    assert (door(found, "cart.add")["equal"], door(found, "cart.remove")["equal"]) == (3, 1), found.lines()


async def test_a_change_by_somebody_else_is_not_taken_for_the_shoppers(world: World) -> None:
    browser = world.browser()
    await browser.sign_in(6)
    world.sql("UPDATE oc_customer SET telephone = '999' WHERE customer_id = 6")
    await asyncio.sleep(5.5)  # long before, as seen from the next write
    before = await world.written("users")
    await browser.post("account/edit.save", {"firstname": "F", "lastname": "G", "telephone": "999"})
    found = await world.settled("users", before + 1)
    assert not [each for each in found.examples if each["key"] == "6"], found.lines()


async def test_a_request_sent_again_with_its_key_is_done_once_and_played_once(world: World) -> None:
    browser = world.browser()
    await browser.sign_in(7)
    before = await world.written("users")
    count = "SELECT count(*) FROM oc_address WHERE customer_id = 7"
    had = world.sql(count)[0][0]
    key = {"idempotency-key": "k-1"}
    first, again = await asyncio.gather(*(browser.post("account/address.save", ADDRESS, **key) for _ in range(2)))
    later = await browser.post("account/address.save", ADDRESS, **key)
    assert first.json() == again.json() == later.json()
    assert world.sql(count)[0][0] == had + 1
    found = await world.settled("users", before + 1)
    assert found.total("written") == before + 1


async def test_shoppers_do_not_notice_that_the_mover_is_away_and_nothing_is_lost(world: World) -> None:
    crossing = world.gateway.crossing
    assert crossing is not None
    browser = world.browser()
    await browser.sign_in(8)
    before = await world.written("users")
    peers, crossing.dual._peers = crossing.dual._peers, _Away()  # type: ignore[assignment]
    for number in range(5):
        answer = await browser.post("account/address.save", ADDRESS | {"address_1": f"Nr. {number}"})
        assert answer.status == 200
    assert len(crossing.dual.spool.waiting) == 5
    crossing.dual._peers = peers
    found = await world.settled("users", before + 5)
    assert found.total("written") == before + 5
    async with asyncio.timeout(30):
        while crossing.dual.spool.waiting:
            await asyncio.sleep(0.02)


class _Away:
    async def ask(self, _: object) -> None:
        from banyan.kernel.refusals import Unavailable

        raise Unavailable("the mover is away")


async def test_switched_off_nothing_more_is_told_of(world: World) -> None:
    await world.on("users", on=False)
    before = await world.written("users")
    browser = world.browser()
    await browser.sign_in(9)
    await browser.post("account/edit.save", {"firstname": "X", "lastname": "Y"})
    await asyncio.sleep(0.5)
    assert await world.written("users") == before
    group = await groups.one(world.ports.db, "users")
    assert group is not None
    assert group.mode == "stream"
