"""What a fault trial saw, and what is wrong."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault. `failed`: answers of 500 and above, and lines that broke, until all was well again; `recovered`: seconds
    until the last of them; `gap`: the longest time in which no order was confirmed, in seconds."""

    name: str
    failed: int
    recovered: float
    gap: float
    orders: int

    def cells(self) -> tuple[str, ...]:
        return (self.name, f"{self.failed:,}", f"{self.recovered:.1f}", f"{self.gap:.1f}", f"{self.orders:,}")


@dataclass(slots=True)
class Verdict:
    """`outcomes`: what became of each shopper; `redelivered`: facts that were told once more; `wrong`: empty when all is
    well."""

    struck: list[Struck] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    redelivered: int = 0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        became = ", ".join(f"{count:,} {what}" for what, count in self.outcomes.most_common())
        well = "every acknowledged order was found and ended, nothing was done twice, every invariant holds"
        return [
            f"{self.acknowledged:,} orders acknowledged; shoppers: {became}",
            f"{self.redelivered:,} facts delivered again, late and in disorder",
            *(self.wrong or [well]),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "faults": [
                {
                    "name": each.name,
                    "failed": each.failed,
                    "recovered_seconds": each.recovered,
                    "longest_gap_seconds": each.gap,
                    "orders": each.orders,
                }
                for each in self.struck
            ],
            "outcomes": dict(self.outcomes),
            "acknowledged": self.acknowledged,
            "redelivered": self.redelivered,
            "wrong": self.wrong,
        }
