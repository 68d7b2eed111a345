"""What is refused before anything runs, and quickly: depth, aliases, batches, tokens, loops, cost."""

import contextlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation import loopback
from banyan.foundation.auth import Authority
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.gateway.graphql import app, limits
from banyan.gateway.graphql.app import Endpoint
from banyan.kernel.clock import SystemClock


class NoShop(Peers):
    """A shop that nobody may reach: a refused document must not get this far."""

    def __init__(self) -> None:
        super().__init__({}, clock=SystemClock())
        self.asked: list[str] = []

    async def http(self, service: str, method: str, path: str, **_: Any) -> HttpAnswer:
        self.asked.append(path)
        return HttpAnswer(200, (), b'{"items":[],"next_cursor":null}')


async def post(body: Any) -> tuple[HttpAnswer, NoShop]:
    shop = NoShop()
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    endpoint = Endpoint(shop, Authority(shop, issuer="", clock=SystemClock()))
    answer = await loopback.request(
        endpoint, "POST", "/graphql", headers={"content-type": "application/json"}, body=raw
    )
    return answer, shop


def nested(depth: int) -> str:
    return "{ categories " + "{ children " * depth + "{ id }" + " }" * depth + " }"


HOSTILE = {
    "too_deep": nested(50),
    "too_many_aliases": "{" + " ".join(f'a{n}: suggest(q: "x")' for n in range(100)) + "}",
    "too_many_tokens": "{ " + 'suggest(q: "x") ' * 400 + "}",
    "document_too_long": '{ suggest(q: "' + "x" * 30_000 + '") }',
    "fragment_loop": "{ categories { ...A } } fragment A on Category { children { ...B } } fragment B on Category { ...A }",
    "too_costly": "{ products(first: 100) { items { variants { id } images categories { id } description } } "
    "search(first: 100) { items { variants { options { name } } } } b: search(first: 100) { items { variants { options "
    "{ name } } } } }",
    "too_many_fields": "{ categories { ...A } } fragment A on Category { id ...B ...B ...B ...B } "
    "fragment B on Category { id ...C ...C ...C ...C ...C ...C ...C } fragment C on Category { id ...D ...D ...D ...D ...D } "
    "fragment D on Category { id name slug count ...E ...E ...E ...E } fragment E on Category { id name slug count }",
    "page_too_large": "{ products(first: 1000000) { next: nextCursor } }",
}


@pytest.mark.parametrize("code", [code for code in HOSTILE if code != "page_too_large"])
async def test_a_hostile_document_is_refused_before_anything_is_asked(code: str) -> None:
    answer, shop = await post({"query": HOSTILE[code]})
    assert answer.status == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert shop.asked == []


async def test_a_page_without_bound_asks_nobody() -> None:
    answer, shop = await post({"query": HOSTILE["page_too_large"]})
    assert answer.json()["errors"][0]["extensions"]["code"] in ("page_too_large", "too_costly")
    assert shop.asked == []


async def test_a_batch_counts_together_and_is_bounded() -> None:
    answer, shop = await post([{"query": '{ suggest(q: "x") }'}] * 6)
    assert (answer.status, answer.json()["errors"][0]["extensions"]["code"]) == (400, "batch_too_large")
    dear = {"query": "{ search(first: 100) { items { variants { id } } } }"}
    answer, shop = await post([dear] * 5)
    assert (answer.status, answer.json()["errors"][0]["extensions"]["code"]) == (400, "too_costly")
    assert shop.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b'{"query": 1}', b"[" * 50_000, b'{"query":"{"}'])
async def test_what_is_no_request_is_refused(body: bytes) -> None:
    answer, shop = await post(body)
    assert answer.status in (200, 400)
    assert "errors" in answer.json()
    assert shop.asked == []


async def test_introspection_as_tools_send_it_is_answered() -> None:
    from graphql import get_introspection_query

    answer, _ = await post({"query": get_introspection_query()})
    assert answer.status == 200
    assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_an_ordinary_page_is_cheap_enough() -> None:
    query = "{ products(first: 20) { items { id name price { amount } variants { sku options { name value } } } } }"
    answer, shop = await post({"query": query})
    assert answer.json() == {"data": {"products": {"items": []}}}
    assert len(shop.asked) == 1


def test_the_schema_that_is_checked_in_is_the_one_that_is_served() -> None:
    checked_in = Path(app.__file__).with_name("schema.graphql").read_text("utf-8")
    assert checked_in == app.SDL, "write SDL to schema.graphql and look at the difference"


@given(st.integers(), st.none() | st.integers() | st.text() | st.lists(st.integers()))
def test_no_variable_makes_a_page_cheaper_than_nothing(literal: int, variable: object) -> None:
    document = limits.read("query Q($n: Int) { products(first: $n) { items { variants { id } } } }")
    with contextlib.suppress(limits.TooMuch):
        assert limits.check(document, {"n": variable}, None) > 0
    document = limits.read(f"{{ products(first: {json.dumps(literal)}) {{ items {{ id }} }} }}")
    with contextlib.suppress(limits.TooMuch):
        assert limits.check(document, {}, None) > 0


@pytest.mark.parametrize("id", ["..", ".", "", "../../internal/calls"])
async def test_no_id_leads_to_another_path(id: str) -> None:
    answer, shop = await post({"query": "query Q($id: String!) { cart(id: $id) { id } }", "variables": {"id": id}})
    assert answer.status == 200
    assert all("/internal" not in path and path.startswith("/v1/carts/") for path in shop.asked)
    if id.strip("./") == "":
        assert (answer.json()["errors"][0]["extensions"]["code"], shop.asked) == ("not_found", [])
