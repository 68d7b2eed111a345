"""Facts leave a service: written in the transaction that made them true, moved to the bus by one relay per service.

The relay reads in the order (txid, pos) and never past the oldest transaction still open, because reading by a
serial alone loses events: numbers are drawn in one order and committed in another.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from banyan.contracts import Event
from banyan.foundation import telemetry
from banyan.foundation.bus import OtherBus
from banyan.foundation.envelope import Envelope
from banyan.kernel.ids import Ids

if TYPE_CHECKING:
    from banyan.foundation.bus import Bus
    from banyan.foundation.db import Connection, Db, Row

BATCH = 500

APPEND = """
INSERT INTO outbox (id, type, key, data, traceparent) SELECT id, type, key, data, traceparent FROM {told} ORDER BY place"""
"""Writes facts within a larger statement, whose `told` has what `columns` gives and their `place`; ring the relay afterwards."""
_APPEND = APPEND.format(
    told="unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])"
    " WITH ORDINALITY AS told (id, type, key, data, traceparent, place)"
)
_UNSENT = """
SELECT txid::text AS at, pos, id, type, key, told_at, data, traceparent,
       txid < pg_snapshot_xmin(pg_current_snapshot()) AS settled FROM {source}
WHERE (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one AND coalesce(bus, $2) = $2)
ORDER BY txid, pos LIMIT $1"""  # the numbers: an output column of that name would sort as text
# What went to a bus that the shop is moved away from meanwhile counts as not sent: it goes to the other one as well.
_MOVED = """
UPDATE relay_position SET txid = $1::text::xid8, pos = $2
WHERE the_one AND (txid, pos) < ($1::text::xid8, $2) AND coalesce(bus, $3) = $3"""
_CLAIM = "UPDATE relay_position SET bus = coalesce(bus, $1) WHERE the_one RETURNING bus"
_FORGET = """
DELETE FROM outbox WHERE ctid IN (
    SELECT ctid FROM outbox WHERE told_at < shop_now() - make_interval(days => $1)
      AND (txid, pos) <= (SELECT txid, pos FROM relay_position WHERE the_one) LIMIT 5000)"""


async def append(con: "Connection", told: Sequence[tuple[Event, str]], ids: Ids) -> None:
    """Write facts, each with its trace, to the outbox, inside the transaction that `con` has open."""
    await con.execute(_APPEND, *columns(told, ids))


def columns(told: Sequence[tuple[Event, str]], ids: Ids) -> list[list[Any]]:
    """Ids, types, keys, data and traces of facts, each with its trace: columns of the outbox."""
    return [
        [ids.new("evt") for _ in told],
        [event.TYPE for event, _ in told],
        [event.key for event, _ in told],
        [event.model_dump(mode="json") for event, _ in told],
        [trace for _, trace in told],
    ]


async def claim(db: "Db", bus: "Bus") -> None:
    """Note that the facts of this database go to this bus. OtherBus when they go to another: `banyan bus move` changes it."""
    known = await db.fetchval(_CLAIM, bus.name)
    if known != bus.name:
        raise OtherBus(f"facts go to the bus {known}, and not to {bus.name}: `banyan bus move` changes that")


async def relay_once(db: "Db", bus: "Bus", *, source: str = "outbox") -> int:
    """Move one batch from `source` (a table with the outbox's columns) to the bus; how many facts it held.

    Sent first, noted after: a crash between sends the batch twice, and consumers tell by the event's id.
    Only one relay may run per database (relay_lock), or order per key is lost.
    """
    told = await db.fetch(_UNSENT.format(source=source), BATCH, bus.name)
    rows = [row for row in told if row["settled"]]
    if len(rows) < len(told):
        db.wake.ring()  # they wait for a transaction that is still open, and whose end need not ring
    if not rows:
        return 0
    system = bus.name.partition("/")[0]
    await bus.publish([_envelope(row, system) for row in rows])
    await db.execute(_MOVED, rows[-1]["at"], rows[-1]["pos"], bus.name)
    telemetry.RELAYED.labels(rows[0]["type"].partition(".")[0]).inc(len(rows))
    return len(rows)


def _envelope(row: "Row", system: str) -> Envelope:
    """The fact as it is published, which is a step of its trace."""
    kind, trace = row["type"], row["traceparent"] or ""
    trace = telemetry.hop(f"publish {kind}", trace, **{"messaging.system": system})
    return Envelope(row["id"], kind, row["key"], row["told_at"], row["data"], trace)


async def forget_old(db: "Db", days: int = 7) -> int:
    """Delete facts that were sent more than `days` ago; until then they can be replayed."""
    async with db.transaction() as tx:
        return await tx.execute(_FORGET, days)
