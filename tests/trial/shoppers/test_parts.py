"""The load generator's parts: mixes are data, times add up, answers are cut right, shares come out as said."""

import gzip
from collections import Counter
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.trial.shoppers import mixes, wire
from banyan.trial.shoppers.histogram import Histogram
from banyan.trial.shoppers.shopper import Goods, Shop, Shopper
from banyan.trial.shoppers.wire import Answer

GOODS = Goods(["a", "b", "c"], ["lamps"], ["lamp", "chair"], ["SKU-1", "SKU-2"], "HOT-1", ["token"])


@pytest.mark.parametrize("name", mixes.known())
def test_every_mix_that_comes_with_it_can_be_read(name: str) -> None:
    mix = mixes.read(name)
    assert mix.seconds > 0
    assert abs(sum(mix.shares.values()) - 1) < 0.001


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title = 'x'", "shares"),
        ("title = 'x'\nthink = [1, 2]\nphases = []\n[shares]\nproduct = 0.5", "come to 0.500"),
        ("title = 'x'\nthink = [1, 2]\nphases = []\n[shares]\nsleep = 1.0", "sleep"),
        ("title = 'x'\nthink = [3, 2]\nphases = []\n[shares]\nproduct = 1.0", "think"),
        ("title = 'x'\nbuyers = 0.1\nthink = [1, 2]\nphases = []\n[shares]\nproduct = 0.5\ncart = 0.5", "buyers"),
        ("title = ", "Invalid value"),
        ("colour = 'x'", "colour"),
    ],
)
def test_a_mix_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(mixes.WrongMix, match=why):
        mixes.read(str(tmp_path / "own.toml"))


def test_an_unknown_mix_names_the_known_ones() -> None:
    with pytest.raises(mixes.WrongMix, match="black-friday, day, flash-sale, step"):
        mixes.read("christmas")


def test_a_mix_made_longer_keeps_its_shape() -> None:
    mix = mixes.lasting(mixes.read("step"), 24)
    assert [(phase.seconds, phase.times) for phase in mix.phases] == [(6, 1), (12, 10), (6, 1)]


@given(st.lists(st.floats(1e-6, 60), min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_is_within_one_per_cent_of_the_time_at_that_place(times: list[float], share: float) -> None:
    histogram = Histogram()
    for each in times:
        histogram.add(each)
    ordered = sorted(times)
    place = next(n for n in range(len(ordered)) if n + 1 >= share * len(ordered))
    assert histogram.percentile(share) == pytest.approx(ordered[place], rel=0.021, abs=2e-6)


@given(st.lists(st.floats(0, 60)), st.lists(st.floats(0, 60)))
def test_times_of_two_processes_add_up_to_those_of_one(one: list[float], other: list[float]) -> None:
    apart, both = (Histogram(), Histogram()), Histogram()
    for histogram, times in zip(apart, (one, other), strict=True):
        for each in times:
            histogram.add(each)
            both.add(each)
    apart[0].take(apart[1])
    assert (apart[0].counts, apart[0].total) == (both.counts, both.total)


WHOLE = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nCache-Status: banyan; hit\r\n\r\nhello",
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nconnection: close\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6; x=y\r\n world\r\n0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n",
)


def test_answers_are_cut_as_they_were_sent() -> None:
    told = [wire.answer(each) for each in WHOLE]
    assert told == [
        Answer(200, b"hello", 0, True, False),
        Answer(503, b"", 7, False, True),
        Answer(200, b"hello world", 0, False, False),
        Answer(304, b"", 0, False, False),
    ]


@given(st.sampled_from(WHOLE[:3]), st.data())
def test_half_an_answer_is_none(whole: bytes, data: st.DataObject) -> None:
    assert wire.answer(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


def test_what_is_no_http_is_told_from_it() -> None:
    with pytest.raises(ValueError, match="no HTTP"):
        wire.answer(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_requests_come_out_in_the_shares_of_the_mix() -> None:
    mix = mixes.read("day")
    shop = Shop(GOODS, mix, SeededIds(SystemClock(), 1))
    people = [Shopper(shop, number < 100 * mix.buyers) for number in range(100)]
    seen = Counter[str]()
    for _ in range(200):
        for each in people:
            each.next()
            seen[each.act] += 1
            answer = {"id": "crt_1", "token": "ct_1"} if b"POST /v1/carts HTTP" in each.request else {"id": "ord_1"}
            each.told(Answer(201, orjson.dumps(answer), 0, False, False))
    for act, share in mix.shares.items():
        assert seen[act] / seen.total() == pytest.approx(share, abs=0.004)


def test_a_purchase_goes_its_way_and_is_acknowledged_once() -> None:
    shopper = Shopper(Shop(GOODS, mixes.read("flash-sale"), SeededIds(SystemClock(), 1)), True)
    asked, orders = list[bytes](), list[str]()
    while not orders:
        shopper.next()
        if shopper.act in ("cart", "checkout"):
            asked.append(shopper.request.partition(b" HTTP")[0])
            body = {"id": "crt_7", "token": "ct_7"} if len(asked) == 1 else {"id": "ord_7"}
            orders += filter(None, [shopper.told(Answer(201, orjson.dumps(body), 0, False, False))])
    assert asked == [
        b"POST /v1/carts",
        b"POST /v1/carts/crt_7/lines",
        b"PUT /v1/carts/crt_7/delivery",
        b"POST /v1/carts/crt_7/checkout",
    ]
    assert orders == ["ord_7"]
    assert shopper.steps == 0


def test_who_is_turned_away_tries_the_same_step_again_and_a_lost_cart_is_left() -> None:
    shopper = Shopper(Shop(GOODS, mixes.read("flash-sale"), SeededIds(SystemClock(), 1)), True)
    shopper.act, shopper.steps, shopper.cart = "cart", 1, "crt_1"
    shopper.told(Answer(503, b"", 1, False, False))
    assert (shopper.steps, shopper.cart) == (1, "crt_1")
    shopper.told(Answer(404, b"{}", 0, False, False))
    assert (shopper.steps, shopper.cart) == (0, "")


def test_compressed_answers_are_only_counted() -> None:
    body = gzip.compress(b"x" * 1000)
    told = wire.answer(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    assert told is not None
    assert told.body == body
