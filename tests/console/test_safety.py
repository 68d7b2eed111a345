"""Text from outside stays text, forms come from our own pages, a GET changes nothing, and browsers are held to less."""

import pytest

from banyan.console import app as console
from tests.console.browser import Browser
from tests.console.stage import HOSTILE, Stage
from tests.console.test_pages import PAGES


async def test_text_from_outside_is_escaped_on_every_page(operator: Browser) -> None:
    seen = 0
    for path in PAGES:
        page = await operator.get(path)
        seen += "alert(1)" in page.html
        assert "<script" not in page.html
        assert "<img src=x" not in page.html
        assert "javascript:" not in page.html
    assert seen >= 6


@pytest.mark.parametrize(
    "path",
    [
        "/console/orders?{}={}",
        "/console/products?{}={}",
        "/console/stock?{}={}",
        "/console/reservations?{}={}",
        "/console/users?{}={}",
        "/console/stock/adjust?{}={}",
        "/console/sign-in?{}={}",
    ],
)
async def test_what_a_query_says_is_escaped_and_breaks_nothing(operator: Browser, path: str) -> None:
    for value in ("%22%3E%3Cscript%3E", "%00", "%ff%fe", "%ed%a0%80", "9" * 400, "-1", "%E2%80%AE"):
        for name in ("q", "sku", "email", "cursor", "from", "below", "state", "next", "token", "page", "refresh"):
            page = await operator.get(path.format(name, value))
            assert page.status < 500, (name, value)
            assert "<script" not in page.html


@pytest.mark.parametrize("path", [path for path in console.SENT if path not in console.PUBLIC])
async def test_a_form_without_our_seal_does_nothing(stage: Stage, operator: Browser, path: str) -> None:
    place = path.format(id="ord_6", service="inventory", seq="41", group="catalog")
    before = len(stage.fakes.asked)
    for fields in ({}, {"seal": "x"}, {"seal": "A" * 64}, {"confirmed": "yes", "key": "key_" + "0" * 26}):
        page = await operator.post(place, fields)
        assert page.status == 403
        assert "form_stale" in page.text
    assert len(stage.fakes.asked) == before


@pytest.mark.parametrize("path", console.SENT)
async def test_a_get_of_where_forms_are_sent_changes_nothing(stage: Stage, operator: Browser, path: str) -> None:
    await operator.get(
        path.format(id="ord_6", service="inventory", seq="41", group="catalog") + "?confirmed=yes&key=key_" + "0" * 26
    )
    assert not [each for each in stage.fakes.asked if each.method != "GET" and not each.path.startswith("/v1/sessions")]


async def test_a_guest_who_sends_a_form_is_led_to_sign_in_and_nothing_is_done(stage: Stage) -> None:
    for path in (path for path in console.SENT if path not in console.PUBLIC):
        page = await stage.browser().post(
            path.format(id="ord_6", service="inventory", seq="41", group="catalog"), {"confirmed": "yes"}
        )
        assert page.at == "/console/sign-in"
    assert not stage.fakes.asked


async def test_a_seal_is_of_one_browser_alone(stage: Stage, operator: Browser) -> None:
    other = await stage.signed_in("support")
    seal = dict((await other.get("/console")).form("/console/sign-out").fields)["seal"]
    page = await operator.post("/console/streams/inventory/41/retry", {"seal": seal})
    assert page.status == 403
    assert not stage.fakes.sent("POST", "/operate/.*")


async def test_a_form_from_another_site_is_refused_even_with_a_seal(stage: Stage, operator: Browser) -> None:
    seal = dict((await operator.get("/console")).form("/console/sign-out").fields)["seal"]
    place = "/console/streams/inventory/41/retry"
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}):
        page = await operator.post(place, {"seal": seal}, **headers)
        assert page.status == 403
        assert "form_from_elsewhere" in page.text
    assert not stage.fakes.sent("POST", "/operate/.*")
    assert (await operator.post(place, {"seal": seal})).status == 200


async def test_seals_never_look_the_same(operator: Browser) -> None:
    seals = {dict((await operator.get("/console")).form("/console/sign-out").fields)["seal"] for _ in range(3)}
    assert len(seals) == 3


async def test_pages_load_nothing_from_elsewhere_and_are_kept_by_nobody(operator: Browser) -> None:
    page = await operator.get("/console")
    policy = page.answer.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.html
    assert " style=" not in page.html
    assert page.answer.header("cache-control") == "no-store"
    assert page.answer.header("x-frame-options") == "DENY"
    assert page.answer.header("referrer-policy") == "same-origin"


async def test_the_stylesheet_is_named_by_its_content_and_kept_for_ever(stage: Stage, operator: Browser) -> None:
    html = (await stage.browser().get("/console/sign-in")).html
    place = html.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = await stage.browser().get(place)
    assert style.status == 200
    assert "immutable" in (style.answer.header("cache-control") or "")
    assert style.answer.header("content-type") == "text/css; charset=utf-8"
    assert (await stage.browser().get("/console/static/console.css")).status == 404
    assert (await stage.browser().get("/console/static/..%2fapp.py")).status in (303, 404, 200)


async def test_what_is_no_form_is_refused(operator: Browser) -> None:
    page = await operator.post("/console/orders/ord_6/refund", {}, content_type="application/json")
    assert page.status in (400, 403)
    fields = [(f"f{number}", "x") for number in range(3_000)]
    assert (await operator.post("/console/orders/ord_6/refund", fields)).status == 400
    assert (await operator.post("/console/orders/ord_6/refund", {"x": "y" * 700_000})).status == 413


async def test_text_that_turns_around_is_set_apart(stage: Stage, operator: Browser) -> None:
    stage.order["email"] = "\u202emoc.elpmaxe@adi"
    assert "<bdi>\u202emoc.elpmaxe@adi</bdi>" in (await operator.get("/console/orders")).html


async def test_hostile_words_stay_what_they_are_through_a_question(stage: Stage, operator: Browser) -> None:
    page = await operator.send(await operator.get("/console/orders/ord_6/cancel"), button="Go on", reason=HOSTILE)
    assert "<script" not in page.html
    await operator.send(page, button="Cancel the order")
    assert stage.order["reason"] == HOSTILE
