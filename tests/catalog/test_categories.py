"""The tree stays a tree, whatever is moved at the same time; attributes keep what products have."""

import asyncio
from typing import Any

import pytest

from banyan.contracts.catalog import CategoriesChanged
from tests.catalog.counter import Counter


async def chain(counter: Counter, *names: str) -> list[Any]:
    """Categories one below the other."""
    made: list[Any] = []
    for name in names:
        parent = made[-1]["id"] if made else None
        made.append(await counter.made("/v1/categories", {"name": name, "parent": parent}))
    return made


async def test_a_category_moves_with_all_below_it(counter: Counter) -> None:
    a, b, c = await chain(counter, "A1", "B1", "C1")
    [other] = await chain(counter, "D1")
    await counter.product("MOVED-1", category=c["slug"])
    await counter.told()
    moved = await counter.send("PATCH", f"/v1/categories/{b['id']}", {"parent": "d1", "name": "B1 moved"})
    assert (moved.status, moved.json()["parent_id"], moved.json()["slug"]) == (200, other["id"], "b1")
    assert await counter.told() == [CategoriesChanged(category_id=b["id"])]
    seen = await counter.json("/v1/products/moved-1")
    assert [step["name"] for step in seen["categories"]] == ["D1", "B1 moved", "C1"]
    assert (await counter.json("/v1/categories/a1"))["count"] == 0
    assert (await counter.json("/v1/categories/d1"))["count"] == 1
    root = await counter.send("PATCH", f"/v1/categories/{c['id']}", {"parent": None})
    assert (root.status, (await counter.json(f"/v1/categories/{c['id']}"))["trail"]) == (200, [])
    assert a["id"] != other["id"]
    assert await counter.broken() == []


async def test_no_category_comes_below_itself(counter: Counter) -> None:
    a, b = await chain(counter, "A2", "B2")
    for parent in (a, b):
        answer = await counter.send("PATCH", f"/v1/categories/{a['id']}", {"parent": parent["id"]})
        assert (answer.status, answer.json()["code"]) == (409, "circle")


async def test_two_moves_at_once_close_no_circle(counter: Counter) -> None:
    for round_ in range(5):
        [a], [b] = await chain(counter, f"Left {round_}"), await chain(counter, f"Right {round_}")
        answers = await asyncio.gather(
            counter.send("PATCH", f"/v1/categories/{a['id']}", {"parent": b["id"]}),
            counter.send("PATCH", f"/v1/categories/{b['id']}", {"parent": a["id"]}),
        )
        assert sorted(answer.status for answer in answers) == [200, 409]
        assert await counter.broken() == []


async def test_the_tree_has_a_bottom(counter: Counter) -> None:
    *_, deepest = await chain(counter, *(f"Level {number}" for number in range(10)))
    answer = await counter.send("POST", "/v1/categories", {"name": "Too deep", "parent": deepest["id"]})
    assert (answer.status, answer.json()["code"]) == (409, "too_deep")
    a, _ = await chain(counter, "A3", "B3")
    answer = await counter.send("PATCH", f"/v1/categories/{a['id']}", {"parent": "level-8"})
    assert answer.json()["code"] == "too_deep"


async def test_siblings_have_different_names_and_all_have_different_slugs(counter: Counter) -> None:
    await chain(counter, "Shoes", "Sale")
    await chain(counter, "Hats")
    twin = await counter.send("POST", "/v1/categories", {"name": " SALE ", "parent": "shoes"})
    assert (twin.status, twin.json()["code"]) == (409, "name_taken")
    cousin = await counter.made("/v1/categories", {"name": "Sale", "parent": "hats"})
    assert cousin["slug"].startswith("sale-")
    taken = await counter.send("PATCH", f"/v1/categories/{cousin['id']}", {"slug": "sale"})
    assert (taken.status, taken.json()["code"]) == (409, "slug_taken")


async def test_only_an_empty_category_can_go(counter: Counter) -> None:
    _, full = await chain(counter, "Outer", "Inner")
    made = await counter.product("INNER-1", category="inner")
    for name in ("outer", "inner"):
        answer = await counter.send("DELETE", f"/v1/categories/{name}")
        assert (answer.status, answer.json()["code"]) == (409, "category_in_use")
    await counter.send("PATCH", f"/v1/products/{made['id']}", {"category": None}, if_match="*")
    assert (await counter.send("DELETE", f"/v1/categories/{full['id']}")).status == 204
    assert (await counter.send("DELETE", "/v1/categories/inner")).status == 404


async def test_an_edit_of_an_old_version_is_refused_when_it_is_said(counter: Counter) -> None:
    await chain(counter, "Versioned")
    tag = (await counter.get("/v1/categories/versioned")).header("etag") or ""
    assert (await counter.send("PATCH", "/v1/categories/versioned", {"position": 1}, if_match=tag)).status == 200
    assert (await counter.send("PATCH", "/v1/categories/versioned", {"position": 2}, if_match=tag)).status == 412


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x\u0000"}, {"name": "x", "slug": "A"}, {"name": "x", "position": -1}]
)
async def test_what_cannot_be_a_category_is_refused(counter: Counter, body: dict[str, Any]) -> None:
    assert (await counter.send("POST", "/v1/categories", body)).status == 422
    assert (await counter.send("POST", "/v1/categories", body, who="shopper")).status in (403, 422)


async def test_an_attribute_keeps_what_products_have(counter: Counter) -> None:
    await counter.made("/v1/attributes", {"name": "Fit", "kind": "choice", "choices": ["slim", "wide"]})
    made = await counter.product("FIT-1", attributes={"fit": "slim"})
    used = await counter.send("PATCH", "/v1/attributes/fit", {"choices": ["wide"]})
    assert (used.status, used.json()["code"]) == (409, "choice_in_use")
    grown = await counter.send("PATCH", "/v1/attributes/fit", {"choices": ["slim", "loose"], "name": "Cut"})
    assert (grown.status, grown.json()["choices"]) == (200, ["slim", "loose"])
    assert (await counter.json(f"/v1/products/{made['id']}"))["attributes"][0]["name"] == "Cut"
    gone = await counter.send("DELETE", "/v1/attributes/fit")
    assert (gone.status, gone.json()["code"]) == (409, "attribute_in_use")
    await counter.send("PATCH", f"/v1/products/{made['id']}", {"attributes": {"fit": None}}, if_match="*")
    assert (await counter.send("DELETE", "/v1/attributes/fit")).status == 204
    assert await counter.broken() == []


async def test_an_attribute_in_use_this_moment_does_not_go(counter: Counter) -> None:
    for round_ in range(5):
        await counter.made("/v1/attributes", {"name": f"Brief {round_}", "kind": "text"})
        made = await counter.product(f"BRIEF-{round_}")
        give = {"attributes": {f"brief_{round_}": "x"}}
        await asyncio.gather(
            counter.send("PATCH", f"/v1/products/{made['id']}", give, if_match="*"),
            counter.send("DELETE", f"/v1/attributes/brief_{round_}"),
        )
        assert await counter.broken() == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "kind": "choice"},
        {"name": "x", "kind": "text", "choices": ["a"]},
        {"name": "x", "kind": "choice", "choices": ["a", "a"]},
        {"name": "x", "kind": "colour"},
        {"name": "x", "kind": "text", "code": "Not A Code"},
    ],
)
async def test_what_cannot_be_an_attribute_is_refused(counter: Counter, body: dict[str, Any]) -> None:
    assert (await counter.send("POST", "/v1/attributes", body)).status == 422


async def test_an_attribute_is_declared_once(counter: Counter) -> None:
    body = {"name": "Seats", "kind": "number"}
    assert (await counter.made("/v1/attributes", body))["code"] == "seats"
    again = await counter.send("POST", "/v1/attributes", body)
    assert (again.status, again.json()["code"]) == (409, "code_taken")
    assert "seats" in [each["code"] for each in (await counter.json("/v1/attributes"))["items"]]
