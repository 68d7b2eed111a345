"""Facts out of pages: of the demo's legacy shop, of OpenCart's own themes, of our storefront, and of JSON."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.demo import old_pages
from banyan.move.shift.facts import differing, facts

PRODUCT = "product/product"
OPENCART_4 = b"""<html><head><title>HP LP3065</title></head><body><h2>Your Store</h2><div id="content"><h1>HP LP3065</h1>
<ul class="list-unstyled"><li>Brand: <a href="#">Hewlett-Packard</a></li><li>Availability: In Stock</li></ul>
<ul class="list-unstyled"><li><h2><span class="price-new">$122.00</span></h2></li><li>Ex Tax: $100.00</li></ul>
<script>var price = "$1.00";</script></div></body></html>"""
OPENCART_3 = b"""<html><body><h1>HP LP3065</h1><ul><li>Availability: Out Of Stock</li></ul>
<ul class="list-unstyled"><li><h2>$1,122.00</h2></li></ul></body></html>"""
OURS = b"""<html><head><script type="application/ld+json">{"@type": "Product", "name": "HP LP3065", "offers": [
{"price": "122.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock"}]}</script></head>
<body><h1>HP  LP3065</h1><p class="cost"><span class="price" id="price">from 122,00 USD</span></p></body></html>"""


def _facts(body: bytes, route: str = PRODUCT, status: int = 200, kind: str = "text/html") -> dict[str, object]:
    return facts(route, status, kind, body)


def test_the_same_product_has_the_same_facts_in_every_shop() -> None:
    expected = {"status": "2xx", "name": "HP LP3065", "price": "122", "available": True}
    assert _facts(OPENCART_4) == _facts(OURS) == expected
    assert _facts(OPENCART_3) == {**expected, "price": "1122", "available": False}
    old = {"name": "HP LP3065", "model": "M", "quantity": 3, "price": Decimal(122), "description": "", "product_id": 1}
    assert _facts(old_pages.product([], old).encode()) == expected


def test_a_category_has_a_name_and_a_home_page_only_a_status() -> None:
    assert _facts(OURS, "product/category") == {"status": "2xx", "name": "HP LP3065"}
    assert _facts(OURS, "common/home") == {"status": "2xx"}


def test_what_is_no_page_has_its_status() -> None:
    assert _facts(OPENCART_4, status=404) == {"status": "4xx"}
    assert _facts(OPENCART_4, status=302) == {"status": "3xx"}


@pytest.mark.parametrize(
    ("shown", "price"),
    [
        ("€1.234,50", "1234.5"),
        ("1,234.50 USD", "1234.5"),
        ("1 234,5 €", "1234.5"),
        ("£7", "7"),
        ("CHF 1'000.00", "1000"),
        ("$0.99", "0.99"),
        ("¥1,200", "1200"),
        ("sold", None),
    ],
)
def test_a_price_is_its_number_however_it_is_spelt(shown: str, price: str | None) -> None:
    page = f'<h1>x</h1><span class="price-new">{shown}</span>'.encode()
    assert _facts(page)["price"] == price


def test_json_is_compared_by_path() -> None:
    body = b'{"success": {"text": "ok"}, "total": [1, 2.5, null]}'
    found = _facts(body, "common/cart.info", kind="application/json")
    assert found == {"status": "2xx", "/success/text": "ok", "/total/0": 1, "/total/1": 2.5, "/total/2": None}
    assert _facts(b"<b>Fatal error</b>", kind="application/json") == {"status": "2xx", "json": None}


@given(st.binary(max_size=300))
def test_any_bytes_have_facts(body: bytes) -> None:
    assert "status" in _facts(b"<h1>" + body)
    assert "status" in _facts(body, kind="application/json")


def test_what_the_legacy_shop_itself_says_in_two_ways_is_noise() -> None:
    first, second = {"status": "2xx", "price": "1", "name": "a"}, {"status": "2xx", "price": "2", "name": "a"}
    assert differing(first, second, {"status": "2xx", "price": "2", "name": "a"}) == (set(), set())
    assert differing(first, second, {"status": "2xx", "price": "3", "name": "a"}) == (set(), {"price"})
    assert differing(first, second, {"status": "2xx", "price": "3", "name": "b"}) == ({"name"}, {"price"})
    assert differing(first, first, {"status": "2xx", "name": "a"}) == ({"price"}, set())
    assert differing(first, first, {**first, "more": 1}) == (set(), set())
