"""What must hold over all services: each service's own queries, and what only two databases together can show."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.foundation.running import Shop
from banyan.foundation.service import Invariant, Service

MOST_ROWS = 100

# What every service's database promises, whatever its trade.
COMMON = (
    Invariant(
        "I8",
        "every event a consumer set aside is still known: waiting, or handled once",
        """SELECT consumer, event_id FROM stuck JOIN inbox USING (consumer, event_id)""",
    ),
    Invariant(
        "I19",
        "an answer that was kept has a body, and one that runs has an end",
        """SELECT scope, key FROM idempotency WHERE (status IS NULL) <> (body IS NULL)
           OR (status IS NULL AND running_until < shop_now() - interval '1 day')""",
    ),
    Invariant(
        "I20",
        "no fact waits longer than 60 s for the bus",
        """SELECT id, type, told_at FROM {outbox} WHERE told_at < shop_now() - interval '60 seconds'
           AND (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one)""",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `rows` are violations, at most MOST_ROWS of `count`."""

    id: str
    service: str
    promise: str
    count: int
    rows: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "service": self.service,
            "promise": self.promise,
            "violations": self.count,
            "rows": list(self.rows),
        }


async def check(shop: Shop, services: Sequence[Service]) -> list[Finding]:
    """Run every invariant over the services opened in `shop`; findings in the order of their ids."""
    findings = []
    for service in services:
        db = shop.ports[service.name].db
        for invariant in (*service.invariants, *COMMON):
            broken = [dict(row) for row in await db.fetch(invariant.sql.replace("{outbox}", service.outbox))]
            findings.append(_finding(invariant.id, service.name, invariant.promise, broken))
    for id, parties, promise, compare in ACROSS:
        if all(party in shop.ports for party in parties):
            rows = await compare({party: shop.ports[party].db for party in parties})
            findings.append(_finding(id, " + ".join(parties), promise, rows))
    return sorted(findings, key=lambda each: (int(each.id[1:]), each.service))


def _finding(id: str, service: str, promise: str, rows: list[dict[str, Any]]) -> Finding:
    return Finding(id, service, promise, len(rows), tuple(rows[:MOST_ROWS]))


def _differences(one: list[Row], other: list[Row], *, key: str) -> list[dict[str, Any]]:
    """Rows that the two sides do not have alike."""
    left, right = ({row[key]: tuple(row.values()) for row in side} for side in (one, other))
    return [
        {key: each, "here": left.get(each), "there": right.get(each)}
        for each in sorted(left.keys() | right.keys())
        if left.get(each) != right.get(each)
    ]


ACROSS: tuple[tuple[str, tuple[str, ...], str, Callable[[Mapping[str, Db]], Awaitable[list[dict[str, Any]]]]], ...] = ()
