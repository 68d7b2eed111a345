"""Reconciliation in the console: what differs is seen, explained with a name, and a report is compared."""

from tests.console.browser import Browser
from tests.console.stage import Stage

AT = "/console/reconciliation"


async def test_what_differs_is_shown_with_both_sums_and_whether_all_is_explained(operator: Browser) -> None:
    page = await operator.get(AT)
    for words in (
        "Theirs only",
        "12.99\xa0EUR",
        "Timing",
        "a later report will tell",
        "790 booked",
        "Explained",
        "Open",
    ):
        assert words in page.html, words


async def test_a_difference_is_explained_with_a_reason(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    done = await operator.send(page, button="Explain", why="a test charge of the dashboard")
    assert "The reason is noted, with your name." in done.text
    (asked,) = stage.fakes.sent("POST", "/v1/reconciliations/differences/dif_1/explanation")
    assert asked.body == {"why": "a test charge of the dashboard"}


async def test_a_report_is_compared_and_one_that_is_none_is_refused_in_place(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    refused = await operator.send(page, button="Compare", provider="stripe", report="a,b\n1,2\n")
    assert "it has no column gross" in refused.text
    done = await operator.send(page, button="Compare", provider="stripe", report="gross\n1.00\n")
    assert "every minor unit is explained" in done.text
    assert [each.body["provider"] for each in stage.fakes.sent("POST", "/v1/reconciliations/reports")] == ["stripe"] * 2
