"""The street against servers of a test's own: open loop, patient, and honest about what it did not get."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.trial.shoppers.mixes import Mix, Phase
from banyan.trial.shoppers.shopper import Goods, Shop
from banyan.trial.shoppers.street import Seen, Street

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GOODS = Goods(["a"], [], ["lamp"], ["SKU-1"])
Serve = Callable[[socket.socket, int], None]
"""Answers what comes on a connection; the number is how many there were before it."""


@contextmanager
def server(serve: Serve) -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    count = iter(range(10_000))

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                threading.Thread(target=_one, args=(serve, line, next(count)), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()
    finally:
        listening.close()


def _one(serve: Serve, line: socket.socket, number: int) -> None:
    with suppress(OSError), line:
        serve(line, number)


def polite(line: socket.socket, _: int) -> None:
    while line.recv(65_536):
        line.sendall(OK)


def walked(serve: Serve, *, shoppers: int = 20, think: tuple[float, float] = (0.1, 0.2), phases: str = "1x1") -> Seen:
    parts = tuple(Phase(float(each.split("x")[0]), float(each.split("x")[1])) for each in phases.split())
    mix = Mix("test", "test", {"product": 0.5, "search": 0.5}, think, 0.0, parts)
    chance = SeededIds(SystemClock(), 3)
    with server(serve) as address:
        street = Street(address, Shop(GOODS, mix, chance), shoppers, chance)
        try:
            street.fill()
            return street.run()
        finally:
            street.close()


def test_everybody_acts_at_the_rate_of_his_thinking() -> None:
    seen = walked(polite, shoppers=30, think=(0.2, 0.4), phases="2x1")
    assert seen.sent == pytest.approx(30 * 2 / 0.3, rel=0.25)
    assert {status for each in seen.statuses.values() for status in each} == {200}


def test_a_phase_of_ten_times_has_ten_times_the_requests() -> None:
    seen = walked(polite, shoppers=60, think=(1.0, 2.0), phases="2x1 2x10")
    calm = sum(sum(counts) for second, counts in seen.seconds.items() if second < 2)
    busy = sum(sum(counts) for second, counts in seen.seconds.items() if second >= 2)
    assert 5 < busy / calm < 15


def test_a_server_that_stalls_is_not_asked_less_and_the_wait_is_counted_from_the_wish() -> None:
    """One at a time, each 50 ms: those who wait behind others feel it, however late their request went out."""
    lock = threading.Lock()

    def slow(line: socket.socket, _: int) -> None:
        while line.recv(65_536):
            with lock:
                time.sleep(0.05)
            line.sendall(OK)

    seen = walked(slow, shoppers=20, think=(0.2, 0.3), phases="1.5x1")
    times = seen.times["product"]
    times.take(seen.times["search"])
    assert seen.late > 0
    assert times.percentile(0.5) > 0.3


def test_a_connection_closed_while_idle_costs_a_reader_nothing() -> None:
    def once(line: socket.socket, _: int) -> None:
        if line.recv(65_536):
            line.sendall(OK)

    seen = walked(once)
    assert {status for each in seen.statuses.values() for status in each} == {200}


def test_a_connection_that_ends_without_an_answer_twice_is_an_error() -> None:
    def rude(line: socket.socket, _: int) -> None:
        line.recv(65_536)

    seen = walked(rude, shoppers=5)
    assert set(seen.statuses["product"]) == {0}
    assert seen.why


def test_errors_are_kept_by_status_with_an_example() -> None:
    def broken(line: socket.socket, _: int) -> None:
        while line.recv(65_536):
            line.sendall(b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops")

    seen = walked(broken, shoppers=5)
    assert set(seen.statuses["search"]) == {500}
    assert any(why.endswith("500 oops") for why in seen.why)


def test_who_is_turned_away_comes_back_when_he_was_told_to() -> None:
    def busy(line: socket.socket, _: int) -> None:
        while line.recv(65_536):
            line.sendall(b"HTTP/1.1 503 Busy\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n")

    assert walked(busy, shoppers=10).sent == 10
