"""The log for reading, and the evidence in one document: what an owner hands to an accountant or auditor."""

from dataclasses import dataclass
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.move.mover import Mover
from banyan.move.status import Status, aligned, status
from banyan.move.storage import checks, log, mirror, quarantine, tables
from banyan.move.verify import Verifier


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of the log, oldest first."""

    rows: list[Row]

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "number": row["number"],
                "at": row["at"].isoformat(),
                "group": row["group_name"],
                "what": row["what"],
                "who": row["who"],
                "numbers": row["numbers"],
            }
            for row in self.rows
        ]

    def lines(self) -> list[str]:
        if not self.rows:
            return ["nothing yet"]
        return aligned(
            [
                (
                    f"{row['at']:%Y-%m-%d %H:%M:%S}",
                    row["group_name"] or "",
                    row["who"],
                    row["what"],
                    " ".join(f"{name}={value}" for name, value in row["numbers"].items()),
                )
                for row in self.rows
            ]
        )


async def entries(db: Db, group: str | None = None, limit: int = 100) -> Entries:
    """The newest entries of a group, or of all."""
    rows = await log.read(db, group, limit=1_000_000)
    return Entries(rows[-limit:])


@dataclass(frozen=True, slots=True)
class TableEvidence:
    """One legacy table: rows in the mirror, their digest, and what became of each change seen in the log."""

    name: str
    group: str
    rows: int
    digest: str
    counts: dict[str, int]

    def cells(self) -> tuple[str, ...]:
        return (self.name, self.group, str(self.rows), self.digest[-12:], *(str(each) for each in self.counts.values()))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a claim about this move rests on, as of one moment."""

    status: Status
    tables: list[TableEvidence]
    coverage: dict[str, str]
    findings: dict[str, int]
    waived: list[Row]
    log: Entries

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.status.as_json(),
            "tables": [
                {"name": each.name, "group": each.group, "rows": each.rows, "digest": each.digest, **each.counts}
                for each in self.tables
            ],
            "coverage": self.coverage,
            "open_findings": self.findings,
            "waived": [dict(row) for row in self.waived],
            "log": self.log.as_json(),
        }

    def lines(self) -> list[str]:
        head = ("table", "group", "rows", "digest", "seen", "applied", "coalesced", "filtered", "quarantined")
        told = [*self.status.lines(), "", *aligned([head, *(each.cells() for each in self.tables)]), ""]
        told += [f"{group}: {words}; {self.findings[group]} open findings" for group, words in self.coverage.items()]
        told += [
            f"waived by {row['waived_by']}: {row['kind']} {row['key']}, {row['waived_because']}" for row in self.waived
        ]
        return [*told, "", *self.log.lines()]


_COUNTS = ("seen", "applied", "coalesced", "filtered", "quarantined")


async def report(mover: Mover) -> Report:
    """The evidence as of now. Digests are over the whole mirror: on a big shop it takes a while."""
    db, mirrors = mover.ports.db, mover.mirrors
    found = []
    for row in await tables.overview(db):
        each = mirrors.by_name[row["name"]]
        count, digest = await mirror.digest(db, each.number)
        found.append(TableEvidence(each.name, each.group, count, digest, {name: row[name] for name in _COUNTS}))
    verifier = Verifier(mover)
    groups = {each.group for each in mirrors}
    named = [group for group in mover.adapter.groups if group in groups]
    return Report(
        await status(db, mover.adapter),
        found,
        {group: (await verifier.coverage(group)).words() for group in named},
        {group: await checks.count_open(db, group) for group in named},
        await quarantine.cases(db, state="waived"),
        await entries(db, limit=100_000),
    )
