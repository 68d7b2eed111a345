"""Carts by the legacy shop's forms: filled by its numbers, changed by its rows, carried over, and never filled twice."""

import asyncio

import pytest

from tests.move.doors.conftest import GUEST, SIGNED_IN, Old


async def test_a_product_goes_into_the_cart_and_the_answer_is_the_legacy_shops(browser: Old) -> None:
    said = await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "2"})
    assert said["success"].startswith("Success: You have added iPhone")
    assert await browser.lines() == {"PHONE": 2}
    await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "1"})
    assert await browser.lines() == {"PHONE": 3}


async def test_options_choose_the_variant_and_a_missing_one_is_named(browser: Old) -> None:
    said = await browser.post("checkout/cart.add", {"product_id": "42", "quantity": "1"})
    assert said["error"] == {"option_226": "Size required!"}
    assert "product_id=42" in said["redirect"]
    assert await browser.lines() == {}
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "16", "option[227]": "Happy birthday"})
    assert await browser.lines() == {"SHIRT-S": 1}


@pytest.mark.parametrize(
    "form",
    [
        {"product_id": "999"},
        {},
        {"product_id": "\x00\ud800".encode("utf-8", "replace").decode()},
        {"product_id": "40' OR 1=1"},
        {"product_id": "42", "option[226]": "99999999999999"},
    ],
)
async def test_what_is_not_sold_is_refused_in_the_legacy_shops_way(browser: Old, form: dict[str, str]) -> None:
    said = await browser.post("checkout/cart.add", form)
    assert said == {"error": {"warning": "Product not found!"}}
    assert await browser.lines() == {}


async def test_more_than_there_is_is_refused(browser: Old) -> None:
    said = await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "900"})
    assert "warning" in said["error"]
    assert await browser.lines() == {}


async def test_lines_are_changed_by_our_id_and_by_the_legacy_rows_number(browser: Old) -> None:
    await browser.post("checkout/cart.add", {"product_id": "40", "quantity": "2"})
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"})
    await browser.post("checkout/cart.edit", {"key": "1", "quantity": "4"})
    assert await browser.lines() == {"PHONE": 4, "SHIRT-L": 1}
    await browser.post("checkout/cart.remove", {"key": "2"})
    assert await browser.lines() == {"PHONE": 4}
    said = await browser.post("checkout/cart.remove", {"key": "77"})
    assert said["total"] == "4 item(s)"
    info = await browser.ask("GET", "/index.php?route=common/cart.info")
    assert b"4 item(s)" in info.body


async def test_a_guests_cart_is_there_by_the_legacy_session(browser: Old) -> None:
    browser.cookies["OCSESSID"] = GUEST
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"})
    assert browser.cookies["banyan_cart"] == f"ct_{GUEST}"
    assert await browser.lines() == {"PHONE": 2, "SHIRT-L": 1}
    page = await browser.ask("GET", "/index.php?route=checkout/cart")
    assert b"iPhone" in page.body


async def test_checkout_goes_on_with_ours(browser: Old) -> None:
    browser.cookies["OCSESSID"] = SIGNED_IN
    said = await browser.post("extension/opencart/payment/cod.confirm")
    assert said == {"redirect": "/checkout/delivery"}
    opened = await browser.ask("GET", "/index.php?route=checkout/checkout")
    assert (opened.status, opened.header("location")) == (303, "/checkout/delivery")
    piece = await browser.ask(
        "GET", "/index.php?route=checkout/confirm.confirm", **{"x-requested-with": "XMLHttpRequest"}
    )
    assert (piece.status, b'href="/checkout/delivery"' in piece.body) == (200, True)


async def test_a_repeated_key_adds_once(browser: Old) -> None:
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "16"})
    for _ in range(3):
        await browser.post("checkout/cart.add", {"product_id": "40"}, **{"idempotency-key": "k-1"})
    assert await browser.lines() == {"PHONE": 1, "SHIRT-S": 1}


async def test_what_was_sent_again_while_it_was_held_is_done_once_and_after_that_twice_means_twice(
    browser: Old,
) -> None:
    await browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "16"})
    await browser.ports.db.execute("UPDATE groups SET holding = true, epoch = epoch + 1 WHERE name = 'orders'")
    lease = browser.gateway.crossing.lease  # type: ignore[union-attr]
    async with asyncio.timeout(30):
        while not lease.closed("orders"):
            await asyncio.sleep(0.01)
    held = [asyncio.create_task(browser.post("checkout/cart.add", {"product_id": "40"})) for _ in range(2)]
    other = asyncio.create_task(browser.post("checkout/cart.add", {"product_id": "42", "option[226]": "15"}))
    await asyncio.sleep(0.1)
    assert not any(each.done() for each in (*held, other))
    await browser.ports.db.execute("UPDATE groups SET holding = false, epoch = epoch + 1 WHERE name = 'orders'")
    assert all("success" in each for each in await asyncio.gather(*held, other))
    assert await browser.lines() == {"PHONE": 1, "SHIRT-S": 1, "SHIRT-L": 1}
    for _ in range(2):
        await browser.post("checkout/cart.add", {"product_id": "40"})
    assert (await browser.lines())["PHONE"] == 3


async def test_a_form_from_another_site_does_nothing(browser: Old) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await browser.ask("POST", "/index.php?route=checkout/cart.add", {"product_id": "40"}, **headers)
        assert answer.status == 403
    assert await browser.lines() == {}


async def test_there_are_no_other_doors(browser: Old) -> None:
    assert (await browser.ask("POST", "/internal/doors/cart.add", {"product_id": "40"})).status == 404
    direct = await browser.shop.peers.http("move", "POST", "/internal/doors/none", headers={})
    assert direct.status == 404
