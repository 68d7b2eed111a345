"""The access table, tried: every operation by everybody who may ask, on what is theirs and on what is not.

A new operation without a row fails here by name, and so does a row whose operation is gone.
"""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import APIRouter

from banyan import topology
from banyan.contracts import access
from banyan.contracts.access import Row
from banyan.contracts.users import PERMISSIONS, ROLES, SCOPES
from banyan.foundation.access import Doors, OutOfScope, admit, every_route
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.operate import routes as operate
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.foundation.web import principal
from banyan.gateway.describe.openapi import OpenApi
from banyan.gateway.graphql.schema import Mutation, hold, schema
from banyan.gateway.routes import Routes
from banyan.kernel.refusals import Forbidden, Refusal, Unauthenticated
from tests.conftest import OpenShop
from tests.house.access_stage import ADDRESS, CARD, SKU, Stage, open_stage

SERVICES = topology.SERVICES
ALL_SCOPES = frozenset(SCOPES) | PERMISSIONS


@pytest.fixture(scope="module")
async def stage(open_shop: OpenShop) -> Stage:
    return await open_stage(open_shop)


def operations(service: str, stage: Stage) -> set[str]:
    local = stage.shop.peers.local(service)
    assert local is not None
    return {f"{method} {each.path_format}" for each in every_route(local.app.routes) for method in each.methods or ()}


# ---- the table is whole -------------------------------------------------------------------------------------------


async def test_every_operation_has_a_row_and_every_row_an_operation(stage: Stage) -> None:
    everywhere = set(access.rows(access.EVERYWHERE))
    for service in SERVICES:
        known = operations(service, stage) - everywhere
        assert known == set(access.rows(service)), (
            f"{service}: say in src/banyan/contracts/access.toml who may do what is new, and take out what is gone"
        )
        assert topology.service(service).access is not None


@pytest.mark.parametrize("service", topology.APART)
def test_what_runs_apart_has_its_rows_as_well(service: str) -> None:
    made = topology.service(service)
    routes = made.routes(cast(Ports, SimpleNamespace(settings=Settings()))).routes
    known = {f"{method} {each.path_format}" for each in every_route(routes) for method in each.methods or ()}
    assert made.access is not None
    assert known == set(made.access) == set(access.rows(service))


async def test_the_descriptions_know_no_operation_without_a_row(stage: Stage) -> None:
    described = OpenApi(stage.shop.peers, Routes(topology.ROUTES), "", stage.shop.clock, mounted=("/graphql",))
    operations = {
        f"{verb.upper()} {path}": operation["operationId"]
        for path, item in (await described.current())["paths"].items()
        for verb, operation in item.items()
    }
    told = set(operations)
    assert len(set(operations.values())) == len(operations), "generators of clients name methods by operationId"
    rows = {name for part in access.parts() for name in access.rows(part)}
    assert len(told) > 100
    assert told - rows == set()


def test_every_field_of_graphql_has_a_row_and_every_row_a_field() -> None:
    fields = {
        f"{kind}.{name}" for kind in ("Query", "Mutation") for name in cast(Any, schema)._schema.get_type(kind).fields
    }
    assert fields == set(access.rows("graphql"))


def test_a_service_with_an_operation_that_nobody_spoke_about_does_not_start() -> None:
    router = APIRouter()

    @router.get("/v1/new")
    async def new() -> None: ...

    with pytest.raises(WrongSettings, match=r"GET /v1/new.*access\.toml"):
        Doors.of(router.routes, {}, principal, "toys")
    with pytest.raises(WrongSettings, match="never asks who asks"):
        Doors.of(router.routes, {"GET /v1/new": Row.read("operate")}, principal, "toys")
    Doors.of(router.routes, {"GET /v1/new": Row.read("anyone")}, principal, "toys")


def test_a_field_that_nobody_spoke_about_stops_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    class Query:
        __strawberry_definition__ = SimpleNamespace(fields=[SimpleNamespace(python_name="new_field", extensions=[])])

    with pytest.raises(WrongSettings, match=r"Query\.newField.*access\.toml"):
        hold(Query)
    assert Mutation is not None


def test_rows_of_every_service_are_held_to_even_where_a_service_has_no_table() -> None:
    doors = Doors.of(operate(cast(Any, SimpleNamespace(name="toy")), cast(Ports, None)).routes, None, principal, "toy")
    with pytest.raises(Unauthenticated):
        doors.admit("GET", "/operate/parked", GUEST)


# ---- a row, read and held to ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "everyone", "anyone or flying", "shopper; scope flying", "shopper; at night", "; in person"]
)
def test_a_row_of_unknown_words_is_no_row(text: str) -> None:
    with pytest.raises(ValueError, match="not a row"):
        Row.read(text)


ANN = Principal("usr_ann")
KEEPER = Principal("usr_k", permissions=ROLES["stock_keeper"])
KEY = Principal("usr_k", permissions=frozenset({"stock:read"}), scopes=frozenset({"stock:read"}), key_id="apk_1")
APP = Principal("usr_ann", scopes=frozenset({"openid", "orders:own"}), client_id="cli_1")


@pytest.mark.parametrize(
    ("text", "who", "refused"),
    [
        *(("anyone", each, None) for each in (GUEST, ANN, KEY, APP)),
        *(("shopper", GUEST, Unauthenticated), ("shopper", ANN, None), ("shopper", KEY, OutOfScope)),
        *(
            ("shopper", APP, OutOfScope),
            ("shopper; scope orders:own", APP, None),
            ("shopper; scope carts:own", APP, OutOfScope),
        ),
        *(("stock:read", GUEST, Unauthenticated), ("stock:read", ANN, Forbidden), ("stock:read", KEEPER, None)),
        *(("stock:read", KEY, None), ("stock:write", KEY, OutOfScope), ("stock:read; in person", KEY, OutOfScope)),
        *(("cart", GUEST, None), ("cart", KEY, OutOfScope), ("cart", APP, OutOfScope), ("link", GUEST, None)),
        *(("shopper or stock:read", KEY, None), ("shopper or orders:read; scope orders:own", KEY, OutOfScope)),
        *(("anyone; in person", GUEST, None), ("anyone; in person", ANN, None), ("anyone; in person", APP, OutOfScope)),
    ],
)
def test_a_row_lets_in_whom_it_names(text: str, who: Principal, refused: type[Refusal] | None) -> None:
    if refused is None:
        admit(Row.read(text), who)
    else:
        with pytest.raises(refused):
            admit(Row.read(text), who)


async def test_a_handler_is_not_begun_for_who_is_refused(stage: Stage) -> None:
    body = {"sku": SKU, "delta": 1, "reason": "count"}
    answer = await stage.ask("inventory", "POST", "/v1/stock/adjustments", body, token=stage.tokens["support"], key="x")
    assert (answer.status, answer.json()["detail"]) == (403, "this needs the permission stock:write")


# ---- everything, by everybody --------------------------------------------------------------------------------------

# What is sent where the handler has to be reached to tell whose a thing is.
BODIES: dict[str, Any] = {
    "POST /v1/carts/{cart_id}/lines": {"sku": SKU, "quantity": 1},
    "PATCH /v1/carts/{cart_id}/lines/{line_id}": {"quantity": 2},
    "PUT /v1/carts/{cart_id}/delivery": {"email": "x@example.com", "address": ADDRESS, "shipping_option": "standard"},
    "POST /v1/carts/{cart_id}/checkout": {"payment": CARD},
    "PATCH /v1/me/addresses/{address_id}": {"city": "Rome"},
}
PLACES = {
    **dict.fromkeys(("product", "category", "code", "sku", "media", "variant"), "nothing"),
    "currency": "EUR",
    "provider": "testbank",
    "path": "x.png",
    "group": "catalog",
    "seq": "1",
    "name": "x",
    "secret": "x",
}
QUERIES = {"/v1/stock": f"?sku={SKU}"}
_PREFIXES = {"warehouse_id": "whs", "reservation_id": "res", "charge_id": "chg", "key_id": "apk", "case_id": "cas"}


def path_of(template: str, things: dict[str, str]) -> str:
    """The path with something in each place: a thing that is there, or one that nobody has."""

    def place(found: re.Match[str]) -> str:
        name = found[1]
        return things.get(name) or PLACES.get(name) or f"{_PREFIXES.get(name, name[:3])}_{'0' * 26}"

    return re.sub(r"\{(\w+)\}", place, template) + QUERIES.get(template, "")


def refused_with(row: Row, name: str) -> int:
    """The status that this table answers somebody with, by its words alone; 0: let in as far as the handler."""
    key = name.removeprefix("key ") if name.startswith("key ") else ""
    if row.open:
        return 0
    if key:
        return 0 if not row.in_person and key in row.permissions else 403
    if name == "expired":
        return 401
    if row.guests:
        return 0
    if name in ("nobody", "guest"):
        return 401
    return 0 if row.owners or row.permissions & ROLES.get(name, frozenset()) else 403


def asked(service: str) -> Iterator[tuple[str, Row, str, str]]:
    for operation, row in {**access.rows(service), **access.rows(access.EVERYWHERE)}.items():
        if operation != "POST /internal/calls/{name}":
            method, _, template = operation.partition(" ")
            yield operation, row, method, template


@pytest.mark.parametrize("service", SERVICES)
async def test_whom_the_table_does_not_name_is_refused_and_nothing_changes(service: str, stage: Stage) -> None:
    before = await stage.digest(service)
    wrong = []
    expired = stage.tokens["ann"][:-6] + "AAAAAA"
    for operation, row, method, template in asked(service):
        path, body = path_of(template, stage.things), BODIES.get(operation, {}) if method != "GET" else None
        for name, token in {**stage.tokens, "expired": expired}.items():
            if status := refused_with(row, name):
                answer = await stage.ask(service, method, path, body, token=token, key="refused")
                if answer.status != status:
                    wrong.append((operation, name, answer.status, status))
        if not row.open:
            others = ALL_SCOPES - {row.scope} - row.permissions
            for scopes in (frozenset[str](), others, *([ALL_SCOPES] if row.in_person else [])):
                token = await stage.as_third_party(scopes)
                answer = await stage.ask(service, method, path, body, token=token, key="refused")
                if (answer.status, answer.json()["code"]) != (403, "insufficient_scope"):
                    wrong.append((operation, "third party", answer.status, 403))
    assert wrong == []
    assert await stage.digest(service) == before


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_anns_is_not_there_for_others_and_does_not_change(service: str, stage: Stage) -> None:
    before = await stage.digest(service)
    wrong, tried = [], 0
    for operation, row, method, template in asked(service):
        places = set(re.findall(r"\{(\w+)\}", template))
        if not row.owners or not places & stage.things.keys():
            continue
        tried += 1
        path, body = path_of(template, stage.things), BODIES.get(operation)
        for name in ("bob", *(["nobody", "guest"] if row.guests else [])):
            answer = await stage.ask(service, method, path, body, token=stage.tokens[name], key=f"foreign {name}")
            if answer.status not in ((403, 404) if "{user_id}" in template else (404,)):
                wrong.append((operation, name, answer.status, answer.body[:200]))
    assert wrong == []
    assert await stage.digest(service) == before
    assert tried >= {"users": 5, "orders": 10, "payments": 2}.get(service, 0)


def _last_what_ends(asked: tuple[str, Row, str, str]) -> tuple[bool, bool, str]:
    """Deletions last, and of these the account itself."""
    operation, _, method, _ = asked
    return operation in ("DELETE /v1/me", "DELETE /v1/sessions/current"), method == "DELETE", operation


@pytest.mark.parametrize("service", SERVICES)
async def test_whom_the_table_names_is_let_in(service: str, stage: Stage) -> None:
    wrong = []
    for operation, row, method, template in sorted(asked(service), key=_last_what_ends):
        path = path_of(template, stage.things)
        body = BODIES.get(operation, {}) if method not in ("GET", "DELETE") else None
        own = row.owners and set(re.findall(r"\{(\w+)\}", template)) <= stage.things.keys()
        if row.owners:
            names = ["ann"]
        elif row.permissions:
            names = [role for role in ROLES if row.permissions & ROLES[role]]
            names += [f"key {each}" for each in row.permissions if not row.in_person and f"key {each}" in stage.tokens]
        else:
            names = ["nobody"] if "proof" not in row.words else []
        for name in names:
            answer = await stage.ask(
                service, method, path, body, token=stage.tokens[name], key=f"{operation} {name}"[:200]
            )
            told = answer.json() if "json" in (answer.header("content-type") or "") else {}
            sent_away = told.get("code") in ("unauthenticated", "forbidden", "insufficient_scope")
            if sent_away or answer.status == 500 or (own and answer.status == 404):
                wrong.append((operation, name, answer.status, told.get("code")))
        if row.owners and row.scope and not row.in_person and method == "GET":
            answer = await stage.ask(service, method, path, token=await stage.as_third_party(frozenset({row.scope})))
            if answer.status != 200:
                wrong.append((operation, f"third party with {row.scope}", answer.status, answer.body[:300]))
    assert wrong == []


FIELDS = {
    "Query.orders": "{ orders { items { id } } }",
    "Query.order": '{ order(id: "%(order_id)s") { id } }',
    "Query.cart": '{ cart(id: "%(cart_id)s") { id } }',
    "Mutation.createCart": "mutation { createCart { id } }",
    "Mutation.addLine": 'mutation { addLine(cartId: "%(cart_id)s", sku: "ACCESS-1") { id } }',
    "Mutation.changeLine": 'mutation { changeLine(cartId: "%(cart_id)s", lineId: "%(line_id)s", quantity: 3) { id } }',
    "Mutation.removeLine": 'mutation { removeLine(cartId: "%(cart_id)s", lineId: "%(line_id)s") { id } }',
    "Mutation.setDelivery": 'mutation { setDelivery(cartId: "%(cart_id)s", email: "x@example.com", shippingOption: "x", '
    'address: {name: "A", line1: "B", city: "C", postalCode: "10178", country: "DE"}) { id } }',
    "Mutation.checkout": 'mutation { checkout(cartId: "%(cart_id)s", provider: "testbank", token: "tok_ok", '
    'idempotencyKey: "g") { id } }',
    "Mutation.cancelOrder": 'mutation { cancelOrder(id: "%(order_id)s") { id } }',
}


async def test_graphql_holds_every_field_to_the_same_table(stage: Stage) -> None:
    rows = access.rows("graphql")
    assert {name for name, row in rows.items() if not row.open} == set(FIELDS)
    before = await stage.digest("orders")
    for name, query in FIELDS.items():
        query = query % stage.things
        for who in ("key stock:read", "key orders:read", "nobody", "bob"):
            status = refused_with(rows[name], who)
            told, data = await stage.graphql(query, stage.tokens[who])
            if status:
                assert (name, who, told) == (name, who, [status])
            elif who != "key orders:read" and ("cart_id" in FIELDS[name] or "order_id" in FIELDS[name]):
                assert told in ([404], []), (name, who, told)
                assert told or not any((data or {}).values()), (name, who, data)
        told, _ = await stage.graphql(query, await stage.as_third_party(frozenset({"openid"})))
        assert (name, told) == (name, [403])
    after = await stage.digest("orders")
    assert {table for table in after if after[table] != before[table]} <= {"cart"}  # bob and nobody made one each
