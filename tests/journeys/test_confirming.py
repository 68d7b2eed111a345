"""In a browser: a payment that the bank wants confirmed, on a desktop's screen and on a phone's."""

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.conftest import SKU

SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


async def at_payment(browser: Browser, url: str, screen: str) -> Page:
    """A guest who has said where it goes, at the page where it is paid."""
    async with aiohttp.ClientSession(url) as http, http.get(f"/v1/search?q={SKU}") as answer:
        slug = (await answer.json())["items"][0]["slug"]
    page = await browser.new_page(viewport=SCREENS[screen])  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    await page.goto(f"{url}/p/{slug}")
    await page.locator(
        "form[action='/cart/lines'] button[type=submit], form[action='/cart/lines'] button:not([formaction])"
    ).first.click()
    await page.goto(f"{url}/checkout/delivery")
    for name, value in {
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "line1": "Unter den Linden 6",
        "city": "Berlin",
        "postal_code": "10117",
    }.items():
        await page.locator(f"[name={name}]").fill(value)
    await page.locator(
        "form[action='/checkout/delivery'] [data-go], form[action='/checkout/delivery'] button.big"
    ).first.click()
    await page.wait_for_url("**/checkout/payment")
    return page


@pytest.mark.parametrize(
    ("screen", "button", "title"),
    [
        ("desktop", "Confirm payment", "Your order is confirmed"),
        ("phone", "Refuse", "The payment did not go through"),
    ],
)
async def test_the_shopper_goes_to_the_bank_and_comes_back_to_the_order(
    one_process: str, browser: Browser, screen: str, button: str, title: str
) -> None:
    page = await at_payment(browser, one_process, screen)
    await page.locator("input[value='test:tok_3ds']").check()
    await page.locator("[data-go]").click()
    await page.wait_for_url("**/bank/confirm/**")
    await expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url("**/orders/**")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    await page.close()


async def test_a_shopper_who_leaves_the_bank_finds_the_way_on_their_order(one_process: str, browser: Browser) -> None:
    page = await at_payment(browser, one_process, "phone")
    await page.locator("input[value='test:tok_3ds']").check()
    await page.locator("[data-go]").click()
    await page.wait_for_url("**/bank/confirm/**")
    bank = page.url
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your bank asks you to confirm")
    link = page.get_by_role("link", name="Confirm the payment")
    assert await link.get_attribute("href") == bank
    await link.click()
    await page.get_by_role("button", name="Confirm payment").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is confirmed")
    await page.goto(bank)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("decided")
    await page.close()
