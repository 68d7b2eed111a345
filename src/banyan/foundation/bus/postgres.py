"""The bus as a log table in PostgreSQL: read below the snapshot horizon, one reader per group by advisory lock."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from banyan.foundation.bus import OtherBus, Take
from banyan.foundation.connection import PlainConnection
from banyan.foundation.db import GONE
from banyan.foundation.envelope import Envelope
from banyan.foundation.wake import Wake
from banyan.kernel.refusals import Unavailable

BATCH = 200
_CHANNEL = "published"
_PLACE = re.compile(r"\d+\.\d+")

# One statement, one commit. Listeners are told which topics, so that nobody looks for what is not theirs.
_PUBLISH = """
WITH kept AS (
    INSERT INTO log (topic, key, id, type, time, data, traceparent)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::text[])
) SELECT pg_notify('published', $8)"""
# What is committed behind a transaction that is still open is not settled: others may yet come before it.
_NEXT = """
SELECT txid::text AS at, pos, topic, key, id, type, time, data, traceparent,
       txid < pg_snapshot_xmin(pg_current_snapshot()) AS settled FROM log
WHERE (txid, pos) > {place} AND topic = ANY($1) ORDER BY txid, pos LIMIT $2"""
_NEXT_OF_GROUP = _NEXT.format(place="(SELECT txid, pos FROM reader WHERE name = $3)")
_NEXT_AFTER = _NEXT.format(place="($3::text::xid8, $4)")
# A reader for whom there was nothing among thousands of facts goes on behind them: or each look would pass them all again.
FAR = 2000
LOOKS = 16  # for nothing, after which that is considered
_SKIP = """
FROM (SELECT txid, pos FROM log WHERE txid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY txid DESC, pos DESC LIMIT 1) AS last
WHERE {reader} last.pos > {pos} + {far} AND NOT EXISTS (
    SELECT FROM log WHERE topic = ANY($1) AND (log.txid, log.pos) > ({txid}, {pos})
    AND (log.txid, log.pos) <= (last.txid, last.pos))"""
_SKIP_GROUP = "UPDATE reader AS r SET txid = last.txid, pos = last.pos" + _SKIP.format(
    reader="r.name = $2 AND", txid="r.txid", pos="r.pos", far=FAR
)
_SKIP_AFTER = "SELECT txid::text AS at, pos" + _SKIP.format(reader="", txid="$2::text::xid8", pos="$3::bigint", far=FAR)
_LAST = """
SELECT txid::text AS at, pos FROM log WHERE txid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY txid DESC, pos DESC LIMIT 1"""
_LAG = """
SELECT count(*) FROM log WHERE topic = ANY($2)
AND (txid, pos) > (coalesce((SELECT txid FROM reader WHERE name = $1), '0'::xid8),
                   coalesce((SELECT pos FROM reader WHERE name = $1), 0))"""


class PostgresBus:
    """A table all services append to, and each reads from its own place."""

    name = "postgresql"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", url: str) -> None:
        self._pool = pool
        self._url = url
        self._lease: asyncpg.Connection | None = None  # holds the group locks of this process
        self._leased: set[str] = set()
        self._asking = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._bells: list[tuple[frozenset[str], Wake]] = []
        self._vain = Counter[str]()  # looks for nothing, by group

    @classmethod
    async def connect(cls, url: str) -> "PostgresBus":
        """Open the log, making its tables where they are missing. Unavailable when the server cannot be reached."""
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=6, init=_prepare, connection_class=PlainConnection, command_timeout=30
            )
            async with pool.acquire() as con, con.transaction():
                await con.execute("SELECT pg_advisory_xact_lock(7065)")
                await con.execute(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        except GONE as error:
            raise Unavailable(f"the bus does not answer: {type(error).__name__}") from error
        return cls(pool, url)

    async def publish(self, batch: Sequence[Envelope]) -> None:
        columns = [
            [each.topic for each in batch],
            [each.key for each in batch],
            [each.id for each in batch],
            [each.type for each in batch],
            [each.time for each in batch],
            [each.data for each in batch],
            [each.traceparent for each in batch],
        ]
        topics = {each.topic for each in batch}
        await self._ask(_PUBLISH, *columns, ",".join(sorted(topics)))
        if self._lease is None or self._lease.is_closed():  # otherwise the notice comes back to us
            self._ring(topics)

    async def deliver(self, group: str, topics: frozenset[str], take: Take) -> int:
        if not await self._hold(group):
            return 0
        rows = self._settled(await self._ask(_NEXT_OF_GROUP, sorted(topics), BATCH, group), topics)
        if rows:
            await take([_envelope(row) for row in rows])
            at, pos = _place(rows[-1])
            await self._ask("UPDATE reader SET txid = $2::text::xid8, pos = $3 WHERE name = $1", group, at, pos)
            return len(rows)
        self._vain[group] += 1
        if self._vain[group] % LOOKS == 0:
            await self._ask(_SKIP_GROUP, sorted(topics), group)
        return 0

    async def follow(self, topics: frozenset[str], after: str | None, take: Take) -> str:
        if after is None:
            last = await self._ask(_LAST)
            return "{}.{}".format(*(_place(last[0]) if last else ("0", 0)))
        if not self.knows(after):
            raise OtherBus("this place was taken on another bus than a log in PostgreSQL")
        await self._listen()  # without it a process that only follows would look once in a while instead of being rung
        at, _, pos = after.partition(".")
        rows = self._settled(await self._ask(_NEXT_AFTER, sorted(topics), BATCH, at, int(pos)), topics)
        if not rows:
            further = await self._ask(_SKIP_AFTER, sorted(topics), at, int(pos))
            return "{}.{}".format(*_place(further[0])) if further else after
        await take([_envelope(row) for row in rows])
        return "{}.{}".format(*_place(rows[-1]))

    def knows(self, position: str) -> bool:
        return _PLACE.fullmatch(position) is not None

    def bell(self, topics: frozenset[str]) -> Wake:
        bell = Wake()
        self._bells.append((topics, bell))
        return bell

    async def lag(self, group: str, topics: frozenset[str]) -> int:
        return int((await self._ask(_LAG, group, sorted(topics)))[0]["count"])

    async def forget_old(self, days: int = 7) -> int:
        rows = await self._ask("DELETE FROM log WHERE time < now() - make_interval(days => $1) RETURNING 1", days)
        return len(rows)

    async def close(self) -> None:
        if self._lease is not None:
            self._lease.terminate()
        await self._pool.close()

    async def _ask(self, sql: str, *values: Any) -> "list[asyncpg.Record]":
        try:
            return await self._pool.fetch(sql, *values)
        except GONE as error:
            raise Unavailable(f"the bus does not answer: {type(error).__name__}") from error

    async def _listen(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The lease connection, which is told when other processes publish; opened where it is not open."""
        async with self._opening:
            try:
                if self._lease is None or self._lease.is_closed():
                    self._leased.clear()
                    self._lease = await asyncpg.connect(self._url)
                    await self._lease.add_listener(_CHANNEL, lambda *said: self._ring(str(said[-1]).split(",")))
                return self._lease
            except GONE as error:
                raise Unavailable(f"the bus does not answer: {type(error).__name__}") from error

    async def _hold(self, group: str) -> bool:
        """Whether this process is the group's reader now. The lock lives as long as the lease connection."""
        async with self._asking:
            lease = await self._listen()
            try:
                if group in self._leased:
                    return True
                if not await lease.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 1))", group):
                    return False
                await lease.execute("INSERT INTO reader (name) VALUES ($1) ON CONFLICT DO NOTHING", group)
            except GONE as error:
                raise Unavailable(f"the bus does not answer: {type(error).__name__}") from error
            self._leased.add(group)
            return True

    def _settled(self, rows: "list[asyncpg.Record]", topics: frozenset[str]) -> "list[asyncpg.Record]":
        """Those that no other can come before. Where there is more, somebody is to look again, though nobody rings then."""
        settled = [row for row in rows if row["settled"]]
        if len(settled) < len(rows) or len(rows) == BATCH:
            self._ring(topics)
        return settled

    def _ring(self, topics: Iterable[str]) -> None:
        for wanted, bell in self._bells:
            if not wanted.isdisjoint(topics):
                bell.ring()


async def _prepare(con: "asyncpg.Connection[asyncpg.Record]") -> None:
    await con.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=orjson.loads, format="text")


def _encode(value: object) -> str:
    return orjson.dumps(value).decode()


def _place(row: asyncpg.Record) -> tuple[str, int]:
    return row["at"], row["pos"]


def _envelope(row: asyncpg.Record) -> Envelope:
    return Envelope(row["id"], row["type"], row["key"], row["time"], row["data"], row["traceparent"])
