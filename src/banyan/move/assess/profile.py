"""How busy the legacy database is: how often each table changes, and which statements take long."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from banyan.kernel.refusals import Unavailable
from banyan.move.assess.asking import Asking, number, quoted
from banyan.move.assess.forecast import span
from banyan.move.assess.found import OURS
from banyan.move.binlog import Follower, Halt, Start
from banyan.move.source import Head, Source, SqlError, head

SECONDS = 4.0  # spent on reading back in the log
READER = 3_900_000_001  # the server ids under which we read it begin here; one for each process
SMALL = 1 << 20  # bytes; a newer log file tells too little by itself


@dataclass(frozen=True, slots=True)
class Rates:
    """Row changes a second by table. `by` says where they come from; `seconds` is the time they span."""

    by: str = ""
    seconds: float = 0.0
    tables: Mapping[str, float] = field(default_factory=dict)
    transactions: float = 0.0  # commits a second; 0 where not known

    @property
    def total(self) -> float:
        return sum(self.tables.values())


@dataclass(frozen=True, slots=True)
class Slow:
    """A statement, or many alike, that took long."""

    text: str
    count: int
    seconds: float  # each, on average


async def rates(source: Source, ask_again: Rates) -> Rates:
    """How often tables change, by the newest binlog; what the server itself counted where that cannot be read."""
    try:
        read = await asyncio.wait_for(_by_log(source), SECONDS * 3)
    except (Unavailable, SqlError, TimeoutError, ConnectionError, OSError):
        return ask_again
    return read if read.seconds else ask_again


async def _by_log(source: Source) -> Rates:
    """Go through the newest log files from the beginning of one, for some seconds at most."""
    file, end = await asyncio.to_thread(_bounds, source)
    follower = Follower(source, Start(file, 4, 1), lambda _: None, server_id=READER + os.getpid() % 100_000)
    changes: Counter[str] = Counter()
    first = last = commits = 0
    until = monotonic() + SECONDS
    try:
        while monotonic() < until:
            batch = await asyncio.wait_for(follower.next(), max(until - monotonic(), 0.01))
            for transaction in batch:
                first = min(first or transaction.at, transaction.at)
                last = max(last, transaction.at)
                commits += bool(transaction.seen)
                changes.update(transaction.seen)
            if batch and (batch[-1].position.file, batch[-1].position.offset) >= (end.number, end.offset):
                break
    except (TimeoutError, Halt):
        pass  # what was read counts; why the stream would halt is doctor's to say
    finally:
        await follower.close()
    seconds = float(last - first) or (1.0 if commits else 0.0)
    tables = {name: count / seconds for name, count in changes.items() if not name.startswith(OURS)}
    return Rates(f"the log from {file} on, {span(seconds)}", seconds, tables, commits / seconds if seconds else 0.0)


def _bounds(source: Source) -> tuple[str, Head]:
    """The file to begin with, and where the log ends."""
    with source.connect() as con:
        end = head(con)
        logs = [(name.decode(), int(size or 0)) for name, size, *_ in con.query("SHOW BINARY LOGS") if name]
    older = [name for name, _ in logs if name < end.file]
    return (older[-1] if older and end.offset < SMALL else end.file), end


def counted(ask: Asking) -> Rates:
    """What the server counted itself: performance_schema, or MariaDB's userstat; nothing where both are off."""
    up = max(number((ask.texts("SHOW GLOBAL STATUS LIKE 'Uptime'") or [("", "0")])[0][1]), 1)
    for by, variable, sql in (
        (
            "performance_schema",
            "performance_schema",
            """SELECT object_name, count_insert + count_update + count_delete
            FROM performance_schema.table_io_waits_summary_by_table WHERE object_schema = DATABASE()""",
        ),
        (
            "userstat",
            "userstat",
            "SELECT table_name, rows_changed FROM information_schema.table_statistics WHERE table_schema = DATABASE()",
        ),
    ):
        on = ask.texts(f"SHOW GLOBAL VARIABLES LIKE '{variable}'")
        if not on or (on[0][1] or "").upper() != "ON":
            continue
        rows = ask.tried(f"change rates by {by}", sql) or []
        tables = {row[0] or "": number(row[1]) / up for row in rows if number(row[1])}
        if tables:
            return Rates(by, float(up), tables)
    return Rates()


def slow_queries(ask: Asking, most: int = 10) -> tuple[Slow, ...]:
    """Those that took most time in all: performance_schema's digests, or the slow log where it is a table."""
    wanted = "'performance_schema', 'slow_query_log', 'log_output'"
    variables = {row[0]: row[1] for row in ask.texts(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({wanted})")}
    rows = None
    if variables.get("performance_schema") == "ON":
        rows = ask.tried(
            "slow queries",
            f"""SELECT LEFT(digest_text, 300), count_star, avg_timer_wait / 1e12
            FROM performance_schema.events_statements_summary_by_digest
            WHERE schema_name = DATABASE() AND digest_text IS NOT NULL ORDER BY sum_timer_wait DESC LIMIT {most}""",
        )
    if not rows and variables.get("slow_query_log") == "ON" and "TABLE" in (variables.get("log_output") or ""):
        rows = ask.tried(
            "the slow log",
            f"""SELECT LEFT(CONVERT(sql_text USING utf8mb4), 300) AS text, COUNT(*),
                SUM(TIME_TO_SEC(query_time) + MICROSECOND(query_time) / 1e6) / COUNT(*)
            FROM {quoted("mysql")}.slow_log WHERE db = DATABASE() GROUP BY text
            ORDER BY 2 * 3 DESC LIMIT {most}""",
        )
    return tuple(Slow(" ".join((row[0] or "").split()), number(row[1]), float(row[2] or 0)) for row in rows or ())
