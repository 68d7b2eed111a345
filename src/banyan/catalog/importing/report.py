"""What became of each row, and of all of them together."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

MOST_SHOWN = 100
"""Refused rows a report holds; all of them are in the report file."""


class Fate(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row. `reason` says why it was refused, or what of it could not be done (its stock)."""

    row: int
    sku: str
    fate: Fate
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        said = {"row": self.row, "sku": self.sku, "outcome": self.fate.value}
        return {**said, "reason": self.reason} if self.reason else said


@dataclass(slots=True)
class ImportReport:
    """The sum of an import. Rows = added + changed + unchanged + refused, those before an interruption included."""

    name: str
    dry_run: bool = False
    resumed_at: int = 0  # the last row that an interrupted run had done
    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[Outcome] = field(default_factory=list)  # the first of this run
    stock_refused: int = 0
    ignored: list[str] = field(default_factory=list)  # fields of the file that mean nothing here

    @property
    def rows(self) -> int:
        return sum(self.counts[fate] for fate in Fate)

    @property
    def added(self) -> int:
        return self.counts[Fate.ADDED]

    @property
    def changed(self) -> int:
        return self.counts[Fate.CHANGED]

    @property
    def unchanged(self) -> int:
        return self.counts[Fate.UNCHANGED]

    @property
    def refused(self) -> int:
        return self.counts[Fate.REFUSED]

    def note(self, outcomes: list[Outcome]) -> None:
        """Count these rows, and keep the first that were refused."""
        self.counts.update(outcome.fate.value for outcome in outcomes)
        room = MOST_SHOWN - len(self.refusals)
        self.refusals += [outcome for outcome in outcomes if outcome.fate is Fate.REFUSED][: max(0, room)]

    def as_json(self) -> dict[str, Any]:
        fates = {fate.value: self.counts[fate] for fate in Fate}
        rest = {key: value for key, value in asdict(self).items() if key not in ("counts", "refusals")}
        return {**rest, "rows": self.rows, **fates, "refusals": [each.as_json() for each in self.refusals]}
