"""An installed OpenCart 3.0 shop, whose tables keep no transactions, moves in whole."""

from banyan.move.verify.verifier import Verifier
from tests.move.whole.world import GROUPS, Whole, until


async def test_all_of_it_is_here(third: Whole) -> None:
    assert (
        third.one(
            "SELECT COUNT(*) FROM information_schema.tables WHERE engine = 'MyISAM' AND table_schema = DATABASE()"
        )
        > 100
    )
    for service, table, sql in (
        ("users", "account", "SELECT COUNT(*) FROM {customer}"),
        ("catalog", "product", "SELECT COUNT(*) FROM {product}"),
        ("orders", "order_view", "SELECT COUNT(*) FROM {order} WHERE order_status_id > 0"),
    ):
        assert await third.our(service, f"SELECT count(*) FROM {table}") == third.one(sql) > 0, table
    assert await third.quarantined() == []
    for group in GROUPS:
        verdict = await Verifier(third.mover).whole(group)
        assert (verdict.findings, verdict.books, verdict.waiting) == ([], {}, 0)
        assert verdict.coverage.percent == 100


async def test_what_its_pages_write_arrives(third: Whole) -> None:
    product = third.one("SELECT MIN(product_id) FROM {product} WHERE status = 1")
    third.write("UPDATE {product} SET viewed = viewed + 1, price = 12.34 WHERE product_id = %s", product)
    third.write("DELETE FROM {product_special} WHERE product_id = %s", product)
    id = await third.id("product", product)

    async def priced() -> bool:
        rows = await third.ours(
            "catalog",
            "SELECT amount FROM price JOIN variant ON variant.id = variant_id WHERE product_id = $1 AND currency = 'USD'",
            id,
        )
        return bool(rows) and min(row["amount"] for row in rows) == 1234

    await until(priced)
