"""Years of trade in minutes: true purchases are made once, and what they left in every database is copied by SQL.

A copy is a purchase of its own: its ids, its order number and its buyer are its own, and nothing else differs. Ids are told
by their shape; those of products, variants and warehouses stay. Facts are sealed anew by the database's own trigger, levels of
stock follow the movements, and the relay and the readers of the bus stand behind all of it. Invariants are asked afterwards.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg

from banyan import topology
from banyan.foundation import embedded

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# What a purchase leaves, by database: tables, parents first, and which of their rows.
LEFT = {
    "orders": {
        "cart": "status = 'ordered'",
        "cart_line": "cart_id IN (SELECT id FROM cart WHERE status = 'ordered')",
        "event": "true",
        "order_view": "true",
        "saga": "true",
        "idempotency": "true",
        "inbox": "type NOT LIKE 'catalog.%'",
    },
    "payments": {
        "payment": "true",
        "operation": "true",
        "transfer": "true",
        "entry": "true",
        "webhook_event": "true",
        "idempotency": "true",
        "inbox": "true",
    },
    "inventory": {
        "reservation": "true",
        "reservation_line": "true",
        "movement": "order_id IS NOT NULL",
        "idempotency": "true",
        "inbox": "type NOT LIKE 'catalog.%'",
    },
    "testbank": {"charge": "true", "deed": "true", "entry": "true", "webhook": "true", "idempotency": "true"},
    "bus": {"log": "topic IN ('orders', 'payments') OR type LIKE 'inventory.StockS%' OR type LIKE 'inventory.StockR%'"},
}
# The ten digits of an id that are its time make room for the number of the copy; so do a number and a buyer.
_ID = r"\m((?!prd_|var_|vrt_|med_|brd_|cat_|wh_|usr_)[a-z]+_)[0-9a-hjkmnp-tv-z]{10}([0-9a-hjkmnp-tv-z]{16})\M"
_MARKED = r"""regexp_replace(regexp_replace(regexp_replace({0}, '{1}', '\1@@@@@@@@@@\2', 'g'),
    '("number": ?")', '\1@#', 'g'), '\mbuyer\.', 'buyer.@#', 'g')"""
_FILLED = "replace(replace({0}, '@@@@@@@@@@', copy.place), '@#', copy.number)"
_AT_ONCE = 20_000  # purchases copied by one statement


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str

    def marked(self, table: str) -> str:
        """This column where it waits to be copied."""
        match self.type:
            case "text" if self.name == "number" and table == "order_view":
                return "'@#' || number"
            case "text":
                return _MARKED.format(self.name, _ID)
            case "jsonb":
                return _MARKED.format(f"{self.name}::text", _ID)
            case "bytea" if self.name == "body":
                return _MARKED.format(f"convert_from({self.name}, 'UTF8')", _ID)
        return self.name

    def filled(self) -> str:
        """This column in a copy."""
        waiting = f"waiting.{self.name}"
        match self.type:
            case "text" if self.name == "placement":  # a digest of the key it was placed with
                return "encode(sha256(convert_to(waiting.placement || copy.number, 'UTF8')), 'hex')"
            case "text":
                return _FILLED.format(waiting)
            case "jsonb":
                return f"{_FILLED.format(waiting)}::jsonb"
            case "bytea" if self.name == "body":
                return f"convert_to({_FILLED.format(waiting)}, 'UTF8')"
            case "bytea" if self.name == "token_hash":  # nobody has the token, and no two carts share one
                return "sha256(waiting.token_hash || convert_to(copy.number, 'UTF8'))"
        return waiting


async def grow(folder: Path, total: int, note: Callable[[str], None]) -> None:
    """Copy the purchases in this folder's databases until there are about so many. The shop is closed.

    Those that are there at the first call are the true ones; later calls go on copying them.
    """
    async with _databases(folder, tuple(LEFT)) as cons:
        book = cons["orders"]
        await book.execute("CREATE TABLE IF NOT EXISTS copied (made integer, copies integer)")
        there = await book.fetchval("SELECT count(*) FROM order_view")
        made, copies = await book.fetchrow("SELECT made, copies FROM copied") or (there, 0)
        more = (total - there) // made
        if more < 1:
            return
        if not copies:
            await book.execute("INSERT INTO copied VALUES ($1, 0)", made)
        # Numbers rise: those of copies come after the last true one, and before the next.
        last = await book.fetchval("SELECT max(number) FROM order_view WHERE number !~ '-[0-9]{7}-'")
        for name, tables in LEFT.items():
            for table, which in tables.items():
                numbers = range(copies + 1, copies + more + 1)
                count = await _copy(cons[name], table, which, numbers, max(1, _AT_ONCE // made), last)
                note(f"  {name}.{table}: {count:,} rows")
        await book.execute("UPDATE copied SET copies = copies + $1", more)
        await cons["inventory"].execute(
            """UPDATE level AS l SET on_hand = moved.sum FROM (
                   SELECT sku, warehouse_id, sum(on_hand_change) FROM movement GROUP BY 1, 2) AS moved
               WHERE (l.sku, l.warehouse_id) = (moved.sku, moved.warehouse_id) AND l.on_hand <> moved.sum"""
        )
        for name, log in (("orders", "event"), ("bus", "log")):
            # Told already: whoever follows stands behind them.
            where = "relay_position" if name == "orders" else "reader"
            await cons[name].execute(
                f"""UPDATE {where} AS r SET txid = last.txid, pos = last.pos
                    FROM (SELECT txid, pos FROM {log} ORDER BY txid DESC, pos DESC LIMIT 1) AS last"""
            )
        await asyncio.gather(*(con.execute("VACUUM (ANALYZE)") for con in cons.values()))
        await cons["orders"].execute("CHECKPOINT")


async def _copy(con: Connection, table: str, which: str, numbers: range, step: int, last: str) -> int:
    """Rows of one table, copied once for each of the numbers; how many rows that made."""
    columns = [
        Column(row["attname"], row["type"])
        for row in await con.fetch(
            """SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute
               WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
               AND attgenerated = '' AND attname NOT IN ('txid', 'hash') ORDER BY attnum""",
            table,
        )
    ]
    waiting, in_order = f"copied_{table}", table in ("event", "log")
    if await con.fetchval("SELECT to_regclass($1)", waiting) is None:  # only the true ones are ever copied
        marked = ", ".join(f"{column.marked(table)} AS {column.name}" for column in columns)
        place = f"row_number() OVER ({'ORDER BY txid, pos' if in_order else ''}) AS place_"
        await con.execute(f"CREATE UNLOGGED TABLE {waiting} AS SELECT {marked}, {place} FROM {table} WHERE {which}")
    names = ", ".join(column.name for column in columns)
    filled = ", ".join(column.filled() for column in columns)
    ordered = " ORDER BY copy.place, waiting.place_" if in_order else ""
    count = 0
    for low in range(numbers.start, numbers.stop, step):
        told = await con.execute(
            f"""INSERT INTO {table} ({names}) SELECT {filled} FROM {waiting} AS waiting CROSS JOIN (
                    SELECT $3::text || '-' || lpad(n::text, 7, '0') || '-' AS number, lpad(n::text, 10, '0') AS place
                    FROM generate_series($1::int, $2::int) AS n
                ) AS copy{ordered}""",
            low,
            min(low + step, numbers.stop) - 1,
            last,
        )
        count += int(told.rpartition(" ")[2])
    return count


async def broken(folder: Path) -> list[str]:
    """Every invariant of every service over this folder's databases, however long it takes: those that do not hold."""
    found = []
    async with _databases(folder, topology.SERVICES) as cons:
        for name, con in cons.items():
            for each in topology.service(name).invariants:
                if rows := await con.fetch(f"SELECT count(*) FROM ({each.sql}) AS wrong"):
                    found += [f"{each.id}: {rows[0]['count']} x {each.promise}"] if rows[0]["count"] else []
    return found


@asynccontextmanager
async def _databases(folder: Path, names: Sequence[str]) -> AsyncIterator[dict[str, Connection]]:
    server = await asyncio.to_thread(embedded.start, folder)
    cons = {}
    try:
        for name in names:
            cons[name] = await asyncpg.connect(server.url, database=f"banyan_{name}", command_timeout=7200)
            await cons[name].execute("SET synchronous_commit = off; SET work_mem = '64MB'")
        yield cons
    finally:
        for con in cons.values():
            await con.close()
        await asyncio.to_thread(server.stop)
