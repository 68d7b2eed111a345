"""Every history within a bound, breadth first: the first broken promise is found by a shortest history."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from banyan.trial.cutover_model.control import control
from banyan.trial.cutover_model.state import IDLE, LEGACY, NEW, SMALL, Bound, State, beginning
from banyan.trial.cutover_model.world import Next, world

PROMISES = (
    "one side at most takes writes",
    "the side that takes writes has every acknowledged write",
    "epochs only rise at our databases",
    "a pause ends: by a commit before its deadline, or by going back, never both",
    "at rest the owner takes writes, and nobody holds any",
    "no shopper sees an error while the gateway worker's lease holds",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search found. `broken` is empty where every promise held in every state."""

    states: int
    steps: int  # transitions
    complete: bool  # False: the bound on states was reached first
    broken: str = ""
    history: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        return {
            "states": self.states,
            "steps": self.steps,
            "complete": self.complete,
            "holds": self.holds,
            "broken": self.broken,
            "history": list(self.history),
        }

    def lines(self) -> list[str]:
        whole = "all" if self.complete else "the first"
        if self.holds:
            return [f"{whole} {self.states:,} states, {self.steps:,} steps: every promise held", *PROMISES]
        numbered = [f"{number:3}. {said}" for number, said in enumerate(self.history, 1)]
        return [f"broken after {len(self.history)} steps: {self.broken}", *numbered]


def judge(state: State) -> str:
    """Which promise this state breaks; empty when none."""
    if state.wrong:
        return state.wrong
    legacy_open, new_open = not state.closed, state.tenure[0] == NEW
    if legacy_open and new_open:
        return "both sides take writes"
    if legacy_open and state.legacy != state.truth:
        return f"the legacy shop takes writes and has {state.legacy} where {state.truth} was acknowledged"
    if new_open and state.new != state.truth:
        return f"our side takes writes and has {state.new} where {state.truth} was acknowledged"
    if state.step == IDLE and state.up:
        if state.holding:
            return "at rest, and writes are held"
        if not (legacy_open if state.owner == LEGACY else new_open):
            return "at rest, and the owner refuses writes"
    return ""


def explore(bound: Bound = SMALL, wrong: frozenset[str] = frozenset()) -> Verdict:
    """Search all histories within `bound`, of the protocol as it is or with something `wrong` in it."""
    first = beginning(bound)
    # By hash alone: a million states by their 64 bits collide with a chance of about 3 in 10⁸.
    came: dict[int, tuple[int, str]] = {hash(first): (0, "")}
    words: dict[str, str] = {}
    level, steps = [first], 0
    while level:
        following: list[State] = []
        for state in level:
            going = False
            for said, next_ in _following(state, wrong):
                going, steps = True, steps + 1
                known = hash(next_)
                if known in came:
                    continue
                came[known] = (hash(state), words.setdefault(said, said))
                broken = judge(next_)
                if next_.tenure[1] < state.tenure[1]:
                    broken = broken or "an older epoch was accepted"
                if broken:
                    return Verdict(len(came), steps, True, broken, _history(came, known))
                following.append(next_)
            if not going and (state.step != IDLE or not state.up):
                return Verdict(len(came), steps, True, "stuck in the middle", _history(came, hash(state)))
        if len(came) > bound.states:
            return Verdict(len(came), steps, False)
        level = following
    return Verdict(len(came), steps, True)


def _following(state: State, wrong: frozenset[str]) -> Iterator[Next]:
    yield from world(state, wrong)
    yield from control(state, wrong)


def _history(came: dict[int, tuple[int, str]], at: int) -> tuple[str, ...]:
    told: list[str] = []
    while at in came and came[at][1]:
        at, said = came[at]
        told.append(said)
    return tuple(reversed(told))
