"""Operators put products in and change them, shoppers see them; what is wrong is a 4xx that says what, and changes nothing."""

import asyncio
from typing import Any

import pytest

from banyan.contracts.catalog import BrandsChanged, PriceChanged, ProductAdded, ProductChanged, ProductRemoved
from banyan.kernel.money import Money
from tests.catalog.counter import CATALOGUE, Counter

KETTLE = {
    "name": "Copper Kettle",
    "description": "Whistles.",
    "brand": "Fennick",
    "status": "published",
    "popularity": 7,
    "variants": [
        {"sku": "KTL-1", "options": {"Size": "1 l"}, "prices": [{"amount": 4900, "currency": "EUR"}], "weight_g": 900},
        {
            "sku": "KTL-2",
            "options": {"Size": "2 l"},
            "prices": [{"amount": 5900, "currency": "EUR"}, {"amount": 6500, "currency": "USD"}],
        },
    ],
    "images": [{"url": "https://example.com/kettle.jpg", "alt": "A kettle"}],
}


async def test_a_product_is_shown_as_it_was_put_in(counter: Counter) -> None:
    await counter.made("/v1/categories", {"name": "Kitchen"})
    await counter.made("/v1/categories", {"name": "Kettles", "parent": "kitchen"})
    await counter.made("/v1/attributes", {"name": "Capacity", "kind": "number", "unit": "l"})
    await counter.told()
    made = await counter.made("/v1/products", KETTLE | {"category": "kettles", "attributes": {"capacity": 1.5}})
    brand, product = await counter.told()
    assert isinstance(brand, BrandsChanged)
    assert product == ProductAdded(product_id=made["id"], slug="copper-kettle", published=True)
    seen = await counter.json("/v1/products/copper-kettle")
    assert seen == made == await counter.json(f"/v1/products/{made['id']}")
    assert (seen["name"], seen["brand"], seen["tax_class"], seen["published"]) == (
        "Copper Kettle",
        "Fennick",
        "standard",
        True,
    )
    assert seen["price"] == {"amount": 4900, "currency": "EUR"}
    assert [step["slug"] for step in seen["categories"]] == ["kitchen", "kettles"]
    assert seen["attributes"] == [{"code": "capacity", "name": "Capacity", "kind": "number", "unit": "l", "value": 1.5}]
    assert seen["image"] == seen["images"][0]["url"] == "https://example.com/kettle.jpg"
    assert [(each["sku"], each["options"], each["available"]) for each in seen["variants"]] == [
        ("KTL-1", {"Size": "1 l"}, False),
        ("KTL-2", {"Size": "2 l"}, False),
    ]
    [card] = (await counter.json("/v1/products?sku=KTL-2&currency=USD"))["items"]
    assert card["price"] == {"amount": 6500, "currency": "USD"}
    assert [each["price"] for each in card["variants"]] == [None, {"amount": 6500, "currency": "USD"}]
    assert set(card) >= {"id", "slug", "name", "brand", "price", "image", "variants"}


async def test_only_operators_write_and_see_drafts(counter: Counter) -> None:
    draft = {"name": "Secret"}
    for who, status in (("", 401), ("shopper", 403)):
        assert (await counter.send("POST", "/v1/products", draft, who=who)).status == status
        assert (await counter.get("/v1/products?status=draft", who)).status == status
    made = await counter.made("/v1/products", draft)
    assert made["status"] == "draft"
    assert (await counter.get(f"/v1/products/{made['id']}", "shopper")).status == 404
    seen = await counter.get("/v1/products/secret", "operator")
    assert (seen.status, seen.header("cache-control")) == (200, "private, no-store")
    drafts = await counter.json("/v1/products?status=draft", "operator")
    assert [each["slug"] for each in drafts["items"]] == ["secret"]


async def test_an_edit_needs_the_etag_that_was_read(counter: Counter) -> None:
    made = await counter.product("EDIT-1")
    at = f"/v1/products/{made['id']}"
    tag = (await counter.get(at)).header("etag") or ""
    assert (await counter.send("PATCH", at, {"name": "x"})).status == 428
    first = await counter.send("PATCH", at, {"name": "Renamed", "popularity": 3}, if_match=tag)
    assert (first.status, first.json()["name"], first.json()["popularity"]) == (200, "Renamed", 3)
    late = await counter.send("PATCH", at, {"name": "Lost"}, if_match=tag)
    assert (late.status, late.json()["code"]) == (412, "stale")
    assert (await counter.json(at))["name"] == "Renamed"
    again = await counter.send("PATCH", at, {"name": "Found"}, if_match=first.header("etag") or "")
    assert again.status == 200


async def test_of_two_edits_at_once_one_wins(counter: Counter) -> None:
    made = await counter.product("RACE-1")
    at = f"/v1/products/{made['id']}"
    tag = (await counter.get(at)).header("etag") or ""
    answers = await asyncio.gather(
        *(counter.send("PATCH", at, {"name": f"Try {number}"}, if_match=tag) for number in range(8))
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    [won] = [answer.json()["name"] for answer in answers if answer.status == 200]
    assert (await counter.json(at))["name"] == won


async def test_a_sale_is_no_reason_to_refuse_an_edit(counter: Counter) -> None:
    made = await counter.product("SALE-1")
    at = f"/v1/products/{made['id']}"
    tag = (await counter.get(at)).header("etag") or ""
    await counter.inventory_tells("SALE-1", True)
    seen = await counter.get(at, if_none_match=tag)
    assert (seen.status, seen.json()["variants"][0]["available"]) == (200, True)
    assert (await counter.send("PATCH", at, {"name": "Still mine"}, if_match=tag)).status == 200


async def test_what_has_not_changed_is_not_sent_again(counter: Counter) -> None:
    made = await counter.product("SAME-1")
    answer = await counter.get(f"/v1/products/{made['slug']}")
    again = await counter.get(f"/v1/products/{made['slug']}", if_none_match=answer.header("etag") or "")
    assert (again.status, again.body, again.header("etag")) == (304, b"", answer.header("etag"))


async def test_a_renamed_slug_keeps_answering_and_nobody_else_can_take_it(counter: Counter) -> None:
    made = await counter.product("SLUG-1", name="First Name")
    at = f"/v1/products/{made['id']}"
    moved = await counter.send("PATCH", at, {"slug": "second-name"}, if_match="*")
    assert moved.json()["slug"] == "second-name"
    old = await counter.get("/v1/products/first-name")
    assert (old.json()["slug"], old.header("content-location")) == ("second-name", "/v1/products/second-name")
    taken = await counter.send("POST", "/v1/products", {"name": "Other", "slug": "first-name"})
    assert (taken.status, taken.json()["code"]) == (409, "slug_taken")
    namesake = await counter.product("SLUG-2", name="First Name")
    assert namesake["slug"].startswith("first-name-")
    back = await counter.send("PATCH", at, {"slug": "first-name"}, if_match="*")
    assert (back.status, back.json()["slug"]) == (200, "first-name")
    assert (await counter.send("PATCH", at, {"slug": namesake["slug"]}, if_match="*")).status == 409
    assert await counter.broken() == []


async def test_a_published_product_can_be_sold(counter: Counter) -> None:
    """Whatever is refused for that changes nothing."""
    empty = await counter.made("/v1/products", {"name": "Empty"})
    at = f"/v1/products/{empty['id']}"
    before = await counter.rows_of(*CATALOGUE)
    publish = await counter.send("PATCH", at, {"status": "published"}, if_match="*")
    assert (publish.status, publish.json()["code"]) == (409, "no_price")
    assert await counter.rows_of(*CATALOGUE) == before
    await counter.made(f"{at}/variants", {"sku": "EMPTY-1"})
    assert (await counter.send("PATCH", at, {"status": "published"}, if_match="*")).status == 409
    assert (await counter.send("PUT", f"{at}/variants/EMPTY-1/prices/EUR", {"amount": 5})).status == 200
    assert (await counter.send("PATCH", at, {"status": "published"}, if_match="*")).status == 200
    for path in ("/variants/EMPTY-1/prices/EUR", "/variants/EMPTY-1"):
        assert (await counter.send("DELETE", at + path)).json()["code"] == "no_price"
    assert (await counter.send("PATCH", at, {"status": "archived"}, if_match="*")).status == 200
    assert (await counter.get(at)).status == 404
    assert (await counter.send("DELETE", f"{at}/variants/EMPTY-1")).status == 204
    assert await counter.broken() == []


async def test_the_two_last_variants_cannot_both_go_at_once(counter: Counter) -> None:
    made = await counter.product("LAST-1")
    at = f"/v1/products/{made['id']}/variants"
    await counter.made(at, {"sku": "LAST-2", "options": {"Size": "L"}, "prices": [{"amount": 1, "currency": "EUR"}]})
    answers = await asyncio.gather(*(counter.send("DELETE", f"{at}/{sku}") for sku in ("LAST-1", "LAST-2")))
    assert sorted(answer.status for answer in answers) == [204, 409]
    assert await counter.broken() == []


async def test_a_price_that_changes_is_told_with_what_it_was(counter: Counter) -> None:
    made = await counter.product("PRICE-1")
    at = f"/v1/products/{made['id']}/variants/PRICE-1/prices"
    await counter.told()
    answer = await counter.send("PUT", f"{at}/EUR", {"amount": 900})
    assert answer.json()["price"] == {"amount": 900, "currency": "EUR"}
    await counter.send("PUT", f"{at}/JPY", {"amount": 150})
    await counter.send("PUT", f"{at}/EUR", {"amount": 900})
    [first, second] = await counter.told(PriceChanged)
    assert (first.before, first.after) == (Money(1000, "EUR"), Money(900, "EUR"))
    assert (second.before, second.after) == (None, Money(150, "JPY"))
    assert (await counter.send("DELETE", f"{at}/JPY")).status == 204
    assert (await counter.send("DELETE", f"{at}/JPY")).json()["code"] == "no_such_price"


async def test_skus_are_unique_and_options_within_a_product(counter: Counter) -> None:
    one = await counter.product("TWIN-1")
    other = await counter.product("TWIN-2")
    taken = await counter.send("POST", f"/v1/products/{one['id']}/variants", {"sku": "TWIN-2", "options": {"S": "M"}})
    assert (taken.status, taken.json()["code"]) == (409, "sku_taken")
    same = await counter.send("POST", f"/v1/products/{one['id']}/variants", {"sku": "TWIN-3"})
    assert (same.status, same.json()["code"]) == (409, "options_taken")
    await counter.made(f"/v1/products/{one['id']}/variants", {"sku": "TWIN-3", "options": {"Colour": "Moss"}})
    spelled = {"sku": "TWIN-4", "options": {"colour": " MOSS "}}
    assert (await counter.send("POST", f"/v1/products/{one['id']}/variants", spelled)).status == 409
    edit = await counter.send("PATCH", f"/v1/products/{one['id']}/variants/TWIN-3", {"options": {}, "weight_g": 5})
    assert (edit.status, edit.json()["code"]) == (409, "options_taken")
    edit = await counter.send("PATCH", f"/v1/products/{one['id']}/variants/TWIN-3", {"weight_g": 5, "position": 0})
    assert [each["weight_g"] for each in edit.json()["variants"] if each["sku"] == "TWIN-3"] == [5]
    assert (await counter.send("DELETE", f"/v1/products/{other['id']}/variants/TWIN-3")).status == 404


async def test_a_key_used_again_gives_the_same_product(counter: Counter) -> None:
    body = {"name": "Once"}
    first, again = [await counter.send("POST", "/v1/products", body, idempotency_key="k1") for _ in range(2)]
    assert (first.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    other = await counter.send("POST", "/v1/products", {"name": "Twice"}, idempotency_key="k1")
    assert (other.status, other.json()["code"]) == (422, "key_reused")


async def test_a_removed_product_is_gone_with_all_its_parts(counter: Counter) -> None:
    made = await counter.product("GONE-1")
    await counter.told()
    assert (await counter.send("DELETE", f"/v1/products/{made['id']}", if_match='"9.9"')).status == 412
    assert (await counter.send("DELETE", f"/v1/products/{made['slug']}")).status == 204
    assert await counter.told() == [ProductRemoved(product_id=made["id"], slug=made["slug"])]
    assert (await counter.get(f"/v1/products/{made['id']}")).status == 404
    assert (await counter.send("DELETE", f"/v1/products/{made['id']}")).status == 404
    assert (await counter.product("GONE-1"))["slug"] == made["slug"]


async def test_attributes_are_added_changed_and_taken_away_one_by_one(counter: Counter) -> None:
    await counter.made("/v1/attributes", {"name": "Finish", "kind": "choice", "choices": ["matt", "gloss"]})
    await counter.made("/v1/attributes", {"name": "Since", "kind": "date"})
    made = await counter.product("ATTR-1", attributes={"finish": "matt"})
    at = f"/v1/products/{made['id']}"
    edit = await counter.send("PATCH", at, {"attributes": {"since": "2026-03-31"}}, if_match="*")
    assert {each["code"]: each["value"] for each in edit.json()["attributes"]} == {
        "finish": "matt",
        "since": "2026-03-31",
    }
    edit = await counter.send("PATCH", at, {"attributes": {"since": None}, "brand": None}, if_match="*")
    assert {each["code"]: each["value"] for each in edit.json()["attributes"]} == {"finish": "matt"}
    for wrong in ({"finish": "rough"}, {"since": "2026-02-30"}, {"since": 5}, {"nobody_knows": 1}):
        answer = await counter.send("PATCH", at, {"attributes": wrong}, if_match="*")
        assert answer.status == 422
        assert answer.json()["errors"][0]["pointer"] == f"/body/attributes/{next(iter(wrong))}"


async def test_an_edit_is_told_to_the_bus(counter: Counter) -> None:
    made = await counter.product("TOLD-1")
    await counter.told()
    await counter.send("PATCH", f"/v1/products/{made['id']}", {"status": "draft"}, if_match="*")
    assert await counter.told() == [ProductChanged(product_id=made["id"], slug=made["slug"], published=False)]


BAD: list[tuple[Any, int]] = [
    ({}, 422),
    ({"name": ""}, 422),
    ({"name": "a\u0000b"}, 422),
    ({"name": "line\nbreak"}, 422),
    ({"name": "x" * 301}, 422),
    ({"name": "x", "slug": "Not A Slug"}, 422),
    ({"name": "x", "slug": "-x"}, 422),
    ({"name": "x", "category": "nowhere"}, 422),
    ({"name": "x", "category": "a/b\u0000"}, 422),
    ({"name": "x", "status": "sold"}, 422),
    ({"name": "x", "price": 1}, 422),
    ({"name": "x", "popularity": 2**31}, 422),
    ({"name": "x", "popularity": True}, 422),
    ({"name": "x", "attributes": {"a": [1]}}, 422),
    ({"name": "x", "attributes": {"A b": 1}}, 422),
    ({"name": "x", "attributes": {"a": "\u0000"}}, 422),
    ({"name": "x", "images": [{"url": "javascript:alert(1)"}]}, 422),
    ({"name": "x", "images": [{"url": "http://example.com/x.png"}]}, 422),
    ({"name": "x", "variants": [{"sku": "a/b"}]}, 422),
    ({"name": "x", "variants": [{"sku": ".."}]}, 422),
    ({"name": "x", "variants": [{"sku": "x" * 65}]}, 422),
    ({"name": "x", "variants": [{"sku": "same"}, {"sku": "same", "options": {"a": "b"}}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "options": {"a": "b"}}, {"sku": "q", "options": {"A": "B"}}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": 0, "currency": "EUR"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": -1, "currency": "EUR"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": 1.5, "currency": "EUR"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": "1", "currency": "EUR"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": 2**53, "currency": "EUR"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": 1, "currency": "eur"}]}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "prices": [{"amount": 1, "currency": "EUR"}] * 2}]}, 422),
    ({"name": "x", "variants": [{"sku": "p", "options": {"": "b"}}]}, 422),
    ({"name": "x", "status": "published"}, 409),
    (b'{"name": "\\ud800"}', 422),
    (b'{"name": "x", "\\ud800": 1}', 422),
    (b'{"name": "x", "popularity": 1e400}', 422),
    (b'{"name": "x", "popularity": ' + b"9" * 5000 + b"}", 400),
    (b'{"name": "x", "attributes": {"a": NaN}}', 422),
    (b"\xff\xfe", 400),
    (b"[]", 422),
    (b"[" * 100_000, 400),
]


@pytest.mark.parametrize(("body", "status"), BAD, ids=range(len(BAD)))
async def test_what_cannot_be_a_product_is_refused_and_changes_nothing(
    counter: Counter, body: object, status: int
) -> None:
    before = await counter.rows_of(*CATALOGUE)
    answer = await counter.send("POST", "/v1/products", body)
    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json"), answer.body
    assert await counter.rows_of(*CATALOGUE) == before


@pytest.mark.parametrize(
    "path",
    [
        "/v1/products/%00",
        "/v1/products/%ED%A0%80",
        "/v1/products/..%2f..",
        "/v1/products/" + "x" * 300,
        "/v1/products/'",
    ],
)
async def test_a_name_nobody_can_have_is_answered_like_one_nobody_has(counter: Counter, path: str) -> None:
    assert (await counter.get(path)).status in (404, 422)
    assert (await counter.send("PATCH", path, {"name": "x"}, if_match="*")).status in (404, 422)
    assert (await counter.send("DELETE", path + "/variants/%00")).status in (404, 422)
