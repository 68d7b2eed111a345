"""A transaction's row events until it is known to be committed, and its changes after that: a large one stays in a file."""

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from banyan.move.binlog.halts import Halt
from banyan.move.binlog.plans import Count, Read
from banyan.move.rows import Change, Table

WRITE, UPDATE, DELETE = 0, 1, 2
SPOOL_AT = 1 << 20
"""Bytes of row events above which a transaction goes to a file and is decoded as it is gone through."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows of one table map are read. `transactional`: a rollback undoes its rows."""

    table: Table
    read: Read
    count: Count
    transactional: bool


@dataclass(slots=True)
class Event:
    """Rows of one table: `packet[start:end]`, or the same at a place of the file."""

    plan: Plan
    kind: int
    packet: bytes
    start: int
    end: int
    at: int = -1  # in the file

    def changes(self, packet: bytes) -> list[Change]:
        table = self.plan.table
        try:
            rows = self.plan.read(packet, self.start, self.end)
        except (ValueError, IndexError, OverflowError, ArithmeticError) as error:
            raise Halt(
                f"rows of {table.name} in the binlog cannot be read ({error}): the table is not what the log says of it"
            ) from error
        if self.kind == UPDATE:
            return [Change(table, *pair) for pair in zip(rows[::2], rows[1::2], strict=True)]
        if self.kind == WRITE:
            return [Change(table, None, row) for row in rows]
        return [Change(table, row, None) for row in rows]


class Spooled(Collection[Change]):
    """Changes that are read from a file each time they are gone through. The file is nameless and goes with this."""

    def __init__(self, events: list[Event], file: IO[bytes], size: int) -> None:
        self._events = events
        self._file = file
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Change]:
        number = self._file.fileno()
        for event in self._events:
            yield from event.changes(os.pread(number, event.end, event.at))

    def __contains__(self, change: object) -> bool:
        return any(each == change for each in self)


@dataclass(slots=True)
class Held:
    """What a transaction has done so far."""

    events: list[Event] = field(default_factory=list)
    savepoints: dict[str, int] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)  # rows of tables nobody watches
    size: int = 0  # bytes of row events
    _file: IO[bytes] | None = None

    def add(self, event: Event) -> None:
        self.size += event.end - event.start
        self.events.append(event)
        if self._file is not None:
            self._spool(event)
        elif self.size > SPOOL_AT:
            self._file = tempfile.TemporaryFile(prefix="banyan-binlog-")  # noqa: SIM115 - closed when the changes are done with
            for each in self.events:
                self._spool(each)

    def count(self, table: str, rows: int) -> None:
        self.others[table] = self.others.get(table, 0) + rows

    def savepoint(self, name: str) -> None:
        self.savepoints[name] = len(self.events)

    def roll_back(self, savepoint: str | None = None) -> None:
        """Forget what a rollback undoes, from the savepoint on: rows of MyISAM and its like stay written."""
        since = 0 if savepoint is None else self.savepoints.get(savepoint, 0)
        self.events[since:] = [event for event in self.events[since:] if not event.plan.transactional]

    def changes(self) -> tuple[Collection[Change], dict[str, int]]:
        """All changes in order, and how many by table."""
        seen = self.others
        if self._file is not None:
            size = 0
            for event in self.events:
                rows = event.plan.count(os.pread(self._file.fileno(), event.end, event.at), event.start, event.end)
                rows //= 2 if event.kind == UPDATE else 1
                seen[event.plan.table.name] = seen.get(event.plan.table.name, 0) + rows
                size += rows
            return Spooled(self.events, self._file, size), seen
        found: list[Change] = []
        for event in self.events:
            changes = event.changes(event.packet)
            name = event.plan.table.name
            seen[name] = seen.get(name, 0) + len(changes)
            if found:
                found += changes
            else:
                found = changes
        return found, seen

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _spool(self, event: Event) -> None:
        assert self._file is not None
        event.at = self._file.seek(0, os.SEEK_END)
        self._file.write(event.packet[: event.end])
        self._file.flush()
        event.packet = b""
