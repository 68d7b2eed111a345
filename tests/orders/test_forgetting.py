"""A guest's order forgets its person, by its link or by an operator; an account's order goes with the account alone."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from banyan.contracts.privacy import ForgetPayments
from banyan.kernel.clock import VirtualClock
from banyan.orders.actions.rebuild import rebuild
from banyan.orders.storage import events
from tests.orders.conftest import OpenWorld
from tests.orders.world import ADDRESS, LOST, Client, World, broken, work

PERSON = {**ADDRESS, "name": "Ada Canary", "line1": "Canary Row 7", "phone": "+49 30 1234567"}
DELIVERY = {"email": "", "address": PERSON, "shipping_option": "standard"}
_number = count(1)


@pytest.fixture(scope="module")
async def shop(open_world: OpenWorld, clock: VirtualClock) -> World:
    world = await open_world(clock=clock, checkout_seconds=2)
    world.sells("MUG", 1299, 1000)
    return world


@dataclass
class Bought:
    """An order, who bought it, and its link."""

    shop: World
    client: Client
    email: str
    told: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.told["id"])

    @property
    def access(self) -> str:
        return str(self.told["links"]["view"]).partition("access=")[2]

    async def forget(self, by: Client | None = None, access: str | None = None) -> tuple[int, Any]:
        link = self.access if access is None else access
        return await (by or Client(self.shop)).call("POST", f"/v1/orders/{self.id}/erasure?access={link}")

    async def kept(self) -> str:
        """All that is kept of the order anywhere in the service, as text."""
        found = []
        for each in await self.shop.ports.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            found += await self.shop.ports.db.fetch(f"SELECT t::text AS kept FROM {each['tablename']} AS t")
        bodies = await self.shop.ports.db.fetch("SELECT convert_from(body, 'UTF8') AS kept FROM idempotency")
        return "\n".join(str(row["kept"]) for row in [*found, *bodies])


def tracking(order_id: str) -> str:
    return f"CANARY {order_id[-12:]}"  # what another order's answers hold stays


async def bought(shop: World, user: str = "", *, sent: bool = True, settled: bool = True) -> Bought:
    email = f"canary{next(_number)}@example.com"
    client = Client(shop, user=shop.user(user) if user else "")
    await client.fill(MUG=1)
    assert (await client.call("PUT", f"{client.cart}/delivery", {**DELIVERY, "email": email}))[0] == 200
    _, told = await client.check_out()
    if settled:
        await work(shop)
    if sent and settled:
        clerk, at = Client(shop, user=shop.user("clerk", "orders:write")), f"/v1/orders/{told['id']}/fulfillments"
        status, _ = await clerk.call(
            "POST", at, {"tracking": tracking(told["id"])}, idempotency_key=f"sent-{told['id']}"
        )
        assert status == 201
        await work(shop)
    return Bought(shop, client, email, told)


async def test_who_has_the_link_has_the_guest_forgotten_and_amounts_stay(shop: World) -> None:
    order, other = await bought(shop), await bought(shop)
    await shop.ports.mail.send(_letter(order.email))
    total = order.told["total"]
    assert order.email in await order.kept()  # or the look is blind
    status, told = await order.forget()
    assert (status, told["email"], told["address"]["name"], told["address"]["country"]) == (200, "", "", "DE")
    assert (told["total"], told["status"]) == (total, "fulfilled")
    assert [each for each in (order.email, tracking(order.id)) if each in await order.kept()] == []
    assert shop.forgotten == [order.id]
    assert order.email not in _mailed(shop)
    assert (await Client(shop).call("GET", f"/v1/orders/{order.id}?access={order.access}"))[1]["email"] == ""
    still = await events.load(shop.ports.db, other.id)
    assert still is not None
    assert still.placed.email == other.email
    assert (await rebuild(shop.ports.db)).wrong == ()
    assert await broken(shop.ports) == []
    assert (await order.forget())[0] == 200  # once more: the same


async def test_nobody_else_can_have_it_forgotten(shop: World) -> None:
    order, other = await bought(shop), await bought(shop)
    strangers = [
        Client(shop),
        other.client,
        Client(shop, user=shop.user("other")),
        Client(shop, user=shop.user("clerk", "orders:read", "orders:write", "payments:write", "users:read")),
    ]
    for stranger in strangers:
        for access in ("", other.access, order.access[:-1], order.access.swapcase()):
            status, problem = await order.forget(stranger, access)
            assert (status, problem["code"]) == (404, "no_such_order")
    assert order.id not in shop.forgotten
    assert order.email in await order.kept()


async def test_a_link_is_over_after_its_days_and_an_operator_does_it_then(shop: World, clock: VirtualClock) -> None:
    order = await bought(shop)
    clock.advance(31 * 86_400)
    assert (await order.forget())[0] == 404
    assert (await order.forget(order.client, ""))[0] == 404
    operator = Client(shop, user=shop.user("operator", "users:write"))
    assert (await order.forget(operator, ""))[0] == 200
    assert order.email not in await order.kept()


async def test_what_is_paid_and_not_sent_goes_for_operators_alone(shop: World) -> None:
    order = await bought(shop, sent=False)
    for by in (None, order.client):
        status, problem = await order.forget(by)
        assert (status, problem["code"]) == (409, "not_sent_yet")
    assert order.email in await order.kept()
    operator = Client(shop, user=shop.user("operator", "users:write"))
    assert (await order.forget(operator, ""))[0] == 200
    assert order.email not in await order.kept()


async def test_an_order_that_is_being_settled_is_waited_for(shop: World) -> None:
    order = await bought(shop, settled=False)
    operator = Client(shop, user=shop.user("operator", "users:write"))
    await shop.ports.db.execute(
        "UPDATE saga SET finished_at = NULL, next_at = shop_now() WHERE order_id = $1", order.id
    )
    for by in (None, operator):
        status, problem = await order.forget(by)
        assert (status, problem["code"]) == (409, "being_settled")
    assert order.id not in shop.forgotten
    await work(shop)
    assert (await order.forget(operator))[0] == 200


async def test_an_account_s_order_goes_with_the_account(shop: World) -> None:
    order = await bought(shop, "ada")
    for by in (None, order.client, Client(shop, user=shop.user("operator", "users:write"))):
        status, problem = await order.forget(by)
        assert (status, problem["code"]) == (409, "order_of_an_account")
    assert order.id not in shop.forgotten


async def test_while_payments_is_away_nothing_is_forgotten_and_it_may_be_asked_again(shop: World) -> None:
    order = await bought(shop)
    shop.fates[ForgetPayments] = [LOST]
    assert (await order.forget())[0] == 503
    known = await events.load(shop.ports.db, order.id)
    assert known is not None
    assert known.placed.email == order.email
    assert (await order.forget())[0] == 200


def _letter(to: str) -> Any:
    from banyan.foundation.mail import Message

    return Message(id="canary", to=to, subject="Your order", text="It is on its way.")


def _mailed(shop: World) -> str:
    folder = shop.ports.settings.data_dir / "mail"
    return "\n".join(each.read_text() for each in folder.rglob("*.eml"))
