"""Writes a mix for a tool that a team has already, runs it at a shop, and reads what it saw."""

import asyncio
import csv
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from banyan.kernel.clock import SystemClock
from banyan.trial.outsiders.jmeter import plan
from banyan.trial.outsiders.locust import locustfile
from banyan.trial.own_shop import own_shop
from banyan.trial.shoppers import goods
from banyan.trial.shoppers.mixes import ACTS, Mix
from banyan.trial.stocking import proven


class Tool(StrEnum):
    JMETER = "jmeter"
    LOCUST = "locust"


_HOW = {
    Tool.JMETER: "get it from https://jmeter.apache.org (5.6, with a Java of 11 or newer) and put its bin on PATH",
    Tool.LOCUST: "get it with: pip install locust",
}


class NotHere(Exception):
    """The tool is not on PATH or did not end well; the text says where the plan is and what to do."""


@dataclass(frozen=True, slots=True)
class Act:
    """What the tool saw of one act; times in milliseconds."""

    name: str
    requests: int
    p50: float
    p90: float
    p95: float
    p99: float
    failed: int


@dataclass(slots=True)
class Report:
    tool: Tool
    plan: Path
    mix: Mix
    shoppers: int
    acts: list[Act]
    wrong: list[str] = field(default_factory=list)

    def rows(self) -> list[tuple[str, ...]]:
        asked = max(1, sum(act.requests for act in self.acts))
        return [
            (
                *(
                    act.name,
                    f"{act.requests:,}",
                    f"{act.requests / asked:.1%}",
                    f"{act.requests / self.mix.seconds:,.1f}",
                ),
                *(f"{each:,.1f}" for each in (act.p50, act.p90, act.p95, act.p99)),
                f"{act.failed:,}" if act.failed else "",
            )
            for act in self.acts
        ]

    def lines(self) -> list[str]:
        return [f"{self.shoppers:,} shoppers of {self.tool}, {self.mix.title}; the plan is {self.plan}", *self.wrong]

    def as_json(self) -> dict[str, Any]:
        return {
            "tool": self.tool.value,
            "plan": str(self.plan),
            "mix": self.mix.name,
            "shoppers": self.shoppers,
            "acts": {act.name: asdict(act) for act in self.acts},
            "wrong": self.wrong,
        }


def written(tool: Tool, mix: Mix, url: str, shoppers: int, file: Path | None = None) -> Path:
    """Write the mix for the tool, with where the shop is; the file. Without one it lies in the folder we are in."""
    there = urlsplit(url)
    if tool is Tool.JMETER:
        file = file or Path(f"banyan-{mix.name}.jmx")
        file.write_text(plan(mix, there.hostname or "127.0.0.1", there.port or 80, shoppers))
    else:
        file = file or Path(f"locustfile-{mix.name}.py")
        file.write_text(locustfile(mix))
    return file


async def send(
    folder: Path,
    tool: Tool,
    mix: Mix,
    shoppers: int,
    *,
    products: int,
    workers: int,
    url: str = "",
    file: Path | None = None,
    hot: int = 0,
    note: Callable[[str], None] = lambda _: None,
) -> Report:
    """Let the tool send the shoppers through a shop of its own in `folder`, or through the one at `url`.

    NotHere, with the plan written, when the tool is not to be found.
    """
    found = shutil.which(tool.value)
    if not found:
        made = await asyncio.to_thread(written, tool, mix, url or "http://127.0.0.1:8000", shoppers, file)
        raise NotHere(f"{made} is written, but {tool} is not on PATH: {_HOW[tool]}; how to run it is said in the file")
    if url:
        return await _walked(folder, found, tool, mix, shoppers, url, file)
    options = ("--empty", "--workers", str(workers)) if workers > 1 else ("--empty",)
    async with own_shop(folder / "shop", SystemClock(), options=options, rate_limits="false") as shop:
        note("starting a shop")
        await goods.fill(folder / "shop", products, hot=hot, note=note)
        await shop.start(300)
        note(f"{tool} for {mix.seconds:.0f} s")
        report = await _walked(folder, found, tool, mix, shoppers, shop.url, file)
        note("proving the shop")
        found_wrong = await proven(folder / "shop")
        report.wrong = [f"{each.id}: {each.count} x {each.promise}" for each in found_wrong]
    return report


async def _walked(
    folder: Path, program: str, tool: Tool, mix: Mix, shoppers: int, url: str, file: Path | None
) -> Report:
    made = await asyncio.to_thread(written, tool, mix, url, shoppers, file)
    words = [str(made.resolve()) if each == "PLAN" else each for each in _words(tool, mix, shoppers, url)]
    process = await asyncio.create_subprocess_exec(
        program, *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    results = folder / ("results.jtl" if tool is Tool.JMETER else "results_stats.csv")
    try:
        acts = await asyncio.to_thread(seen, tool, results)
    except OSError:
        acts = []
    if not acts:
        raise NotHere(
            f"{tool} ended with {process.returncode} and saw nothing:\n{said.decode(errors='replace')[-1500:]}"
        )
    return Report(tool, made, mix, shoppers, acts)


def _words(tool: Tool, mix: Mix, shoppers: int, url: str) -> list[str]:
    if tool is Tool.JMETER:
        options = [
            f"-Jshoppers={shoppers}",
            f"-Jseconds={round(mix.seconds)}",
            "-Jjmeter.save.saveservice.output_format=csv",
        ]
        return ["-n", "-t", "PLAN", "-l", "results.jtl", "-j", "jmeter.log", *options]
    options = ["--host", url.rstrip("/"), "--users", str(shoppers), "--spawn-rate", str(max(10, shoppers // 10))]
    return ["-f", "PLAN", "--headless", *options, "--run-time", f"{round(mix.seconds)}s", "--csv", "results"]


def seen(tool: Tool, results: Path) -> list[Act]:
    """What the tool's results file says of each act."""
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = dict(_of_jmeter(rows) if tool is Tool.JMETER else _of_locust(rows))
    return [found[act] for act in ACTS if act in found]


def _of_jmeter(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, Act]]:
    """A line for each request."""
    for act in ACTS:
        mine = [row for row in rows if row["label"] == act]
        times = sorted(float(row["elapsed"]) for row in mine)
        if times:
            marks = [times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.9, 0.95, 0.99)]
            yield act, _act(act, len(times), marks, sum(row["success"] != "true" for row in mine))


def _of_locust(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, Act]]:
    """A line for each act and method: an act asked by two methods is added up, its times those of the slower."""
    for act in ACTS:
        mine = [row for row in rows if row["Name"] == act and int(row["Request Count"])]
        if mine:
            marks = [max(float(row[share]) for row in mine) for share in ("50%", "90%", "95%", "99%")]
            counts = [sum(int(row[name]) for row in mine) for name in ("Request Count", "Failure Count")]
            yield act, _act(act, counts[0], marks, counts[1])


def _act(name: str, requests: int, marks: Sequence[float], failed: int) -> Act:
    p50, p90, p95, p99 = marks
    return Act(name, requests, p50, p90, p95, p99, failed)
