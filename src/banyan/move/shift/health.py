"""How one side does beside the other: failures and latency out of counters, and the margins between good and bad. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from banyan.contracts.moving import BOUNDS_MS


@dataclass(frozen=True, slots=True)
class Seen:
    """So many requests, so many of them failed, and the others by latency (BOUNDS_MS)."""

    asked: int = 0
    failed: int = 0
    bins: tuple[int, ...] = (0,) * (len(BOUNDS_MS) + 1)

    def __add__(self, other: "Seen") -> "Seen":
        bins = tuple(a + b for a, b in zip(self.bins, other.bins, strict=True))
        return Seen(self.asked + other.asked, self.failed + other.failed, bins)

    def since(self, before: "Seen") -> "Seen":
        """What came after `before`; all of it where the counter began anew."""
        if self.asked < before.asked:
            return self
        bins = tuple(a - b for a, b in zip(self.bins, before.bins, strict=True))
        return Seen(self.asked - before.asked, self.failed - before.failed, bins)

    @property
    def answered(self) -> int:
        return sum(self.bins)

    @property
    def failing(self) -> float:
        """The share that failed, 0 to 1."""
        return self.failed / self.asked if self.asked else 0.0

    def quantile(self, share: float) -> float | None:
        """Milliseconds below which this share of answers came, evenly within a bin; None without answers."""
        return quantile(self.bins, share)

    def as_json(self) -> dict[str, Any]:
        p50, p95 = self.quantile(0.5), self.quantile(0.95)
        return {
            "asked": self.asked,
            "failed": self.failed,
            "p50_ms": None if p50 is None else round(p50, 1),
            "p95_ms": None if p95 is None else round(p95, 1),
        }


def quantile(bins: Sequence[int], share: float) -> float | None:
    total = sum(bins)
    if not total:
        return None
    rest, lower = share * total, 0.0
    for count, upper in zip(bins, (*BOUNDS_MS, 2 * BOUNDS_MS[-1]), strict=True):
        if count and rest <= count:
            return lower + (upper - lower) * rest / count
        rest, lower = rest - count, float(upper)
    return lower


@dataclass(frozen=True, slots=True)
class Margins:
    """How much worse than the legacy side ours may be, and how much must have been seen to say anything."""

    failing: float = 0.01  # of all requests, above the legacy side's share
    least_failed: int = 3  # failures below which no share is believed
    latency_ms: float = 50.0  # p50 and p95 above the legacy side's, or …
    latency_share: float = 0.2  # … by this share of it, whichever is more
    least: int = 50  # answers of a side below which its latency says nothing


class Verdict(StrEnum):
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"  # too little was seen: never taken for good


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    why: str
    failing: bool = False  # bad because requests fail, not because they are slow


def judge(ours: Seen, legacy: Seen, margins: Margins) -> Finding:
    """How our side does. Failures are judged as soon as there are a few; latency once both sides were seen enough."""
    allowed = legacy.failing + margins.failing
    if ours.failed >= margins.least_failed and ours.failing > allowed:
        return Finding(
            Verdict.BAD,
            f"{ours.failed} of {ours.asked} requests failed ({ours.failing:.1%}); up to {allowed:.1%} is allowed",
            failing=True,
        )
    if ours.answered < margins.least:
        return Finding(Verdict.UNKNOWN, f"{ours.answered} answers of ours so far, {margins.least} are needed")
    if legacy.answered < margins.least:
        return Finding(
            Verdict.UNKNOWN, f"{legacy.answered} answers of the legacy shop to compare with, {margins.least} are needed"
        )
    for share in (0.5, 0.95):
        here, there = ours.quantile(share), legacy.quantile(share)
        assert here is not None
        assert there is not None
        most = there + max(margins.latency_ms, there * margins.latency_share)
        if here > most:
            return Finding(
                Verdict.BAD,
                f"p{share * 100:.0f} is {here:.0f} ms, the legacy shop's {there:.0f} ms; up to {most:.0f} ms is allowed",
            )
    return Finding(Verdict.GOOD, f"{ours.failing:.1%} failed, p95 {ours.quantile(0.95):.0f} ms")
