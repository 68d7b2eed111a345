"""The trial of payments in trouble: its short version holds, and its judges see what is wrong."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.simulators.stripe import money as stripe_money
from banyan.trial.money import running
from banyan.trial.money.stage import CAST, Stage
from banyan.trial.money.weather import REQUESTS, WEBHOOKS, Fortune, Weather, whose

Fresh = Callable[..., Awaitable[dict[str, str]]]


async def test_three_hundred_attempts_in_trouble_end_without_a_double_capture_or_a_lost_unit(
    fresh: Fresh, tmp_path: Path
) -> None:
    verdict = await running.play(tmp_path, await fresh("bus", *CAST), attempts=300, seed=1)
    assert verdict.wrong == []
    assert (verdict.double, verdict.for_nothing, verdict.unexplained) == (0, 0, 0)
    assert verdict.troubled >= 0.3 * 300
    assert {*REQUESTS, *WEBHOOKS} <= verdict.met.keys()
    told = {(each["provider"], each["currency"]) for each in verdict.totals}
    assert {("stripe", "KWD"), ("stripe", "JPY"), ("paypal", "HUF"), ("razorpay", "INR"), ("testbank", "USD")} <= told
    assert verdict.as_json()["attempts"] == 300
    assert "0 double captures, 0 paid without an order, 0 unexplained minor units" in verdict.lines()[-1]


async def test_the_judges_see_money_that_was_taken_twice_or_behind_our_back(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = running._calm

    async def tampered(stage: Stage, attempts: Any) -> None:
        await calm(stage, attempts)
        book = stage.stripe.book
        charge = next(each for each in book.of("charge").values() if each["captured"])
        book.of("charge")["ch_again"] = charge | {"id": "ch_again"}
        stripe_money.enter(book, "charge", book.of("charge")["ch_again"], charge["amount_captured"])

    monkeypatch.setattr(running, "_calm", tampered)
    verdict = await running.play(tmp_path, await fresh("bus", *CAST), attempts=24, seed=2)
    assert verdict.double == 1
    assert verdict.unexplained > 0
    assert any("duplicate" in each for each in verdict.wrong)


def test_the_weather_is_the_seed_s_and_ends_with_the_calm() -> None:
    def course(seed: int, *, calm: bool = False) -> list[str]:
        weather = Weather(SeededIds(VirtualClock(), seed), calm=calm)
        token = whose.set(Fortune(SeededIds(VirtualClock(), seed), share=0.5))
        try:
            return [weather.request("stripe") for _ in range(50)]
        finally:
            whose.reset(token)

    assert course(1) == course(1) != course(2)
    assert set(course(1, calm=True)) == {""}
