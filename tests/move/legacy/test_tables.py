"""Every table of both versions has one use, and what is left behind says why."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Adapter, owner
from banyan.move.legacy.opencart.tables import IGNORED
from banyan.move.legacy.opencart3 import OpenCart3
from banyan.move.legacy.opencart4 import OpenCart4
from banyan.move.source import Source, read_tables

DOCS = Path(__file__).parents[3] / "docs" / "moving" / "opencart.md"


@pytest.mark.parametrize(("adapter", "dump"), [(OpenCart4(), "opencart-4.1"), (OpenCart3(), "opencart-3.0")])
def test_every_table_of_an_installed_shop_has_exactly_one_use(
    adapter: Adapter, dump: str, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> None:
    with Source(mariadb.url(legacy_database(dump))).connect() as con:
        tables = read_tables(con)
    prefix = adapter.prefix(tables)
    assert prefix == "oc_"
    names = {name.removeprefix(prefix) for name in tables}
    assert names <= set(adapter.uses) | adapter.ignored
    assert not set(adapter.uses) & adapter.ignored
    assert set(adapter.uses) <= names
    assert all(use.optional or name in names for name, use in adapter.uses.items())
    for name, use in adapter.uses.items():
        columns = {column.name for column in tables[prefix + name].columns}
        for view in use.views:
            assert view.group in adapter.groups
            assert not isinstance(view.key, str) or view.key in columns
        assert use.noise <= columns


def test_counts_belong_to_orders_and_the_rest_of_a_product_to_the_catalogue() -> None:
    uses = OpenCart4().uses
    assert owner(uses["product"], "quantity") == "orders"
    assert owner(uses["product_option_value"], "quantity") == "orders"
    assert {owner(uses["product"], column) for column in ("price", "status", "ean", "date_modified")} == {"catalog"}
    assert owner(uses["product_option"], "required") == "catalog"


def test_the_page_on_opencart_names_every_table_that_is_left_behind() -> None:
    assert set(IGNORED) <= set(re.findall(r"`(\w+)`", DOCS.read_text()))


def test_a_database_without_opencart_is_told_apart() -> None:
    with pytest.raises(ValueError, match="no OpenCart"):
        OpenCart4().prefix(["wp_posts", "wp_options"])


@pytest.mark.parametrize("adapter", [OpenCart4(), OpenCart3()])
def test_no_page_that_writes_is_taken_for_one_that_may_be_asked_twice(adapter: Adapter) -> None:
    def first(method: str, route: str) -> str:
        fits = (
            page
            for page in adapter.pages
            if page.method == method
            and (page.route == route or (page.route[-1:] == "*" and route.startswith(page.route[:-1])))
        )
        return next(fits).kind

    dot = "." if adapter.name == "opencart4" else "/"
    assert first("GET", f"checkout/confirm{dot}confirm") == "unsafe_read"
    assert first("GET", "extension/payment/cod/confirm") == "unsafe_read"
    assert first("POST", f"checkout/cart{dot}add") == "write"
    assert first("GET", "product/product") == "read"
    assert all(page.kind == "write" for page in adapter.pages if page.method == "POST")
    assert all(not (page.to and page.door) for page in adapter.pages)
