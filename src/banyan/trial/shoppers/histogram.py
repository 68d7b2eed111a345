"""Times in buckets of one per cent: as exact as needed, small enough to be sent, and added up over processes."""

from collections.abc import Sequence
from math import exp, log

_FINENESS = 100.0  # buckets per factor e: neighbours differ by one per cent
_BUCKETS = 1800  # up to a minute, in microseconds


class Histogram:
    """How often which time (seconds) was seen."""

    __slots__ = ("counts", "total")

    def __init__(self, counts: Sequence[int] = ()) -> None:
        self.counts = list(counts) or [0] * _BUCKETS
        self.total = sum(self.counts)

    def add(self, seconds: float) -> None:
        place = int(log(seconds * 1e6 + 1.0) * _FINENESS) if seconds > 0 else 0
        self.counts[min(place, _BUCKETS - 1)] += 1
        self.total += 1

    def take(self, other: "Histogram") -> None:
        self.counts = [ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def percentile(self, share: float) -> float:
        """Seconds within which that share was done (the upper end of its bucket); 0 where nothing was seen."""
        wanted, seen = share * self.total, 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return (exp((place + 1) / _FINENESS) - 1.0) / 1e6
        return 0.0

    def within(self, seconds: float) -> float:
        """The share that was done within so many seconds; 1 where nothing was seen."""
        last = int(log(seconds * 1e6 + 1.0) * _FINENESS)
        return sum(self.counts[: last + 1]) / self.total if self.total else 1.0
