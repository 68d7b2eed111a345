"""Each invariant holds in a shop that was used, and fails where its promise is broken by hand."""

import contextlib

import pytest

from banyan.catalog.invariants import INVARIANTS
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import Counter

BREAKS = [
    ("C1", ["DELETE FROM price WHERE variant_id IN (SELECT id FROM variant WHERE sku = 'INV-1')"]),
    ("C2", ["UPDATE category SET path = ARRAY['cat_elsewhere', id] WHERE slug = 'inner'"]),
    ("C2", ["UPDATE category SET parent_id = (SELECT id FROM category WHERE slug = 'inner') WHERE slug = 'outer'"]),
    (
        "C3",
        [
            "ALTER TABLE product DROP CONSTRAINT product_slug_is_its_own",
            "UPDATE product SET slug = 'inv-2' WHERE slug = 'inv-1'",
        ],
    ),
    (
        "C3",
        [
            "ALTER TABLE product DROP CONSTRAINT product_slug_is_its_own",
            "DELETE FROM product_slug WHERE slug = 'inv-1'",
        ],
    ),
    (
        "C3",
        [
            "ALTER TABLE product_slug DROP CONSTRAINT product_slug_pkey",
            "INSERT INTO product_slug SELECT 'inv-1', id FROM product WHERE slug = 'inv-2'",
        ],
    ),
    ("C4", ["""UPDATE product SET attributes = '{"ghost": 1}' WHERE slug = 'inv-1'"""]),
    ("C4", ["""UPDATE product SET attributes = '{"size": "large"}' WHERE slug = 'inv-1'"""]),
    (
        "C5",
        [
            "ALTER TABLE variant DROP CONSTRAINT variant_options",
            "UPDATE variant SET product_id = (SELECT id FROM product WHERE slug = 'inv-1')",
        ],
    ),
    ("C5", ["ALTER TABLE price DROP CONSTRAINT price_amount_check", "UPDATE price SET amount = 0"]),
    (
        "C6",
        [
            "ALTER TABLE variant DROP CONSTRAINT variant_sku_fkey",
            "DELETE FROM availability WHERE sku = 'INV-1'",
        ],
    ),
]


class Undone(Exception):
    """What was broken is whole again."""


@pytest.fixture(scope="module")
async def used(open_counter: OpenCounter) -> Counter:
    counter = await open_counter()
    await counter.made("/v1/categories", {"name": "Outer"})
    await counter.made("/v1/categories", {"name": "Inner", "parent": "outer"})
    await counter.made("/v1/attributes", {"name": "Size", "kind": "number"})
    await counter.product("INV-1", category="inner", attributes={"size": 5})
    await counter.product("INV-2", category="outer")
    return counter


async def test_a_shop_that_was_used_keeps_every_promise(used: Counter) -> None:
    assert await used.broken() == []


@pytest.mark.parametrize(("promise", "deeds"), BREAKS, ids=[f"{name} {n}" for n, (name, _) in enumerate(BREAKS)])
async def test_a_broken_promise_is_found(used: Counter, promise: str, deeds: list[str]) -> None:
    [invariant] = [each for each in INVARIANTS if each.id == promise]
    with contextlib.suppress(Undone):
        async with used.ports.db.transaction() as tx:
            for deed in deeds:
                await tx.execute(deed)
            assert await tx.fetch(invariant.sql) != []
            raise Undone
    assert await used.broken() == []


def test_every_promise_is_broken_by_some_test() -> None:
    assert {name for name, _ in BREAKS} == {invariant.id for invariant in INVARIANTS}
