"""What a legacy shop hands over is here as it was there: newest wins, nothing is lost, and it goes back as it came."""

import re
from asyncio import gather
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import OrderRecord, OrdersTenure
from banyan.contracts.users import Address
from banyan.foundation import migrate
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money
from banyan.orders.actions.rebuild import rebuild
from banyan.orders.app import service
from banyan.orders.domain.number import spelled
from tests.orders import legacy
from tests.orders.conftest import OpenWorld
from tests.orders.legacy import cart, handed, id_of, line, number, order, take, taken
from tests.orders.world import Client, World, broken, eur, work


@pytest.fixture(scope="module")
async def world(open_world: OpenWorld, clock: VirtualClock) -> World:
    world = await open_world(clock=clock, checkout_seconds=2)
    world.sells("CAP", 500, 10)
    return world


@pytest.fixture
def ada(world: World) -> Client:
    return Client(world, user=world.user("ada"))


@pytest.fixture
def staff(world: World) -> Client:
    return Client(world, user=world.user("staff", "orders:read", "orders:write", "payments:write"))


async def seen(client: Client, record: OrderRecord) -> Any:
    status, shown = await client.call("GET", f"/v1/orders/{record.id}")
    assert status == 200, shown
    return shown


# ---- orders ---------------------------------------------------------------------------------------------------------


async def test_an_order_that_was_taken_over_is_shown_like_any_other(world: World, ada: Client, staff: Client) -> None:
    record = order(number())
    await taken(world, record)
    shown = await seen(ada, record)
    assert (shown["number"], shown["status"], shown["payment_status"]) == (record.number, "confirmed", "captured")
    assert (shown["total"]["amount"], shown["adjustment"]["amount"]) == (2879, -1)
    assert shown["taken_over"] == {
        "status": "Processing", "payment_method": "Bank Transfer", "payment_reference": "TX-1",
        "notes": [{"at": "2024-05-01T12:30:00Z", "status": "Pending", "comment": "thank you"}],
    }  # fmt: skip
    assert record.id in [each["id"] for each in (await ada.call("GET", "/v1/orders"))[1]["items"]]
    for query in (f"number={record.number}", "email=ada@example.com", "status=confirmed"):
        found = (await staff.call("GET", f"/v1/orders?{query}"))[1]["items"]
        assert record.id in [each["id"] for each in found], query
    assert await broken(world.ports) == []


async def test_what_the_shop_noted_for_itself_is_for_its_staff_alone(world: World, ada: Client, staff: Client) -> None:
    record = order(number())
    await taken(world, record)
    at = f"/v1/orders/{record.id}/events"
    [mine], [theirs] = [(await each.call("GET", at))[1]["items"] for each in (ada, staff)]
    assert [each["comment"] for each in mine["data"]["record"]["history"]] == ["thank you"]
    assert [each["comment"] for each in theirs["data"]["record"]["history"]] == ["thank you", "rang twice, rude"]
    assert mine["type"] == "orders.OrderTakenOver"


async def test_nobody_is_written_to_and_nothing_is_asked_of_anyone(world: World) -> None:
    world.asked.clear()
    await taken(world, *(order(number(), status=status) for status in ("processing", "cancelled", "fulfilled")))
    assert await world.ports.db.fetchval("SELECT count(*) FROM mail_due") == 0
    await work(world)
    assert not world.asked


@pytest.mark.parametrize(
    ("status", "paid", "ours", "payment"),
    [
        ("processing", False, "confirmed", "pending"),
        ("confirmed", True, "confirmed", "captured"),
        ("fulfilled", True, "fulfilled", "captured"),
        ("cancelled", False, "cancelled", "voided"),
        ("cancelled", True, "cancelled", "captured"),
        ("refunded", True, "cancelled", "refunded"),
        ("payment_failed", False, "payment_failed", "failed"),
    ],
)
async def test_each_legacy_status_has_its_like_here(
    world: World, ada: Client, status: Any, paid: bool, ours: str, payment: str
) -> None:
    record = order(number(), status=status, paid=paid, legacy_status="Chargeback")
    await taken(world, record)
    shown = await seen(ada, record)
    assert (shown["status"], shown["payment_status"]) == (ours, payment)
    assert shown["reason"] == ("Chargeback" if ours in ("cancelled", "payment_failed") else None)
    assert shown["lines"][0]["fulfilled"] == (2 if ours == "fulfilled" else 0)
    assert await broken(world.ports) == []


async def test_the_newest_version_wins_whatever_the_order_they_come_in(world: World, ada: Client) -> None:
    first = order(number(), 5)
    second = first.model_copy(update={"version": 9, "status": "fulfilled", "total": eur(2880), "adjustment": eur(0)})
    fates = await take(world, second, first, second)
    assert [fate.outcome for fate in fates] == ["taken", "stale", "stale"]
    assert [fate.outcome for fate in await take(world, first, second)] == ["stale", "stale"]
    shown = await seen(ada, first)
    assert (shown["status"], shown["total"]["amount"]) == ("fulfilled", 2880)
    touched = second.model_copy(update={"version": 10})
    await taken(world, touched)
    assert len((await ada.call("GET", f"/v1/orders/{first.id}/events"))[1]["items"]) == 1  # nothing was other
    assert (await handed(world, "order", first.id))[first.id] == touched
    third = first.model_copy(update={"version": 11, "status": "cancelled", "email": "new@example.com"})
    await taken(world, third)
    assert (await seen(ada, first))["email"] == "new@example.com"
    assert await broken(world.ports) == []


async def test_many_who_take_the_same_at_once_take_it_once(world: World, ada: Client) -> None:
    serials = [number() for _ in range(5)]
    batches = [[order(serial, version) for serial in serials] for version in (3, 1, 2, 3)]
    fates = await gather(*(take(world, *batch) for batch in batches))
    assert {fate.outcome for each in fates for fate in each} <= {"taken", "stale", "waits"}
    again = await take(world, *batches[0])
    assert {fate.outcome for fate in again} <= {"taken", "stale"}
    for record in batches[0]:
        assert (await handed(world, "order", record.id))[record.id] == record
    assert await broken(world.ports) == []


async def test_one_that_is_taken_again_is_mended(world: World, ada: Client) -> None:
    record = order(number(), 4)
    await taken(world, record)
    await post_cancel(ada, record)
    assert [fate.outcome for fate in await take(world, record)] == ["stale"]
    assert [fate.outcome for fate in await take(world, record, again=True)] == ["taken"]
    assert (await seen(ada, record))["status"] == "confirmed"
    await work(world)
    assert await broken(world.ports) == []


async def test_two_who_call_it_off_at_once_call_it_off_once(world: World, ada: Client) -> None:
    record = order(number(), paid=False)
    await taken(world, record)
    assert await gather(*(post_cancel(ada, record) for _ in range(5))) == [200] * 5
    await work(world)
    events = (await ada.call("GET", f"/v1/orders/{record.id}/events"))[1]["items"]
    assert [each["type"].partition(".")[2] for each in events] == [
        "OrderTakenOver",
        "OrderCancelled",
        "OrderCompensated",
    ]
    handed_back = (await handed(world, "order", record.id))[record.id]
    assert (handed_back.status, handed_back.legacy_status, handed_back.version) == ("cancelled", "", 1)
    assert [each.status for each in handed_back.history] == ["Pending", "Processing", "cancelled", "cancelled"]


async def post_cancel(client: Client, record: OrderRecord) -> int:
    return (await client.call("POST", f"/v1/orders/{record.id}/cancel", {}))[0]


async def test_history_is_history_however_strange(world: World, staff: Client) -> None:
    gone = Address(name="", line1="", city="", postal_code="", country="")
    zero: dict[str, Any] = {name: eur(0) for name in ("subtotal", "discount", "shipping", "tax", "adjustment", "total")}
    strange = [
        order(number(), lines=(), user_id=None, email="", address=gone, **zero),
        order(number(), lines=(line(product_id=None, sku=""), line("B", -1, 500))),
        order(number(), subtotal=eur(-100), adjustment=eur(2099)),
        order(number(), discount=eur(9000), adjustment=eur(8899)),
        order(number(), placed_at=legacy.PLACED.replace(year=1)),
        order(number(), placed_at=legacy.PLACED.replace(year=9999)),
        order(number(), address=gone.model_copy(update={"country": "ZZ9"}), status="fulfilled"),
    ]
    await taken(world, *strange)
    for record in strange:
        shown = await seen(staff, record)
        assert shown["placed_at"] == record.model_dump(mode="json")["placed_at"]
    assert await broken(world.ports) == []
    assert (await rebuild(world.ports.db)).wrong == ()


async def test_what_cannot_be_an_order_is_refused_in_words_and_holds_up_nobody(world: World) -> None:
    known, twin = order(number()), number()
    await taken(world, known)
    wrong: dict[str, OrderRecord] = {
        "does not add up": order(number(), total=eur(1)),
        "EUR and USD": order(number(), tax=Money(480, "USD")),
        f"its number {known.number} is that of order {known.id}": order(number(), number=known.number),
        f"its number {twin} is that of": order(twin + 10_000, number=str(twin)),
        "of the form this shop gives its own": order(number(), number=spelled(999_999)),
        "0 characters": order(number(), number=""),
        "not an order's": order(number(), id="ord_1"),
        "a NUL": order(number(), email="a\0b"),
        "more units": order(number(), lines=(line(quantity=2**40, total=eur(1)),)),
        "the same id": order(number(), lines=(line(), line())),
    }
    good = [order(twin), order(number())]
    fates = await take(world, *good, *wrong.values())
    assert [fate.outcome for fate in fates] == ["taken"] * 2 + ["refused"] * len(wrong)
    for fate, words in zip(fates[2:], wrong, strict=True):
        assert words in fate.why, fate
    assert await broken(world.ports) == []


async def test_a_legacy_number_that_looks_like_ours_without_its_letters_is_found(world: World, staff: Client) -> None:
    bare = spelled(999_999).removeprefix("B-")
    record = order(number(), number=bare)
    await taken(world, record)
    found = (await staff.call("GET", f"/v1/orders?number={bare}"))[1]["items"]
    assert [each["id"] for each in found] == [record.id]


async def test_a_deleted_order_is_called_off_and_what_was_bought_stays_known(world: World, ada: Client) -> None:
    record = order(number(), 3)
    bare = record.model_copy(update={"version": 4, "removed": True, "lines": (), "number": "", "total": eur(0)})
    await taken(world, record, order(number(), 1, removed=True, number=""))
    await taken(world, bare)
    shown = await seen(ada, record)
    assert (shown["status"], shown["reason"], len(shown["lines"])) == ("cancelled", "deleted in the legacy shop", 1)
    assert (await handed(world, "order", record.id))[record.id] == bare
    never = order(number(), 1, removed=True)
    await taken(world, never)
    assert (await ada.call("GET", f"/v1/orders/{never.id}"))[0] == 404
    assert (await handed(world, "order", never.id, id_of("ord", 77))) == {never.id: never}
    assert await broken(world.ports) == []


async def test_lists_are_newest_first_by_when_orders_were_placed(world: World) -> None:
    old = [
        order(number(), user_id="usr_bea", placed_at=legacy.PLACED.replace(year=2000 + year)) for year in (9, 3, 17, 5)
    ]
    await taken(world, *old)
    bea = Client(world, user=world.user("bea"))
    await bea.fill(MUG=1)
    assert (await bea.check_out())[0] == 201
    years, more = [], ""
    while True:
        status, page = await bea.call("GET", f"/v1/orders?limit=2{more}")
        assert status == 200
        years += [each["placed_at"][:4] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        more = f"&cursor={page['next_cursor']}"
    assert years[1:] == ["2017", "2009", "2005", "2003"]
    assert len(years) == 5


@given(data=st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_what_was_taken_and_not_touched_goes_back_as_it_came(world: World, data: st.DataObject) -> None:
    made = [data.draw(legacy.orders(number())) for _ in range(3)]
    later = [data.draw(legacy.orders(int(made[0].number[1:]), 2))]
    await taken(world, *made)
    fates = await take(world, *later)
    kept = later if fates[0].outcome == "taken" else [made[0]]
    records = {record.id: record for record in (*made[1:], *kept)}
    assert await handed(world, "order", *records) == records
    assert await broken(world.ports) == []
    assert (await rebuild(world.ports.db)).wrong == ()


async def sent_and_refunded_in_part(world: World, staff: Client) -> Any:
    """An order that was placed here, as it is shown."""
    ada = Client(world, user=world.user("ada"))
    await ada.fill(MUG=2, BOOK=1)
    status, placed = await ada.check_out()
    assert status == 201
    await work(world)
    lines = {each["sku"]: each["line_id"] for each in placed["lines"]}
    at = f"/v1/orders/{placed['id']}"
    sent = {"lines": {lines["MUG"]: 1}, "tracking": "DHL 1"}
    assert (await staff.call("POST", f"{at}/fulfillments", sent, idempotency_key=world.ports.ids.new("key")))[0] == 201
    back = {"amount": {"amount": 100, "currency": "EUR"}, "reason": "scratch"}
    assert (await staff.call("POST", f"{at}/refunds", back, idempotency_key=world.ports.ids.new("key")))[0] == 201
    return (await staff.call("GET", at))[1]


async def test_orders_from_before_there_were_legacy_ones_are_shown_as_if_placed_today(world: World) -> None:
    client = Client(world)
    await client.fill(MUG=1)
    assert (await client.check_out())[0] == 201
    [step] = [each for each in migrate.steps(service().folder) if each.name.startswith("0002")]
    [mend] = re.findall(r"^UPDATE order_view .*?;", step.read_text("utf-8"), re.S | re.M)
    old = "UPDATE order_view SET shown = shown - 'adjustment' - 'taken_over' WHERE NOT taken"
    await world.ports.db.execute(old)
    assert (await rebuild(world.ports.db)).wrong
    await world.ports.db.execute(mend.rstrip(";") + " WHERE NOT taken")
    assert (await rebuild(world.ports.db)).wrong == ()


async def test_an_order_of_ours_goes_back_whole(world: World, staff: Client) -> None:
    placed = await sent_and_refunded_in_part(world, staff)
    record = (await handed(world, "order", placed["id"]))[placed["id"]]
    assert (record.version, record.number, record.status, record.paid) == (0, placed["number"], "confirmed", True)
    assert (record.legacy_status, record.payment_method, record.refunded) == ("", "testbank", eur(100))
    assert record.payment_reference.startswith("pay_")
    assert record.subtotal.amount - record.discount.amount + record.shipping.amount == record.total.amount
    assert (record.tax_included, [each.sku for each in record.lines]) == (True, ["MUG", "BOOK"])
    told = [(each.status, each.told) for each in record.history]
    assert ("confirmed", True) in told
    assert [each.comment for each in record.history][-2:] == [
        "a parcel of 1 has left, tracking DHL 1",
        "1.00 EUR went back: scratch",
    ]


async def test_an_order_of_ours_that_comes_back_keeps_its_number_and_its_parcels(world: World, staff: Client) -> None:
    shown = await sent_and_refunded_in_part(world, staff)
    record = (await handed(world, "order", shown["id"]))[shown["id"]]
    after = record.model_copy(update={"version": 7, "number": "40017", "legacy_status": "Processing", "email": "x@y.z"})
    await taken(world, after)
    again = await seen(staff, after)
    assert (again["number"], again["email"], again["status"]) == (shown["number"], "x@y.z", "confirmed")
    assert (again["fulfilments"], again["refunds"], again["payment_status"]) == (
        shown["fulfilments"], shown["refunds"], "partially_refunded",
    )  # fmt: skip
    assert (await handed(world, "order", after.id))[after.id] == after
    await taken(world, after.model_copy(update={"version": 8, "status": "cancelled"}))
    await work(world)
    ended = await seen(staff, after)
    assert (ended["status"], ended["payment_status"]) == ("cancelled", "refunded")  # our bank gave the rest back
    assert await broken(world.ports) == []


# ---- whose ----------------------------------------------------------------------------------------------------------


async def test_while_the_legacy_shop_owns_orders_only_its_records_are_written(open_world: OpenWorld) -> None:
    world = await open_world(checkout_seconds=2)
    client = Client(world)
    await client.fill(MUG=1)
    first = order(number())
    await world.shop.peers.ask(OrdersTenure(group="orders", owner="legacy", epoch=1))
    await taken(world, first, cart(number(), MUG=1))
    for method, path, body in (
        ("POST", "/v1/carts", {}),
        ("POST", f"{client.cart}/checkout", {"payment": {"provider": "testbank", "token": "tok_ok"}}),
        ("POST", f"/v1/orders/{first.id}/cancel", {}),
    ):
        who = client if "cart" in path else Client(world, user=world.user("ada"))
        status, refused = await who.call(method, path, body, idempotency_key=world.ports.ids.new("key"))
        assert (status, refused["code"]) == (503, "moving"), path
    world.sells("MUG", 1400, 100)
    assert (await client.call("GET", client.cart))[0] == 200  # a look writes nothing
    assert await service().chores["carts"](world.ports) > 0
    await world.shop.peers.ask(OrdersTenure(group="orders", owner="new", epoch=2))
    later = first.model_copy(update={"version": 2, "status": "fulfilled"})
    [fate] = await take(world, later)
    assert (fate.outcome, "owns it since epoch 2" in fate.why) == ("refused", True)
    ada = Client(world, user=world.user("ada"))
    assert (await ada.call("POST", f"/v1/orders/{first.id}/cancel", {}))[0] == 200
    await world.shop.peers.ask(OrdersTenure(group="orders", owner=None, epoch=3))
