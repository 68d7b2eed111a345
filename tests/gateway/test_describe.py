"""What the gateway lets through is described, once and truly: operations, facts, and a page that needs nobody else."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from banyan.contracts.examples import FOLDER
from banyan.foundation import loopback, web
from banyan.foundation.peers import HttpAnswer
from banyan.gateway.app import open_gateway
from banyan.gateway.describe import asyncapi
from banyan.gateway.describe.openapi import PARTIAL, WHOLE, OpenApi, merged
from banyan.gateway.routes import Routes
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unavailable
from tests.conftest import OpenShop
from tests.gateway.conftest import ROUTES, Toys, edge

TABLE = Routes({"/v1/products": "catalog", "/v1/orders": "orders", "/v1/carts": "orders"})
ORIGIN = "https://shop.example"


def operation(name: str, schema: str = "") -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}} if schema else {}
    refused = {"description": "Refused", "content": {"application/json": {}, web.PROBLEM: {}}}
    return {"operationId": name, "responses": {"200": {"description": "Well", "content": content}, "4XX": refused}}


def part(paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Problem": {"old": True}, **schemas}}}


def text(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [each for item in document["paths"].values() for each in item.values()]
    named = {each["operationId"]: each for each in found}
    assert len(named) == len(found), "every operation has a name of its own"
    return named


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def assert_whole(document: dict[str, Any]) -> None:
    """Every reference points to something."""
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]


def test_only_what_the_gateway_lets_through_is_described() -> None:
    paths = {"/v1/products": {"get": operation("a")}, "/v1/orders/x": {"get": operation("b")}, "/internal/y": {}}
    document = merged({"catalog": part(paths)}, TABLE, ORIGIN)
    assert [path for path in document["paths"] if path.startswith(("/v1", "/internal"))] == ["/v1/products"]
    assert document["servers"] == [{"url": ORIGIN}]
    assert_whole(document)


def test_every_operation_has_a_name_a_tag_and_the_doors_refusals() -> None:
    parts = {
        "catalog": part({"/v1/products": {"get": operation("list"), "post": {"responses": {}}}}),
        "orders": part({"/v1/orders": {"get": operation("list")}}),
    }
    document = merged(parts, TABLE, ORIGIN, mounted=["/graphql"])
    named = operations(document)
    assert {"list", "list_2", "catalog_post_v1_products", "gateway_graphql"} <= set(named)
    assert named["list_2"]["tags"] == ["orders"]
    assert list(named["list"]["responses"]) == ["200", "304", "429", "4XX", "503", "504"]
    assert named["list"]["responses"]["4XX"]["content"] == {web.PROBLEM: {"schema": ref("Problem")}}
    assert [tag["name"] for tag in document["tags"]] == ["catalog", "orders", "gateway"]
    assert set(document["components"]["securitySchemes"]) == {"access_token", "cart_token", "cart_cookie"}
    assert "old" not in document["components"]["schemas"]["Problem"]
    assert_whole(document)


def test_schemas_that_mean_the_same_are_one_and_others_are_told_apart() -> None:
    money, other = text(amount={"type": "integer"}), text(amount={"type": "string"})
    line = text(price=ref("Money"))
    parts = {
        "catalog": part({"/v1/products": {"get": operation("a", "Line")}}, Money=money, Line=line, Page=text()),
        "orders": part({"/v1/orders": {"get": operation("b", "Line")}}, Money=other, Line=line, Page=text()),
    }
    document = merged(parts, TABLE, ORIGIN)
    schemas = document["components"]["schemas"]
    assert schemas["Money"] == money
    assert schemas["OrdersMoney"] == other
    assert schemas["OrdersLine"] == text(price=ref("OrdersMoney")), "what refers to another meaning is another one"
    assert "OrdersPage" not in schemas
    answered = document["paths"]["/v1/orders"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answered == ref("OrdersLine")
    assert_whole(document)
    assert parts["orders"]["components"]["schemas"]["Line"] == line, "the parts stay as they were told"


class Somewhere:
    """Peers of which one may be away."""

    def __init__(self) -> None:
        self.away = True
        self.asked = 0

    async def http(self, service: str, method: str, path: str) -> HttpAnswer:
        self.asked += 1
        if service == "orders" and self.away:
            raise Unavailable("away")
        found = part({f"/v1/{'products' if service == 'catalog' else 'orders'}": {"get": operation(service)}})
        return HttpAnswer(200, (), json.dumps(found).encode())


async def test_a_service_that_was_away_is_described_when_it_is_back_and_stays_when_it_leaves() -> None:
    clock, peers = VirtualClock(), Somewhere()
    openapi = OpenApi(peers, TABLE, ORIGIN, clock)  # type: ignore[arg-type]
    assert "/v1/orders" not in (await openapi.current())["paths"]
    peers.away = False
    assert "/v1/orders" not in (await openapi.current())["paths"], "not asked again at once"
    clock.advance(PARTIAL)
    assert "/v1/orders" in (await openapi.current())["paths"]
    asked = peers.asked
    clock.advance(WHOLE - 1)
    await openapi.current()
    assert peers.asked == asked
    peers.away = True
    clock.advance(1)
    assert "/v1/orders" in (await openapi.current())["paths"]


async def test_methods_are_found_by_path() -> None:
    openapi = OpenApi(Somewhere(), TABLE, ORIGIN, VirtualClock())  # type: ignore[arg-type]
    openapi._document = {"paths": {"/v1/a/{id}": {"get": {}, "delete": {}, "parameters": []}, "/v1/a/b.c": {"put": {}}}}
    openapi._until = float("inf")
    assert await openapi.methods("/v1/a/x") == {"GET", "DELETE"}
    assert await openapi.methods("/v1/a/b.c") == {"GET", "DELETE", "PUT"}
    assert await openapi.methods("/v1/a/x/y") == await openapi.methods("/v1/a") == set()


# ---- facts --------------------------------------------------------------------------------------------------------


def test_every_event_contract_is_described_with_its_golden_example() -> None:
    document = json.loads(json.dumps(asyncapi.document()))
    messages = document["components"]["messages"]
    golden = {path.stem for path in FOLDER.glob("*.json") if "asked" not in json.loads(path.read_text())}
    assert set(messages) == golden
    told = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert told == golden
    assert document["asyncapi"].startswith("3.")
    assert_whole(document)


@pytest.mark.parametrize("name", sorted(asyncapi.facts()))
def test_an_example_is_as_its_schema_says(name: str) -> None:
    document = json.loads(json.dumps(asyncapi.document()))
    message = document["components"]["messages"][name]
    [example] = message["examples"]
    validator = jsonschema_rs.validator_for({**message["payload"], "components": document["components"]})
    validator.validate(example["payload"])
    assert example["payload"]["subject"] in json.dumps(example["payload"]["data"])
    broken = {**example["payload"], "type": "users.SomethingElse", "data": 7}
    assert not validator.is_valid(broken)


# ---- as served ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def gateway(open_shop: OpenShop, toys: Toys) -> Any:
    shop = await open_shop(*toys.services())
    opened = await open_gateway(shop, ROUTES)
    yield edge(opened, shop)
    await opened.close()


async def get(gateway: Any, path: str, method: str = "GET", **headers: str) -> HttpAnswer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await loopback.request(gateway, method, path, headers=given)


async def test_the_documents_are_served_and_kept_by_etag(gateway: Any) -> None:
    for path in ("/openapi.json", "/asyncapi.json"):
        answer = await get(gateway, path)
        assert (answer.status, answer.header("content-type")) == (200, "application/json")
        assert_whole(answer.json())
        etag = answer.header("etag") or ""
        assert (await get(gateway, path, if_none_match=etag)).status == 304
        assert (await get(gateway, path, accept_encoding="gzip")).header("content-encoding") == "gzip"
        assert (await get(gateway, path, method="POST")).status == 405
    document = (await get(gateway, "/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert {"/v1/products/{product}", "/v1/orders/echo", "/v1/me", "/livez"} <= set(document["paths"])
    operations(document)


async def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing_inline(gateway: Any) -> None:
    page = await get(gateway, "/docs")
    policy = page.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    html = page.body.decode()
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", html)
    wanted = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert all(path.startswith("/") and not path.startswith("//") for path in wanted)
    for path in {*wanted, "/docs/"}:
        assert (await get(gateway, path)).status == 200, path
    for path in ("/docs/docs.js", "/docs/docs.css"):
        assert not re.search(
            rb"https?://|innerHTML|outerHTML|insertAdjacentHTML|\beval\b", (await get(gateway, path)).body
        )


async def test_nothing_else_of_the_package_is_served(gateway: Any) -> None:
    for path in ("/docs/pages.py", "/docs/%2e%2e/pages.py", "/docs/__init__.py", "/docs/none"):
        assert (await get(gateway, path)).status in (400, 404)
    assert Path(asyncapi.__file__).parent.joinpath("pages.py").exists()
