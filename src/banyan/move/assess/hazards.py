"""What doctor finds: hazards with their numbers, the reason they matter, and what mends them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    BLOCKER = "blocker"  # moving now would lose or break something
    WARNING = "warning"  # it can be moved; somebody should decide about this first
    NOTE = "note"  # good to know, or about tables that are not moved


RANK = {Severity.BLOCKER: 0, Severity.WARNING: 1, Severity.NOTE: 2}
SHOWN = 8  # names in a line; the rest is counted, and stands whole in the JSON


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of hazard: how bad it is in tables that are moved, and in one sentence why it matters."""

    severity: Severity
    why: str


@dataclass(frozen=True, slots=True)
class Hazard:
    """`fix`: SQL statements or settings, ready to be used; empty where there is nothing to mend."""

    kind: str
    severity: Severity
    found: str
    why: str
    fix: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    numbers: Mapping[str, int | float | str] = field(default_factory=dict)
    sampled: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "found": self.found,
            "why": self.why,
            "fix": list(self.fix),
            "tables": list(self.tables),
            "numbers": dict(self.numbers),
            "sampled": self.sampled,
        }

    def lines(self) -> list[str]:
        told = f"{self.severity.upper()} {self.kind}: {self.found}" + (" (sampled)" if self.sampled else "")
        fixes = list(self.fix[:SHOWN])
        if len(self.fix) > SHOWN:
            fixes.append(f"-- … and {len(self.fix) - SHOWN} more; --json has them all")
        return [told, f"    why: {self.why}", *(f"    fix: {fix}" for fix in fixes)]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be examined, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found on one server, worst first."""

    source: str  # host:port/database
    server: str  # the server's version
    tables: int
    tables_in_use: int
    seconds: float
    hazards: tuple[Hazard, ...]
    unseen: tuple[Unseen, ...] = ()

    @property
    def blockers(self) -> tuple[Hazard, ...]:
        """What must be mended before anything is moved."""
        return tuple(each for each in self.hazards if each.severity is Severity.BLOCKER)

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "server": self.server,
            "tables": self.tables,
            "tables_in_use": self.tables_in_use,
            "seconds": round(self.seconds, 2),
            "blockers": len(self.blockers),
            "hazards": [each.as_json() for each in self.hazards],
            "unseen": [{"what": each.what, "why": each.why} for each in self.unseen],
            "next_steps": [self.next_step],
        }

    @property
    def next_step(self) -> str:
        if self.blockers:
            return "mend the blockers, then run `banyan move doctor` again"
        return "`banyan move plan` proposes what to move first"

    def lines(self) -> list[str]:
        """For people: a heading, each hazard with why and fix, and what to do next."""
        counts = ", ".join(
            f"{number} {severity.value}{'' if number == 1 else 's'}"
            for severity in Severity
            if (number := sum(each.severity is severity for each in self.hazards))
        )
        told = [
            f"{self.source}: {self.server}, {self.tables} tables of which {self.tables_in_use} are moved;"
            f" {counts or 'no hazards'} ({self.seconds:.1f} s)",
        ]
        for each in self.hazards:
            told += ["", *each.lines()]
        if self.unseen:
            told += ["", "not examined:", *(f"    {each.what}: {each.why}" for each in self.unseen)]
        return [*told, "", f"next: {self.next_step}"]


def worst_first(hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """In the order in which to read them; within a severity as they were found."""
    return tuple(sorted(hazards, key=lambda each: RANK[each.severity]))


def names(given: Iterable[str]) -> str:
    """`a, b, c and 7 more`."""
    every = list(given)
    if len(every) <= SHOWN:
        return ", ".join(every)
    return ", ".join(every[:SHOWN]) + f" and {len(every) - SHOWN} more"
