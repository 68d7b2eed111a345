"""The cart: filled without a script, changed by forms, and honest about what changed by itself."""

from typing import Any

from tests.storefront.browser import Browser, fields
from tests.storefront.fake_shop import FakeShop


async def put_in(browser: Browser, product: dict[str, Any], quantity: int = 1, **options: str) -> None:
    await browser.get(f"/p/{product['slug']}")
    chosen = {f"option__{name}": value for name, value in options.items()}
    await browser.submit("/cart/lines", quantity=str(quantity), **chosen)


async def test_one_press_puts_a_plain_product_into_the_cart(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    await put_in(browser, product, 2)
    assert browser.page.path == "/cart"
    assert "Added" in browser.page.first(role="status").text
    assert product["name"] in browser.page.first("ul", class_="lines").text
    assert browser.page.first("span", class_="badge").text == "2"
    [cart] = shop.carts.values()
    assert [(line["sku"], line["quantity"]) for line in cart["lines"]] == [(product["variants"][0]["sku"], 2)]


async def test_who_goes_back_and_presses_again_gets_one_more(browser: Browser, shop: FakeShop) -> None:
    page = await browser.get(f"/p/{shop.plain()['slug']}")
    sent = {**fields(page.form("/cart/lines")), "quantity": "1"}
    for _ in range(2):
        assert (await browser.post("/cart/lines", sent)).status == 303
    [cart] = shop.carts.values()
    assert cart["lines"][0]["quantity"] == 2


async def test_the_message_is_shown_once(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    assert "Added" not in (await browser.get("/cart")).text


async def test_options_become_the_variant_that_has_them(browser: Browser, shop: FakeShop) -> None:
    product = shop.choosy()
    wanted = [each for each in product["variants"] if each["available"]][-1]
    await put_in(browser, product, **wanted["options"])
    [cart] = shop.carts.values()
    assert cart["lines"][0]["sku"] == wanted["sku"]


async def test_what_is_sold_out_cannot_be_chosen_and_is_refused_all_the_same(browser: Browser, shop: FakeShop) -> None:
    product = shop.choosy()
    gone = product["variants"][0]
    gone |= {"available": False, "stock": 0}
    await browser.get(f"/p/{product['slug']}?sku={gone['sku']}")
    sent = fields(browser.page.form("/cart/lines")) | {f"option.{k}": v for k, v in gone["options"].items()}
    page = await browser.post("/cart/lines", {**sent, "quantity": "1"})
    assert page.status == 422
    assert "sold out" in page.first(role="alert").text
    assert not shop.carts


async def test_sizes_are_not_guessed_and_what_is_missing_is_named(browser: Browser, shop: FakeShop) -> None:
    product = shop.choosy()
    for variant in product["variants"]:
        variant["options"] = {"Size" if name != "Colour" else name: value for name, value in variant["options"].items()}
    page = await browser.get(f"/p/{product['slug']}")
    assert not [each for each in page.all("input", name="option.Size") if "checked" in each.attributes]
    page = await browser.submit("/cart/lines")
    assert page.status == 422
    assert page.first(role="alert").text == "Please choose: size."


async def test_more_than_there_is_is_refused_on_the_products_own_page(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    product["variants"][0]["stock"] = 2
    await put_in(browser, product, 3)
    assert browser.page.status == 409
    assert "not that many" in browser.page.first(role="alert").text


async def test_a_line_is_counted_up_down_and_out(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain(), 2)
    [cart] = shop.carts.values()
    action = f"/cart/lines/{cart['lines'][0]['id']}"
    for sent, left in (({"step": "1"}, [3]), ({"step": "-1"}, [2]), ({"quantity": "5"}, [5]), ({"remove": "1"}, [])):
        page = await browser.submit(action, **sent)
        assert page.path == "/cart"
        assert [line["quantity"] for line in cart["lines"]] == left
    assert "empty" in browser.page.first("h1").text
    assert not browser.page.all("span", class_="badge")


async def test_more_of_a_line_than_there_is_changes_nothing_and_says_so(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    product["variants"][0]["stock"] = 2
    await put_in(browser, product, 2)
    [cart] = shop.carts.values()
    page = await browser.submit(f"/cart/lines/{cart['lines'][0]['id']}", step="1")
    assert "not that many" in page.first(role="status").text
    assert cart["lines"][0]["quantity"] == 2


async def test_a_price_that_changed_is_told_from_and_to(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    await put_in(browser, product)
    before = product["variants"][0]["price"]["amount"]
    product["variants"][0]["price"] = {"amount": before + 1000, "currency": "EUR"}
    page = await browser.get("/cart")
    assert f"went from €{before / 100:,.2f} to €{before / 100 + 10:,.2f}" in page.first("ul", class_="changes").text


async def test_what_is_sold_out_meanwhile_keeps_one_from_checking_out(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    await put_in(browser, product)
    product["variants"][0]["stock"] = 0
    page = await browser.get("/cart")
    assert "sold out meanwhile" in page.text
    assert not [each for each in page.all("a") if each.attributes.get("href") == "/checkout/delivery"]
    assert (await browser.get("/checkout/delivery")).path == "/cart"


async def test_a_cart_that_is_gone_is_made_anew(browser: Browser, shop: FakeShop) -> None:
    await put_in(browser, shop.plain())
    shop.carts.clear()
    await put_in(browser, shop.plain())
    assert browser.page.path == "/cart"
    [cart] = shop.carts.values()
    assert len(cart["lines"]) == 1


async def test_a_guests_cart_goes_along_when_signing_in(member: Browser, shop: FakeShop) -> None:
    await member.get("/account")
    await member.submit("/sign-out")
    await put_in(member, shop.plain(), 2)
    await member.get("/sign-in?next=/cart")
    page = await member.submit("/sign-in", email="ada@example.com", password="four words in a row")
    assert page.path == "/cart"
    assert page.first("span", class_="badge").text == "2"
    [cart] = shop.carts.values()
    assert cart["user"] == "ada@example.com"
    assert "banyan_cart" not in member.cookies


async def test_one_click_says_what_is_missing_and_then_buys_once(member: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    await member.get(f"/p/{product['slug']}")
    sent = {**fields(member.page.form("/cart/lines")), "quantity": "1"}
    assert (await member.post("/buy-now", sent)).to == "/account/addresses"
    shop.users["ada@example.com"]["addresses"].append({"name": "Ada", "line1": "1", "city": "B", "country": "DE"})
    assert (await member.post("/buy-now", sent)).to == "/account/payment"
    shop.methods.append({"id": "pm_1", "token": "tok_1", "provider": "testbank"})
    page = await member.post("/buy-now", sent, follow=True)
    assert page.path.startswith("/orders/ord_")
    assert "confirmed" in page.first("h1").text


async def test_a_guest_who_wants_one_click_signs_in_first(browser: Browser, shop: FakeShop) -> None:
    product = shop.plain()
    page = await browser.get(f"/p/{product['slug']}")
    assert not [each for each in page.all("button") if "formaction" in each.attributes]
    page = await browser.post("/buy-now", fields(page.form("/cart/lines")))
    assert page.to == f"/sign-in?next=/p/{product['slug']}"
