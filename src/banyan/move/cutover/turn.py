"""What came of an attempt to change hands, for people and for programs."""

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["done", "aborted", "dry_run"]


@dataclass(slots=True)
class Turn:
    """`pause`: seconds for which gateways held writes. `steps`: each with the seconds at which it began."""

    group: str
    what: Literal["cutover", "revert"]
    outcome: Outcome = "aborted"
    why: str = ""
    epoch: int = 0
    position: str = ""  # of the legacy log, after which no user wrote there
    pause: float = 0.0
    steps: list[tuple[str, float]] = field(default_factory=list)
    overridden: dict[str, str] = field(default_factory=dict)
    next_steps: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.outcome == "done"

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "what": self.what,
            "outcome": self.outcome,
            "why": self.why,
            "epoch": self.epoch,
            "position": self.position,
            "pause_ms": round(self.pause * 1000, 1),
            "steps": [{"step": step, "at_ms": round(at * 1000, 1)} for step, at in self.steps],
            "overridden": self.overridden,
            "next_steps": self.next_steps,
        }

    def lines(self) -> list[str]:
        if self.outcome == "dry_run":
            said = f"{self.what} of {self.group}: every gate is open; nothing was changed"
        elif self.done:
            owner = "our side" if self.what == "cutover" else "the legacy shop"
            said = f"{self.group} belongs to {owner} since epoch {self.epoch}; writes waited {self.pause * 1000:.0f} ms"
        else:
            said = f"{self.what} of {self.group} went back, and nothing was lost: {self.why}"
        steps = " ".join(f"{step} {at * 1000:.0f}" for step, at in self.steps)
        parts = [said, f"steps (ms): {steps}" if steps else "", f"position: {self.position}" if self.position else ""]
        return [part for part in parts if part] + [f"next: {each}" for each in self.next_steps]
