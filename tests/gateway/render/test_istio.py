"""Istio's resources fit the schemas that Istio publishes, and read a visitor's side off the name as our split computes it."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest
import yaml

from banyan import topology
from banyan.contracts.callers import CALLERS, EVERYBODY
from banyan.gateway.legacy.sides import Visitors, choose
from banyan.gateway.render import Plan, Server, Split, istio
from banyan.gateway.render.istio import legacy_names
from banyan.gateway.routes import Routes
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from tests.gateway.legacy.conftest import RULES

KINDS = json.loads((Path(__file__).parent / "istio-crds.json").read_text())["kinds"]
Made = list[dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Made:
    here = {name: [Server.of(f"http://{name}.shop.svc.cluster.local:{port}")] for name, port in topology.PORTS.items()}
    split = Split([Server("old.example", 80)], RULES, {"catalog": 25})
    plan = Plan(topology.ROUTES, here, "https://shop.example", PurePosixPath("."), split=split)
    return list(yaml.safe_load_all(istio.files(plan)["istio.yaml"]))


def _closed(schema: Any) -> Any:
    """As the API server prunes: what the schema does not name is a mistake."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(each) for name, each in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


def test_every_resource_fits_the_schema_that_istio_publishes(made: Made) -> None:
    assert {each["kind"] for each in made} == set(KINDS)
    for each in made:
        known = KINDS[each["kind"]]
        assert each["apiVersion"] == known["apiVersion"]
        jsonschema.validate(each["spec"], _closed(known["spec"]))


def test_a_field_that_istio_does_not_know_would_be_found(made: Made) -> None:
    routes = next(each for each in made if each["kind"] == "VirtualService")
    routes["spec"]["http"][-1]["retires"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(routes["spec"], _closed(KINDS["VirtualService"]["spec"]))
    del routes["spec"]["http"][-1]["retires"]


@pytest.mark.parametrize("percent", [0, 1, 9, 10, 25, 33, 50, 89, 90, 99, 100])
def test_a_name_tells_the_side_that_our_split_computes(percent: int) -> None:
    visitors = Visitors(SeededIds(SystemClock(), 5))
    pattern = legacy_names(percent)
    for visitor in (visitors.new() for _ in range(2000)):
        by_name = bool(pattern) and bool(re.fullmatch(pattern, f"a=b; banyan_visitor={visitor}; c=d"))
        assert by_name == (choose(visitor, {"new": percent, "legacy": 100 - percent}) == "legacy")


def _asked(made: Made, path: str, *, method: str = "GET", query: str = "", **headers: str) -> dict[str, Any]:
    """The first route that matches, as Envoy matches: regular expressions against the whole."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given[":path"] = f"{path}?{query}" if query else path
    params = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)

    def fits(match: dict[str, str], value: str | None) -> bool:
        ((how, wanted),) = match.items()
        if value is None:
            return False
        return {"exact": value == wanted, "prefix": value.startswith(wanted)}.get(how) or (
            how == "regex" and bool(re.fullmatch(wanted, value))
        )

    def all_fit(match: dict[str, Any]) -> bool:
        return (
            fits(match.get("uri", {"prefix": "/"}), path)
            and fits(match.get("method", {"regex": ".*"}), method)
            and all(fits(each, given.get(name)) for name, each in match.get("headers", {}).items())
            and not any(fits(each, given.get(name)) for name, each in match.get("withoutHeaders", {}).items())
            and all(fits(each, params.get(name)) for name, each in match.get("queryParams", {}).items())
        )

    (routes,) = (each for each in made if each["kind"] == "VirtualService")
    return next(each for each in routes["spec"]["http"] if any(all_fit(match) for match in each["match"]))


def _host(route: dict[str, Any]) -> str:
    return "404" if "directResponse" in route else route["route"][0]["destination"]["host"].partition(".")[0]


@pytest.mark.parametrize(
    "path", ["/v1/orders", "/v1/orders/x", "/v1/me/payment-methods", "/v1/me", "/v1/menu", "/media/a", "/"]
)
def test_a_path_is_whose_the_gateways_table_says(made: Made, path: str) -> None:
    found = Routes(topology.ROUTES).find(path)
    wanted = "404" if found is None else "gateway" if found.service == "storefront" else found.service
    assert _host(_asked(made, path)) == wanted
    assert _host(_asked(made, path, method="POST")) == wanted


def test_what_services_say_to_each_other_is_hidden_and_only_reads_are_asked_again(made: Made) -> None:
    assert _host(_asked(made, "/internal/calls/x")) == "404"
    assert _host(_asked(made, "/v1/orders", x_banyan_peer="orders.1.x")) == "404"
    assert _asked(made, "/v1/orders")["retries"]["attempts"] == 2
    assert _asked(made, "/v1/orders", method="POST")["retries"]["attempts"] == 0


def test_reads_of_the_legacy_shops_visitors_pass_the_gateway_by_and_nothing_else_does(made: Made) -> None:
    old, new = "banyan_visitor=42." + "a" * 20, "banyan_visitor=07." + "a" * 20
    product = "route=product/product&product_id=40"
    assert _host(_asked(made, "/index.php", query=product, cookie=old)) == "old"
    assert _host(_asked(made, "/", cookie=old)) == "old"
    through = [
        _asked(made, "/index.php", query=product, cookie=new),
        _asked(made, "/index.php", query=product),
        _asked(made, "/index.php", query=product, cookie=old, method="POST"),
        _asked(made, "/index.php", query=product, cookie=old + "; banyan_wrote=catalog"),
        _asked(made, "/index.php", query=product, cookie="__Host-banyan_session=s; " + old),
        _asked(made, "/index.php", query=product + "&route=checkout/checkout", cookie=old),
        _asked(made, "/index.php", query=product + "&%72oute=checkout/checkout", cookie=old),
        _asked(made, "/index.php", query="route=account/account", cookie=old),
        _asked(made, "/", query="a=b", cookie=old),
    ]
    assert {_host(each) for each in through} == {"gateway"}


def test_the_mesh_lets_each_service_be_asked_by_those_whom_the_table_names(made: Made) -> None:
    found: dict[str, set[str]] = {}
    for each in made:
        if each["kind"] == "AuthorizationPolicy":
            for rule in each["spec"]["rules"]:
                for path in rule["to"][0]["operation"].get("paths", ()):
                    principals = rule["from"][0]["source"]["notPrincipals"]
                    found[path.removeprefix("/internal/calls/")] = {one.rpartition("/")[2] for one in principals}
    everybody = set(topology.PORTS) - set(topology.APART)  # the vault checks no tokens
    wanted = {name: everybody if who is EVERYBODY else set(who) for name, who in CALLERS.items()}
    assert {name: who & set(topology.PORTS) for name, who in found.items()} == {
        name: who & set(topology.PORTS) for name, who in wanted.items()
    }
