"""Facts arrive: each has its effect once per consumer, in order per key; one that cannot be handled holds only its stream.

The inbox row is written in the effect's own transaction. An event whose handler raises waits in `stuck` with all that
follow it on the same key, is tried again with back-off, and is parked for an operator when that does not help.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any

from banyan.contracts import Event
from banyan.foundation import telemetry
from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.envelope import Envelope
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Moving, NotFound

_log = logging.getLogger(__name__)

Handler = Callable[[Tx, Any], Awaitable[None]]
Many = Callable[[Tx, Sequence[Any]], Awaitable[None]]

ATTEMPTS = 8
FIRST_WAIT = 0.5  # seconds; doubled each time, jittered, at most LONGEST_WAIT
LONGEST_WAIT = 60.0

_CLAIM = """
WITH fresh AS (
    INSERT INTO inbox (consumer, event_id, type) SELECT $1, * FROM unnest($2::text[], $3::text[])
    ON CONFLICT DO NOTHING RETURNING event_id)
SELECT event_id, NULL AS topic, NULL AS key FROM fresh
UNION ALL (SELECT DISTINCT NULL, topic, key FROM stuck WHERE consumer = $1)"""
_QUEUE = """
INSERT INTO stuck (consumer, topic, key, event_id, type, envelope, attempts, next_at, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, shop_now() + make_interval(secs => $8), $9)
ON CONFLICT (consumer, event_id) DO NOTHING"""
_HEADS = """
SELECT * FROM (
    SELECT DISTINCT ON (topic, key) * FROM stuck WHERE consumer = $1 ORDER BY topic, key, seq
) AS heads WHERE parked_at IS NULL AND next_at <= shop_now() ORDER BY seq LIMIT $2"""


class Inbox:
    """One consumer's side of the bus: which facts it reacts to, and its bookkeeping in its own database."""

    def __init__(
        self,
        db: Db,
        consumer: str,
        handlers: Mapping[type[Event], Handler],
        *,
        ids: Ids,
        many: Mapping[type[Event], Many] | None = None,
    ) -> None:
        """`many`: handlers of several events at once; one handler may be there for several types."""
        self._db = db
        self._ids = ids
        self.consumer = consumer
        self._handlers = {kind.TYPE: handler for kind, handler in handlers.items()}
        self._many = {kind.TYPE: handler for kind, handler in (many or {}).items()}

    @property
    def topics(self) -> frozenset[str]:
        """The owners whose facts this consumer wants to hear."""
        return frozenset(kind.partition(".")[0] for kind in (*self._handlers, *self._many))

    async def take(self, batch: Sequence[Envelope]) -> None:
        """Handle a batch in the order given; when this returns all of it is either handled or safely set aside."""
        wanted = [each for each in batch if each.type in self._handlers or each.type in self._many]
        if not wanted:
            return
        try:
            async with self._db.transaction() as tx:
                await self._handle(tx, wanted)
        except Exception as error:  # somebody in the batch failed: find out who, one at a time
            if len(wanted) > 1:
                for envelope in wanted:
                    await self.take([envelope])
                return
            await self._set_aside(wanted[0], error)

    async def retry_due(self, limit: int = 20) -> int:
        """Try again what waits and is due; how many streams moved on."""
        moved = 0
        for row in await self._db.fetch(_HEADS, self.consumer, limit):
            envelope = _envelope(row["envelope"])
            try:
                async with self._db.transaction() as tx:
                    await self._handle(tx, [envelope], queued=True)
                    await tx.execute("DELETE FROM stuck WHERE seq = $1", row["seq"])
                moved += 1
            except Exception as error:
                await self._wait_longer(row, error)
        return moved

    async def _handle(self, tx: Tx, batch: Sequence[Envelope], *, queued: bool = False) -> None:
        fresh, waiting = await self._claim(tx, batch)
        if queued:
            waiting.clear()
        handled = len(fresh)
        here = list[Envelope]()
        for envelope in batch:
            if envelope.id not in fresh:
                continue
            fresh.remove(envelope.id)  # a batch may hold it twice
            if (envelope.topic, envelope.key) in waiting:
                await self._queue(tx, envelope, attempts=0, seconds=0, error=None)
                continue
            here.append(envelope)
        for many, group in groupby(here, key=lambda each: self._many.get(each.type)):
            if many is None:
                for envelope in group:
                    await self._react(tx, envelope)
            else:
                await self._react_to_many(tx, many, list(group))
        telemetry.REACTED.labels(self.consumer, "handled").inc(handled)

    async def _react(self, tx: Tx, envelope: Envelope) -> None:
        event = envelope.event()
        if event is None:
            return
        telemetry.enter(envelope.traceparent, envelope.id, self._ids.secret(24).hex())
        with telemetry.span(f"react {envelope.type}", consumer=self.consumer):
            await self._handlers[envelope.type](tx, event)

    async def _react_to_many(self, tx: Tx, many: Many, group: "list[Envelope]") -> None:
        events = [event for envelope in group if (event := envelope.event()) is not None]
        telemetry.enter(group[0].traceparent, group[0].id, self._ids.secret(24).hex())
        with telemetry.span(f"react {group[0].type}", consumer=self.consumer, events=len(group)):
            await many(tx, events)

    async def _claim(self, tx: Tx, batch: Sequence[Envelope]) -> tuple[set[str], set[tuple[str, str]]]:
        """The ids of those that were not taken before, and the (topic, key) of the streams that wait."""
        rows = await tx.fetch(_CLAIM, self.consumer, [each.id for each in batch], [each.type for each in batch])
        fresh = {row["event_id"] for row in rows if row["event_id"] is not None}
        return fresh, {(row["topic"], row["key"]) for row in rows if row["event_id"] is None}

    async def _queue(self, tx: Tx, envelope: Envelope, *, attempts: int, seconds: float, error: str | None) -> None:
        # Its inbox row is written when it is handled, not now.
        await tx.execute("DELETE FROM inbox WHERE consumer = $1 AND event_id = $2", self.consumer, envelope.id)
        await tx.execute(
            _QUEUE,
            self.consumer,
            envelope.topic,
            envelope.key,
            envelope.id,
            envelope.type,
            asdict(envelope),
            attempts,
            seconds,
            error,
        )

    async def _set_aside(self, envelope: Envelope, error: Exception) -> None:
        level = logging.INFO if isinstance(error, Moving) else logging.WARNING
        _log.log(level, "event set aside", extra={"consumer": self.consumer, "event": envelope.id, "why": _told(error)})
        telemetry.REACTED.labels(self.consumer, "failed").inc()
        async with self._db.transaction() as tx:
            await self._queue(tx, envelope, attempts=1, seconds=self._pause(1), error=_told(error))

    async def _wait_longer(self, row: Row, error: Exception) -> None:
        attempts = row["attempts"] + (not isinstance(error, Moving))  # an old shop's ownership ends, and is no fault
        park = attempts >= ATTEMPTS
        if park:
            _log.error("event parked", extra={"consumer": self.consumer, "event": row["event_id"], "why": _told(error)})
        async with self._db.transaction() as tx:
            await tx.execute(
                """UPDATE stuck SET attempts = $2, error = $3, next_at = shop_now() + make_interval(secs => $4),
                       parked_at = CASE WHEN $5 THEN shop_now() END WHERE seq = $1""",
                row["seq"],
                attempts,
                _told(error),
                self._pause(attempts),
                park,
            )

    def _pause(self, attempts: int) -> float:
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempts - 1)) * (0.5 + self._ids.fraction() / 2)


async def parked(db: Db) -> list[dict[str, Any]]:
    """Every stream that waits, its first event and how many stand behind it; parked ones first."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (consumer, topic, key) seq, consumer, topic, key, event_id, type, envelope, attempts,
                  next_at, error, since, parked_at, count(*) OVER (PARTITION BY consumer, topic, key) - 1 AS behind
           FROM stuck ORDER BY consumer, topic, key, seq"""
    )
    return sorted((dict(row) for row in rows), key=lambda row: (row["parked_at"] is None, row["since"]))


async def retry(db: Db, seq: int) -> None:
    """Let a waiting event be tried at once, and as often as a new one. NotFound when it no longer waits."""
    async with db.transaction() as tx:
        if not await tx.execute(
            "UPDATE stuck SET parked_at = NULL, attempts = 0, next_at = shop_now() WHERE seq = $1", seq
        ):
            raise NotFound("no event waits under this number")


async def discard(db: Db, seq: int) -> None:
    """Give an event up: it counts as handled, and its stream goes on. NotFound when it no longer waits."""
    async with db.transaction() as tx:
        row = await tx.fetchrow("DELETE FROM stuck WHERE seq = $1 RETURNING consumer, event_id, type", seq)
        if row is None:
            raise NotFound("no event waits under this number")
        await tx.execute(
            "INSERT INTO inbox (consumer, event_id, type) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", *row.values()
        )


async def forget_old(db: Db, days: int = 14) -> int:
    """Delete inbox rows older than any redelivery: outboxes keep a week."""
    async with db.transaction() as tx:
        return await tx.execute("DELETE FROM inbox WHERE handled_at < shop_now() - make_interval(days => $1)", days)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _envelope(kept: dict[str, Any]) -> Envelope:
    return Envelope(**{**kept, "time": datetime.fromisoformat(kept["time"])})
