"""A shop full of shoppers: a shop of its own is started, filled, walked through, and proven afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.shoppers import goods
from banyan.trial.shoppers.market import Outcome, Progress, send_out
from banyan.trial.shoppers.mixes import ACTS, Mix
from banyan.trial.shoppers.shopper import Goods
from banyan.trial.stocking import opened, proven

PER_WORKER = 18_500  # connections of a server process, where it may open 20,000 files


@dataclass(slots=True)
class Cost:
    """What the shop's own processes took while shoppers were there. CPU in seconds, memory in megabytes."""

    workers: int = 0
    app_cpu: float = 0.0
    database_cpu: float = 0.0
    resident: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """Outcome, cost, and what is wrong with the shop afterwards (nothing, or lines that say so)."""

    outcome: Outcome
    cost: Cost = field(default_factory=Cost)
    missing: int = 0  # acknowledged orders that the shop does not have
    wrong: list[str] = field(default_factory=list)

    def rows(self) -> list[tuple[str, ...]]:
        """Act by act: requests, share, per second, p50, p90, p95, p99 (ms), turned away or failed, refused."""
        outcome, seconds = self.outcome, self.outcome.mix.seconds
        rows = [self._row(act, seconds) for act in ACTS if act in outcome.seen.times]
        every = outcome.total
        return [*rows, self._cells("all", every, seconds, outcome.failed(), 0)]

    def lines(self) -> list[str]:
        outcome, cost = self.outcome, self.cost
        asked, seen = outcome.answered, outcome.seen
        lines = [
            f"{outcome.shoppers:,} shoppers, each on a connection of his own, {outcome.mix.title}",
            f"failed or turned away {outcome.failed() / max(1, asked):.3%}; catalogue reads from prepared bytes "
            f"{outcome.hit_ratio:.1%}; answers later than the next wish {seen.late:,}",
            f"orders acknowledged {len(seen.orders):,}, of which the shop does not have {self.missing}",
            f"the load took {outcome.cpu_seconds / outcome.mix.seconds:.0%} of a core and "
            f"{outcome.resident_megabytes:.0f} MB",
        ]
        if cost.workers:
            lines.append(
                f"{cost.workers} workers took {cost.app_cpu / outcome.mix.seconds:.0%} of a core together, the database "
                f"{cost.database_cpu / outcome.mix.seconds:.0%}; resident {', '.join(f'{mb:.0f}' for mb in cost.resident)} MB"
            )
        lines += [f"  {count:,} x {why}" for why, count in seen.why.most_common(8)]
        return [*lines, *(self.wrong or ["every invariant holds"])]

    def as_json(self) -> dict[str, Any]:
        outcome = self.outcome
        return {
            "mix": outcome.mix.name,
            "shoppers": outcome.shoppers,
            "acts": {
                act: {
                    "requests": times.total,
                    **{f"p{round(share * 100)}_ms": times.percentile(share) * 1e3 for share in (0.5, 0.9, 0.95, 0.99)},
                    "statuses": {str(status): count for status, count in outcome.seen.statuses[act].items()},
                }
                for act, times in {**outcome.seen.times, "all": outcome.total}.items()
            },
            "failed": outcome.failed(),
            "hit_ratio": outcome.hit_ratio,
            "orders": len(outcome.seen.orders),
            "missing_orders": self.missing,
            "seconds": {str(second): counts for second, counts in sorted(outcome.seen.seconds.items())},
            "load_cpu_seconds": outcome.cpu_seconds,
            "app_cpu_seconds": self.cost.app_cpu,
            "database_cpu_seconds": self.cost.database_cpu,
            "resident_megabytes": self.cost.resident,
            "wrong": self.wrong,
        }

    def _row(self, act: str, seconds: float) -> tuple[str, ...]:
        outcome = self.outcome
        return self._cells(act, outcome.seen.times[act], seconds, outcome.failed(act), outcome.refused(act))

    def _cells(self, name: str, times: Any, seconds: float, failed: int, refused: int) -> tuple[str, ...]:
        share = times.total / max(1, self.outcome.answered)
        marks = [f"{times.percentile(part) * 1e3:,.1f}" for part in (0.5, 0.9, 0.95, 0.99)]
        return (
            *(name, f"{times.total:,}", f"{share:.1%}", f"{times.total / seconds:,.1f}", *marks),
            *(f"{failed:,}" if failed else "", f"{refused:,}" if refused else ""),
        )


async def full(
    folder: Path,
    mix: Mix,
    shoppers: int,
    *,
    products: int = 1000,
    workers: int = 0,
    hot: int = 0,
    url: str = "",
    seed: int = 1,
    note: Callable[[str | Progress], None] = lambda _: None,
) -> Report:
    """Send shoppers through a shop of its own in `folder` with so many products, or through the one at `url`.

    There they buy for real.

    `workers`: of the shop; 0 for one for every 18,500 connections, two at least.
    """
    ids, members = SystemIds(SystemClock()), min(50, 4 + shoppers // 50)
    if url:
        there = urlsplit(url)
        things = await goods.of_shop(url, ids, members=members)
        return Report(
            await send_out(there.hostname or "127.0.0.1", there.port or 80, mix, things, shoppers, seed=seed, note=note)
        )
    workers = workers or max(2, -(-shoppers // PER_WORKER))
    options = ("--empty", "--workers", str(workers)) if workers > 1 else ("--empty",)
    async with own_shop(folder, SystemClock(), options=options, rate_limits="false") as shop:
        note("starting a shop")
        await goods.fill(folder, products, hot=hot, note=note)
        await shop.start(300)
        things = await goods.of_shop(shop.url, ids, members=members, hot=goods.HOT if hot else "")
        report = await _walked(shop, mix, things, shoppers, seed, note)
        note("proving the shop")
        await _prove(folder, report)
    return report


async def _walked(
    shop: OwnShop, mix: Mix, things: Goods, shoppers: int, seed: int, note: Callable[[str | Progress], None]
) -> Report:
    cost, before = Cost(), list[tuple[float, float]]()
    outcome = await send_out(
        *("127.0.0.1", shop.port, mix, things, shoppers),
        seed=seed,
        note=note,
        begun=lambda: before.append(_cpu(shop)),
    )
    app, database = _cpu(shop)
    cost.app_cpu, cost.database_cpu = app - before[0][0], database - before[0][1]
    cost.resident = [each.memory_info().rss / 1e6 for each in _serving(shop)]
    cost.workers = len(cost.resident)
    return Report(outcome, cost)


async def _prove(folder: Path, report: Report) -> None:
    """Look every acknowledged order up, and ask for every invariant."""
    async with opened(folder, "orders") as here:
        kept = await here.shop.ports["orders"].db.fetchval(
            "SELECT count(*) FROM order_view WHERE order_id = ANY($1)", report.outcome.seen.orders
        )
    report.missing = len(set(report.outcome.seen.orders)) - kept
    report.wrong = [f"{each.id}: {each.count} x {each.promise}" for each in await proven(folder)]
    if report.missing:
        report.wrong.append(f"{report.missing} acknowledged orders are not there")


def _serving(shop: OwnShop) -> list[Any]:
    """The processes that answer: the workers, or the one."""
    parent = psutil.Process(shop.pid)
    return [each for each in parent.children() if "--worker" in each.cmdline()] or [parent]


def _cpu(shop: OwnShop) -> tuple[float, float]:
    """Seconds of CPU so far: of the shop's processes, and of its database server's."""
    postmaster = psutil.Process(int((shop.data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))
    return sum(map(_used, _serving(shop))), sum(map(_used, [postmaster, *postmaster.children()]))


def _used(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
