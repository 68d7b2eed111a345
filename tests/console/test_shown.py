"""How times, money and events are written, for any of them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.console import look, shown, story
from banyan.console.places import HOME, local
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money, exponent, parse

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=59), "59 days ago"),
        (timedelta(days=90), "3 months ago"),
        (timedelta(minutes=-10), "in 10 min"),
    ],
)
def test_times_are_written_as_people_say_them(gap: timedelta, words: str) -> None:
    assert shown.ago(NOW - gap, NOW).replace("\xa0", " ") == words


def test_all_times_are_utc() -> None:
    there = datetime(2026, 8, 20, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    assert shown.moment(there) == "19 Aug 2026, 23:05"
    assert shown.exact(there) == "2026-08-19 23:05:00 UTC"
    assert shown.iso(there) == "2026-08-19T23:05:00Z"


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_that_is_written_can_be_typed_again(amount: int, currency: str) -> None:
    text = shown.amount_only(Money(amount, currency))
    assert parse(text.replace(",", "").replace("−", "-"), currency) == Money(amount, currency)
    assert ("." in text) is bool(exponent(currency))


@given(st.dictionaries(st.sampled_from(["amount", "total", "lines", "parcels", "reason", "by", "tracking"]), JSON))
def test_any_event_has_a_gist(data: dict[str, Any]) -> None:
    assert isinstance(story.gist(data), str)


def test_events_are_called_by_their_words() -> None:
    assert story.name("orders.OrderPaymentCaptured") == "Order payment captured"
    assert (
        story.gist({"amount": {"amount": 1250, "currency": "EUR"}, "reason": "broken"})
        == "12.50\xa0EUR · Reason: broken"
    )


@given(st.text())
def test_no_word_leads_out_of_the_console(wanted: str) -> None:
    place = local(wanted)
    assert place.startswith(HOME)
    assert place == HOME or place[len(HOME)] in "/?"


def test_every_template_can_be_compiled() -> None:
    jinja = look.environment(VirtualClock(), shop_name="x")
    assert len([jinja.get_template(name) for name in jinja.list_templates()]) > 20
