"""Debezium, where it is followed instead of the log: what its events, its topics and its connector's settings would lose."""

from collections.abc import Iterator
from dataclasses import replace

from banyan.move.assess.connector import events, settings
from banyan.move.assess.connector.hearing import Heard, hear
from banyan.move.assess.found import Survey
from banyan.move.assess.hazards import Hazard
from banyan.move.binlog import Halt
from banyan.move.debezium.exact import end_of
from banyan.move.source import Connection, SqlError

__all__ = ["Heard", "check", "hear", "placed"]


def placed(heard: Heard, con: Connection, database: str) -> Heard:
    """With what the source says of the place in its log that the newest event names."""
    last = events.newest(heard, database)
    if last is None:
        return heard
    try:
        end_of(con, last.file, last.point[1])
    except Halt as halt:
        return replace(heard, elsewhere=halt.reason)
    except SqlError:
        return heard  # doctor tells of the right to read the log by itself
    return heard


def check(seen: Survey, heard: Heard) -> Iterator[Hazard]:
    """All hazards of following this connector."""
    yield from events.check(seen, heard)
    if heard.settings is not None:
        yield from settings.check(seen, heard.settings, heard.prefix)
