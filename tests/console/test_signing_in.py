"""Coming in by link and by password, staying in, going out, and what the cookies are."""

import pytest

from banyan.contracts import gateway
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unavailable
from tests.console.browser import Browser, query_of
from tests.console.stage import Stage, set_up


async def test_a_look_at_the_link_does_not_use_it_up_and_its_button_does(stage: Stage) -> None:
    token = stage.fakes.add_link(stage.fakes.add_user("you@example.com", "operator"))
    for _ in range(3):
        page = await stage.browser().get(f"/console/sign-in?token={token}")  # a mail scanner
        assert page.status == 200
        assert not stage.fakes.asked
    browser = stage.browser()
    page = await browser.get(f"/console/sign-in?token={token}")
    home = await browser.send(page, to="/console/sign-in/link")
    assert home.at == "/console"
    assert "You are signed in." in home.text
    assert "you@example.com" in home.text
    again = await browser.send(page, to="/console/sign-in/link")
    assert "form_stale" in again.text  # who signed in is somebody else: earlier forms are void
    other = stage.browser()
    late = await other.send(await other.get(f"/console/sign-in?token={token}"), to="/console/sign-in/link")
    assert late.status == 401
    assert "used already" in late.text


async def test_a_double_click_on_the_link_signs_in_once(stage: Stage) -> None:
    token = stage.fakes.add_link(stage.fakes.add_user("you@example.com", "operator"))
    browser = stage.browser()
    page = await browser.get(f"/console/sign-in?token={token}")
    fields, seal = page.form("/console/sign-in/link").fields, dict(browser.cookies)
    await browser.post("/console/sign-in/link", fields)
    browser.cookies = seal  # the second click left before the first was answered
    home = await browser.post("/console/sign-in/link", fields)
    assert home.status == 200
    assert home.at == "/console"


async def test_a_password_signs_in_and_leads_back_to_where_one_was_going(stage: Stage) -> None:
    stage.fakes.add_user("you@example.com", "operator")
    browser = stage.browser()
    page = await browser.get("/console/orders?status=confirmed")
    assert query_of(page.at)["next"] == "/console/orders?status=confirmed"
    wrong = await browser.send(page, to="/console/sign-in", email="you@example.com", password="no")
    assert wrong.status == 401
    assert "wrong" in wrong.text
    assert 'value="you@example.com"' in wrong.html
    assert 'value="no"' not in wrong.html
    home = await browser.send(wrong, to="/console/sign-in", email="you@example.com", password="correct horse battery")
    assert home.at == "/console/orders?status=confirmed"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/console//evil.example", "/checkout", "/console/sign-out"]
)
async def test_signing_in_leads_nowhere_else(stage: Stage, wanted: str) -> None:
    stage.fakes.add_user("you@example.com", "operator")
    browser = stage.browser()
    page = await browser.get("/console/sign-in")
    fields = [*page.form("/console/sign-in").fields, ("next", wanted), ("email", "you@example.com")]
    home = await browser.post("/console/sign-in", [*fields, ("password", "correct horse battery")])
    assert home.at == "/console"


async def test_an_account_without_the_permission_is_told_so_and_its_session_ends(stage: Stage) -> None:
    stage.fakes.add_user("ida@example.com")
    browser = stage.browser()
    page = await stage.sign_in(browser, "ida@example.com")
    assert page.status == 403
    assert "may not use the console" in page.text
    assert "banyan_console_access" not in browser.cookies
    assert "banyan_console_refresh" not in browser.cookies
    assert stage.fakes.sent("DELETE", "/v1/sessions/current")
    assert not stage.fakes.refreshes


async def test_cookies_cannot_be_read_by_scripts_nor_sent_from_elsewhere_nor_outside_the_console(stage: Stage) -> None:
    browser = await stage.signed_in("operator")
    assert {line.partition("=")[0] for line in browser.written} >= {"banyan_console_access", "banyan_console_refresh"}
    for line in browser.written:
        assert "HttpOnly" in line
        assert "SameSite=strict" in line
        assert "Path=/console" in line


async def test_behind_https_cookies_are_secure(tmp_path: object) -> None:
    stage = await set_up(tmp_path, origin="https://shop.example")  # type: ignore[arg-type]
    browser = await stage.signed_in("operator")
    assert all("Secure" in line and line.startswith("__Secure-") for line in browser.written)
    assert (await browser.get("/console")).status == 200


async def test_the_session_goes_on_when_the_access_token_is_over(stage: Stage, operator: Browser) -> None:
    clock = stage.shop.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(700)
    before = operator.cookies["banyan_console_refresh"]
    assert (await operator.get("/console/orders")).status == 200
    assert operator.cookies["banyan_console_refresh"] != before
    assert len(stage.fakes.sent("POST", "/v1/sessions/refresh")) == 1
    asked = stage.fakes.sent("POST", "/v1/sessions/refresh")[0]
    assert asked.headers["idempotency-key"]
    assert before not in asked.headers["idempotency-key"]


async def test_two_tabs_that_renew_at_once_both_stay_in(stage: Stage, operator: Browser) -> None:
    operator.cookies.pop("banyan_console_access")
    held = dict(operator.cookies)
    assert (await operator.get("/console/orders")).status == 200
    operator.cookies = held  # the other tab sent its request before the first was answered
    assert "B-106" in (await operator.get("/console/orders")).text


async def test_a_session_that_was_ended_leads_to_sign_in_and_what_was_sent_is_not_done(
    stage: Stage, operator: Browser
) -> None:
    page = await operator.get("/console/orders/ord_6/cancel")
    operator.cookies.pop("banyan_console_access")
    stage.fakes.refreshes.clear()
    after = await operator.send(page, button="Go on", reason="x")
    assert after.at == "/console/sign-in"
    assert "Your session is over" in after.text
    assert not stage.fakes.sent("POST", "/v1/orders/.*")
    assert "banyan_console_refresh" not in operator.cookies


async def test_while_users_are_away_nobody_is_signed_out(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["users"] = Unavailable("users cannot be reached")
    assert (await operator.get("/console/orders")).status == 200  # the token is still good
    operator.cookies.pop("banyan_console_access")
    assert (await operator.get("/console/orders")).status == 503
    del stage.fakes.broken["users"]
    assert (await operator.get("/console/orders")).status == 200


async def test_signing_out_ends_the_session_and_a_link_to_it_does_not(stage: Stage, operator: Browser) -> None:
    assert (await operator.get("/console/sign-out")).at == "/console"
    page = await operator.send(await operator.get("/console"), to="/console/sign-out")
    assert "You are signed out." in page.text
    assert not stage.fakes.refreshes
    assert set(operator.cookies) == {"banyan_console_seal"}


async def test_a_token_of_somebody_else_is_worth_nothing(stage: Stage) -> None:
    browser = stage.browser()
    for token in (
        "x",
        "a.b.c",
        "x" * 4000,
        stage.fakes.access_token(stage.fakes.add_user("a@b.example"))[:-4] + "AAAA",
    ):
        browser.cookies = {"banyan_console_access": token}
        assert (await browser.get("/console")).at.startswith("/console/sign-in")


async def test_a_link_from_elsewhere_finds_one_still_signed_in(stage: Stage) -> None:
    """A browser keeps SameSite=Strict cookies back on such a visit: the page asks it to come once more, by itself."""
    page = await stage.browser().get("/console/orders/ord_6", sec_fetch_site="cross-site")
    assert page.status == 200
    assert 'http-equiv="refresh"' in page.html
    assert page.links == ["/console/orders/ord_6"]


async def test_the_visitors_address_reaches_users_for_its_throttles(stage: Stage) -> None:
    page = await (browser := stage.browser()).get("/console/sign-in")
    fields = [*page.form("/console/sign-in").fields, ("email", "a@b.example"), ("password", "x")]
    await browser.post("/console/sign-in", fields, **{gateway.CLIENT_ADDRESS: "203.0.113.7"})
    assert stage.fakes.asked[-1].headers[gateway.CLIENT_ADDRESS] == "203.0.113.7"
