"""What shoppers were promised, and what they saw."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Promise:
    """A write that was acknowledged, whoever owned the shop: an address must be found once, and only once; of the edits of
    a customer's name the last."""

    kind: str  # address, edit
    customer: int
    token: str
    began: float  # seconds on the monotonic clock when it was sent
    at: float  # … and when it was acknowledged


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that was acknowledged: it must be found once under this number, with this total, and its units gone from the
    stock once. `number` is empty while nobody has said it: such an order may be there, or not."""

    customer: int
    number: str
    total: int  # minor units, as the last page before it showed it
    units: Mapping[int, int]  # by product


@dataclass(slots=True)
class Ledger:
    """What shoppers saw."""

    promises: list[Promise] = field(default_factory=list)
    bought: list[Bought] = field(default_factory=list)
    unsure: list[Promise] = field(default_factory=list)  # the line broke before an answer: may be there once, or not
    unsure_orders: list[Bought] = field(default_factory=list)
    begun_again: int = 0  # checkouts that were sent back to their first step
    wrong: list[str] = field(default_factory=list)
    writes: list[tuple[float, float]] = field(default_factory=list)  # (when it was due, seconds it took)
    reads: list[tuple[float, float]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)  # by `side status`

    def slowest(self, begin: float, end: float) -> float:
        """The longest a write took that was due between two moments; seconds."""
        return max((took for due, took in self.writes if begin <= due < end), default=0.0)


def quantile(times: Sequence[float], share: float) -> float:
    """The time that this share of requests stayed below; 0 for none."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
