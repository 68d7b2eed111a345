"""What a moving day is to be, and what was seen of it."""

from dataclasses import dataclass, field
from typing import Any

from banyan.move.demo import stocking
from banyan.move.demo.shoppers import Bought, Promise, quantile

GROUPS = ("catalog", "users", "orders")
_SHOWN = 10  # of what was wrong


@dataclass(frozen=True, slots=True)
class Wish:
    """How large a trial: `writes` and `reads` a second by so many signed-in `shoppers`, and how often `groups` go over
    and back together, in the order in which they must. `max_pause`: milliseconds."""

    writes: float = 60.0
    reads: float = 40.0
    shoppers: int = 300
    rounds: int = 1
    groups: tuple[str, ...] = ("users", "orders")
    quiet_seconds: float = 5.0  # of traffic before, between and after
    max_pause: float = 500.0
    everything: bool = True  # the other groups, too: those before them first, those behind them at the end
    size: stocking.Size = field(default_factory=stocking.Size)


@dataclass(frozen=True, slots=True)
class Handed:
    """One change of hands: what it was, how long writes were held, and the slowest write that shoppers saw meanwhile."""

    group: str
    what: str
    outcome: str
    pause_ms: float
    slowest_ms: float
    why: str = ""


@dataclass(slots=True)
class Evidence:
    """What was seen."""

    hands: list[Handed] = field(default_factory=list)
    max_pause: float = 0.0  # milliseconds that writes may be held at most
    promises: int = 0
    lost: list[Promise] = field(default_factory=list)
    doubled: list[Promise] = field(default_factory=list)
    bought: int = 0
    orders_lost: list[Bought] = field(default_factory=list)
    orders_doubled: list[str] = field(default_factory=list)  # in words: whose, where, how many too many
    orders_different: list[str] = field(default_factory=list)  # … and how: totals that were not those promised
    stock_wrong: list[str] = field(default_factory=list)  # … of which product: promised and counted
    begun_again: int = 0
    wrong: list[str] = field(default_factory=list)  # what a shopper should never have seen
    writes: int = 0
    reads: int = 0
    p95_before_ms: float = 0.0  # of page views, from the legacy shop itself
    p95_after_ms: float = 0.0  # from us, when all is ours
    told: list[str] = field(default_factory=list)  # refusals and failures of commands

    @property
    def faults(self) -> list[str]:
        """All that should not be, in words."""
        lost = [f"an order is lost: {each}" for each in self.orders_lost]
        over = [
            f"{each.what} of {each.group} held writes for {each.pause_ms:.0f} ms"
            for each in self.hands
            if each.pause_ms > self.max_pause
        ]
        gone = [f"lost: {each}" for each in self.lost] + [f"doubled: {each}" for each in self.doubled]
        orders = [*lost, *self.orders_doubled, *self.orders_different, *self.stock_wrong]
        return [*self.told, *self.wrong, *over, *gone, *orders]

    @property
    def clean(self) -> bool:
        return not self.faults

    @property
    def done(self) -> list[Handed]:
        return [each for each in self.hands if each.outcome == "done"]

    def as_json(self) -> dict[str, Any]:
        pauses = [each.pause_ms for each in self.done]
        return {
            "changes_of_hands": [
                {name: getattr(each, name) for name in ("group", "what", "outcome", "pause_ms", "slowest_ms", "why")}
                for each in self.hands
            ],
            "pause_p50_ms": round(quantile(pauses, 0.5), 1),
            "pause_max_ms": round(max((each.pause_ms for each in self.hands), default=0.0), 1),
            "pause_limit_ms": self.max_pause,
            "aborted": sum(each.outcome == "aborted" for each in self.hands),
            "writes": self.writes,
            "reads": self.reads,
            "promises": self.promises,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "orders": self.bought,
            "orders_lost": len(self.orders_lost),
            "orders_doubled": len(self.orders_doubled),
            "orders_different": len(self.orders_different),
            "stock_wrong": len(self.stock_wrong),
            "checkouts_begun_again": self.begun_again,
            "errors_seen": len(self.wrong),
            "examples": self.faults[:_SHOWN],
            "p95_before_ms": round(self.p95_before_ms, 1),
            "p95_after_ms": round(self.p95_after_ms, 1),
        }

    def lines(self) -> list[str]:
        told = ["", "What the shoppers saw, by their own ledger:"]
        told += [
            f"  {each.what:8} {each.group:8} {each.outcome:8} writes held {each.pause_ms:6.0f} ms,"
            f" slowest write {each.slowest_ms:6.0f} ms {each.why}".rstrip()
            for each in self.hands
        ]
        pauses = [each.pause_ms for each in self.done]
        longest = max((each.pause_ms for each in self.hands), default=0.0)
        told += [
            f"  {self.writes} writes and {self.reads} page views; {len(self.wrong)} errors",
            f"  {self.promises} acknowledged writes looked for on both sides:"
            f" {len(self.lost)} lost, {len(self.doubled)} doubled",
            f"  {self.bought} acknowledged orders looked for on both sides: {len(self.orders_lost)} lost,"
            f" {len(self.orders_doubled)} doubled, {len(self.orders_different)} with another total;"
            f" the stock of {len(self.stock_wrong)} products is not what they leave",
            f"  {self.begun_again} checkouts in which the shop changed hands were sent back to their first step",
            f"  pauses: p50 {quantile(pauses, 0.5):.0f} ms, longest {longest:.0f} ms, limit {self.max_pause:.0f} ms",
            f"  page views p95: {self.p95_before_ms:.0f} ms before, {self.p95_after_ms:.0f} ms after",
        ]
        told += [f"  WRONG {each}" for each in self.faults[:_SHOWN]]
        return told
