"""A peer that cannot be had is named with a reason, ratios are to the best peer, and nothing started is left running."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from bench.peers import __main__ as command
from bench.peers import cost, goods, ground, table
from bench.peers.asked import OPERATIONS, Ask, Skipped
from bench.peers.ground import Ground
from bench.peers.shop import Running, folder
from bench.peers.turns import Figure, Measured, Plan, compare


class Absent:
    """A peer whose registry cannot be reached."""

    name = "absent"
    version = "1"
    shares_postgres = False
    remark = ""

    def __init__(self, where: str) -> None:
        self._where = where

    async def install(self, ground: Ground) -> None:
        if self._where == "install":
            await ground.run("npm", "sh", "-c", "echo npm error network is unreachable; echo bye; exit 1")

    async def fill(self, ground: Ground, server: str) -> None:
        if self._where == "fill":
            raise OSError("disk full")

    @contextlib.asynccontextmanager
    async def running(self, ground: Ground, server: str) -> AsyncIterator[Running]:
        async with ground.server("app", "sh", "-c", "echo error: no such port >&2; exit 3", env={}) as pid:
            await ground.answers("app", pid, "http://127.0.0.1:9/", seconds=5)
            yield Running(9, [pid], pid)

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        return {}


@pytest.mark.parametrize(
    ("where", "reason"),
    [("install", "npm error network is unreachable"), ("fill", "disk full"), ("start", "error: no such port")],
)
async def test_a_peer_that_cannot_be_had_is_skipped_with_its_reason(where: str, reason: str, tmp_path: Path) -> None:
    told: list[str] = []
    peer = Absent(where)
    folder(tmp_path, peer).folder.mkdir()
    (measured,) = await compare([peer], Plan(tmp_path, 1, 1, told.append))
    assert reason in measured.skipped
    assert "\n" not in measured.skipped
    assert any("skipped" in line for line in told)


async def test_a_machine_without_node_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Skipped, match=r"needs Node\.js"):
        await ground.node()


async def test_a_server_and_all_it_started_are_gone_after_its_block(tmp_path: Path) -> None:
    script = "sleep 300 & echo $! > child; trap '' TERM; sleep 300"
    async with Ground(tmp_path, patience=0.5).server("app", "sh", "-c", script, env={}) as pid:
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            await asyncio.sleep(0.01)
        child = int((tmp_path / "child").read_text())
        assert cost.of([pid]).megabytes > 0
    for number in (pid, child):
        state = _state(number)
        assert state in ("gone", "Z")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def _measured(name: str, **rates: float) -> Measured:
    """Operations of 10 s with 1 ms of CPU for each of a rate of 100, more for slower ones."""
    figures = {
        key.replace("_", " "): Figure(done=int(rate * 10), seconds=10, app_cpu=1.0, p95=[0.01])
        for key, rate in rates.items()
    }
    return Measured(name, "1", f"{name} is told of", figures)


def test_ratios_are_to_the_best_peer_of_each_operation() -> None:
    ours = _measured("ours", product_read=1000, checkout=50)
    peers = [_measured("a", product_read=100, checkout=2), _measured("b", product_read=20, checkout=10)]
    assert table.ratio("product read", ours, peers) == 10
    assert table.best("checkout", peers) == ("b", 10)
    assert table.ratio("checkout", ours, peers) == 5
    assert table.thrift("checkout", ours, peers) == pytest.approx(5)
    assert table.ratio("add to cart", ours, peers) is None


def test_a_search_never_asked_before_is_held_against_the_peers_search() -> None:
    ours = Measured("ours", "1", "", {"search never asked before": Figure(done=100, seconds=1)})
    peer = Measured("a", "1", "", {"text search, 20": Figure(done=10, seconds=1)})
    assert table.ratio("search never asked before", ours, [peer]) == 10


def test_a_skipped_peer_counts_for_nothing_and_is_named() -> None:
    ours, gone = _measured("ours", checkout=50), _measured("gone", checkout=10)
    gone.skipped = "no network"
    assert table.ratio("checkout", ours, [gone]) is None
    heads, _ = table.rows(ours, [gone])
    assert "gone 1" not in heads
    assert "gone: skipped: no network" in table.notes(ours, [gone])
    assert table.as_json(ours, [gone], (0.0, 0.0))["shops"]["gone"] == {"skipped": "no network"}


def test_every_row_is_as_long_as_the_heads_and_json_can_be_written() -> None:
    ours, peers = _measured("ours", product_read=1000), [_measured("a", product_read=100)]
    heads, rows = table.rows(ours, peers)
    assert {len(row) for row in rows} == {len(heads)}
    assert [row[0] for row in rows][: len(OPERATIONS)] == list(OPERATIONS)
    told = orjson.loads(orjson.dumps(table.as_json(ours, peers, (1.5, 2.5))))
    assert told["ratios"]["product read"] == 10
    assert told["load_average"] == {"before": 1.5, "after": 2.5}


def test_wrong_answers_are_told_of() -> None:
    ours = Measured("ours", "1", "", {"checkout": Figure(done=1, wrong=2, seconds=1, sample="status 500")})
    assert any("2 wrong answers to checkout" in line and "status 500" in line for line in table.notes(ours, []))


def test_each_shop_counts_with_the_number_of_connections_that_suits_it() -> None:
    shop = Measured("a", "1", "as it is")
    shop.tried = {
        "checkout": {32: Figure(32, done=10, seconds=1), 128: Figure(128, done=15, seconds=1)},
        "product read": {32: Figure(32, done=90, seconds=1), 128: Figure(128, done=80, seconds=1)},
        "add to cart": {32: Figure(32, done=1, seconds=1)},
    }
    shop.settle()
    assert {name: figure.connections for name, figure in shop.figures.items()} == {
        "checkout": 128,
        "product read": 32,
        "add to cart": 32,
    }
    assert "a: as it is; did more with 128 connections than with 32: checkout" in table.notes(shop, [])


def test_turns_add_up() -> None:
    figure = Figure(done=10, seconds=2, app_cpu=0.5, database_cpu=0.5)
    assert figure.rate() == 5
    assert figure.cpu() == 100
    assert Figure().rate() == Figure().cpu() == 0


def test_the_goods_are_what_they_are_said_to_be() -> None:
    made = goods.products()
    assert len(made) == 1000
    assert {each.category for each in made} == set(goods.CATEGORIES)
    for word in goods.WORDS:
        assert sum(word in each.name for each in made) >= goods.PAGE
    assert len({each.slug for each in made}) == 1000
    assert goods.wanted_by("a") == goods.wanted_by("a")


def test_a_process_is_read_whatever_its_name_is() -> None:
    line = "7 (a) b (c) S 3 7 7 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 9 1000 55 18446744073709551615"
    assert cost.read_stat(line) == (3, 100, 55)
    assert cost.of([os.getpid()]).megabytes > 1


def test_the_last_line_about_an_error_tells_why() -> None:
    refused = "npm error request to x failed, reason: connect ECONNREFUSED"
    assert ground.telling(f"npm error code 1\n{refused}\nnpm error behind a proxy?\nbye") == refused
    assert ground.telling("Error: no such table\n  at line 3\nan error has a log\n") == "Error: no such table"
    assert ground.telling("npm error code E404\nnpm error not found\nbye") == "npm error not found"
    assert ground.telling("a\nb\n") == "b"
    assert ground.telling("") == "it said nothing"


def test_what_is_asked_for_is_checked() -> None:
    assert command.read(["--only", "oscar", "--seconds", "2"]).only == ["oscar"]
    for wrong in (["--seconds", "0"], ["--only", "magento"], ["--rounds", "0"], ["--workers", "0"]):
        with pytest.raises(SystemExit):
            command.read(wrong)
