"""Processes killed at any moment lose no write and count none twice."""

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

from banyan.contracts.moving import Noted, TellWritten
from banyan.gateway.legacy.dual import Dual
from banyan.gateway.legacy.spool import Spool
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.move.shift import dual
from tests.move.dual.conftest import World
from tests.move.dual.test_dual import ADDRESS

ROOT = Path(__file__).parents[3]


def start(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.move.dual.worker", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def kill(process: "subprocess.Popen[str]") -> str:
    """kill -9; what it had said."""
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return said


class Hearing:
    """A mover that hears, but breaks the line now and then after it has."""

    def __init__(self) -> None:
        self.calls: list[TellWritten] = []

    async def ask(self, call: TellWritten) -> Noted:
        from banyan.kernel.refusals import Unavailable

        self.calls.append(call)
        if len(self.calls) % 4 == 1:
            raise Unavailable("the line broke")
        return Noted(new=0)


async def test_a_gateway_that_is_killed_has_told_or_will_have_told_every_write_it_answered(tmp_path: Path) -> None:
    answered = 0
    for _ in range(2):
        process = start("gateway", str(tmp_path / "dual"))
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        await asyncio.sleep(0.1)
        answered += 1 + kill(process).count("answered\n")
    clock, hearing = SystemClock(), Hearing()
    after = Dual(hearing, clock, SystemIds(clock), tmp_path / "dual", "wrk_new")  # type: ignore[arg-type]
    await after.start()
    async with asyncio.timeout(30):
        while any((tmp_path / "dual").glob("*.spool")):
            await asyncio.sleep(0.02)
    await after.close()
    told = {each.id: each for call in hearing.calls for each in call.writes}
    done = [each for each in told.values() if each.answer == "done"]
    assert answered > 20
    assert answered <= len(done) <= answered + 2  # at most the one that each was about to print
    assert len(told) <= len(done) + 2  # and the one that each was in the middle of
    assert all(dict(each.form) == {"firstname": "A", "lastname": "B"} for each in told.values())


async def test_a_line_cut_short_by_a_crash_is_no_entry(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "wrk_a")
    for name in ("one", "two"):
        assert spool.begin({"id": name, "group": "users"})
    spool.end("one", {"answer": "done"})
    assert list(Spool(tmp_path, "wrk_b").left()) == []  # its worker lives
    path = next(tmp_path.glob("*.spool"))
    spool.close()
    path.write_bytes(path.read_bytes() + b'{"id": "three", "gro')
    found = dict(list(Spool(tmp_path, "wrk_b").left()))
    assert found == {path: [{"id": "one", "group": "users", "answer": "done"}, {"id": "two", "group": "users"}]}


async def test_what_is_told_is_written_anew_without_what_was_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "wrk_a", tidy=1_000)
    for number in range(30):
        spool.begin({"id": str(number), "group": "users", "form": "x" * 50})
    spool.told([str(number) for number in range(29)])
    spool.close()
    assert [[entry["id"] for entry in entries] for _, entries in Spool(tmp_path, "b").left()] == [["29"]]
    assert len(list(tmp_path.glob("*.spool"))) == 1


async def test_a_player_that_is_killed_again_and_again_counts_each_write_once(world: World) -> None:
    await world.on("users")
    chance, before = random.Random(4), await dual.report(world.ports, "users")
    browsers = [world.browser() for _ in range(3)]
    for customer, browser in enumerate(browsers, 10):
        await browser.sign_in(customer)
    writing = await world.written("users")
    world.mover.besides.clear()
    world.task.cancel()  # the mover goes on without comparing
    await asyncio.gather(world.task, return_exceptions=True)
    world.task = asyncio.create_task(world.mover.work())
    urls = _urls(world)
    for round in range(3):
        process = start("player", world.url, *urls)
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        for number in range(8):
            form = ADDRESS | {"address_1": f"Killed {round} {number}"}
            answer = await browsers[number % 3].post("account/address.save", form)
            assert answer.status == 200
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        kill(process)
    process = start("player", world.url, *urls)
    try:
        found = await world.settled("users", writing + 24)
    finally:
        kill(process)
    assert found.total("written") == writing + 24
    assert found.total("different") == before.total("different"), found.lines()
    assert found.total("equal") - before.total("equal") >= 24 - found.total("unclear"), found.lines()


def _urls(world: World) -> tuple[str, str]:
    bus: str = world.shop.bus._url  # type: ignore[attr-defined]
    return bus.replace("_bus", "_move"), bus
