"""Status: for each group what it is, who owns it, how far it is copied, followed, delivered and verified, and the way back.

Read from the move database alone, so that it answers while the legacy shop, or whoever works, does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from banyan.foundation.db import Db, Row
from banyan.kernel.refusals import NotFound
from banyan.move.legacy import Adapter
from banyan.move.rows import Position
from banyan.move.storage import checkpoints, checks, due, groups, quarantine, tables
from banyan.move.storage.checks import Coverage
from banyan.move.storage.groups import Group
from banyan.move.storage.tables import Mirrors

SILENT = 10.0  # seconds without a word of the worker after which nobody works
LOW = 0.25  # of the log's time


@dataclass(frozen=True, slots=True)
class Stream:
    """The source and how far its log is taken in."""

    shop: str
    server: str
    position: str
    gtid: str
    lag_seconds: float
    apply_p50_ms: float | None
    apply_p99_ms: float | None
    retention_slack: float | None
    throttled: str | None
    halted: str | None
    works: bool  # whether anybody works

    def as_json(self) -> dict[str, Any]:
        return _json(self)

    def lines(self) -> list[str]:
        lines = [
            f"{self.shop} at {self.server}: followed to {self.position} {self.gtid}".rstrip(),
            f"lag {self.lag_seconds:.1f} s; apply p50 {_ms(self.apply_p50_ms)}, p99 {_ms(self.apply_p99_ms)}",
        ]
        if not self.works:
            lines.append("nobody works: start `banyan work move`, or the shop with BANYAN_LEGACY_URL set")
        if self.halted:
            lines.append(f"HALTED: {self.halted}")
        if self.throttled:
            lines.append(f"the copy rests: {self.throttled}")
        if self.retention_slack is not None and self.retention_slack < LOW:
            lines.append(
                f"WARNING: {self.retention_slack:.0%} of the time is left for which the source keeps its log; let it keep "
                "it longer (binlog_expire_logs_seconds)"
            )
        return lines


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """`copy_percent` never goes down while a copy runs; None where nothing was counted yet."""

    group: str
    state: str
    owner: str
    epoch: int
    step: str | None
    copy_percent: float | None
    rows_copied: int
    rows_expected: int
    eta_seconds: float | None
    delivered: int
    due: int
    waiting: int
    oldest_due_seconds: float
    coverage_percent: float | None
    rows: int
    oldest_unverified_seconds: float | None
    quarantine_open: int
    quarantine_waived: int
    weight: int
    shadow: int
    mode: str
    way_back_until: datetime | None
    stopped: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return _json(self)

    def cells(self) -> list[str]:
        copied = "-" if self.copy_percent is None else f"{self.copy_percent:.1f} %"
        eta = "" if not self.eta_seconds else f" eta {_span(self.eta_seconds)}"
        verified = "-" if self.coverage_percent is None else f"{self.coverage_percent:g} %"
        oldest = f" oldest {_span(self.oldest_unverified_seconds)}" if self.oldest_unverified_seconds else ""
        waived = f" +{self.quarantine_waived} waived" if self.quarantine_waived else ""
        back = "-" if self.way_back_until is None else f"until {self.way_back_until:%Y-%m-%d %H:%M}"
        return [
            self.group,
            self.state + (f" {self.step}" if self.step else ""),
            f"{self.owner} e{self.epoch}" + (" dual" if self.mode == "dual" else ""),
            copied + eta,
            f"{self.delivered} / {self.due} due",
            verified + oldest,
            f"{self.quarantine_open}{waived}",
            f"{self.weight} %",
            back,
        ]


HEADS = ["group", "state", "owner", "copied", "delivered", "verified", "quarantine", "reads", "way back"]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at a glance."""

    stream: Stream | None
    groups: list[GroupStatus]

    def as_json(self) -> dict[str, Any]:
        return {
            "stream": None if self.stream is None else self.stream.as_json(),
            "groups": [each.as_json() for each in self.groups],
            "next_steps": self.next_steps(),
        }

    def lines(self) -> list[str]:
        if self.stream is None:
            return ["nothing is prepared: banyan move prepare"]
        lines = [*self.stream.lines(), *aligned([HEADS, *(each.cells() for each in self.groups)])]
        for each in self.groups:
            lines += [f"STOPPED {table}: {why}" for table, why in each.stopped.items()]
        return lines + [f"next: {step}" for step in self.next_steps()]

    def of(self, group: str | None) -> "Status":
        """Of one group alone, where one is named. NotFound where there is none of that name."""
        if group is None or self.stream is None:
            return self
        found = [each for each in self.groups if each.group == group]
        if not found:
            raise NotFound(f"there is no group {group}; there are {', '.join(each.group for each in self.groups)}")
        return Status(self.stream, found)

    def next_steps(self) -> list[str]:
        """What somebody may do now."""
        if self.stream is None:
            return ["banyan move prepare"]
        steps = ["banyan move resume"] if self.stream.halted or any(each.stopped for each in self.groups) else []
        for each in self.groups:
            step = {
                "planned": "prepare",
                "prepared": "copy",
                "in_sync": "verify",
                "verified": "cutover",
                "aborted": "prepare",
            }.get(each.state)
            if each.quarantine_open and each.state in ("in_sync", "verified"):
                steps.append(f"banyan move quarantine list --group {each.group}")
            elif step:
                steps.append(f"banyan move {step} {each.group}")
        return steps


async def status(db: Db, adapter: Adapter | None = None) -> Status:
    """Everything that is written down. Without an adapter (none is set) tables count by the group that holds them."""
    stream = await checkpoints.overview(db)
    if stream is None:
        return Status(None, [])
    known = await groups.read(db)
    mirrors = await tables.read(db, adapter) if adapter is not None else Mirrors()
    rows = {row["name"]: row for row in await tables.overview(db)}
    told: dict[str, int] = {}
    for row in await due.delivered(db):
        told[row["group_name"]] = told.get(row["group_name"], 0) + row["taken"] + row["stale"]
    waiting = {row["group_name"]: row for row in await due.overview(db)}
    aside = await quarantine.counts(db)
    order = {name: place for place, name in enumerate(adapter.groups)} if adapter is not None else {}
    found = []
    for name, group in sorted(known.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0])):
        own = [row for row in rows.values() if row["group_name"] == name]
        if adapter is not None:
            own = [rows[each.name] for each in mirrors.of_group(name)]
        live = [each.number for each in mirrors if each.group == name and each.state == "live"]
        coverage = await checks.coverage(db, live) if live else None
        found.append(_group(group, own, told.get(name, 0), waiting.get(name), coverage, aside.get(name, (0, 0))))
    return Status(_stream(stream), found)


def _stream(row: Row) -> Stream:
    silent = row["silent_seconds"]
    works = silent is not None and silent < SILENT
    return Stream(
        row["shop"],
        row["server"],
        str(Position.of(row["at"])),
        row["gtid"],
        row["lag_seconds"],
        row["apply_p50_ms"],
        row["apply_p99_ms"],
        row["slack"],
        row["throttled"] if works else None,
        row["halted"],
        works,
    )


def _group(
    group: Group, own: Sequence[Row], told: int, waiting: Row | None, coverage: Coverage | None, aside: tuple[int, int]
) -> GroupStatus:
    copied = sum(row["rows_copied"] for row in own)
    expected = sum(max(row["rows_expected"] or 0, row["rows_copied"]) for row in own)
    begun = [row for row in own if row["copy_began_at"] is not None]
    open_ = [row for row in begun if row["copied_at"] is None]
    percent = None
    if begun and all(row["rows_expected"] is not None for row in begun):
        percent = 100.0 if not open_ and len(begun) == len(own) else min(99.9, 100 * copied / max(1, expected))
    return GroupStatus(
        group.name,
        group.state,
        group.owner,
        group.epoch,
        group.step,
        percent,
        copied,
        expected,
        _eta(open_),
        told,
        waiting["due"] if waiting else 0,
        waiting["waiting"] if waiting else 0,
        (waiting["oldest_seconds"] or 0.0) if waiting else 0.0,
        coverage.percent if coverage else None,
        coverage.rows if coverage else 0,
        coverage.oldest_seconds if coverage and coverage.unverified else None,
        aside[0],
        aside[1],
        group.weight,
        group.shadow,
        group.mode,
        group.way_back_until,
        {row["name"]: row["why"] or "it stands still" for row in own if row["state"] == "stopped"},
    )


def _eta(open_: Sequence[Row]) -> float | None:
    """Seconds until the tables that are being copied are, at their pace so far; None while there is none."""
    done = sum(row["rows_copied"] for row in open_)
    left = sum(max(0, (row["rows_expected"] or 0) - row["rows_copied"]) for row in open_)
    seconds = max((row["copying_seconds"] or 0.0 for row in open_ if row["rows_copied"]), default=0.0)
    return round(seconds * left / done, 1) if done and left else None


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _json(said: Any) -> dict[str, Any]:
    found = {each.name: getattr(said, each.name) for each in fields(said)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
