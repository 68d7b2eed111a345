"""Decides whether the shop kept its promises while a provider was away, and says what was seen."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from banyan.trial.outage.books import Books
from banyan.trial.outage.seeing import Shown
from banyan.trial.outage.shopping import Turn

LIMIT = 0.10  # by so much looks may be slower while a provider hangs
CALM, HANGS, AWAY = "calm", "stripe hangs", "stripe is away"
HEAD = (
    *("turn", "looks", "p50 ms", "p95 ms", "failed", "checkouts", "p50 ms", "p95 ms", "at once", "later", "refused"),
    *("by stripe", "by testbank"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`rounds` of a calm turn and one in which Stripe hangs, and one for which it is killed; each in seconds. `looks` and
    `checkouts` a second. What is seen while it gets `warm` does not count."""

    rounds: int = 2
    calm: float = 40.0
    hangs: float = 40.0
    away: float = 20.0
    looks: float = 20.0
    checkouts: float = 2.0
    products: int = 200
    warm: float = 8.0


@dataclass(frozen=True, slots=True)
class Slower:
    """p95 of looks while Stripe hung, beside calm turns: seconds, medians of turns. `noise`: by what share the slowest calm
    turn was slower than the quickest, so that nothing smaller can be told."""

    calm: float
    hangs: float
    noise: float

    @property
    def share(self) -> float:
        """By what share looks were slower; below zero: quicker."""
        return self.hangs / self.calm - 1 if self.calm else 0.0

    @property
    def too_much(self) -> bool:
        return self.share > LIMIT and self.share > self.noise

    def line(self) -> str:
        told = (
            f"looks while Stripe hangs: p95 {self.hangs * 1e3:.1f} ms beside {self.calm * 1e3:.1f} ms, {self.share:+.1%};"
            f" calm turns differ among themselves by {self.noise:.1%}"
        )
        if self.share <= LIMIT:
            return f"{told}: within {LIMIT:.0%}"
        return (
            f"{told}: too much" if self.too_much else f"{told}: more than {LIMIT:.0%}, and less than can be told here"
        )


@dataclass(slots=True)
class Verdict:
    """`opened`, `closed`: places in which the breaker was seen so; `wrong`: empty when all is well."""

    turns: list[Turn] = field(default_factory=list)
    opened: dict[str, set[str]] = field(default_factory=dict)  # by kind of turn
    closed: set[str] = field(default_factory=set)  # at the end
    books: Books = field(default_factory=Books)
    wrong: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Add to `wrong` what the turns and the books show."""
        self.wrong += [
            *_of_looks(self.turns),
            *_of_checkouts(self.turns),
            *_of_breakers(self),
            *_of_money(self.turns, self.books),
        ]

    def slower(self) -> Slower:
        calm, hangs = ([p95(each.looks) for each in self.turns if each.kind == kind] for kind in (CALM, HANGS))
        if not calm or not hangs:
            return Slower(0.0, 0.0, 0.0)
        return Slower(median(calm), median(hangs), max(calm) / min(calm) - 1 if min(calm) else 0.0)

    def rows(self) -> list[tuple[str, ...]]:
        return [_row(each, self.books) for each in self.turns]

    def lines(self) -> list[str]:
        left = sum(len(each.bought) for each in self.turns)
        seen = "; ".join(f"{kind}: {_listed(where)}" for kind, where in self.opened.items())
        return [
            self.slower().line(),
            f"breaker seen open: {seen or 'never'}; closed at the end: {_listed(self.closed) or 'nowhere'}",
            f"{left:,} orders acknowledged, {sum(_takers(self.turns, self.books).values()):,} of them paid once, by the"
            " providers' own books",
            *(
                self.wrong
                or ["no look failed, no checkout was refused, no money is without its order, every invariant holds"]
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        slower = self.slower()
        return {
            "turns": [
                {
                    "kind": each.kind,
                    "looks": len(each.looks),
                    "looks_p50_ms": 1e3 * p50(each.looks),
                    "looks_p95_ms": 1e3 * p95(each.looks),
                    "failed": dict(each.failed),
                    "checkouts_p50_ms": 1e3 * p50([bought.seconds for bought in each.bought]),
                    "checkouts_p95_ms": 1e3 * p95([bought.seconds for bought in each.bought]),
                    "answered": dict(Counter(bought.answered for bought in each.bought)),
                    "refused": dict(each.refused),
                    "paid_by": dict(_takers([each], self.books)),
                }
                for each in self.turns
            ],
            "looks": asdict(slower) | {"slower": slower.share, "limit": LIMIT, "too_much": slower.too_much},
            "breaker_seen_open": {kind: sorted(where) for kind, where in self.opened.items()},
            "breaker_closed_at_the_end": sorted(self.closed),
            "wrong": self.wrong,
        }


def places(shown: Shown, state: str) -> set[str]:
    """Where the breaker shows as this."""
    return {name for name in Shown.__slots__ if getattr(shown, name) == state}


def p50(times: Sequence[float]) -> float:
    return median(times) if times else 0.0


def p95(times: Sequence[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else 0.0


def _of_looks(turns: Sequence[Turn]) -> list[str]:
    wrong = []
    for kind in dict.fromkeys(each.kind for each in turns):
        alike = [each for each in turns if each.kind == kind]
        if failed := sum((each.failed for each in alike), Counter[str]()):
            told = ", ".join(f"{count} × {what}" for what, count in failed.most_common())
            also = "; this machine does not carry so much just now, so that nothing is shown" if kind == CALM else ""
            wrong.append(f"{kind}: of {sum(len(each.looks) for each in alike):,} looks failed {told}{also}")
    slower = Verdict(turns=list(turns)).slower()
    return [*wrong, f"looks are slower by {slower.share:.0%} while Stripe hangs"] if slower.too_much else wrong


def _of_checkouts(turns: Sequence[Turn]) -> list[str]:
    """None may be refused; and where a provider is not even reached, none waits for it."""
    wrong = [
        f"{each.kind}: {count} checkouts refused: {what}" for each in turns for what, count in each.refused.items()
    ]
    for each in turns:
        waited = [bought.order for bought in each.bought if bought.answered != "confirmed"]
        if each.kind in (CALM, AWAY) and waited:
            wrong.append(f"{each.kind}: {len(waited)} orders were not confirmed at once: {waited[:3]}")
    return wrong


def _of_breakers(verdict: Verdict) -> list[str]:
    everywhere = set(Shown.__slots__)
    unseen = {
        kind: everywhere - verdict.opened.get(kind, set())
        for kind in dict.fromkeys(each.kind for each in verdict.turns if each.kind in (HANGS, AWAY))
    }
    wrong = [f"{kind}: the breaker was never seen open in {_listed(names)}" for kind, names in unseen.items() if names]
    if missing := everywhere - verdict.closed:
        wrong.append(f"the breaker did not close again in {_listed(missing)}")
    return wrong


def _of_money(turns: Sequence[Turn], books: Books) -> list[str]:
    """Each order that was acknowledged is there, confirmed, and paid once; nothing else is held or kept."""
    wrong = [f"Stripe's book: {each}" for each in books.broken]
    for bought in (bought for each in turns for bought in each.bought):
        order = books.orders.get(bought.order)
        if order is None or order.status != "confirmed":
            wrong.append(f"order {bought.order} was acknowledged and is {order.status if order else 'not there'}")
        elif len(keepers := books.keepers(order.payment)) != 1:
            wrong.append(f"order {bought.order} was paid {len(keepers)} times: {_listed(keepers)}")
    due = {order.payment: order.total for order in books.orders.values() if order.status == "confirmed"}
    wrong += [
        f"{name} holds {each.held} and keeps {each.kept} of {payment}, {due.get(payment, 0)} are due"
        for name, book in books.charges.items()
        for payment, charges in book.items()
        for each in charges
        if each.held or (each.kept and each.kept != due.get(payment))
    ]
    troubled = [each for each in turns if each.kind in (HANGS, AWAY)]
    return wrong + [
        f"{kind}: no other provider took anything"
        for kind in dict.fromkeys(each.kind for each in troubled)
        if not _takers([each for each in troubled if each.kind == kind], books)["testbank"]
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _takers(turns: Sequence[Turn], books: Books) -> Counter[str]:
    """How many of their orders each provider was paid by, of those that were paid once."""
    found = Counter[str]()
    for bought in (bought for each in turns for bought in each.bought):
        order = books.orders.get(bought.order)
        keepers = books.keepers(order.payment) if order else []
        if len(keepers) == 1:
            found[keepers[0]] += 1
    return found


def _row(turn: Turn, books: Books) -> tuple[str, ...]:
    times, takers = [each.seconds for each in turn.bought], _takers([turn], books)
    at_once = sum(each.answered == "confirmed" for each in turn.bought)
    return (
        turn.kind,
        f"{len(turn.looks):,}",
        *(f"{1e3 * of(turn.looks):.1f}" for of in (p50, p95)),
        str(sum(turn.failed.values()) or ""),
        f"{len(turn.bought) + sum(turn.refused.values()):,}",
        *(f"{1e3 * of(times):,.0f}" for of in (p50, p95)),
        f"{at_once:,}",
        f"{len(turn.bought) - at_once:,}",
        str(sum(turn.refused.values()) or ""),
        *(f"{takers[name]:,}" for name in ("stripe", "testbank")),
    )
