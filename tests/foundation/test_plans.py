"""A plan that is kept is made anew when a table has outgrown it, and not before."""

from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.foundation.plans import FACTOR, FEW, MANY, PAUSE, outgrown
from banyan.foundation.service import Service
from banyan.kernel.clock import VirtualClock
from tests.conftest import OpenShop

LEDGER = Service(name="ledger", folder=Path(__file__).parent / "toy", routes=lambda _: APIRouter())


async def test_a_plan_made_over_an_empty_table_is_made_anew_when_it_has_grown(open_shop: OpenShop) -> None:
    clock = VirtualClock()
    db = (await open_shop(LEDGER, clock=clock)).ports["ledger"].db

    async def looks_up() -> bool:
        return any("Index Cond: (id = " in str(row[0]) for row in await db.fetch("EXPLAIN EXECUTE mark(7)"))

    due = "SELECT id FROM grown ORDER BY id LIMIT $1 FOR UPDATE"
    for statement in (
        "CREATE TABLE grown (id text PRIMARY KEY, said text)",
        "ANALYZE grown",
        f"PREPARE mark (bigint) AS UPDATE grown SET said = 'y' WHERE id IN ({due})",
        "EXECUTE mark(7)",
        "INSERT INTO grown SELECT n::text, 'x' FROM generate_series(1, 20000) AS n",
        "SELECT pg_stat_force_next_flush()",
    ):
        await db.execute(statement)
    assert not await looks_up(), "PostgreSQL has made it anew by itself: this test tells nothing any more"
    clock.advance(PAUSE)
    assert await looks_up()


@pytest.mark.parametrize(
    ("fewest", "rows", "so"),
    [
        ({}, {}, False),
        ({}, {1: FEW * FACTOR - 1}, False),
        ({}, {1: FEW * FACTOR}, True),
        ({1: 0, 2: 500}, {1: 0, 2: 500 * FACTOR - 1}, False),
        ({1: 0, 2: 500}, {1: 0, 2: 500 * FACTOR}, True),
        ({1: 500}, {}, False),
        ({1: MANY}, {1: 1000 * MANY}, False),
    ],
)
def test_tables_outgrow_plans_by_fourfold_while_they_are_small(
    fewest: dict[int, int], rows: dict[int, int], so: bool
) -> None:
    assert outgrown(fewest, rows) is so
