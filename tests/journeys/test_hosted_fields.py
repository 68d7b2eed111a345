"""In a browser: a card is typed in Stripe's own fields, pays, and its number is told to nobody but Stripe."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, FrameLocator, Page, Request, expect

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import SystemClock
from banyan.simulators.stripe import KEY, PUBLISHABLE
from banyan.simulators.stripe.elements import SCRIPT
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import stock
from tests.journeys.conftest import SKU
from tests.journeys.test_confirming import at_payment

GOOD, DECLINED, CONFIRMS = "4242424242424242", "4000000000000002", "4000002760003184"
BY_STRIPE = "input[name=way][value='card:stripe']"
_LISTEN = """window.broken = []; document.addEventListener("securitypolicyviolation",
  (told) => window.broken.push(`${told.effectiveDirective} ${told.blockedURI}`));"""


@dataclass(frozen=True, slots=True)
class Place:
    shop: str
    stripe: str


@pytest.fixture(scope="module")
async def place(scratch: Path) -> AsyncIterator[Place]:
    """A shop that deals with simulated Stripe, which lives on an origin of its own."""
    shop_port, stripe_port = free_port(), free_port()
    origin, stripe = f"http://localhost:{shop_port}", f"http://127.0.0.1:{stripe_port}"
    command = ("-m", "banyan.cli", "simulate", "stripe", "--port", str(stripe_port))
    played = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--webhook", f"{origin}/webhooks/stripe", stdout=asyncio.subprocess.DEVNULL
    )
    settings = {"url": stripe, "key": KEY, "publishable_key": PUBLISHABLE, "webhook_secret": "whsec_simulated"}
    settings |= {"js_url": f"{stripe}{SCRIPT}"}
    env = {f"stripe_{name}": value for name, value in settings.items()}
    try:
        async with own_shop(scratch / "stripe", SystemClock(), origin=origin, **env) as shop:
            shop.port = shop_port
            await shop.start()
            await stock(scratch / "stripe", SKU, 1000)
            await found(origin)
            yield Place(origin, stripe)
    finally:
        with suppress(ProcessLookupError):
            played.terminate()
        await played.wait()


async def found(url: str) -> None:
    """Until the search knows what is sold, and that it can be had."""
    async with aiohttp.ClientSession(url) as http:
        for _ in range(300):
            async with http.get(f"/v1/search?q={SKU}&available=true") as answer:
                if answer.status == 200 and (await answer.json())["items"]:
                    return
            await asyncio.sleep(0.1)
    raise RuntimeError("the search does not find what is sold")


@pytest.fixture
async def guest(place: Place, browser: Browser) -> AsyncIterator[Page]:
    """Somebody at the page where it is paid, on a phone."""
    page = await at_payment(browser, place.shop, "phone")
    yield page
    await page.context.close()


def fields(page: Page) -> FrameLocator:
    return page.frame_locator("[data-stripe] iframe")


async def type_card(page: Page, number: str) -> None:
    await page.locator(BY_STRIPE).check()
    for name, text in {"number": number, "expiry": "1234", "cvc": "123"}.items():
        await fields(page).locator(f"[name={name}]").fill("")
        await fields(page).locator(f"[name={name}]").press_sequentially(text)


async def pay(page: Page) -> None:
    await page.locator("[data-go]").click()


async def says(page: Page, words: str) -> None:
    await page.wait_for_url("**/orders/**")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(words)


async def test_the_number_goes_to_stripe_alone_and_only_this_page_lets_stripe_in(place: Place, guest: Page) -> None:
    asked: list[Request] = []
    guest.context.on("request", lambda request: asked.append(request))
    await guest.add_init_script(_LISTEN)
    answer = await guest.reload()
    assert answer
    policy = answer.headers["content-security-policy"]
    assert f"frame-src 'self' {place.stripe};" in policy
    assert f"connect-src 'self' {place.stripe};" in policy
    await type_card(guest, GOOD)
    assert await guest.evaluate("window.broken") == []
    await pay(guest)
    await says(guest, "Your order is confirmed")
    told = [each.url for each in asked if GOOD in re.sub(r"[ +]|%20", "", f"{each.url} {each.post_data or ''}")]
    assert told == [f"{place.stripe}/v1/payment_methods"]
    assert any(each.url.endswith("/checkout/place") and "pm_" in (each.post_data or "") for each in asked)
    elsewhere = await guest.goto(f"{place.shop}/cart")
    assert elsewhere
    assert place.stripe not in elsewhere.headers["content-security-policy"]


async def test_what_is_wrong_is_said_and_another_card_succeeds_after_one_that_was_declined(guest: Page) -> None:
    sent: list[str] = []
    guest.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await type_card(guest, "4242")
    await pay(guest)
    await expect(guest.locator("#e-stripe")).to_have_text("Your card number is incomplete.")
    await type_card(guest, "4242424242424241")
    await pay(guest)
    await expect(guest.locator("#e-stripe")).to_have_text("Your card number is incorrect.")
    assert not [each for each in sent if "/checkout/place" in each]
    await type_card(guest, DECLINED)
    await guest.locator("[data-go]").dblclick()
    await says(guest, "The payment did not go through")
    assert len([each for each in sent if "/checkout/place" in each]) == 1
    await guest.get_by_role("link", name="Try another").click()
    await type_card(guest, GOOD)
    await pay(guest)
    await says(guest, "Your order is confirmed")


async def test_a_card_whose_bank_wants_to_be_asked_goes_by_its_page_and_back(place: Place, guest: Page) -> None:
    await type_card(guest, CONFIRMS)
    await pay(guest)
    await guest.wait_for_url(f"{place.stripe}/_pages/3ds/**")
    await guest.get_by_role("button", name="Complete").click()
    await says(guest, "Your order is confirmed")


async def test_while_stripes_script_does_not_come_it_is_said_and_the_other_ways_pay(place: Place, guest: Page) -> None:
    await guest.route(f"{place.stripe}/**", lambda route: route.abort())
    await guest.reload()
    await guest.locator(BY_STRIPE).check()
    await expect(guest.locator("#e-stripe")).to_contain_text("do not load just now")
    await guest.unroute(f"{place.stripe}/**")
    await pay(guest)  # which fetches it once more
    await expect(fields(guest).locator("[name=number]")).to_be_visible()
    await guest.locator("input[value='test:tok_ok']").check()
    await pay(guest)
    await says(guest, "Your order is confirmed")


async def test_a_card_of_stripes_is_kept_when_it_pays_or_in_the_account_and_pays_again(
    place: Place, browser: Browser
) -> None:
    page = await at_payment(browser, place.shop, "desktop")
    await page.goto(f"{place.shop}/sign-up")
    await page.get_by_text("With a password instead").click()
    for name, value in {"email": "hosted@example.com", "password": "a long walk by the sea", "name": "Ada"}.items():
        await page.locator(f"[name={name}]").first.fill(value)
    await page.locator("form[action='/sign-up'] button:not([type=button])").click()
    await page.wait_for_url(lambda url: "sign-up" not in url)
    await page.goto(f"{place.shop}/checkout/payment")
    await type_card(page, GOOD)
    await page.locator("[name=save]").check()
    await pay(page)
    await says(page, "Your order is confirmed")
    await page.goto(f"{place.shop}/account/payment")
    await expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    await type_card(page, "5555555555554444")
    await page.get_by_role("button", name="Save card").click()
    await expect(page.get_by_text("Mastercard ending in 4444")).to_be_visible()
    for _ in range(2):  # a token that Stripe did not keep is good for one payment
        await once_more(page, place)
        await page.get_by_text("Mastercard ending in 4444").click()
        await pay(page)
        await says(page, "Your order is confirmed")
    await page.context.close()


async def once_more(page: Page, place: Place) -> None:
    """A member buys the same again, and stands where it is paid."""
    await page.goto(f"{place.shop}/search?q={SKU}")
    await page.locator("a[href^='/p/']").first.click()
    await page.locator("form[action='/cart/lines'] button:not([formaction])").first.click()
    await page.goto(f"{place.shop}/checkout/delivery")
    for name, value in {"name": "Ada", "line1": "Unter den Linden 6", "city": "Berlin", "postal_code": "10117"}.items():
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("form[action='/checkout/delivery'] button.big").first.click()
    await page.wait_for_url("**/checkout/payment")
