"""A plan: what was found and what follows from it, as JSON, as lines, as a picture."""

from dataclasses import dataclass
from typing import Any

from banyan.move.assess.belonging import STAYS, Relation
from banyan.move.assess.extraction import Facts, Step, crossing_queries
from banyan.move.assess.fidelity import MIRROR, lossy, type_map
from banyan.move.assess.forecast import copy_seconds, disk_bytes, retention_seconds
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.picture import draw
from banyan.move.assess.profile import Slow
from banyan.move.assess.telling import lines


@dataclass(frozen=True)
class Plan:
    """What was found, and the order that follows from it."""

    seen: Survey
    facts: Facts
    relations: tuple[Relation, ...]
    shared: dict[str, tuple[str, ...]]  # tables whose columns are owned by several groups
    steps: tuple[Step, ...]
    adapter_order: tuple[str, ...]  # the order the adapter was made for; empty without one
    prefix: str
    slow: tuple[Slow, ...] = ()

    @property
    def moved(self) -> list[Found]:
        """The tables that are copied."""
        return [t for t in self.seen.tables.values() if self.facts.belongs.get(t.name) != STAYS]

    @property
    def copy_seconds(self) -> float:
        return copy_seconds(self.moved)

    @property
    def disk_bytes(self) -> int:
        return disk_bytes(self.moved)

    @property
    def slack_seconds(self) -> float:
        """How much longer the log is kept than the copy takes; negative where it is not."""
        return retention_seconds(self.seen) - self.copy_seconds

    def picture(self) -> str:
        """The service-boundary map, as SVG."""
        order = [step.group for step in self.steps]
        return draw(
            f"Service boundaries of {self.seen.database}",
            order,
            self.facts.members,
            self.facts.crossings,
            self.facts.rates,
            self.prefix,
        )

    def as_json(self) -> dict[str, Any]:
        facts = self.facts
        endless = self.slack_seconds == float("inf")
        return {
            "source": self.seen.source,
            "server": self.seen.version,
            "rates": {
                "by": facts.rates.by,
                "seconds": facts.rates.seconds,
                "transactions_per_second": facts.rates.transactions,
            },
            "order": [
                {"group": s.group, "score": s.score, "reasons": list(s.reasons), "numbers": dict(s.numbers)}
                for s in self.steps
            ],
            "adapter_order": list(self.adapter_order),
            "tables": self._tables_json(),
            "shared_tables": {name: list(groups) for name, groups in self.shared.items()},
            "boundaries": self._boundaries_json(),
            "copy": {
                "seconds": round(self.copy_seconds),
                "disk_bytes": self.disk_bytes,
                "retention_seconds": None if endless else retention_seconds(self.seen),
                "slack_seconds": None if endless else round(self.slack_seconds),
            },
            "types": [
                {"type": m.type, "reads_as": m.reads_as, "kept": MIRROR, "columns": m.columns}
                for m in type_map(self.moved)
            ],
            "lossy": [
                {"type": each.type, "what": each.what, "columns": list(each.columns)} for each in lossy(self.moved)
            ],
            "slow_queries": [{"text": s.text, "count": s.count, "seconds": s.seconds} for s in self.slow],
            "code": self._code_json(),
            "traffic": self._traffic_json(),
            "unseen": [{"what": each.what, "why": each.why} for each in self.seen.unseen],
            "next_steps": [self.next_step],
        }

    @property
    def next_step(self) -> str:
        first = (*self.adapter_order, *(step.group for step in self.steps))[:1]
        return " ".join(("`banyan move doctor`, and when it finds no blockers `banyan move prepare", *first)) + "`"

    def lines(self) -> list[str]:
        """For people."""
        return lines(self)

    def _tables_json(self) -> list[dict[str, Any]]:
        facts = self.facts
        return [
            {
                "name": t.name,
                "group": facts.belongs[t.name],
                "rows": t.rows,
                "bytes": t.bytes,
                "index_bytes": t.index_bytes,
                "engine": t.engine,
                "changes_per_second": facts.rates.tables.get(t.name, 0.0) if facts.rates.by else None,
            }
            for t in self.seen.tables.values()
        ]

    def _boundaries_json(self) -> list[dict[str, Any]]:
        return [
            {
                "reader": c.reader,
                "owner": c.owner,
                "relations": [
                    {"from": f"{r.child}.{r.column}", "to": f"{r.parent}.{r.parent_column}", "declared": r.declared}
                    for r in c.relations
                ],
            }
            for c in self.facts.crossings
        ]

    def _code_json(self) -> dict[str, Any] | None:
        code = self.facts.code
        if code is None:
            return None
        return {
            "files": code.files,
            "unread": code.unread,
            "queries": len(code.queries),
            "tables": {
                name: {"read_by": dict(reads), "written_by": dict(writes)}
                for name, (reads, writes) in code.by_table().items()
            },
            "joins_across": [
                {"groups": sorted(groups), "queries": count} for groups, count in crossing_queries(self.facts).items()
            ],
            "dynamic": [{"file": place.file, "line": place.line, "text": text} for place, text in code.dynamic],
            "unknown_tables": dict(code.unknown),
        }

    def _traffic_json(self) -> dict[str, Any] | None:
        traffic = self.facts.traffic
        if traffic is None:
            return None
        return {
            "requests": traffic.requests,
            "unread_lines": traffic.unread,
            "seconds": traffic.seconds,
            "peak_per_minute": traffic.peak_per_minute,
            "note": traffic.note,
            "routes": [
                {
                    "method": r.method,
                    "route": r.route,
                    "requests": r.count,
                    "per_second": traffic.per_second(r),
                    "peak_per_minute": r.peak_per_minute,
                    "p50_ms": r.p50_ms,
                    "p95_ms": r.p95_ms,
                    "errors": r.errors,
                    "group": r.group,
                    "kind": r.kind,
                }
                for r in traffic.routes
            ],
        }
