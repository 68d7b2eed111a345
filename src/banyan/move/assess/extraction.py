"""In which order to take the groups out of the legacy shop: least critical first, with the reasons in numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banyan.move.assess.accesslog import Traffic
from banyan.move.assess.belonging import REFERENCE, STAYS, Crossing
from banyan.move.assess.checks.columns import MONEY
from banyan.move.assess.code import Code
from banyan.move.assess.found import Found
from banyan.move.assess.hazards import names
from banyan.move.assess.profile import Rates

# How much each part counts. Money that is owed weighs most: a mistake there is paid by somebody.
WEIGHTS = {"money": 3.0, "writes": 2.0, "coupling": 1.0, "requests": 1.0}
_OWED = re.compile(r"order|payment|transaction|invoice|refund|credit|voucher|charge", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """A group and why it comes at this place. `score` is between 0 and 7: how critical it is."""

    group: str
    score: float
    numbers: Mapping[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the order is made from."""

    members: Mapping[str, Sequence[Found]]
    belongs: Mapping[str, str]
    crossings: Sequence[Crossing]
    rates: Rates
    code: Code | None = None
    traffic: Traffic | None = None


def order(facts: Facts) -> tuple[Step, ...]:
    """All groups that are moved, least critical first. What stays behind and what all read are no groups."""
    groups = [group for group in facts.members if group not in (STAYS, REFERENCE)]
    numbers = {group: _numbers(group, facts) for group in groups}
    steps = [_step(group, numbers, facts) for group in groups]
    return tuple(sorted(steps, key=lambda step: (step.score, step.group)))


def crossing_queries(facts: Facts) -> dict[frozenset[str], int]:
    """How many queries of the code touch two groups or more, by the groups."""
    found: dict[frozenset[str], int] = {}
    for query in facts.code.queries if facts.code else ():
        groups = frozenset(facts.belongs.get(table, STAYS) for table in (*query.reads, *query.writes)) - {
            REFERENCE,
            STAYS,
        }
        if len(groups) > 1:
            found[groups] = found.get(groups, 0) + 1
    return found


def money_tables(tables: Sequence[Found]) -> list[str]:
    """Tables that say who owes what."""
    return [t.name for t in tables if _OWED.search(t.name) and any(MONEY.search(c.name.lower()) for c in t.columns)]


def _numbers(group: str, facts: Facts) -> dict[str, float]:
    tables = facts.members[group]
    among = [c for c in facts.crossings if STAYS not in (c.reader, c.owner)]
    asked = [route for route in facts.traffic.routes if route.group == group] if facts.traffic else []
    return {
        "tables": len(tables),
        "rows": sum(t.rows for t in tables),
        "bytes": sum(t.bytes for t in tables),
        "writes": sum(facts.rates.tables.get(t.name, 0.0) for t in tables),
        "read_by": sum(len(c.relations) for c in among if c.owner == group),
        "reads": sum(len(c.relations) for c in among if c.reader == group),
        "read_by_rest": sum(len(c.relations) for c in facts.crossings if c.owner == group and c.reader == STAYS),
        "money": len(money_tables(tables)),
        "queries": sum(count for groups, count in crossing_queries(facts).items() if group in groups),
        "requests": sum(facts.traffic.per_second(route) for route in asked) if facts.traffic else 0.0,
    }


def _step(group: str, every: Mapping[str, Mapping[str, float]], facts: Facts) -> Step:
    own = every[group]

    def share(*what: str) -> float:
        total = sum(numbers[each] for numbers in every.values() for each in what)
        return sum(own[each] for each in what) / total if total else 0.0

    shares = {
        "money": share("money"),
        "writes": share("writes"),
        "coupling": share("read_by", "reads", "queries"),
        "requests": share("requests"),
    }
    score = sum(WEIGHTS[each] * value for each, value in shares.items())
    return Step(
        group,
        round(score, 3),
        {**own, **{f"{k}_share": round(v, 4) for k, v in shares.items()}},
        _reasons(group, own, shares, facts),
    )


def _reasons(group: str, own: Mapping[str, float], shares: Mapping[str, float], facts: Facts) -> tuple[str, ...]:
    told = []
    owed = money_tables(facts.members[group])
    told.append(
        f"money is owed in {len(owed)} of its tables: {names(owed)}"
        if owed
        else "none of its tables says who owes money"
    )
    if facts.rates.by:
        told.append(
            f"{own['writes']:.2f} row changes a second, {shares['writes']:.0%} of those of all groups ({facts.rates.by})"
        )
    else:
        told.append("how often it changes could not be measured")
    rest = f", and {own['read_by_rest']:.0f} of tables that stay behind" if own["read_by_rest"] else ""
    told.append(f"{own['read_by']:.0f} relations of other groups lead into it{rest}; {own['reads']:.0f} lead out of it")
    if facts.code:
        told.append(f"{own['queries']:.0f} queries in the code join it with another group")
    if facts.traffic:
        told.append(
            f"{own['requests']:.2f} requests a second are about it, {shares['requests']:.0%} of those of all groups"
        )
    return tuple(told)
