"""Each page is there for operators and for nobody else, says what it should, and does without what does not answer."""

import pytest

from banyan.kernel.refusals import Forbidden, Unavailable
from tests.console.browser import Browser
from tests.console.stage import Stage, money

PAGES = {
    "/console": "Last orders",
    "/console/": "Last orders",
    "/console/orders": "B-106",
    "/console/orders/ord_6": "What happened",
    "/console/orders/ord_6/cancel": "Reason",
    "/console/orders/ord_6/refund": "At most",
    "/console/orders/ord_6/send": "In this parcel",
    "/console/products": "Trail jacket",
    "/console/products?q=jacket": "1\xa0result",
    "/console/products?status=draft": "Camp stove",
    "/console/products/prd_0": "Words and state",
    "/console/stock": "1,250",
    "/console/stock?sku=SKU-0-M": "SKU-0-M",
    "/console/stock?low=yes": "SKU-0-M",
    "/console/stock/item?sku=SKU-0-M": "Movements",
    "/console/stock/adjust": "What happened",
    "/console/reservations": "ord_6",
    "/console/warehouses": "Main warehouse",
    "/console/warehouses/new": "Sends as",
    "/console/warehouses/wh_main": "Main warehouse",
    "/console/users": "operator@example.com",
    "/console/erasures": "2 orders",
    "/console/payment-providers": "Refund: not asked",
    "/console/reconciliation": "Theirs only",
    "/console/keys": "There is none yet",
    "/console/keys/new": "What it may do",
    "/console/streams": "Order confirmed",
    "/console/invariants": "every order that is paid has its stock",
    "/console/mail": "No letter was written yet",
}


async def test_every_page_is_there_for_an_operator(operator: Browser) -> None:
    for path, words in PAGES.items():
        page = await operator.get(path)
        assert (page.status, words in page.html) == (200, True), f"{path}: {page.text}"


async def test_a_guest_is_shown_nothing_but_the_way_to_sign_in(stage: Stage) -> None:
    guest = stage.browser()
    for path in (*PAGES, "/console/nowhere"):
        page = await guest.get(path)
        assert page.at.startswith("/console/sign-in")
        assert "Password" in page.text
    assert not stage.fakes.asked


async def test_a_customer_is_refused_and_no_service_is_asked_for_them(stage: Stage) -> None:
    browser = stage.browser()
    user = stage.fakes.add_user("ida@example.com")
    browser.cookies["banyan_console_access"] = stage.fakes.access_token(user)
    for path in PAGES:
        page = await browser.get(path)
        assert page.status == 403
        assert "this account may not use the console" in page.text
    assert not stage.fakes.asked


async def test_an_address_of_nothing_says_so(operator: Browser) -> None:
    for path in (
        "/console/nowhere",
        "/console/orders/ord_none",
        "/console/products/none",
        "/console/stock/item?sku=none",
    ):
        page = await operator.get(path)
        assert page.status == 404, path


async def test_what_a_role_may_not_see_is_not_offered_and_the_services_refusal_is_plain(stage: Stage) -> None:
    merchandiser = await stage.signed_in("merchandiser")
    home = await merchandiser.get("/console")
    assert home.status == 200
    assert "/console/products" in home.links
    assert "/console/orders" not in home.links
    assert "/console/users" not in home.links
    assert not stage.fakes.sent("GET", "/v1/orders")
    page = await merchandiser.get("/console/orders")
    assert page.status == 403
    assert "this needs the permission orders:read" in page.text
    assert (await merchandiser.get("/console/mail")).status == 403


async def test_support_sees_an_order_without_the_way_to_refund_it(stage: Stage) -> None:
    support = await stage.signed_in("support")
    page = await support.get("/console/orders/ord_6")
    assert "/console/orders/ord_6/cancel" in page.links
    assert "/console/orders/ord_6/refund" not in page.links


async def test_an_order_is_shown_with_its_money_its_ledger_and_its_stock(operator: Browser) -> None:
    page = await operator.get("/console/orders/ord_6")
    for words in (
        "277.00\xa0EUR",
        "provider_receivable",
        "Captured",
        "Promised",
        "ida@example.com",
        "Order placed",
        "31\xa0min ago",
    ):
        assert words in page.html, words
    assert "orders.OrderConfirmed" in page.text


async def test_the_order_page_does_without_payments_when_they_do_not_answer(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["payments"] = Unavailable("payments cannot be reached")
    page = await operator.get("/console/orders/ord_6")
    assert page.status == 200
    assert "payments cannot be reached" in page.text
    assert "What happened" in page.text


async def test_a_list_that_does_not_answer_says_so_beside_its_filters(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["orders"] = Unavailable("orders cannot be reached")
    page = await operator.get("/console/orders")
    assert page.status == 503
    assert "orders cannot be reached" in page.text
    assert "From day" in page.text
    assert (await operator.get("/console")).status == 200


async def test_home_counts_todays_orders_by_state_and_what_needs_somebody(stage: Stage, operator: Browser) -> None:
    stage.fakes.orders["ord_1"]["placed_at"] = stage.fakes.now(days=3)
    page = await operator.get("/console")
    assert "0 Fulfilled" in page.text
    assert "1 Confirmed" in page.text
    assert "277.00\xa0EUR" in page.html
    assert "2 Waiting streams, 1 parked" in page.text
    assert "1 broken" in page.text
    assert "SKU-0-M" in page.text
    assert "SKU-0-S" not in page.text


async def test_home_is_calm_when_nothing_is_wrong(stage: Stage, operator: Browser) -> None:
    stage.fakes.parked.clear()
    stage.fakes.findings["orders"].pop()
    stage.fakes.orders.clear()
    stage.fakes.levels.clear()
    page = await operator.get("/console")
    assert "All hold" in page.text
    assert "No orders yet." in page.text
    assert "Nothing runs low." in page.text
    assert "alarm" not in page.html


async def test_filters_of_orders_reach_the_service_with_whole_days(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/orders?status=confirmed&email=ida%40example.com&from=2026-08-20&to=2026-08-20")
    assert page.status == 200
    assert "B-106" in page.text
    assert "B-101" not in page.text
    query = stage.fakes.sent("GET", "/v1/orders")[-1].query
    assert query["from"] == ["2026-08-20T00:00:00Z"]
    assert query["to"] == ["2026-08-21T00:00:00Z"]
    nothing = await operator.get("/console/orders?number=B-999")
    assert "No order is like that." in nothing.text


async def test_a_filter_that_is_refused_is_shown_in_place(operator: Browser) -> None:
    page = await operator.get("/console/orders?status=nonsense")
    assert page.status == 422
    assert "/query/status" in page.text
    assert "From day" in page.text


async def test_pages_of_a_list_keep_the_filter(stage: Stage, operator: Browser) -> None:
    for number in range(30):
        stage.fakes.orders[f"ord_x{number}"] = stage.order | {"id": f"ord_x{number}", "number": f"X-{number}"}
    first = await operator.get("/console/orders?status=confirmed")
    further = next(link for link in first.links if "cursor=" in link)
    assert "status=confirmed" in further
    second = await operator.get(further)
    assert "B-106" in second.text
    assert "First page" in second.text
    assert "Next page" not in second.text


async def test_a_refused_permission_of_one_part_leaves_the_others(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["inventory"] = Forbidden("not today")
    page = await operator.get("/console/products/prd_0")
    assert page.status == 200
    assert "SKU-0-M" in page.text


async def test_times_are_utc_and_relative_to_the_shops_clock(stage: Stage, operator: Browser) -> None:
    stage.order["placed_at"] = "2026-08-20T01:05:00+02:00"
    page = await operator.get("/console/orders/ord_6")
    assert "19 Aug 2026, 23:05" in page.text
    assert 'datetime="2026-08-19T23:05:00Z"' in page.html


@pytest.mark.parametrize("amount", [money(5), money(123_456_789, "JPY"), money(-1_999, "KWD")])
async def test_money_is_written_with_its_currency(stage: Stage, operator: Browser, amount: dict[str, object]) -> None:
    stage.order["discount"] = amount
    text = {"EUR": "0.05\xa0EUR", "JPY": "123,456,789\xa0JPY", "KWD": "−1.999\xa0KWD"}[str(amount["currency"])]
    assert text in (await operator.get("/console/orders/ord_6")).html
