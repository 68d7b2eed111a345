"""Counts and money of a shop that moved in, beside sums that the legacy database itself makes of its rows."""

from collections import defaultdict
from typing import Any

from banyan import topology
from banyan.move.legacy import views
from banyan.move.quarantine import cases
from banyan.move.rows import pack
from banyan.move.source import read_tables, select
from banyan.move.storage import checks, mirror
from banyan.move.verify.verifier import Verifier
from banyan.trial import invariants
from tests.move.whole.world import GROUPS, Whole

# Rounded once, half away from zero, as the shop's pages and mails did; an order without a rate has that of today.
CHARGED = """
SELECT DATE_FORMAT(o.date_added, '%Y-%m-%d') AS day, o.currency_code, o.order_status_id AS status, o.payment_method,
    o.transaction_id, CAST(ROUND(COALESCE(t.value, o.total)
        * IF(o.currency_value > 0, o.currency_value, COALESCE(CAST(c.value AS DECIMAL(15, 8)), 1)), 2) * 100 AS SIGNED) AS amount
FROM {order} o
LEFT JOIN {order_total} t ON t.order_id = o.order_id AND t.code = 'total'
LEFT JOIN {currency} c ON c.code = o.currency_code
WHERE o.order_status_id > 0"""
SENT, PAID_AHEAD, GIVEN_BACK = (3, 5), (2, 15), (11, 12, 13)  # statuses as OpenCart's installer numbers them
LATER = ("cod", "bank_transfer", "cheque", "free_checkout")


async def test_counts_agree(whole: Whole) -> None:
    counted = {
        ("users", "account"): "SELECT COUNT(*) FROM {customer}",
        ("users", "address"): "SELECT COUNT(*) FROM {address} JOIN {customer} USING (customer_id)",
        ("catalog", "product"): "SELECT COUNT(*) FROM {product}",
        (
            "catalog",
            "category",
        ): "SELECT COUNT(*) FROM {category} JOIN {category_to_store} USING (category_id) WHERE status = 1",
        ("catalog", "brand"): "SELECT COUNT(*) FROM {manufacturer}",
        ("orders", "order_view"): "SELECT COUNT(*) FROM {order} WHERE order_status_id > 0",
        ("orders", "cart"): """SELECT COUNT(DISTINCT IF(customer_id > 0, customer_id, session_id)) FROM {cart}
                               WHERE product_id IN (SELECT product_id FROM {product})""",
    }
    for (service, table), sql in counted.items():
        assert await whole.our(service, f"SELECT count(*) FROM {table}") == whole.one(sql), table


async def test_money_agrees_by_day_and_currency_to_the_minor_unit(whole: Whole) -> None:
    theirs: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for day, currency, amount in whole.legacy(f"SELECT day, currency_code, amount FROM ({CHARGED}) AS charged"):
        theirs[day, currency][0] += 1
        theirs[day, currency][1] += amount
    ours = {
        (row["day"], row["currency"]): [row["orders"], row["amount"]]
        for row in await whole.ours(
            "orders",
            """SELECT to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, currency, count(*) AS orders,
                      sum(total)::bigint AS amount FROM order_view GROUP BY 1, 2""",
        )
    }
    assert len(ours) > 100
    assert ours == dict(theirs)


async def test_what_was_paid_is_in_the_ledger(whole: Whole) -> None:
    theirs: dict[str, int] = defaultdict(int)
    for _, currency, status, method, reference, amount in whole.legacy(CHARGED):
        ahead = status in PAID_AHEAD and (bool(reference) or not any(f'"{each}.' in method for each in LATER))
        if amount > 0 and (status in SENT or ahead):
            theirs[currency] += amount
    rows = await whole.ours(
        "payments",
        "SELECT currency, sum(captured - refunded)::bigint AS kept, sum(captured)::bigint AS taken FROM payment GROUP BY 1",
    )
    assert {row["currency"]: row["kept"] for row in rows if row["kept"]} == dict(theirs)
    ledger = await whole.ours(
        "payments",
        "SELECT currency, sum(amount)::bigint AS sum FROM entry WHERE account = 'provider_clearing' GROUP BY 1",
    )
    assert {row["currency"]: row["sum"] for row in ledger if row["sum"]} == dict(theirs)


async def test_the_lines_of_every_order_are_there(whole: Whole) -> None:
    theirs = dict(
        whole.legacy(
            """SELECT CAST(order_id AS CHAR), CAST(GROUP_CONCAT(quantity ORDER BY order_product_id) AS CHAR)
               FROM {order_product} JOIN {order} USING (order_id) WHERE order_status_id > 0 GROUP BY order_id"""
        )
    )
    ours = {
        row["number"]: ",".join(str(line["quantity"]) for line in row["shown"]["lines"])
        for row in await whole.ours("orders", "SELECT number, shown FROM order_view")
    }
    assert {number: lines for number, lines in ours.items() if lines} == theirs


async def test_units_agree(whole: Whole) -> None:
    """Of products without options, whose count is one number on both sides; below zero a shelf of ours is empty."""
    theirs = dict(
        whole.legacy(
            """SELECT CAST(product_id AS CHAR), CAST(GREATEST(COALESCE(quantity, 0), 0) AS SIGNED) FROM {product}
               WHERE product_id NOT IN (SELECT product_id FROM {product_option})"""
        )
    )
    skus = {
        row["key"]: row["id"] for row in await whole.ours("move", "SELECT key, id FROM identity WHERE kind = 'sku'")
    }
    ours = {row["sku"]: row["units"] for row in await whole.ours(
        "inventory", "SELECT sku, sum(on_hand - reserved)::bigint AS units FROM level GROUP BY sku"
    )}  # fmt: skip
    wrong = {key: (units, ours.get(skus[key], 0)) for key, units in theirs.items() if ours.get(skus[key], 0) != units}
    assert wrong == {}


async def test_the_mirror_is_the_source_byte_for_byte(whole: Whole) -> None:
    """Read beside the verifier, table by table: what is not converted is kept."""
    await _same(whole)


async def test_verification_finds_nothing(whole: Whole) -> None:
    for group in GROUPS:
        verdict = await Verifier(whole.mover).whole(group)
        assert verdict.findings == []
        assert verdict.books == {}
        assert verdict.waiting == 0
        assert verdict.coverage.percent == 100
        assert verdict.records > 0
    assert await checks.count_open(whole.ports.db, "catalog") == 0


async def test_what_is_in_quarantine_says_why_in_plain_words(whole: Whole) -> None:
    found = (await cases(whole.ports.db)).cases
    assert all(len(case.why) > 10 and "Error" not in case.why for case in found), [case.why for case in found]
    assert [(case.kind, case.key, case.why) for case in found] == []  # none of this dirt is beyond us


async def test_every_invariant_holds(whole: Whole) -> None:
    dbs = {name: ports.db for name, ports in whole.shop.ports.items()}
    findings = await invariants.check(dbs, [topology.service(name) for name in topology.SERVICES])
    assert [(each.id, each.service, each.rows[:3]) for each in findings if each.count] == []


async def _same(whole: Whole) -> None:
    found: dict[str, Any] = {}
    with whole.mover.source.connect() as con:
        for name, table in read_tables(con, list(whole.mover.mirrors.by_name)).items():
            use = whole.mover.mirrors.by_name[name].use
            rows = [row for row in con.query(f"SELECT {select(table)} FROM `{name}`") if views.kept(use, table, row)]
            theirs = {table.key_of(row): pack(row) for row in rows}
            number = whole.mover.mirrors.by_name[name].number
            ours = {row["key"]: row["image"] for row in await mirror.page(whole.ports.db, number, b"", 10_000_000)}
            found[name] = len(ours)
            assert ours == theirs, name
    assert sum(found.values()) > 1_000
