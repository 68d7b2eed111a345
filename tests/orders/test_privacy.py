"""What is about a person is sealed with their order's own key: readable with the key, by nobody once it is destroyed."""

import json
from itertools import count
from typing import Any

import pytest

from banyan.contracts.orders import OrderCancelled, OrderPlaced
from banyan.contracts.privacy import ForgetOrders, NameOrders, Person, TellOrders
from banyan.foundation.subjects import Subjects, Unreadable
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Invalid
from banyan.orders.actions import privacy
from banyan.orders.actions.rebuild import rebuild
from banyan.orders.domain import personal
from banyan.orders.domain.personal import PATHS, VIEW
from banyan.orders.storage import events, people
from tests.orders.conftest import OpenWorld
from tests.orders.world import ADDRESS, Client, World, broken, work

ADA = {**ADDRESS, "name": "Ada Canary", "line1": "Canary Row 7", "phone": "+49 30 1234567"}
_number = count(1)


@pytest.fixture(scope="module")
async def shop(open_world: OpenWorld, clock: VirtualClock) -> World:
    return await open_world(clock=clock, checkout_seconds=2)


async def shopping(shop: World, email: str, user: str = "") -> Client:
    """A guest, or a user, with a cart that may be ordered."""
    shop.room.stock["MUG"] = 100
    client = Client(shop, user=shop.user(user.removeprefix("usr_")) if user else "")
    await client.fill(MUG=1)
    status, _ = await client.call(
        "PUT", f"{client.cart}/delivery", {"email": email, "address": ADA, "shipping_option": "standard"}
    )
    assert status == 200
    return client


async def bought(shop: World, email: str, user: str = "") -> str:
    """An order with this e-mail address, confirmed; its id."""
    _, order = await (await shopping(shop, email, user)).check_out()
    await work(shop)
    return str(order["id"])


async def kept(shop: World, order_id: str) -> str:
    """All that tables hold of an order, as text."""
    rows = await shop.ports.db.fetch(
        """SELECT to_jsonb(event)::text AS kept FROM event WHERE stream = $1
        UNION ALL SELECT to_jsonb(order_view)::text FROM order_view WHERE order_id = $1""",
        order_id,
    )
    return "\n".join(row["kept"] for row in rows)


def fresh_email() -> str:
    return f"Canary{next(_number)}@Example.com"


async def test_nothing_of_a_person_stands_in_the_open_in_facts_and_view(shop: World) -> None:
    email = fresh_email()
    order_id = await bought(shop, email)
    text = await kept(shop, order_id)
    assert [each for each in (email, email.lower(), "Canary", ADA["phone"], ADA["city"]) if each in text] == []
    assert '"country": "DE"' in text
    assert '"total"' in text


async def test_the_order_reads_as_it_was_and_is_found_by_its_address(shop: World) -> None:
    email = fresh_email()
    order_id = await bought(shop, email)
    order = await events.load(shop.ports.db, order_id)
    assert order is not None
    assert (order.placed.email, order.placed.address.line1) == (email, "Canary Row 7")
    assert (await rebuild(shop.ports.db)).wrong == ()
    told = await privacy.tell(shop.ports, TellOrders(person=Person(user_id="usr_none", email=email.upper())))
    [known] = told.items["orders"]
    assert (known["id"], known["email"], known["address"]["phone"]) == (order_id, email, ADA["phone"])
    placed = known["events"][0]
    assert placed["data"]["address"]["name"] == "Ada Canary"
    assert personal.SEALED not in placed["data"]


async def test_what_the_bus_is_told_is_sealed_and_fits_the_contract(shop: World) -> None:
    order_id = await bought(shop, fresh_email())
    data = await shop.ports.db.fetchval("SELECT data FROM event WHERE stream = $1 AND version = 1", order_id)
    assert OrderPlaced.model_validate(data).email == ""
    assert "Canary" not in json.dumps(data)


async def test_forgetting_keeps_amounts_and_country_and_nothing_of_the_person(shop: World) -> None:
    email, who = fresh_email(), "usr_forgotten"
    mine, guests, others = (
        await bought(shop, fresh_email(), who),
        await bought(shop, email),
        await bought(shop, fresh_email()),
    )
    total = await shop.ports.db.fetchval("SELECT total FROM order_view WHERE order_id = $1", mine)
    ask = ForgetOrders(person=Person(user_id=who, email=email))
    told = await privacy.forget(shop.ports, ask)
    assert (told.done, set(told.order_ids)) == (True, {mine, guests})
    again = await privacy.forget(shop.ports, ask)
    assert (again.done, again.order_ids) == (True, ())
    for order_id in (mine, guests):
        order = await events.load(shop.ports.db, order_id)
        assert order is not None
        assert (order.placed.email, order.placed.address.name, order.placed.address.country) == ("", "", "DE")
        assert order.placed.total.amount == total
    other = await events.load(shop.ports.db, others)
    assert other is not None
    assert other.placed.email
    assert (await rebuild(shop.ports.db)).wrong == ()
    assert await broken(shop.ports) == []
    assert (await privacy.name(shop.ports, NameOrders(person=ask.person))).order_ids == (mine,)


async def test_an_order_of_an_erased_person_goes_on_and_takes_nothing_about_them(shop: World) -> None:
    who = "usr_going_on"
    order_id = await bought(shop, fresh_email(), who)
    await privacy.forget(shop.ports, ForgetOrders(person=Person(user_id=who)))
    async with shop.ports.db.transaction() as tx:
        order = await events.locked(tx, order_id)
        assert order is not None
        said = OrderCancelled(order_id=order_id, reason="Ada Canary called", by="shop")
        await events.append(tx, shop.ports.ids, order, [said])
        await tx.execute(
            """UPDATE saga SET finished_at = NULL, next_at = shop_now(), step = 'release', epoch = epoch + 1
            WHERE order_id = $1""",
            order_id,
        )
    await work(shop)
    assert "Canary" not in await kept(shop, order_id)
    assert await broken(shop.ports) == []


async def test_a_destroyed_key_does_not_come_back(shop: World) -> None:
    order_id = await bought(shop, fresh_email(), "usr_gone")
    wrapped = await shop.ports.db.fetchval("SELECT wrapped FROM order_key WHERE order_id = $1", order_id)
    await privacy.forget(shop.ports, ForgetOrders(person=Person(user_id="usr_gone")))
    with pytest.raises(Exception, match="stays destroyed"):
        await shop.ports.db.execute(
            "UPDATE order_key SET wrapped = $2, destroyed_at = NULL WHERE order_id = $1", order_id, wrapped
        )


async def test_forgetting_waits_for_orders_that_are_being_settled(shop: World) -> None:
    order_id = await bought(shop, fresh_email(), "usr_busy")
    async with shop.ports.db.transaction() as tx:
        await tx.execute(
            "UPDATE saga SET finished_at = NULL, next_at = shop_now() + interval '1 hour' WHERE order_id = $1", order_id
        )
    told = await privacy.forget(shop.ports, ForgetOrders(person=Person(user_id="usr_busy")))
    assert (told.done, told.order_ids, "1 orders" in told.waits_for) == (False, (), True)
    await shop.ports.db.execute(
        "UPDATE saga SET finished_at = shop_now(), next_at = NULL WHERE order_id = $1", order_id
    )


async def test_orders_from_before_there_were_keys_are_sealed_with_their_hashes_right(shop: World) -> None:
    email = fresh_email()
    order_id = await bought(shop, email)
    await in_the_open(shop, order_id)
    assert email in await kept(shop, order_id)
    before = await events.load(shop.ports.db, order_id)
    assert await people.unsealed(shop.ports.db, "", 10) == [order_id]
    await privacy.seal_older(shop.ports)
    assert "Canary" not in await kept(shop, order_id)
    assert await events.load(shop.ports.db, order_id) == before
    assert await people.unsealed(shop.ports.db, "", 10) == []
    assert (await rebuild(shop.ports.db)).wrong == ()
    assert await broken(shop.ports) == []


async def test_an_old_order_is_sealed_before_it_is_forgotten(shop: World) -> None:
    order_id = await bought(shop, fresh_email(), "usr_old")
    await in_the_open(shop, order_id)
    await privacy.forget(shop.ports, ForgetOrders(person=Person(user_id="usr_old")))
    assert "Canary" not in await kept(shop, order_id)
    assert await broken(shop.ports) == []


async def test_facts_without_their_keys_are_left_as_they_are(shop: World) -> None:
    """As after a backup was put back whose keys are kept elsewhere."""
    order_id = await bought(shop, fresh_email())
    row = await shop.ports.db.fetchrow("DELETE FROM order_key WHERE order_id = $1 RETURNING *", order_id)
    assert row is not None
    before = await kept(shop, order_id)
    order = await events.load(shop.ports.db, order_id)
    assert order is not None
    assert order.placed.email == ""
    await privacy.seal_older(shop.ports)
    assert await kept(shop, order_id) == before
    await shop.ports.db.execute("INSERT INTO order_key SELECT $1, $2, $3, $4", *row)
    order = await events.load(shop.ports.db, order_id)
    assert order is not None
    assert order.placed.email


async def test_carts_and_kept_answers_go_with_their_person(shop: World) -> None:
    email = fresh_email()
    await shopping(shop, email)
    person = Person(user_id="usr_none", email=email)
    [cart] = (await privacy.tell(shop.ports, TellOrders(person=person))).items["carts"]
    assert (cart["email"], cart["address"]["name"], cart["lines"][0]["sku"]) == (email, "Ada Canary", "MUG")
    await privacy.forget(shop.ports, ForgetOrders(person=person))
    assert (await privacy.tell(shop.ports, TellOrders(person=person))).items == {"orders": (), "carts": ()}
    assert await shop.ports.db.fetchval("SELECT count(*) FROM cart WHERE email = $1", email) == 0
    found = "SELECT count(*) FROM idempotency WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%'"
    assert await shop.ports.db.fetchval(found, email) == 0


@pytest.mark.parametrize("most", [0, -1, 5001])
async def test_a_page_has_a_sensible_size(shop: World, most: int) -> None:
    with pytest.raises(Invalid):
        await privacy.tell(shop.ports, TellOrders(person=Person(user_id="usr_none"), most=most))


# ---- the rules, purely ------------------------------------------------------------------------------------------------

SUBJECTS = Subjects(b"s" * 32)
SEAL = SUBJECTS.fresh("ord_1", b"k" * 32)


def test_what_is_kept_opens_to_what_it_was_and_looks_the_same_each_time() -> None:
    shown: dict[str, Any] = {
        "email": "a@b.example",
        "address": {"name": "Ada", "country": "DE"},
        "total": {"amount": 1},
        "reason": None,
        "refunds": [{"id": "1", "reason": "late"}, {"id": "2", "reason": ""}],
        "fulfilments": [],
        "taken_over": None,
    }
    sealed = personal.kept(VIEW, shown, SEAL)
    assert sealed == personal.kept(VIEW, shown, SEAL)
    assert sealed["address"] == {"name": "", "country": "DE"}
    assert sealed["refunds"] == [{"id": "1", "reason": ""}, {"id": "2", "reason": ""}]
    assert personal.opened(VIEW, sealed, SUBJECTS.known("ord_1", SEAL.wrapped)) == shown
    blank = personal.opened(VIEW, sealed, SUBJECTS.known("ord_1", None))
    assert (blank["email"], blank["total"], personal.SEALED in blank) == ("", {"amount": 1}, False)
    assert personal.kept(VIEW, shown, None) is shown


def test_why_an_order_was_called_off_is_sealed_and_why_it_was_refused_is_not() -> None:
    off = personal.kept(VIEW, {"reason": "Ada is ill", "cancelled_reason": "Ada is ill"}, SEAL)
    assert (off["reason"], off["cancelled_reason"]) == ("", "")
    assert personal.opened(VIEW, off, SEAL) == {"reason": "Ada is ill", "cancelled_reason": "Ada is ill"}
    assert personal.kept(VIEW, {"reason": "out_of_stock", "cancelled_reason": None}, SEAL)["reason"] == "out_of_stock"


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_what_holds_nothing_personal_gets_no_seal(kind: str) -> None:
    empty = {
        "email": "",
        "record": {"email": "", "history": []},
        "reason": "",
        "tracking": "",
        "refunds": [],
        "fulfilments": [],
    }
    assert personal.SEALED not in personal.kept(kind, empty, SEAL)


def test_a_seal_opens_nothing_of_another_order_use_or_key() -> None:
    sealed = SEAL.close({"a": 1}, "view")
    assert SEAL.open(sealed, "view") == {"a": 1}
    others = [SUBJECTS.fresh("ord_2", b"k" * 32), SUBJECTS.fresh("ord_1", b"x" * 32)]
    for seal, use, text in [(each, "view", sealed) for each in others] + [
        (SEAL, "fact", sealed),
        (SEAL, "view", "AAAA"),
    ]:
        with pytest.raises(Unreadable):
            seal.open(text, use)
    with pytest.raises(Unreadable):
        SUBJECTS.known("ord_2", SEAL.wrapped)
    with pytest.raises(Unreadable):
        Subjects(b"t" * 32).known("ord_1", SEAL.wrapped)
    assert b"k" * 32 not in (SEAL.wrapped or b"")
    assert SUBJECTS.index("a@b.example") != Subjects(b"t" * 32).index("a@b.example")


async def in_the_open(shop: World, order_id: str) -> None:
    """As a version before seals kept it."""
    order = await events.load(shop.ports.db, order_id)
    told = await events.told(shop.ports.db, order_id)
    assert order is not None
    async with shop.ports.db.transaction() as tx:
        await tx.execute("DELETE FROM order_key WHERE order_id = $1", order_id)
        await tx.execute("SET LOCAL banyan.sealing = 'on'")
        for each in told:
            await tx.execute(
                "UPDATE event SET data = $3, schema = 1 WHERE stream = $1 AND version = $2",
                order_id,
                each["version"],
                each["data"],
            )
        open_order = await events.load(tx, order_id)
        assert open_order is not None
        row = events.view_of(open_order)
        await tx.execute(
            "UPDATE order_view SET email = $2, shown = $3 WHERE order_id = $1",
            order_id,
            row[events.COLUMNS.index("email")],
            row[events.COLUMNS.index("shown")],
        )
