"""A whole shop in one process for the access table: everybody who may ask, and things that are Ann's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from banyan import topology
from banyan.catalog import importing
from banyan.contracts.inventory import SetStock, StockCount
from banyan.contracts.users import ROLES
from banyan.foundation import api_keys, loopback
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.gateway.graphql.app import Endpoint
from banyan.users.actions.keys import access_token
from banyan.users.domain.accounts import Account
from banyan.users.domain.api_keys import SCOPES
from banyan.users.storage import accounts
from tests.conftest import OpenShop

SKU = "ACCESS-1"
ADDRESS = {"name": "Ann", "line1": "Lane 7", "city": "Berlin", "postal_code": "10178", "country": "DE"}
CARD = {"provider": "testbank", "token": "tok_ok"}
_CLIENT = "cli_00000000000000000000000000"


@dataclass
class Stage:
    """Who asks, by name: the token that says so. `things`: what a path's places are, of Ann's."""

    shop: Shop
    tokens: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    thirds: dict[frozenset[str], str] = field(default_factory=dict)

    async def ask(
        self, service: str, method: str, path: str, body: object = None, *, token: str = "", key: str = ""
    ) -> HttpAnswer:
        given = {"authorization": f"Bearer {token}" if token else "", "idempotency-key": key, "if-match": "*"}
        if path.startswith("/v1/carts") and method in ("POST", "PATCH", "PUT", "DELETE"):
            given.pop("if-match")
        headers = {name: value for name, value in given.items() if value} | {"content-type": "application/json"}
        local = self.shop.peers.local(service)
        assert local is not None
        raw = b"" if body is None else orjson.dumps(body)
        return await loopback.request(local.app, method, path, headers=headers, body=raw)

    async def done(self, service: str, method: str, path: str, body: object = None, **more: str) -> Any:
        answer = await self.ask(service, method, path, body, **more)
        assert answer.status < 300, (method, path, answer.status, answer.body)
        return answer.json()

    async def graphql(self, query: str, token: str) -> tuple[list[Any], Any]:
        """The codes of what was refused, and what was answered."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        endpoint = Endpoint(self.shop.peers, self.shop.authority)
        body = orjson.dumps({"query": query})
        told = (await loopback.request(endpoint, "POST", "/graphql", headers=headers, body=body)).json()
        return [each["extensions"].get("status") for each in told.get("errors", ())], told.get("data")

    async def digest(self, service: str) -> Mapping[str, str]:
        """Every table of a service's database: how many rows, and which transactions wrote them."""
        db = self.shop.ports[service].db
        names = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        asked = " UNION ALL ".join(
            f"SELECT '{row[0]}' AS name, count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) AS said FROM \"{row[0]}\""
            for row in names
        )
        return {row["name"]: row["said"] for row in await db.fetch(asked)}

    async def as_third_party(self, scopes: frozenset[str]) -> str:
        """A token of Ann's for somebody else's program, with these scopes."""
        if scopes not in self.thirds:
            self.thirds[scopes] = await access_token(
                self.shop.ports["users"], await self._account("ann"), self.things["session_id"], _CLIENT, sorted(scopes)
            )
        return self.thirds[scopes]

    async def _account(self, name: str) -> Account:
        found = await accounts.by_id(self.shop.ports["users"].db, self.things[f"{name} id"])
        assert found is not None
        return found


async def open_stage(open_shop: OpenShop) -> Stage:
    stage = Stage(await open_shop(*map(topology.service, topology.SERVICES), peer_secret="of the stage"))
    await _people(stage)
    await _keys(stage)
    await _things_of_ann(stage)
    return stage


async def _people(stage: Stage) -> None:
    users = stage.shop.ports["users"]
    stage.tokens["nobody"] = ""
    for name in ("ann", "bob"):
        body = {"email": f"{name}@example.com", "password": "a long walk by the sea", "name": name}
        signed_up = await stage.done("users", "POST", "/v1/users", body)
        stage.tokens[name], stage.things[f"{name} id"] = signed_up["access_token"], signed_up["id"]
        stage.things["session_id" if name == "ann" else "bob session"] = signed_up["session_id"]
    for role in ROLES:
        made, session_id = await _employed(stage, role), users.ids.new("ses")
        await users.db.execute(
            """INSERT INTO session (id, account_id, method, expires_at)
            VALUES ($1, $2, 'operator_link', shop_now() + interval '1 day')""",
            *(session_id, made.id),
        )
        stage.tokens[role] = await access_token(users, made, session_id, strong=True)
    guest = await stage.done("orders", "POST", "/v1/carts", {})
    stage.tokens["guest"], stage.things["guest cart"] = guest["token"], guest["id"]


async def _employed(stage: Stage, role: str) -> Account:
    """An account with this role, written down as if it had been given."""
    db, made = stage.shop.ports["users"].db, stage.shop.ids.new("usr")
    await db.execute(
        "INSERT INTO account (id, email_raw, email_canonical, roles) VALUES ($1, $2, $2, $3)",
        *(made, f"{made}@example.com", [role]),
    )
    stage.things[f"{role} id"] = made
    found = await accounts.by_id(db, made)
    assert found is not None
    return found


async def _keys(stage: Stage) -> None:
    """API keys of an operator, each with one scope, written down as if made; used once, so that their use is noted."""
    db = stage.shop.ports["users"].db
    maker = (await _employed(stage, "operator")).id
    for number, scope in enumerate(sorted(SCOPES)):
        key = api_keys.make(number.to_bytes(32))
        await db.execute(
            """INSERT INTO api_key (id, account_id, name, digest, hint, scopes, expires_at)
            VALUES ($1, $2, 'of the stage', $3, 'abcd', $4, shop_now() + interval '1 day')""",
            *(f"apk_{number:026}", maker, api_keys.digest(key), [scope]),
        )
        stage.tokens[f"key {scope}"] = key
        await stage.ask("catalog", "GET", "/v1/products", token=key)


async def _things_of_ann(stage: Stage) -> None:
    """A cart with a line, an order that was paid, an address, a saved card."""
    ports, ann = stage.shop.ports, stage.tokens["ann"]
    price = {"amount": 1999, "currency": "EUR"}
    await importing.import_rows(
        ports["catalog"], [{"sku": SKU, "name": "Mug", "price": price, "categories": ["Trial"]}]
    )
    await stage.shop.peers.ask(SetStock(counts=(StockCount(sku=SKU, on_hand=50),)))
    bought = await _cart(stage, ann)
    options = await stage.done("orders", "GET", f"/v1/carts/{bought['id']}/shipping-options?country=DE", token=ann)
    delivery = {"email": "ann@example.com", "address": ADDRESS, "shipping_option": options["items"][0]["id"]}
    await stage.done("orders", "PUT", f"/v1/carts/{bought['id']}/delivery", delivery, token=ann)
    order = await stage.done(
        "orders", "POST", f"/v1/carts/{bought['id']}/checkout", {"payment": CARD}, token=ann, key="buy"
    )
    cart = await _cart(stage, ann)
    address = await stage.done("users", "POST", "/v1/me/addresses", ADDRESS, token=ann)
    card = await stage.done("payments", "POST", "/v1/me/payment-methods", CARD, token=ann)
    paid = await ports["payments"].db.fetchval("SELECT id FROM payment WHERE order_id = $1", order["id"])
    stage.things |= {
        "cart_id": cart["id"],
        "line_id": cart["lines"][0]["id"],
        "order_id": order["id"],
        "payment_id": paid,
        "address_id": address["id"],
        "method_id": card["id"],
        "user_id": stage.things["ann id"],
        "delivery": delivery["shipping_option"],
    }


async def _cart(stage: Stage, token: str) -> Any:
    made = await stage.done("orders", "POST", "/v1/carts", {}, token=token)
    return await stage.done(
        "orders", "POST", f"/v1/carts/{made['id']}/lines", {"sku": SKU, "quantity": 1}, token=token, key=made["id"]
    )
