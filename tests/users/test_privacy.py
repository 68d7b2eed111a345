"""All that is kept of someone is told in one archive, complete over all services; and is gone, whatever breaks on the way."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from banyan import topology
from banyan.contracts import Event
from banyan.contracts.inventory import Parcel
from banyan.contracts.orders import (
    OrderConfirmed,
    OrderLine,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPlaced,
    OrderRefunded,
    OrderStockHeld,
)
from banyan.contracts.privacy import UserErased
from banyan.contracts.users import Address
from banyan.foundation.db import Tx
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money
from banyan.kernel.refusals import Unavailable
from banyan.orders.storage import events
from banyan.users import actions
from tests.conftest import OpenShop
from tests.users.desk import PASSWORD, Desk, fresh_email

PARTS = ("users", "orders", "payments", "inventory")
_number = count(1)


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop, clock: VirtualClock) -> AsyncIterator[Desk]:
    """Users with the services that know of people."""
    made = Desk(await open_shop(*(topology.service(name) for name in PARTS), clock=clock))
    yield made
    assert await made.broken() == {}


@pytest.fixture
async def person(shop: Desk) -> dict[str, Any]:
    """Someone who signed up, has proved their address, and is signed in; `canary` is in every name and line of theirs."""
    number = next(_number)
    canary = f"canary{number}x"
    email = fresh_email(canary)
    made = await shop.newcomer(email, name=f"{canary}-name")
    await shop.ask("POST", "/v1/sessions/magic-link", {"email": email})
    answer = await shop.redeem(await shop.link_to(email))
    assert answer.status in (200, 201), answer.body
    return {"id": made["id"], "email": email, "canary": canary, "token": answer.json()["access_token"]}


def address(canary: str, part: str = "") -> Address:
    fields = {
        name: f"{canary}-{part}{name}" for name in ("name", "line1", "line2", "city", "region", "postal_code", "phone")
    }
    return Address(country="DE", **fields)


async def ordered(
    shop: Desk, person: dict[str, Any], *, guest: bool = False, orders: int = 1, tag: str = ""
) -> list[str]:
    """Orders that were paid and partly given back, with a canary in every field; their ids."""
    ports, canary = shop.shop.ports["orders"], f"{person['canary']}-{tag}"
    ids = [ports.ids.new("ord") for _ in range(orders)]
    for start in range(0, orders, 500):
        async with ports.db.transaction() as tx:
            await _write(tx, shop, person, canary, ids[start : start + 500], guest)
    return ids


async def _write(tx: Tx, shop: Desk, person: dict[str, Any], canary: str, ids: list[str], guest: bool) -> None:
    ports = shop.shop.ports["orders"]
    firsts: list[Event] = [_placed(shop, person, canary, id, guest) for id in ids]
    orders = [events.fold([each]) for each in firsts]
    await events.append_many(tx, ports.ids, list(zip(orders, firsts, strict=True)))
    parcel = Parcel(warehouse_id="wh_main", lines=())
    for make in (
        lambda id: OrderStockHeld(order_id=id, reservation_id=f"rsv_{id}", parcels=(parcel,)),
        lambda id: OrderPaymentAuthorized(order_id=id, payment_id=f"pay_{id}", amount=_eur(1000)),
        lambda id: OrderConfirmed(order_id=id, number=f"N-{id}", email=person["email"], total=_eur(1000)),
        lambda id: OrderPaymentCaptured(order_id=id, payment_id=f"pay_{id}", amount=_eur(1000)),
        lambda id: OrderRefunded(
            order_id=id, refund_id=f"ref_{id}", amount=_eur(100), refunded=_eur(100), reason=f"{canary}-refund-reason"
        ),
    ):
        before = await events.load_many(tx, ids)
        await events.append_many(
            tx, ports.ids, [(events.fold([fact], before[id]), fact) for id in ids for fact in [make(id)]]
        )


def _placed(shop: Desk, person: dict[str, Any], canary: str, id: str, guest: bool) -> OrderPlaced:
    line = OrderLine(
        line_id="lin_1", sku="MUG", product_id="prd_1", slug="mug", name="A mug", quantity=1,
        unit_price=_eur(1000), total=_eur(1000), tax=_eur(160),
    )  # fmt: skip
    return OrderPlaced(
        order_id=id, number=f"N-{id}", cart_id=f"crt_{id}", user_id=None if guest else person["id"], email=person["email"],
        currency="EUR", lines=(line,), address=address(canary, "order-"), shipping_option="standard", subtotal=_eur(1000),
        discount=_eur(0), shipping=_eur(0), tax=_eur(160), tax_included=True, total=_eur(1000), provider="testbank",
        placed_at=shop.ports.clock.now(),
    )  # fmt: skip


def _eur(amount: int) -> Money:
    return Money(amount, "EUR")


async def planted(shop: Desk, person: dict[str, Any]) -> dict[str, list[str]]:
    """A canary in every field of every service that holds something of a person: by service, what must be found."""
    canary, ports = person["canary"], shop.shop.ports
    await shop.ask("POST", "/v1/me/addresses", {
        "name": f"{canary}-home", "line1": f"{canary}-home-line1", "line2": f"{canary}-home-line2", "city": f"{canary}-home-city",
        "region": f"{canary}-home-region", "postal_code": "10178", "country": "DE", "phone": "+49 30 987654",
    }, token=person["token"])  # fmt: skip
    await ports["users"].db.execute(
        "UPDATE account SET preferences = $2 WHERE id = $1", person["id"], {"note": f"{canary}-preference"}
    )
    await ports["users"].db.execute(
        "UPDATE session SET user_agent = $2 WHERE account_id = $1", person["id"], f"{canary}-agent"
    )
    ids = [*await ordered(shop, person, tag="own"), *await ordered(shop, person, guest=True, tag="guest")]
    await ports["orders"].db.execute(
        """INSERT INTO cart (id, user_id, currency, email, address, expires_at)
        VALUES ($1, $2, 'EUR', $3, $4, shop_now() + interval '1 day')""",
        f"crt_{canary}", person["id"], f"{canary}-cart@example.com", address(canary, "cart-").model_dump(),
    )  # fmt: skip
    await ports["payments"].db.execute(
        "INSERT INTO method (id, user_id, provider, token, brand, last4) VALUES ($1, $2, 'testbank', $3, $4, '4242')",
        f"pmt_{canary}", person["id"], f"{canary}-secret-token", f"{canary}-brand",
    )  # fmt: skip
    for id in ids:
        await ports["payments"].db.execute(
            """INSERT INTO payment (id, order_id, provider, token, amount, currency, state, authorized, captured, user_id)
            VALUES ('pay_' || $1, $1, 'testbank', $2, 1000, 'EUR', 'captured', 1000, 1000, $3)""",
            id, f"{canary}-secret-token", person["id"],
        )  # fmt: skip
        await ports["payments"].db.execute(
            """INSERT INTO operation (id, payment_id, kind, reference, amount, note, state)
            VALUES ('op_' || $1, 'pay_' || $1, 'capture', 'ref_' || $1, 1000, $2, 'done')""",
            id, f"{canary}-note",
        )  # fmt: skip
        await ports["inventory"].db.execute(
            """INSERT INTO reservation (id, cart_id, order_id, state) VALUES ('rsv_' || $1, 'crt', $1, 'sold')""", id
        )
        await ports["inventory"].db.execute(
            """INSERT INTO movement (sku, warehouse_id, kind, on_hand_change, reason, order_id)
            VALUES ('MUG', 'wh_main', 'sold', -1, 'order', $1)""",
            id,
        )
    parts = ("name", "line1", "line2", "city", "region", "postal_code", "phone")
    return {
        "account": [
            person["email"], "+49 30 987654",
            *(f"{canary}-{each}" for each in ("name", "home", "preference", "agent")),
            *(f"{canary}-home-{each}" for each in ("line1", "line2", "city", "region")),
        ],
        "orders": [
            *(f"{canary}-{whose}-order-{each}" for whose in ("own", "guest") for each in parts),
            *(f"{canary}-{whose}-{each}" for whose in ("own", "guest") for each in ("refund-reason",)), "A mug",
            *ids,
        ],
        "carts": [f"{canary}-cart@example.com", *(f"{canary}-cart-{each}" for each in parts)],
        "methods": [f"{canary}-brand", "4242"],
        "payments": [*(f"pay_{id}" for id in ids), f"{canary}-note"],
        "reservations": [f"rsv_{id}" for id in ids],
        "movements": ids,
    }  # fmt: skip


async def archive_of(shop: Desk, person: dict[str, Any]) -> dict[str, str]:
    """The archive that someone asks for: its files' text by name."""
    answer = await shop.ask("POST", "/v1/me/export", token=person["token"])
    assert (answer.status, answer.json()["state"]) == (202, "making")
    while await actions.make_exports(shop.ports) == 0:
        pass
    [made] = (await shop.ask("GET", "/v1/me/export", token=person["token"])).json()["items"]
    assert made["state"] == "ready"
    fetched = await shop.ask("GET", made["link"], token=person["token"])
    assert (fetched.status, fetched.header("content-type")) == (200, "application/zip")
    assert made["size"] == len(fetched.body)
    with zipfile.ZipFile(io.BytesIO(fetched.body)) as read:
        return {name: read.read(name).decode() for name in read.namelist()}


async def everything(shop: Desk) -> str:
    """All rows of all tables of all services, as text."""
    found = []
    for name in PARTS:
        db = shop.shop.ports[name].db
        for table in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"):
            rows = await db.fetch(f'SELECT to_jsonb(kept)::text AS kept FROM "{table["tablename"]}" AS kept')
            found += [f"{name}.{table['tablename']} {row['kept']}" for row in rows]
    return "\n".join(found)


async def close(shop: Desk, person: dict[str, Any], **body: str) -> tuple[int, Any]:
    answer = await shop.ask("DELETE", "/v1/me", body or None, token=person["token"])
    return answer.status, answer.json()


async def erased(shop: Desk, clock: VirtualClock) -> None:
    """Let erasures go on until none is left to do, and time pass between."""
    for _ in range(20):
        while await actions.erase(shop.ports) == 0:
            pass
        if not await shop.ports.db.fetchval("SELECT count(*) FROM erasure WHERE done_at IS NULL"):
            return
        clock.advance(1000)
    raise AssertionError("an erasure does not end")


# ---- the archive ------------------------------------------------------------------------------------------------------


async def test_the_archive_has_every_field_of_every_service(shop: Desk, person: dict[str, Any]) -> None:
    wanted = await planted(shop, person)
    files = await archive_of(shop, person)
    missing = {name: [each for each in texts if each not in files[f"{name}.json"]] for name, texts in wanted.items()}
    assert {name: each for name, each in missing.items() if each} == {}
    assert all(isinstance(json.loads(text), list) for name, text in files.items() if name.endswith(".json"))
    assert f"{person['canary']}-own-order-line1" in files["index.html"]
    assert "secret-token" not in "".join(files.values())
    assert '"password_hash"' not in files["account.json"]
    [order] = [each for each in json.loads(files["orders.json"]) if each["user_id"]]
    assert [each["type"] for each in order["events"]][:2] == ["orders.OrderPlaced", "orders.OrderStockHeld"]


async def test_nothing_of_others_is_in_an_archive(shop: Desk, person: dict[str, Any]) -> None:
    other = await shop.newcomer(name="somebody-else")
    await ordered(shop, {"id": other["id"], "email": other["email"], "canary": "somebody-else"})
    await ordered(
        shop, {"id": other["id"], "email": person["email"], "canary": "somebody-else"}
    )  # sent to their address
    assert "somebody-else" not in "".join((await archive_of(shop, person)).values())


async def test_guest_orders_of_an_address_are_only_theirs_who_proved_to_read_it(
    shop: Desk, person: dict[str, Any]
) -> None:
    claims = await shop.newcomer(email := fresh_email("claimed"))
    await ordered(shop, {**person, "email": email}, guest=True, tag="not-proved")
    files = await archive_of(shop, {"token": claims["access_token"]})
    assert "not-proved" not in "".join(files.values())


async def test_an_archive_is_its_owners_and_its_link_ends(
    shop: Desk, person: dict[str, Any], clock: VirtualClock
) -> None:
    await archive_of(shop, person)
    [made] = (await shop.ask("GET", "/v1/me/export", token=person["token"])).json()["items"]
    link = made["link"]
    other = (await shop.newcomer())["access_token"]
    forged = link[:-64] + "0" * 64
    later = link.replace("until=", "until=1")
    for path, token in [(link, other), (forged, person["token"]), (later, person["token"])]:
        assert (await shop.ask("GET", path, token=token)).status == 404
    assert (await shop.ask("GET", link)).status == 401
    clock.advance(899)
    assert (await shop.ask("GET", link, token=person["token"])).status in (200, 401)
    clock.advance(2)
    token = (await _signed_in_again(shop, person))["access_token"]
    assert (await shop.ask("GET", link, token=token)).status == 404
    clock.advance(2 * 86_400)
    await actions.make_exports(shop.ports)
    assert await shop.ports.db.fetchval("SELECT count(*) FROM export_piece WHERE export_id = $1", made["id"]) == 0


async def test_asked_twice_one_archive_is_made_and_kept_sealed(shop: Desk, person: dict[str, Any]) -> None:
    both = [(await shop.ask("POST", "/v1/me/export", token=person["token"])).json()["id"] for _ in range(2)]
    assert both[0] == both[1]
    while await actions.make_exports(shop.ports) == 0:
        pass
    sealed = await shop.ports.db.fetchval("SELECT sealed FROM export_piece WHERE export_id = $1", both[0])
    assert b"PK" not in sealed[:60]
    assert person["canary"].encode() not in sealed


async def test_an_archive_waits_for_a_service_that_does_not_answer(
    shop: Desk, person: dict[str, Any], clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(shop.ports, "peers", Away())
        await shop.ask("POST", "/v1/me/export", token=person["token"])
        while await actions.make_exports(shop.ports) == 0:
            pass
        [made] = (await shop.ask("GET", "/v1/me/export", token=person["token"])).json()["items"]
        assert (made["state"], made["link"]) == ("making", None)
    clock.advance(60)
    while await actions.make_exports(shop.ports) == 0:
        pass
    rows = await shop.ports.db.fetch("SELECT ready_at FROM export WHERE account_id = $1", person["id"])
    assert [row["ready_at"] is not None for row in rows] == [True]


class Away:
    """Peers that do not answer, from the call with this number on."""

    def __init__(self, shop: Desk | None = None, after: int = 0) -> None:
        self.peers, self.left = shop.ports.peers if shop else None, after

    async def ask(self, call: Any) -> Any:
        if self.left <= 0 or self.peers is None:
            raise Unavailable("away")
        self.left -= 1
        return await self.peers.ask(call)


# ---- being forgotten --------------------------------------------------------------------------------------------------


async def test_an_account_closes_at_once_and_nobody_signs_in_any_more(shop: Desk, person: dict[str, Any]) -> None:
    status, made = await close(shop, person)
    assert (status, made["state"], made["user_id"]) == (202, "waiting", person["id"])
    assert (await shop.ask("GET", "/v1/me", token=person["token"])).status == 401
    assert (await shop.sign_in(person["email"])).status == 401
    live = "SELECT count(*) FROM session WHERE account_id = $1 AND ended_at IS NULL"
    assert await shop.ports.db.fetchval(live, person["id"]) == 0
    assert await shop.broken() == {}


async def test_nothing_of_an_erased_person_is_left_in_any_table(
    shop: Desk, person: dict[str, Any], clock: VirtualClock
) -> None:
    await planted(shop, person)
    await archive_of(shop, person)
    await shop.mail()
    assert person["canary"] in await everything(shop)
    await close(shop, person)
    await erased(shop, clock)
    left = [line for line in (await everything(shop)).splitlines() if person["canary"] in line]
    assert left == []
    assert [to for to, _, _ in await shop.mail() if to == person["email"]] == []
    told = await shop.ports.db.fetch("SELECT type FROM outbox WHERE key = $1 ORDER BY txid, pos", person["id"])
    assert told[-1]["type"] == UserErased.TYPE
    # What was bought, for how much and to which country stays for the books; it says nothing of who bought it.
    kept = """SELECT count(*), sum(total)::int FROM order_view
        WHERE user_id = $1 OR order_id IN (SELECT order_id FROM order_key WHERE destroyed_at IS NOT NULL)"""
    row = await shop.shop.ports["orders"].db.fetchrow(kept, person["id"])
    assert row is not None
    assert row[0] >= 2
    assert row[1] == row[0] * 1000
    assert await shop.broken() == {}


@pytest.mark.parametrize("after", range(9))
async def test_an_erasure_that_breaks_anywhere_goes_on_from_there(
    shop: Desk, person: dict[str, Any], clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """`after`: the transaction of the erasure's own that the process dies before."""
    await planted(shop, person)
    await close(shop, person)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(shop.ports, "db", Dying(shop, after))
        try:
            while await actions.erase(shop.ports) == 0:
                pass
        except Died:
            pass
    clock.advance(400)
    await erased(shop, clock)
    ids = "SELECT count(*) FROM order_key JOIN order_view USING (order_id) WHERE wrapped IS NOT NULL AND user_id = $1"
    assert await shop.shop.ports["orders"].db.fetchval(ids, person["id"]) == 0
    assert person["email"] not in await everything(shop)
    told = "SELECT count(*) FROM outbox WHERE key = $1 AND type = $2"
    assert await shop.ports.db.fetchval(told, person["id"], UserErased.TYPE) == 1


class Died(Exception):
    """As kill -9: nothing more is done."""


class Dying:
    """A database whose process dies before its transaction with this number."""

    def __init__(self, shop: Desk, left: int) -> None:
        self._db, self._left = shop.ports.db, left

    def __getattr__(self, name: str) -> Any:
        if name in ("transaction", "retrying"):
            if self._left <= 0:
                raise Died
            self._left -= 1
        return getattr(self._db, name)


@pytest.mark.parametrize("after", range(5))
async def test_a_service_that_does_not_answer_is_asked_again(
    shop: Desk, person: dict[str, Any], clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    await planted(shop, person)
    await close(shop, person)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(shop.ports, "peers", Away(shop, after))
        while await actions.erase(shop.ports) == 0:
            pass
    await erased(shop, clock)
    assert person["email"] not in await everything(shop)


async def test_an_erasure_says_what_it_waits_for(shop: Desk, person: dict[str, Any], clock: VirtualClock) -> None:
    [order_id] = await ordered(shop, person)
    orders = shop.shop.ports["orders"].db
    await orders.execute(
        """INSERT INTO saga (order_id, placement, step, claimed, next_at, deadline_at, provider)
        VALUES ($1, $1, 'capture', false, shop_now() + interval '1 day', shop_now() + interval '1 day', 'testbank')""",
        order_id,
    )
    await close(shop, person)
    while await actions.erase(shop.ports) == 0:
        pass
    operator = await shop.operator()
    listed = (await shop.ask("GET", "/v1/erasures", token=operator["access_token"])).json()["items"]
    [mine] = [each for each in listed if each["user_id"] == person["id"]]
    assert (mine["state"], mine["waits_for"], set(mine["steps"])) == (
        "erasing", "1 orders that are being settled", {"sessions", "payments"},
    )  # fmt: skip
    await orders.execute("DELETE FROM saga WHERE order_id = $1", order_id)
    clock.advance(60)
    await erased(shop, clock)


async def test_closing_needs_a_recent_sign_in_or_the_password(
    shop: Desk, person: dict[str, Any], clock: VirtualClock
) -> None:
    made = await shop.newcomer(email := fresh_email())
    clock.advance(901)
    signed = await shop.refresh(made["refresh_token"])
    old = {"token": signed.json()["access_token"]}
    for body, code in [({}, "sign_in_again"), ({"password": "not my password"}, "wrong_password")]:
        status, told = await close(shop, old, **body)
        assert (status, told["code"]) == (403, code)
    assert (await shop.ask("GET", "/v1/me", token=old["token"])).status == 200
    assert (await close(shop, old, password=PASSWORD))[0] == 202
    assert (await shop.sign_in(email)).status == 401


async def test_grace_can_be_called_off_until_it_is_over(shop: Desk, open_shop: OpenShop) -> None:
    clock = VirtualClock()
    calm = Desk(await open_shop(*(topology.service(name) for name in PARTS), clock=clock, erasure_days=3))
    made = await calm.newcomer(email := fresh_email())
    operator = (await calm.operator())["access_token"]
    status, asked = await close(calm, {"token": made["access_token"]})
    assert status == 202
    clock.advance(timedelta(days=2).total_seconds())
    await actions.erase(calm.ports)
    operator = (await calm.operator())["access_token"]
    path = f"/v1/erasures/{asked['id']}"
    assert (await calm.ask("DELETE", path, token=operator)).status == 204
    back = await calm.sign_in(email)
    assert back.status == 201
    again = (await close(calm, {"token": back.json()["access_token"]}))[1]
    clock.advance(timedelta(days=3, seconds=1).total_seconds())
    await erased(calm, clock)
    operator = (await calm.operator())["access_token"]
    assert (await calm.ask("DELETE", f"/v1/erasures/{again['id']}", token=operator)).status == 404
    assert await calm.ports.db.fetchval("SELECT count(*) FROM account WHERE id = $1", made["id"]) == 0
    assert await calm.broken() == {}


async def test_only_operators_see_and_stop_erasures(shop: Desk, person: dict[str, Any]) -> None:
    assert (await shop.ask("GET", "/v1/erasures", token=person["token"])).status == 403
    assert (await shop.ask("GET", "/v1/erasures")).status == 401
    path = f"/v1/erasures/{shop.ports.ids.new('era')}"
    assert (await shop.ask("DELETE", path, token=person["token"])).status == 403


async def test_the_last_operator_stays(open_shop: OpenShop) -> None:
    alone = Desk(await open_shop(topology.service("users")))
    operator = await alone.operator()
    status, told = await close(alone, {"token": operator["access_token"]})
    assert (status, told["code"]) == (409, "last_operator")
    assert (await alone.ask("GET", "/v1/me", token=operator["access_token"])).status == 200


async def test_what_was_done_with_a_last_access_token_goes_too(
    shop: Desk, person: dict[str, Any], clock: VirtualClock
) -> None:
    await close(shop, person)
    while await actions.erase(shop.ports) == 0:
        pass
    [late] = await ordered(shop, person, tag="late")  # by a token that lives out its minutes
    await erased(shop, clock)
    db = shop.shop.ports["orders"].db
    assert await db.fetchval("SELECT wrapped FROM order_key WHERE order_id = $1", late) is None


async def _signed_in_again(shop: Desk, person: dict[str, Any]) -> dict[str, Any]:
    await shop.ask("POST", "/v1/sessions/magic-link", {"email": person["email"]})
    found: dict[str, Any] = (await shop.redeem(await shop.link_to(person["email"]))).json()
    return found
