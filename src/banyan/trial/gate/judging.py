"""Decides from the turns of both whether an operation got dearer.

The median of the rounds' ratios counts, for one round may meet another's work on the machine. A part is not judged where it
cannot be told: CPU is counted in hundredths of a second, so there must be enough of it, and what is a tenth of an
operation's cost may double without anybody feeling it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from banyan.trial.costs import Cpu

ENOUGH = 0.5  # seconds of CPU of a part, over all rounds, below which its ratio is chance
SMALL = 0.1  # of an operation's whole cost: a part below it is not judged
STATEMENTS = 0.5  # statements of a request, below which a difference is others' work
FAILED = 0.01  # share of answers that may be refusals or faults


@dataclass(frozen=True, slots=True)
class Turn:
    """What one tree took in its turns of a round: CPU seconds in all, for so many requests, of which some failed."""

    cpu: Cpu
    requests: int
    failed: int = 0


@dataclass(slots=True)
class Figures:
    """Of one operation: the rounds' turns of ours and theirs, and SQL statements of a request (ours, theirs)."""

    name: str
    rounds: list[tuple[Turn, Turn]] = field(default_factory=list)
    statements: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Part:
    """CPU of a request, or its statements: of ours, of theirs, and the ratio; None where it cannot be told."""

    ours: float
    theirs: float
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`dearer`: the parts that got dearer than they may, and what else is wrong; empty when all is well."""

    name: str
    app: Part
    database: Part
    statements: Part
    dearer: tuple[str, ...] = ()
    skipped: str = ""


def judge(figures: Figures, limit: float = 0.15) -> Verdict:
    """Whether an operation got more than `limit` dearer in CPU of the application, of the database, or in statements."""
    parts = {
        "app CPU": _cpu([(ours.cpu.app, theirs.cpu.app) for ours, theirs in figures.rounds], figures),
        "database CPU": _cpu([(ours.cpu.database, theirs.cpu.database) for ours, theirs in figures.rounds], figures),
        "statements": _statements(*figures.statements),
    }
    told = (figures.name, parts["app CPU"], parts["database CPU"], parts["statements"])
    if _failing([theirs for _, theirs in figures.rounds]):
        return Verdict(*told, skipped="the other tree cannot do it")
    if _failing([ours for ours, _ in figures.rounds]):
        return Verdict(*told, dearer=("answers fail",))
    return Verdict(
        *told,
        dearer=tuple(
            f"{name} {part.ratio:.2f} times" for name, part in parts.items() if part.ratio and part.ratio > 1 + limit
        ),
    )


def _cpu(pairs: Sequence[tuple[float, float]], figures: Figures) -> Part:
    """The median of the rounds' ratios of CPU a request."""
    counts = [(max(1, ours.requests), max(1, theirs.requests)) for ours, theirs in figures.rounds]
    ours, theirs = (sum(pair[side] for pair in pairs) / max(1, sum(count[side] for count in counts)) for side in (0, 1))
    if min(sum(pair[side] for pair in pairs) for side in (0, 1)) < ENOUGH or _is_small(ours, theirs, figures):
        return Part(ours, theirs, None)
    ratios = [
        (pair[0] / count[0]) / (pair[1] / count[1]) for pair, count in zip(pairs, counts, strict=True) if pair[1] > 0
    ]
    return Part(ours, theirs, median(ratios))


def _is_small(ours: float, theirs: float, figures: Figures) -> bool:
    wholes = [
        sum(turn.cpu.app + turn.cpu.database for turn in turns) / max(1, sum(turn.requests for turn in turns))
        for turns in zip(*figures.rounds, strict=True)
    ]
    return all(part < SMALL * whole for part, whole in zip((ours, theirs), wholes, strict=True))


def _statements(ours: float, theirs: float) -> Part:
    """More by half a statement at least: what is below comes of work that no request asked for."""
    if abs(ours - theirs) < STATEMENTS:
        return Part(ours, theirs, 1.0)
    return Part(ours, theirs, ours / max(theirs, STATEMENTS))


def _failing(turns: Sequence[Turn]) -> bool:
    asked = sum(turn.requests for turn in turns)
    return not asked or sum(turn.failed for turn in turns) / asked > FAILED
