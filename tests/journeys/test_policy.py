"""In a browser: no page of ours breaks its own Content-Security-Policy, and what is slipped into one does not run."""

from pathlib import Path

from playwright.async_api import Browser, Page, Route

from banyan.trial.stocking import opened
from banyan.users.actions import create_operator
from tests.journeys.conftest import SKU

_LISTEN = """window.broken = []; document.addEventListener("securitypolicyviolation",
  (told) => window.broken.push(`${told.effectiveDirective} ${told.blockedURI} ${told.sample}`));"""
GUEST = ("/", "/search?q=trial", "/cart", "/sign-in", "/sign-up", "/nowhere", "/docs", "/graphql", "/checkout/delivery")
SHOPPER = (
    "/account",
    "/account/orders",
    "/account/addresses",
    "/account/addresses/new",
    "/account/payment",
    "/account/security",
)
OPERATOR = ("", "/orders", "/products", "/stock", "/warehouses", "/users", "/streams", "/invariants", "/move", "/keys")


async def opened_page(browser: Browser) -> Page:
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(20_000)
    await page.add_init_script(_LISTEN)
    return page


async def broken(page: Page, url: str) -> list[str]:
    """What a page tried and was kept from; and that it came with a policy at all."""
    answer = await page.goto(url)
    assert answer is not None
    assert answer.status < 500, url
    assert "default-src 'none'" in (answer.headers.get("content-security-policy") or ""), url
    return [f"{url}: {each}" for each in await page.evaluate("window.broken")]


async def test_no_page_of_the_shop_breaks_its_own_policy(one_process: str, browser: Browser) -> None:
    page = await opened_page(browser)
    found = [each for path in GUEST for each in await broken(page, one_process + path)]
    await page.goto(f"{one_process}/search?q={SKU}")
    await page.locator("a[href^='/p/']").first.click()
    found += await page.evaluate("window.broken")
    await page.goto(f"{one_process}/sign-up")
    await page.locator("[name=email]").first.fill("policy@example.com")
    await page.get_by_text("With a password instead").click()
    await page.locator("[name=password]").first.fill("a long walk by the sea")
    await page.locator("[name=name]").first.fill("Ada")
    await page.locator("form[action='/sign-up'] button:not([type=button])").click()
    await page.wait_for_url(lambda url: "sign-up" not in url)
    found += [each for path in SHOPPER for each in await broken(page, one_process + path)]
    assert found == []
    await page.context.close()


async def test_no_page_of_the_console_breaks_its_own_policy(one_process: str, scratch: Path, browser: Browser) -> None:
    async with opened(scratch / "one", "users") as here:
        link = await create_operator(here.shop.ports["users"], "policy-operator@example.com")
    page = await opened_page(browser)
    await page.goto(one_process + link)
    await page.locator("main form button").first.click()
    await page.wait_for_url(lambda url: "sign-in" not in url)
    assert [each for path in OPERATOR for each in await broken(page, f"{one_process}/console{path}")] == []
    await page.context.close()


async def test_a_script_that_was_slipped_in_does_not_run(one_process: str, browser: Browser) -> None:
    page = await opened_page(browser)

    async def slip_in(route: Route) -> None:
        """As if a text of somebody's had not been escaped."""
        answer = await route.fetch()
        slipped = "<script>window.slipped = 1</script><img src=x onerror='window.slipped = 1'></body>"
        await route.fulfill(response=answer, body=(await answer.text()).replace("</body>", slipped))

    for path in ("/", "/docs", "/console/sign-in"):
        await page.route(one_process + path, slip_in)
        await page.goto(one_process + path)
        assert await page.evaluate("window.slipped") is None, path
        told = " ".join(await page.evaluate("window.broken"))
        assert "script-src-elem inline" in told, (path, told)
    await page.context.close()
