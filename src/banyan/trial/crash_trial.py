"""Crashes on a shop of its own: started, stocked, killed again and again, and checked against every invariant."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import Ids
from banyan.trial.crash import Outcome
from banyan.trial.crash import crash_trial as crash
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import proven, stock

SKU = "CRASH-1"


@dataclass(slots=True)
class Verdict:
    """What a crash trial saw; `wrong` is empty when all is well."""

    outcome: Outcome
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        counts = ", ".join(f"{count} {what}" for what, count in self.outcome.statuses.most_common())
        slowest = max(self.outcome.restarts, default=0.0)
        return [
            f"{self.outcome.kills} kills, {self.outcome.power_cuts} of them with the database server;"
            f" slowest restart to ready {slowest:.1f} s",
            f"{self.outcome.acknowledged} orders acknowledged: {counts}",
            *(
                self.wrong
                or ["every acknowledged order was found and ended, the bank's book is ours, every invariant holds"]
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "kills": self.outcome.kills,
            "power_cuts": self.outcome.power_cuts,
            "restart_seconds": self.outcome.restarts,
            "acknowledged": self.outcome.acknowledged,
            "statuses": dict(self.outcome.statuses),
            "wrong": self.wrong,
        }


async def crash_trial(
    folder: Path,
    *,
    checkouts: int,
    kills: int,
    parallel: int,
    ids: Ids,
    progress: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Kill a shop of its own in `folder` while `checkouts` run, then prove it."""
    clock = SystemClock()
    async with own_shop(folder, clock, options=("--empty",), rate_limits="false") as shop:
        await stock(folder, SKU, checkouts * 3)
        await shop.start()
        outcome = await crash(
            shop, SKU, checkouts=checkouts, kills=kills, parallel=parallel, clock=clock, ids=ids, progress=progress
        )
        await clock.sleep(10)  # webhooks and captures that were under way come to rest
        broken = [f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in await proven(folder)]
        return Verdict(outcome, outcome.wrong + broken)
