"""Legacy addresses answered with our pages: by id, by path, by search-friendly name; for good once there is no way back."""

import pytest

from banyan.contracts.moving import AskHomeward, AskPlace
from tests.move.doors.conftest import Old


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/index.php?route=product/product&product_id=40", "<h1>iPhone</h1>"),
        ("/index.php?route=product/product&path=20&product_id=42&language=en-gb", "<h1>Shirt</h1>"),
        ("/index.php?route=product/category&path=18_20", "Desktops"),
        ("/index.php?route=product/search&search=iPhone", "iPhone"),
        ("/iphone", "<h1>iPhone</h1>"),
        ("/desktops/iphone", "<h1>iPhone</h1>"),
        ("/index.php?_route_=desktops", "Desktops"),
        ("/", "</html>"),
        ("/index.php?route=account/login", "Sign in"),
    ],
)
async def test_a_legacy_address_shows_our_page_for_the_same(browser: Old, target: str, shown: str) -> None:
    answer = await browser.ask("GET", target)
    assert (answer.status, shown in answer.body.decode()) == (200, True)
    assert answer.header("location") is None


async def test_our_page_has_its_own_safety_headers_and_canonical_address(browser: Old) -> None:
    answer = await browser.ask("GET", "/iphone")
    assert "default-src 'none'" in (answer.header("content-security-policy") or "")
    assert b'<link rel="canonical" href="/p/iphone">' in answer.body


@pytest.mark.parametrize(
    "target",
    [
        "/index.php?route=product/product&product_id=999",
        "/index.php?route=product/product&product_id=%00%FF",
        "/index.php?route=product/product",
        "/no-such-name",
        "/index.php?_route_=" + "a/" * 400,
    ],
)
async def test_what_nobody_has_is_not_found_and_never_a_fault(browser: Old, target: str) -> None:
    answer = await browser.ask("GET", target)
    assert answer.status in (404, 503)  # the legacy shop, asked instead, is switched off
    assert answer.status != 500


async def test_once_there_is_no_way_back_addresses_move_for_good(browser: Old) -> None:
    asked = AskPlace(method="GET", route="product/product", target="/index.php?route=product/product&product_id=42")
    assert (await browser.shop.peers.ask(asked)).moved is False
    await browser.ports.db.execute("UPDATE groups SET state = 'finalized' WHERE name = 'catalog'")
    place = await browser.shop.peers.ask(asked)
    await browser.ports.db.execute("UPDATE groups SET state = 'new_primary' WHERE name = 'catalog'")
    assert (place.path, place.moved) == ("/p/shirt", True)


@pytest.mark.parametrize(
    ("form", "sent", "after"),
    [
        (
            {"product": "iphone", "quantity": "2"},
            {"product_id": "40", "quantity": "2"},
            "/index.php?route=checkout/cart",
        ),
        (
            {"product": "shirt", "option.Size": "L", "quantity": "x"},
            {"product_id": "42", "quantity": "1", "option[226]": "15"},
            "/index.php?route=checkout/cart",
        ),
        ({"product": "shirt"}, {}, "/p/shirt"),
        ({"product": "nothing"}, {}, "/index.php?route=checkout/cart"),
        ({"product": ".."}, {}, "/index.php?route=checkout/cart"),
        ({}, {}, "/index.php?route=checkout/cart"),
    ],
)
async def test_a_form_of_ours_in_the_legacy_shops_shape(
    browser: Old, form: dict[str, str], sent: dict[str, str], after: str
) -> None:
    found = await browser.shop.peers.ask(AskHomeward(path="/cart/lines", form=tuple(form.items())))
    assert (dict(found.form), found.after) == (sent, after)
    assert found.target == ("/index.php?route=checkout/cart.add" if sent else "")
