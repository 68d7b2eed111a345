"""Whose an address is, and what it asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.gateway.legacy.asked import STOREFRONT, Pages, longest_body, route_of
from banyan.storefront.app import READ, SENT
from tests.gateway.legacy.conftest import RULES

PAGES = Pages(RULES)


def _asked(method: str, path: str, query: str = "") -> tuple[str, str, str] | None:
    found = PAGES.asked(method, path, query.encode())
    return (found.kind, found.route, found.group) if found else None


def test_every_page_of_the_storefront_is_the_storefronts() -> None:
    firsts = {path.split("/")[1] for path in (*READ, *SENT)} - {""}
    assert firsts <= STOREFRONT


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/", "", ("read", "common/home", "catalog")),
        ("GET", "/index.php", "", ("read", "common/home", "catalog")),
        ("HEAD", "/index.php", "route=product/product&product_id=4", ("read", "product/product", "catalog")),
        ("GET", "/index.php", "route=a/b&route=product/product", ("read", "product/product", "catalog")),
        ("GET", "/index.php", "route=product%2Fproduct", ("read", "product/product", "catalog")),
        ("GET", "/index.php", "route=product/review.list&page=2", ("read", "product/review.list", "catalog")),
        ("GET", "/hp-lp3065", "", ("read", "_route_", "catalog")),
        ("GET", "/index.php", "_route_=desktops/hp-lp3065", ("read", "_route_", "catalog")),
        ("POST", "/index.php", "route=checkout/cart.add", ("write", "checkout/cart.add", "orders")),
        ("POST", "/index.php", "route=checkout/cart|add", ("write", "checkout/cart.add", "orders")),
        ("GET", "/index.php", "route=checkout/cart.add", ("unknown_read", "checkout/cart.add", "")),
        ("GET", "/index.php", "route=checkout/confirm.confirm", ("unsafe_read", "checkout/confirm.confirm", "orders")),
        ("GET", "/image/cache/a-200x200.jpg", "", ("asset", "/image/cache/a-200x200.jpg", "")),
        ("GET", "/catalog/view/javascript/common.js", "", ("asset", "/catalog/view/javascript/common.js", "")),
        ("GET", "/robots.txt", "", ("asset", "/robots.txt", "")),
        ("GET", "/admin/index.php", "route=common/login", ("unknown_read", "common/login", "")),
        ("POST", "/admin/index.php", "route=catalog/product.save", ("write", "catalog/product.save", "")),
        ("POST", "/index.php", "route=my/extension", ("write", "my/extension", "")),
        ("GET", "/p/mug", "", None),
        ("POST", "/checkout/place", "", ("homeward", "/checkout/place", "orders")),
        ("GET", "/account/orders", "", ("homeward", "/account/orders", "users")),
        ("POST", "/sign-out", "", None),
        ("GET", "/static/shop.css", "", None),
    ],
)
def test_an_address_asks_for(method: str, path: str, query: str, expected: tuple[str, str, str] | None) -> None:
    assert _asked(method, path, query) == expected


def test_what_nobody_described_is_never_asked_twice() -> None:
    found = PAGES.asked("GET", "/index.php", b"route=extension/payment/cod/confirm")
    assert found is not None
    assert not found.repeatable


@given(st.binary(max_size=80))
def test_any_query_has_a_route_or_none(query: bytes) -> None:
    assert isinstance(route_of("/index.php", query), str)


def test_uploads_go_to_the_legacy_shop_in_any_size_it_takes_and_to_ours_as_ever() -> None:
    assert longest_body("/index.php", 1000) > 64_000_000
    assert longest_body("/v1/carts", 1000) == 1000
    assert longest_body("/cart/lines", 1000) == 1000
