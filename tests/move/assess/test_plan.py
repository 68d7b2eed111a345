"""A plan says which groups there are, what crosses between them, how busy they are, and which to take out first."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.refusals import NotFound
from banyan.move.assess.belonging import REFERENCE, STAYS, common_prefix, crossings, groups_of, guess, relations
from banyan.move.assess.fidelity import lossy
from banyan.move.assess.found import ForeignKey, Found, Survey
from banyan.move.assess.picture import draw
from banyan.move.assess.plan import plan
from banyan.move.assess.profile import Rates
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Use
from banyan.move.rows import Column
from banyan.move.source import Source
from tests.move.assess.little import Little, run
from tests.move.assess.test_checks import CLEAN

Shop = Callable[..., Source]
LOG = "\n".join(
    f'1.2.3.4 - - [22/Nov/2026:10:00:{second:02} +0000] "{request} HTTP/1.1" 200 5 "-" "Firefox" 0.{second:03}'
    for second, request in enumerate(
        ["GET /index.php?route=product/product&product_id=1"] * 40
        + [
            "POST /index.php?route=checkout/cart.add",
            "GET /index.php?route=checkout/confirm",
            "GET /index.php?route=cms/blog",
        ]
    )
)
PHP = """<?php
$db->query("SELECT * FROM orders o JOIN customer c ON o.customer_id = c.customer_id");
$db->query("UPDATE product SET price = 1");
$db->query("UPDATE `$table` SET price = 1");
"""


def table(name: str, *columns: str, key: tuple[str, ...] = (), rows: int = 10) -> Found:
    made = tuple(Column(column, "int", "int(11)", None, None, False) for column in columns)
    return Found(name, "BASE TABLE", "InnoDB", rows, rows * 100, 0, 0, "", made, key or columns[:1])


def survey(*tables: Found, foreign_keys: tuple[ForeignKey, ...] = ()) -> Survey:
    return replace(CLEAN, tables={each.name: each for each in tables}, foreign_keys=foreign_keys)


async def test_a_plan_of_a_little_shop_with_its_code_and_its_log(shop: Shop, server: MariaDb, tmp_path: Path) -> None:
    source = shop("CREATE TABLE plugin (plugin_id INT NOT NULL PRIMARY KEY, order_id INT)")
    run(server, source.database, "FLUSH BINARY LOGS;\n" + "UPDATE customer SET name = CONCAT(name, 'x');\n" * 5)
    (tmp_path / "shop.php").write_text(PHP)
    log = tmp_path / "access.log.gz"
    log.write_bytes(gzip.compress(LOG.encode()))
    made = await plan(source, Little(), tmp_path, log)

    assert [step.group for step in made.steps] == ["catalog", "users", "orders"]
    numbers = {step.group: step.numbers for step in made.steps}
    assert numbers["users"]["writes_share"] > numbers["orders"]["writes_share"] > 0
    assert (numbers["orders"]["money"], numbers["catalog"]["money"]) == (1, 0)
    assert numbers["orders"]["queries"] == numbers["users"]["queries"] == 1
    assert made.facts.rates.by.startswith("the log from binlog.")
    assert made.facts.rates.tables["customer"] > 0
    assert {(c.reader, c.owner, len(c.relations)) for c in made.facts.crossings} == {
        ("orders", "users", 1),
        ("orders", "catalog", 1),
        (STAYS, "orders", 1),
    }
    assert made.shared == {"product": ("catalog", "orders")}
    assert made.facts.traffic is not None
    assert {(r.route, r.group, r.kind) for r in made.facts.traffic.routes} == {
        ("product/product", "catalog", "read"),
        ("checkout/cart.add", "orders", "write"),
        ("checkout/confirm", "orders", "unsafe_read"),
        ("cms/blog", "", ""),
    }
    told = "\n".join(made.lines())
    assert "1. catalog: none of its tables says who owes money; " in told
    assert "1 queries join orders and users." in told
    assert "put together at run time: shop.php:4 UPDATE `…` SET price = 1" in told
    assert "(a GET that writes)" in told
    assert "catalog (columns of orders)" in told


async def test_a_plan_is_told_to_programs_with_the_same_numbers(shop: Shop) -> None:
    made = await plan(shop(), Little())
    as_json = made.as_json()
    assert [step["group"] for step in as_json["order"]] == [step.group for step in made.steps]
    assert {t["name"]: t["group"] for t in as_json["tables"]} == {
        "customer": "users",
        "product": "catalog",
        "orders": "orders",
        "order_line": "orders",
    }
    assert as_json["copy"] == {
        "seconds": 1,
        "disk_bytes": made.disk_bytes,
        "retention_seconds": None,
        "slack_seconds": None,
    }
    assert as_json["code"] is None
    assert as_json["traffic"] is None
    assert {each["type"] for each in as_json["lossy"]} == {"datetime", "decimal"}


async def test_a_folder_or_file_that_is_not_there_is_refused(shop: Shop, tmp_path: Path) -> None:
    source = shop()
    with pytest.raises(NotFound, match="--code"):
        await plan(source, code=tmp_path / "nowhere")
    with pytest.raises(NotFound, match="--access-log"):
        await plan(source, access_log=tmp_path / "nowhere")


async def test_where_the_log_may_not_be_read_the_rates_are_unknown_and_the_rest_is_there(
    shop: Shop, server: MariaDb
) -> None:
    source = shop()
    run(
        server,
        None,
        f"CREATE USER looker@'%' IDENTIFIED BY 'looker';\nGRANT SELECT ON {source.database}.* TO looker@'%'",
    )
    looker = Source(server.url(source.database).replace("mover:mover", "looker:looker"))
    made = await plan(looker, Little())
    assert not made.facts.rates.by
    assert "could not be measured" in "\n".join(made.lines())
    assert made.as_json()["tables"][0]["changes_per_second"] is None
    run(server, None, "DROP USER looker@'%'")


async def test_userstat_and_the_slow_log_are_used_where_they_are_on(shop: Shop, server: MariaDb) -> None:
    source = shop()
    good = ("userstat = OFF", "slow_query_log = OFF", "log_output = 'FILE'", "long_query_time = 10")
    try:
        for setting in ("userstat = ON", "log_output = 'TABLE'", "slow_query_log = ON"):
            run(server, None, f"SET GLOBAL {setting}")
        run(
            server,
            source.database,
            "SET SESSION long_query_time = 0;\nSELECT SLEEP(0.05), name FROM product LIMIT 1;\nUPDATE product SET price = 2",
        )
        run(server, None, "CREATE USER looker@'%' IDENTIFIED BY 'looker';\nGRANT SELECT, PROCESS ON *.* TO looker@'%'")
        looker = Source(server.url(source.database).replace("mover:mover", "looker:looker"))
        made = await plan(looker, Little())
        assert made.facts.rates.by == "userstat"
        assert made.facts.rates.tables["product"] > 0
        assert any("SLEEP" in slow.text and slow.seconds >= 0.05 for slow in made.slow)
    finally:
        for setting in good:
            run(server, None, f"SET GLOBAL {setting}")
        run(server, None, "TRUNCATE mysql.slow_log;\nDROP USER IF EXISTS looker@'%'")


@pytest.mark.parametrize("dump", ["opencart-4.1", "opencart-3.0"])
async def test_a_real_shop_nobody_told_us_about_is_taken_apart_sensibly(
    dump: str, real_shop: Callable[[str], Source]
) -> None:
    made = await plan(real_shop(dump))
    belongs = {name.removeprefix("oc_"): group for name, group in made.facts.belongs.items()}
    assert {belongs[n] for n in ("product", "category", "manufacturer", "product_description", "review")} == {"catalog"}
    assert {belongs[n] for n in ("customer", "address", "customer_group")} == {"users"}
    assert {belongs[n] for n in ("order", "order_product", "order_total", "cart", "session", "coupon")} == {"orders"}
    assert {belongs[n] for n in ("country", "zone", "language", "order_status", "setting")} == {REFERENCE}
    order = [step.group for step in made.steps]
    assert order[-1] == "orders"
    crossing = {(c.reader, c.owner): {f"{r.child}.{r.column}" for r in c.relations} for c in made.facts.crossings}
    assert {"oc_order_product.product_id", "oc_cart.product_id"} <= crossing["orders", "catalog"]
    assert {"oc_order.customer_id", "oc_cart.customer_id"} <= crossing["orders", "users"]
    picture = ElementTree.fromstring(made.picture())
    assert len(picture.findall(".//{*}title")) > 50


def test_relations_are_found_by_foreign_keys_and_by_names() -> None:
    seen = survey(
        table("shop_customers", "customers_id"),
        table("shop_address", "id"),
        table("shop_orders", "id_order", "customers_id", "payment_address_id", "ref", "wishlist_id", "id_currency"),
        table("shop_currency", "id_currency"),
        table("shop_lines", "id", "id_order", "line_id"),
        foreign_keys=(ForeignKey("fk", "shop_orders", ("ref",), "shop_lines", ("id",), "RESTRICT", "RESTRICT"),),
    )
    assert common_prefix(seen.tables) == "shop_"
    assert {(r.child, r.column, r.parent, r.declared) for r in relations(seen)} == {
        ("shop_orders", "customers_id", "shop_customers", False),
        ("shop_orders", "payment_address_id", "shop_address", False),
        ("shop_orders", "id_currency", "shop_currency", False),
        ("shop_orders", "ref", "shop_lines", True),
        ("shop_lines", "id_order", "shop_orders", False),
    }


def test_reading_reference_tables_crosses_nothing_and_what_stays_is_nobodys_owner() -> None:
    seen = survey(
        table("product", "product_id", "tax_class_id"),
        table("tax_class", "tax_class_id"),
        table("note", "note_id", "product_id"),
    )
    adapter = Little(more={"tax_class": Use("tax_class", "catalog", reference=True)})
    seen = replace(seen, uses={name: adapter.uses[name] for name in ("product", "tax_class")})
    belongs, _ = groups_of(seen, adapter)
    assert belongs == {"product": "catalog", "tax_class": REFERENCE, "note": STAYS}
    assert [(c.reader, c.owner) for c in crossings(relations(seen), belongs)] == [(STAYS, "catalog")]


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("customer_group", "users"),
        ("orderLines", "orders"),
        ("order_status", REFERENCE),
        ("payments", "payments"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_a_group_is_guessed_by_the_words_of_a_name(name: str, group: str) -> None:
    assert guess(name) == group


def test_what_a_record_cannot_say_is_listed_by_type() -> None:
    def column(name: str, kind: str, full: str) -> Column:
        return Column(name, kind, full, None, None, True)

    odd = replace(
        table("t", "t_id"),
        columns=(
            column("weight", "float", "float"),
            column("total", "decimal", "decimal(15,4)"),
            column("width", "decimal", "decimal(15,8)"),
            column("price", "decimal", "decimal(10,2)"),
            column("views", "bigint", "bigint(20) unsigned"),
            column("open", "time", "time"),
            column("name", "varchar", "varchar(20)"),
        ),
    )
    assert {(each.type, each.columns) for each in lossy([odd])} == {
        ("float", ("t.weight",)),
        ("decimal", ("t.total",)),
        ("bigint", ("t.views",)),
        ("time", ("t.open",)),
    }


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8, unique=True))
def test_any_names_make_a_well_formed_picture(names: list[str]) -> None:
    tables = [table(name, "product_id", "a_id") for name in names]
    seen = survey(*tables)
    belongs = {name: ("catalog", "users", STAYS)[place % 3] for place, name in enumerate(names)}
    groups = {group: [t for t in tables if belongs[t.name] == group] for group in ("catalog", "users", STAYS)}
    svg = draw("<&>\x00\ud800", ["catalog", "users", "gone"], groups, crossings(relations(seen), belongs), Rates())
    ElementTree.fromstring(svg)
