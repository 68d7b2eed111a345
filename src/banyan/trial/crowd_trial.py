"""The crowd on a shop of its own: started, stocked, stormed, and checked against every invariant."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Outcome, crowd
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import proven, stock

SKU = "CROWD-1"
HOLD_SECONDS = 3


@dataclass(slots=True)
class Verdict:
    """What a crowd trial saw; `wrong` is empty when all is well."""

    units: int
    outcome: Outcome
    wrong: list[str] = field(default_factory=list)

    @property
    def sold(self) -> int:
        return self.outcome.counts["confirmed"]

    def lines(self) -> list[str]:
        counts = ", ".join(f"{count} {what}" for what, count in self.outcome.counts.most_common())
        rate = sum(self.outcome.counts.values()) / self.outcome.seconds
        verdict = "nothing oversold, everything sold, every invariant holds"
        return [
            f"{counts} in {self.outcome.seconds:.1f} s ({rate:.1f} buyers/s)",
            f"sold {self.sold} of {self.units}",
            *(self.wrong or [verdict]),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "units": self.units,
            "sold": self.sold,
            "seconds": self.outcome.seconds,
            "outcomes": dict(self.outcome.counts),
            "wrong": self.wrong,
        }


async def crowd_trial(
    folder: Path,
    *,
    buyers: int,
    units: int,
    parallel: int,
    warehouses: int = 1,
    leave: float = 0.0,
    progress: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Storm a shop of its own in `folder`. With `leave` some hold units and go; their holds expire and sell after all."""
    clock = SystemClock()
    ids = SystemIds(clock)
    env = {"hold_at": "delivery", "hold_seconds": str(HOLD_SECONDS)} if leave else {}
    async with own_shop(folder, clock, options=("--empty",), **env) as shop:
        await stock(folder, SKU, units, warehouses=warehouses)
        await shop.start()
        outcome = await crowd(
            shop.url, SKU, buyers=buyers, parallel=parallel, clock=clock, ids=ids, progress=progress, leave_early=leave
        )
        if leave:  # what the last ones held and left is free again; who comes back gets it
            await clock.sleep(HOLD_SECONDS + 1)
            late = await crowd(shop.url, SKU, buyers=units, parallel=parallel, clock=clock, ids=ids)
            outcome.counts += late.counts
            outcome.odd += late.odd
        verdict = Verdict(units, outcome, list(outcome.odd))
        if verdict.sold != units:
            verdict.wrong.append(f"sold {verdict.sold} of {units} units")
        await clock.sleep(6)  # what is under way comes to rest
        verdict.wrong += [f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in await proven(folder)]
        return verdict
