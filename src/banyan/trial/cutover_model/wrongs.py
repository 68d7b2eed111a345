"""The protocol with one thing wrong in it, many times over: each must break a promise, or the model proves nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from banyan.trial.cutover_model.search import Verdict, explore
from banyan.trial.cutover_model.state import Bound

_CUT = Bound(attempts=1, writes=1, bypasses=1, crashes=0)
_CRASH = Bound(attempts=1, writes=1, bypasses=0, crashes=1)
_BOTH = Bound(attempts=2, writes=1, bypasses=0, crashes=0)

MUTANTS: dict[str, tuple[str, Bound]] = {
    "early_position": ("the position is read before the lock is held", _CUT),
    "no_lease_wait": ("nobody waits for workers that have not heard of the hold", _CUT),
    "no_flight_wait": ("nobody waits for writes that are in flight at the gateway", _CUT),
    "stale_report": (
        "a worker's report from an earlier attempt counts for this one",
        Bound(attempts=2, writes=1, bypasses=0, crashes=1),
    ),
    "no_fence": ("the legacy tables are not fenced", _CUT),
    "no_drain": ("the fence closes under a transaction that is open", _CUT),
    "early_commit": ("the commit does not wait for the stream to reach P", _CUT),
    "late_way_back_start": (
        "the way back's beginning is written down after writes resume",
        Bound(attempts=2, writes=1, bypasses=0, crashes=0),
    ),
    "half_a_transaction": ("the checkpoint moves in the middle of a transaction", Bound(1, 0, 1, 1)),
    "older_wins": ("a record delivered twice wins over a newer one", Bound(1, 2, 0, 0, repeats=1)),
    "echo": ("the way back's own writes come home as new", Bound(1, 2, 0, 0)),
    "forward_before_commit": ("a process taken up before C11 goes forward", _CRASH),
    "back_after_commit": ("a process taken up after C11 goes back", _CRASH),
    "late_commit": ("C11 does not look at the attempt, nor at the deadline", _CRASH),
    "late_fence": ("the fence is closed without a look at the attempt", _CRASH),
    "early_release": ("gateways go on before the side they go on with is open", _CUT),
    "stale_epoch": ("our databases take a tenure of an older epoch", Bound(2, 1, 0, 1)),
    "early_revert": ("the revert does not wait for the way back", _BOTH),
    "unmarked_facts": ("the revert knows only of facts that are on the bus", _BOTH),
    "no_tenure_fence": ("the revert does not end our side's tenure first", Bound(2, 1, 0, 0, lapses=1)),
    "late_way_back": ("the way back writes without a look at who may", Bound(2, 1, 1, 1)),
}
"""What is wrong, in words, and the bound within which it shows."""


@dataclass(frozen=True, slots=True)
class Caught:
    """A mutant and the history that gave it away."""

    name: str
    words: str
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        return {"mutant": self.name, "wrong": self.words, **self.verdict.as_json()}

    def lines(self) -> list[str]:
        if self.verdict.holds:
            return [f"{self.name} ({self.words}): NOT caught in {self.verdict.states:,} states"]
        first, *history = self.verdict.lines()
        return [f"{self.name} ({self.words}): {first}", *history]


def catch(names: Iterable[str] = tuple(MUTANTS)) -> list[Caught]:
    """Search each mutant until it breaks a promise."""
    return [Caught(name, MUTANTS[name][0], explore(MUTANTS[name][1], frozenset({name}))) for name in names]
