"""Cancel, refund and send: asked first, done once, refused in place."""

from banyan.kernel.refusals import Forbidden
from tests.console.browser import Browser, Page
from tests.console.stage import HOSTILE, Stage, money

REFUNDS = "/v1/orders/ord_6/refunds"


async def _question(operator: Browser, amount: str = "12.50", reason: str = "one was broken") -> Page:
    page = await operator.get("/console/orders/ord_6/refund")
    return await operator.send(page, button="Go on", amount=amount, reason=reason)


async def test_a_refund_is_asked_about_before_it_is_done(stage: Stage, operator: Browser) -> None:
    question = await _question(operator)
    assert "Refund 12.50\xa0EUR?" in question.html
    assert "one was broken" in question.text
    assert not stage.fakes.sent("POST", REFUNDS)
    done = await operator.send(question, button="Refund 12.50\xa0EUR")
    assert done.at == "/console/orders/ord_6"
    assert "The money has gone back." in done.text
    (asked,) = stage.fakes.sent("POST", REFUNDS)
    assert asked.body == {"amount": money(1_250), "reason": "one was broken"}
    assert "The money has gone back." not in (await operator.get("/console/orders/ord_6")).text


async def test_a_refund_that_is_sent_twice_is_one(stage: Stage, operator: Browser) -> None:
    question = await _question(operator, amount="277.00")
    fields = question.form(button="Refund 277.00\xa0EUR").fields
    for _ in range(2):
        done = await operator.post("/console/orders/ord_6/refund", fields)
        assert "The money has gone back." in done.text
    keys = {each.headers["idempotency-key"] for each in stage.fakes.sent("POST", REFUNDS)}
    assert len(keys) == 1
    assert len(stage.order["refunds"]) == 1
    assert stage.order["refunded"] == money(27_700)


async def test_two_refunds_that_are_meant_are_two(stage: Stage, operator: Browser) -> None:
    for _ in range(2):
        await operator.send(await _question(operator), button="Refund 12.50\xa0EUR")
    assert stage.order["refunded"] == money(2_500)


async def test_an_answer_that_was_lost_brings_the_question_back_with_its_key(stage: Stage, operator: Browser) -> None:
    stage.fakes.lose_answers = 1
    question = await _question(operator)
    again = await operator.send(question, button="Refund 12.50\xa0EUR")
    assert again.status == 504
    assert "it may or may not have been done" in again.text
    done = await operator.send(again, button="Refund 12.50\xa0EUR")
    assert "The money has gone back." in done.text
    assert len(stage.order["refunds"]) == 1


async def test_a_refund_that_takes_time_says_so(stage: Stage, operator: Browser) -> None:
    stage.fakes.refund_answer = 202
    done = await operator.send(await _question(operator), button="Refund 12.50\xa0EUR")
    assert "The refund is under way" in done.text


async def test_more_than_was_paid_is_refused_in_place_and_can_be_mended(stage: Stage, operator: Browser) -> None:
    refused = await operator.send(await _question(operator, "300"), button="Refund 300.00\xa0EUR")
    assert refused.status == 409
    assert "at most 277.00 EUR can go back" in refused.text
    assert 'value="300"' in refused.html
    question = await operator.send(refused, button="Go on", amount="277")
    await operator.send(question, button="Refund 277.00\xa0EUR")
    assert stage.order["refunded"] == money(27_700)


async def test_what_is_no_amount_is_never_asked_for(stage: Stage, operator: Browser) -> None:
    for amount in ("", "x", "1.234", "-1", "0", "1e400", "NaN", "Infinity", "9" * 30):
        page = await _question(operator, amount)
        assert page.status == 422, amount
        assert "An amount such as" in page.text
    assert not stage.fakes.sent("POST", REFUNDS)


async def test_a_currency_without_cents_is_typed_without_them(stage: Stage, operator: Browser) -> None:
    stage.order |= {"currency": "JPY", "total": money(27_700, "JPY"), "refunded": money(0, "JPY")}
    await operator.send(await _question(operator, "500"), button="Refund 500\xa0JPY")
    assert stage.fakes.sent("POST", REFUNDS)[0].body["amount"] == money(500, "JPY")


async def test_who_may_not_refund_is_told_in_the_services_words(stage: Stage) -> None:
    support = await stage.signed_in("support")
    refused = await support.send(await _question(support), button="Refund 12.50\xa0EUR")
    assert refused.status == 403
    assert "this needs the permission payments:write" in refused.text
    assert stage.order["refunded"] == money(0)


async def test_an_order_is_cancelled_with_a_reason_after_it_was_asked(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/orders/ord_6/cancel")
    question = await operator.send(page, button="Go on", reason="fraud")
    assert stage.order["status"] == "confirmed"
    done = await operator.send(question, button="Cancel the order")
    assert "The order is cancelled." in done.text
    (asked,) = stage.fakes.sent("POST", "/v1/orders/ord_6/cancel")
    assert asked.body == {"reason": "fraud"}
    assert asked.headers["idempotency-key"].startswith("key_")
    assert "/console/orders/ord_6/cancel" not in done.links


async def test_a_guest_is_forgotten_after_it_was_asked_and_only_by_who_may(stage: Stage, operator: Browser) -> None:
    stage.order |= {"user_id": None, "email": "guest@example.com"}
    question = await operator.send(await operator.get("/console/orders/ord_6"), button="Forget the guest")
    assert "without its address it cannot be sent" in question.text
    assert not stage.fakes.sent("POST", "/v1/orders/ord_6/erasure")
    done = await operator.send(question, button="Forget for good")
    assert "Nobody can read any more who ordered this." in done.text
    assert "guest@example.com" not in done.html
    assert "Forget the guest" not in done.text
    assert len(stage.fakes.sent("POST", "/v1/orders/ord_6/erasure")) == 1
    support = await stage.signed_in("support")
    stage.order |= {"email": "guest@example.com"}
    assert "Forget the guest" not in (await support.get("/console/orders/ord_6")).text
    stage.order |= {"user_id": "usr_1"}
    assert "Forget the guest" not in (await operator.get("/console/orders/ord_6")).text


async def test_a_guest_who_cannot_be_forgotten_yet_is_so_on_the_order_s_page(stage: Stage, operator: Browser) -> None:
    stage.order |= {"user_id": None, "status": "processing"}
    question = await operator.send(await operator.get("/console/orders/ord_6"), button="Forget the guest")
    refused = await operator.send(question, button="Forget for good")
    assert refused.status == 409
    assert "this order is being settled" in refused.text
    assert stage.order["email"]


async def test_an_order_on_its_way_is_not_cancelled_and_the_reason_is_shown(stage: Stage, operator: Browser) -> None:
    question = await operator.send(await operator.get("/console/orders/ord_1/cancel"), button="Go on", reason="late")
    refused = await operator.send(question, button="Cancel the order")
    assert refused.status == 409
    assert "it is on its way" in refused.text
    assert 'value="late"' in refused.html
    assert stage.fakes.orders["ord_1"]["status"] == "fulfilled"


async def test_a_parcel_holds_the_lines_that_were_typed(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/orders/ord_6/send")
    question = await operator.send(page, button="Go on", units__lin_ord_6="1", tracking="DE 4711")
    assert "1\xa0unit" in question.html
    done = await operator.send(question, button="Note as sent")
    (asked,) = stage.fakes.sent("POST", "/v1/orders/ord_6/fulfillments")
    assert asked.body == {"lines": {"lin_ord_6": 1}, "tracking": "DE 4711"}
    assert "The parcel is noted as sent." in done.text
    assert "DE 4711" in done.text
    assert 'value="1"' in (await operator.get("/console/orders/ord_6/send")).html


async def test_a_parcel_of_nothing_or_of_too_much_does_not_leave(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/orders/ord_6/send")
    for units in ("0", "", "x", "-1", "1.5", "9" * 12):
        refused = await operator.send(page, button="Go on", units__lin_ord_6=units)
        assert refused.status == 422, units
    question = await operator.send(page, button="Go on", units__lin_ord_6="3")
    refused = await operator.send(question, button="Note as sent")
    assert refused.status == 409
    assert "there are not so many left to send" in refused.text
    assert stage.order["fulfilments"] == []


async def test_the_answer_to_a_question_of_others_is_not_taken(stage: Stage, operator: Browser) -> None:
    question = await _question(operator)
    fields = [
        (name, "x" if name == "key" else value) for name, value in question.form(button="Refund 12.50\xa0EUR").fields
    ]
    refused = await operator.post("/console/orders/ord_6/refund", fields)
    assert refused.status == 400
    assert not stage.fakes.sent("POST", REFUNDS)


async def test_a_service_that_forbids_all_of_an_order_says_it_plainly(stage: Stage, operator: Browser) -> None:
    stage.fakes.broken["orders"] = Forbidden("this needs the permission orders:read")
    page = await operator.get("/console/orders/ord_6")
    assert page.status == 403
    assert "orders:read" in page.text


async def test_what_a_legacy_shop_was_paid_is_noted_as_gone_back_there(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/orders/ord_6/refund")
    assert "at the legacy shop" not in page.text
    stage.order |= {
        "adjustment": money(-150),
        "taken_over": {"status": f"Complete {HOSTILE}", "payment_method": "Bank transfer"},
    }
    order = await operator.get("/console/orders/ord_6")
    assert "Adjustment \N{MINUS SIGN}1.50 EUR" in order.text
    assert "from the legacy shop, Complete" in order.text
    assert "<script" not in order.html
    page = await operator.get("/console/orders/ord_6/refund")
    assert "It went back at the legacy shop" in page.text
    question = await operator.send(page, button="Go on", amount="12.50", reason="broken", elsewhere="yes")
    assert "went back at the legacy shop?" in question.text
    done = await operator.send(question, button="Note 12.50\xa0EUR as gone back")
    assert done.status == 200
    (asked,) = stage.fakes.sent("POST", REFUNDS)
    assert asked.body == {"amount": money(1_250), "reason": "broken", "elsewhere": True}


async def test_a_called_off_order_of_a_legacy_shop_may_still_be_noted_as_refunded(
    stage: Stage, operator: Browser
) -> None:
    stage.order |= {"status": "cancelled", "payment_status": "captured"}
    assert "/console/orders/ord_6/refund" not in (await operator.get("/console/orders/ord_6")).links
    stage.order["taken_over"] = {"status": "Canceled", "payment_method": ""}
    assert "/console/orders/ord_6/refund" in (await operator.get("/console/orders/ord_6")).links
