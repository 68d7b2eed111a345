"""When services are away: what needs them says so kindly, everything else goes on."""

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unavailable
from banyan.storefront.kept import Kept
from tests.storefront.browser import Browser
from tests.storefront.conftest import OpenFront
from tests.storefront.fake_shop import FakeShop
from tests.storefront.test_cart import put_in


async def test_home_stands_while_everything_is_away(browser: Browser, shop: FakeShop) -> None:
    shop.away |= {"catalog", "orders", "users", "payments"}
    page = await browser.get("/")
    assert page.status == 200
    assert "filled" in page.first(role="status").text


async def test_what_was_seen_before_is_shown_while_the_catalogue_is_away(open_front: OpenFront, shop: FakeShop) -> None:
    clock = VirtualClock()
    browser = Browser(await open_front(clock))
    before = len((await browser.get("/")).all("li", class_="good-card"))
    shop.away.add("catalog")
    clock.advance(60)
    assert len((await browser.get("/")).all("li", class_="good-card")) == before > 0


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("catalog", "/c/camping"),
        ("catalog", "/search?q=x"),
        ("catalog", "/p/x"),
        ("orders", "/cart"),
        ("orders", "/orders/x"),
    ],
)
async def test_a_page_without_its_service_asks_for_patience(
    browser: Browser, shop: FakeShop, service: str, path: str
) -> None:
    await put_in(browser, shop.plain())
    shop.away.add(service)
    page = await browser.get(path)
    assert page.status == 503
    assert page.headers["retry-after"] == "3"
    assert "moment" in page.first("h1").text
    assert page.first("a", class_="big").attributes["href"] == path.partition("?")[0]


async def test_an_answer_in_another_shape_is_no_answer(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    shop.broken |= {"catalog", "orders"}
    for path in ("/cart", "/search?q=x", f"/p/{shop.plain()['slug']}"):
        assert (await browser.get(path)).status == 503


async def test_a_fault_of_ours_is_a_page_too_and_shows_nothing_of_it(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    product["price"] = {"amount": 5, "currency": "EUR"}
    product["images"] = [{"url": 5}]
    assert (await browser.get(f"/p/{product['slug']}")).status == 503
    shop.products["explodes"] = None  # type: ignore[assignment]
    shop.products = {**shop.products}
    page = await browser.get("/search?q=x")
    assert page.status == 500
    assert "Traceback" not in page.html
    assert page.first("h1").text == "Something broke on our side."


async def test_the_cards_can_be_paid_with_while_saved_ones_are_unknown(member: Browser, shop: FakeShop) -> None:
    from tests.storefront.test_checkout import at_payment

    await at_payment(member, shop)
    shop.away.add("payments")
    page = await member.get("/checkout/payment")
    assert page.status == 200
    assert page.first("input", value="card")


async def test_a_value_is_asked_for_once_in_a_while_and_kept_through_refusals() -> None:
    clock, asked, fails = VirtualClock(), list[int](), False

    async def load() -> str:
        asked.append(1)
        if fails:
            raise Unavailable
        return f"value {len(asked)}"

    kept = Kept(load, "nothing", clock, seconds=5)
    assert [await kept.get(), await kept.get()] == ["value 1", "value 1"]
    clock.advance(5)
    assert await kept.get() == "value 2"
    fails = True
    clock.advance(5)
    assert [await kept.get(), await kept.get()] == ["value 2", "value 2"]
    assert len(asked) == 3
    fails = False
    clock.advance(1)
    assert await kept.get() == "value 4"
