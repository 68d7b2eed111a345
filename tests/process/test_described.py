"""The whole shop's description holds every route that the gateway lets through, and no other; and it is OpenAPI 3.1."""

import re
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import iter_route_contexts
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from banyan import topology
from banyan.foundation.running import Shop
from banyan.gateway.describe.openapi import OpenApi
from banyan.gateway.routes import Routes
from tests.conftest import OpenShop

INSIDE = ("/internal/", "/operate/", "/bank/", "/openapi.json")


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(*(topology.service(name) for name in topology.SERVICES))


@pytest.fixture(scope="module")
async def description(shop: Shop) -> dict[str, Any]:
    described = OpenApi(shop.peers, Routes(topology.ROUTES), "https://shop.example", shop.clock, mounted=("/graphql",))
    return await described.current()


def routes(shop: Shop, service: str) -> set[tuple[str, str]]:
    """Method and path, without a path's converters, of what a service answers."""
    local = shop.peers.local(service)
    assert local is not None
    return {
        (method.lower(), re.sub(r":\w+}", "}", route.path))
        for route in iter_route_contexts(local.app.routes)
        if route.path is not None
        for method in (route.methods or ())
        if method != "HEAD"
    }


@pytest.mark.parametrize("service", topology.SERVICES)
def test_every_route_of_a_service_is_described_as_its_own(
    shop: Shop, description: dict[str, Any], service: str
) -> None:
    outside = {each for each in routes(shop, service) if not each[1].startswith(INSIDE)}
    told = {
        (method, path)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if service in operation.get("tags", ())
    }
    assert told == outside
    assert (service == "testbank") != bool(outside)


def test_a_route_that_is_described_is_one_that_the_gateway_sends_there(shop: Shop) -> None:
    table = Routes(topology.ROUTES)
    for service in topology.SERVICES:
        for _, path in routes(shop, service):
            if not path.startswith(INSIDE):
                route = table.find(re.sub(r"{[^}]*}", "x", path))
                assert route is not None
                assert route.service == service, path


def test_it_is_valid_openapi_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert [error.message[:300] for error in OPENAPI_31_VALIDATOR.iter_errors(description)] == []


def test_every_schema_in_it_is_a_valid_schema_that_refers_to_something(description: dict[str, Any]) -> None:
    for name, schema in description["components"]["schemas"].items():
        whole = {**schema, "components": description["components"]}
        assert jsonschema_rs.meta.is_valid(schema), name
        jsonschema_rs.Draft202012Validator(whole)


def test_every_operation_says_what_a_refusal_looks_like(description: dict[str, Any]) -> None:
    silent = [
        operation["operationId"]
        for item in description["paths"].values()
        for operation in item.values()
        if operation.get("tags") != ["gateway"] and not any(status.startswith("4") for status in operation["responses"])
    ]
    assert silent == []


def keyed(description: dict[str, Any]) -> dict[str, bool]:
    """POSTs that take an Idempotency-Key, and whether they must have one."""
    return {
        path: bool(parameter.get("required"))
        for path, item in description["paths"].items()
        for parameter in item.get("post", {}).get("parameters", ())
        if parameter["name"].lower() == "idempotency-key"
    }


def test_what_moves_money_or_stock_needs_a_key_and_says_so(description: dict[str, Any]) -> None:
    assert {path for path, required in keyed(description).items() if required} == {
        "/v1/carts/{cart_id}/checkout",
        "/v1/orders/one-click",
        "/v1/orders/{order_id}/refunds",
        "/v1/orders/{order_id}/fulfillments",
        "/v1/payments/{payment_id}/capture",
        "/v1/payments/{payment_id}/void",
        "/v1/payments/{payment_id}/refunds",
        "/v1/stock/adjustments",
        "/v1/reservations",
    }


SAME = frozenset(  # done twice they are done once: they read, or what they make is made or found
    (
        *(
            "/v1/carts/{cart_id}/merge",
            "/v1/orders/{order_id}/settle",
            "/v1/orders/{order_id}/erasure",
            "/v1/vault/cards",
            "/v1/me/export",
        ),
        *("/v1/sessions/magic-link/look", "/v1/oauth/authorizations", "/v1/me/totp", "/v1/me/email"),
        *("/v1/reconciliations", "/v1/reconciliations/reports"),
        "/v1/reconciliations/differences/{difference_id}/explanation",
    )
)
ONE_USE = frozenset(  # they carry a challenge, code or link that works once
    (
        *("/v1/passkeys", "/v1/passkeys/proof", "/v1/passkeys/sign-in", "/v1/passkeys/sign-up", "/v1/me/proof"),
        *("/v1/me/email/confirm", "/v1/me/email/undo", "/v1/me/totp/confirm", "/v1/sessions/second-step"),
        *("/v1/sessions/magic-link/code", "/v1/sessions/outside/redeem", "/v1/me/outside"),
    )
)
NEW_EACH_TIME = frozenset(  # a challenge or secret that was lost is asked for anew, and what was lost serves nobody
    (
        *("/v1/passkeys/options", "/v1/passkeys/proof/options", "/v1/passkeys/sign-in/options"),
        *("/v1/passkeys/sign-up/options", "/v1/sessions/outside", "/v1/me/recovery-codes"),
        "/v1/oauth/clients/{client_id}/secret",
    )
)


def test_every_other_post_takes_one_but_those_that_are_the_same_when_repeated(description: dict[str, Any]) -> None:
    posts = {path for path, item in description["paths"].items() if "post" in item and path.startswith("/v1/")}
    assert posts - keyed(description).keys() == SAME | ONE_USE | NEW_EACH_TIME
