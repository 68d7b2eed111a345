"""A shop of wares that changes hands: a legacy table, a service that takes them, and shoppers who write to the owner."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
from fastapi import APIRouter

from banyan.contracts.catalog import CategoriesChanged
from banyan.contracts.legacy import (
    CatalogHandOver,
    CatalogTake,
    CatalogTenure,
    CategoryRecord,
    Fate,
    Fates,
    Handed,
    Outcome,
    Record,
)
from banyan.foundation import tenure
from banyan.foundation.service import Ports, Service
from banyan.kernel.refusals import Moving
from banyan.move.cutover.keeping import BESIDES
from banyan.move.cutover.triggers import CODE
from banyan.move.legacy import NewRows, Ref, Rows, Stock, Unwritable, Use, View
from banyan.move.mover import Mover
from banyan.move.rows import Row, Table
from banyan.move.storage import groups, shift
from banyan.move.way_back.ground import Ground, ground_of

SCHEMA = (
    "CREATE TABLE ware (ware_id int AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL, position int NOT NULL,"
    " viewed int NOT NULL DEFAULT 0, added date NOT NULL DEFAULT '0000-00-00') ENGINE=InnoDB CHARACTER SET utf8mb4",
    "CREATE TABLE ware_note (note_id int AUTO_INCREMENT PRIMARY KEY, ware_id int NOT NULL, note varchar(10) NOT NULL)"
    " ENGINE=MyISAM CHARACTER SET utf8mb3",
)
GROUP = "catalog"


class Wares:
    """`ware` with a note each: the record's name and position, the note its name's beginning."""

    name = "wares"
    uses = {
        "ware": Use("ware", GROUP, (View("category", GROUP, "ware_id"),), noise=frozenset({"viewed"})),
        "ware_note": Use("ware_note", GROUP, (View("category", GROUP, "ware_id"),)),
    }
    groups = (GROUP,)
    pages = ()
    ignored = frozenset[str]()
    keyed = {"category": "ware"}

    def prefix(self, tables: Iterable[str]) -> str:
        return ""

    def currency(self, reference: Mapping[str, Sequence[Row]]) -> str:
        return "EUR"

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...]:
        found = rows.get("ware") or ()
        id_ = stock.id("category", ref.key)
        if not found:
            return (CategoryRecord(id=id_, version=version, name="", removed=True),)
        return (CategoryRecord(id=id_, version=version, name=found[0].text("name"), position=found[0].int("position")),)

    def rows(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> NewRows:
        assert isinstance(record, CategoryRecord)
        if len(record.name) > 40:
            raise Unwritable("a ware's name has at most 40 characters there: shorten it")
        if record.removed:
            return {}
        wares, notes = rows.get("ware") or (), rows.get("ware_note") or ()
        wanted = {"name": record.name.encode(), "position": str(record.position).encode()}
        fresh = {"ware_id": ref.key.encode(), "viewed": b"0", "added": b"0000-00-00", **wanted}
        ware = _values(stock.tables["ware"], wares, wanted, fresh)
        noted = {"note": record.name[:10].encode()}
        if notes:
            note = _values(stock.tables["ware_note"], notes, noted, {})
        else:
            number = str(stock.next("ware_note")).encode()
            note = _values(stock.tables["ware_note"], (), {}, {"note_id": number, "ware_id": ref.key.encode(), **noted})
        return {"ware": [ware], "ware_note": [note]}

    def ref(self, record: Record, stock: Stock) -> Ref | None:
        return Ref("category", stock.key("category", record.id))

    def lost(self, ref: Ref, record: Record, rows: Rows, stock: Stock) -> tuple[str, ...]:
        return ()


def _values(
    table: Table, rows: Sequence[Row], wanted: Mapping[str, bytes], fresh: Mapping[str, bytes]
) -> tuple[bytes | None, ...]:
    if not rows:
        return tuple(fresh[column.name] for column in table.columns)
    return tuple(wanted.get(column.name, rows[0][column.name]) for column in table.columns)


async def _take(ports: Ports, call: CatalogTake) -> Fates:
    fates = []
    for record in call.records:
        assert isinstance(record, CategoryRecord)
        async with ports.db.transaction() as tx:
            standing = await tenure.taking(tx)
            taken = standing.legacys and await tx.execute(
                """INSERT INTO thing AS t VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE
                   SET name = $2, position = $3, version = $4, removed = $5 WHERE t.version < $4""",
                record.id,
                record.name,
                record.position,
                record.version,
                record.removed,
            )
            if taken:
                tx.tell(CategoriesChanged(category_id=record.id))
        outcome = Outcome.TAKEN if taken else Outcome.STALE if standing.legacys else Outcome.REFUSED
        fates.append(Fate(kind="category", id=record.id, outcome=outcome, why="" if taken else "not now"))
    return Fates(fates=tuple(fates))


async def _hand_over(ports: Ports, call: CatalogHandOver) -> Handed:
    rows = await ports.db.fetch("SELECT * FROM thing WHERE id = ANY($1)", list(call.ids))
    return Handed(
        records=tuple(
            CategoryRecord(
                id=row["id"],
                version=row["version"],
                name=row["name"],
                position=row["position"],
                removed=row["removed"],
            )
            for row in rows
        )
    )


def catalog() -> Service:
    """The service that takes wares, with tables and a tenure of its own."""
    return Service(
        name="catalog",
        folder=Path(__file__).parent / "kept",
        routes=lambda _: APIRouter(),
        calls={CatalogTake: _take, CatalogHandOver: _hand_over, CatalogTenure: tenure.over("thing")},
    )


class Killed(BaseException):
    """The process ends here, as by `kill -9`: nothing that was to follow is done."""


def killing(step: str) -> Callable[[str], None]:
    """Ends the process at the beginning of a step."""

    def crossed(at: str) -> None:
        if at == step:
            raise Killed(step)

    return crossed


@dataclass
class World:
    """`con` is somebody who writes to the legacy database directly; `ledger` what shoppers were told is kept."""

    move: Ports
    catalog: Ports
    mover: Mover
    con: "pymysql.Connection[Any]"
    ledger: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _tasks: "list[asyncio.Task[None]]" = field(default_factory=list)
    _working: "asyncio.Task[None] | None" = None
    _turn: int = 0
    closing: bool = False

    async def ground(self) -> Ground:
        return await ground_of(self.mover)

    def sql(self, statement: str, *args: object) -> Any:
        with self.con.cursor() as cursor:
            cursor.execute(statement, args or None)
            return cursor.fetchall()

    def work(self, *besides: str) -> None:
        """Somebody works on the move; besides everything, or only what is named."""
        self.mover.besides = {name: BESIDES[name] for name in besides or BESIDES}
        self._working = asyncio.create_task(self.mover.work())

    async def rest(self) -> None:
        """The mover's worker is gone, wherever it was."""
        task, self._working = self._working, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def group(self) -> groups.Group:
        found = await groups.one(self.move.db, GROUP)
        assert found is not None
        return found

    async def settled(self) -> None:
        """Everything that was written to the legacy shop is with the service."""
        assert await self.mover.reached(GROUP, await self.mover.head(), 20)

    async def sell(self, name: str, position: int) -> None:
        """A ware is changed on our side."""
        await write(self.catalog, name, position)

    async def ours(self) -> dict[str, int]:
        rows = await self.catalog.db.fetch("SELECT name, position FROM thing WHERE NOT removed")
        return {row["name"]: row["position"] for row in rows}

    def theirs(self) -> dict[str, int]:
        return dict(self.sql("SELECT name, position FROM ware"))

    # ---- shoppers, through gateway workers that keep the contract ---------------------------------------------------

    def open_shop(self, workers: int = 2, shoppers: int = 3) -> None:
        for number in range(workers):
            gateway = Gateway(self, f"w{number}")
            self._tasks.append(asyncio.create_task(gateway.lease(), name="lease"))
            self._tasks += [asyncio.create_task(gateway.shopper(f"ware {number}-{each}")) for each in range(shoppers)]

    async def close_shop(self) -> None:
        """Shoppers end what they began."""
        self.closing = True
        for task in self._tasks:
            if task.get_name() != "lease":
                await task
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        self.closing = False
        async with self.move.db.transaction() as tx:
            await tx.execute("DELETE FROM worker")

    def next(self) -> int:
        self._turn += 1
        return self._turn


async def write(ports: Ports, name: str, position: int) -> str:
    """A write on our side, with its fact, as an action does it. Moving while the legacy shop owns it."""
    async with ports.db.transaction() as tx:
        id_: str = (
            await tx.fetchval(
                """INSERT INTO thing (id, name, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id""",
                f"cat_{name.replace(' ', '')}",
                name,
                position,
            )
            if not await tx.fetchval("SELECT true FROM thing WHERE name = $1", name)
            else await tx.fetchval("UPDATE thing SET position = $2 WHERE name = $1 RETURNING id", name, position)
        )
        tx.tell(CategoriesChanged(category_id=id_))
    return id_


@dataclass
class Gateway:
    """A worker: it hears who owns the group, holds writes when told to, and reports when none is in flight."""

    world: World
    name: str
    owner: str = "legacy"
    holding: bool = True
    epoch: int = 0
    flying: int = 0
    beat: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def lease(self) -> None:
        db = self.world.move.db
        while True:
            self.beat += 1
            held = {GROUP: self.epoch} if self.holding and not self.flying else {}
            async with db.transaction() as tx:
                await shift.report(tx, self.name, self.beat, epochs={}, held=held, seconds=2)
                row = await groups.one(tx, GROUP)
            assert row is not None
            self.owner, self.holding, self.epoch = row.owner, row.holding, row.epoch
            if not self.holding:
                self.heard.set()
                self.heard = asyncio.Event()
            await asyncio.sleep(0.01)

    async def shopper(self, ware: str) -> None:
        """Writes its own ware again and again, and notes what was acknowledged."""
        con = await asyncio.to_thread(self._connect)
        try:
            while not self.world.closing:
                while self.holding:
                    await self.heard.wait()
                number = self.world.next()
                self.flying += 1
                try:
                    await self._write(con, ware, number)
                    self.world.ledger[ware] = number
                except (pymysql.err.MySQLError, Moving) as error:
                    fenced = isinstance(error, Moving) or error.args[0] == CODE
                    self.world.errors.append(f"{ware}: {error!r}{' (fenced)' if fenced else ''}")
                finally:
                    self.flying -= 1
                await asyncio.sleep(0.004)
        finally:
            con.close()

    def _connect(self) -> "pymysql.Connection[Any]":
        url = self.world.mover.source.address
        return pymysql.connect(
            host=url.host, port=url.port, user=url.user, password=url.password, database=url.database, autocommit=True
        )

    async def _write(self, con: "pymysql.Connection[Any]", ware: str, number: int) -> None:
        if self.owner == "new":
            await write(self.world.catalog, ware, number)
            return

        def run() -> None:
            with con.cursor() as cursor:
                if not cursor.execute("UPDATE ware SET position = %s WHERE name = %s", (number, ware)):
                    cursor.execute("INSERT INTO ware (name, position) VALUES (%s, %s)", (ware, number))
                    cursor.execute("INSERT INTO ware_note (ware_id, note) VALUES (LAST_INSERT_ID(), %s)", (ware[:10],))

        await asyncio.shield(asyncio.to_thread(run))
