"""Before the first row: what the move is about is written down, and the place in the source's log from which it is followed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from banyan.kernel.refusals import Conflict
from banyan.move.legacy import Adapter, Use
from banyan.move.rows import Position, Table
from banyan.move.source import Head, SqlError, head, read_tables, watermark
from banyan.move.storage import checkpoints, groups, log, mirror, tables
from banyan.move.storage.checkpoints import BINLOG, SourceRow

if TYPE_CHECKING:
    from banyan.move.mover import Mover

UNDER_WAY = ("planned", "prepared", "copying", "catching_up")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`left_behind`: tables that nobody needs."""

    shop: str
    server: str
    groups: list[str]
    tables: list[str]
    left_behind: list[str]
    position: str

    def as_json(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.__slots__}
        return {**said, "next_steps": self._next()}

    def lines(self) -> list[str]:
        return [
            f"{self.shop} at {self.server}: {', '.join(self.groups)} prepared",
            f"{len(self.tables)} tables will be mirrored, {len(self.left_behind)} are left behind",
            f"the log is followed from {self.position}",
            *(f"next: {step}" for step in self._next()),
        ]

    def _next(self) -> list[str]:
        return [f"banyan move copy {name}" for name in self.groups]


async def prepare(mover: "Mover", names: Sequence[str] | None = None, *, who: str = "operator") -> Prepared:
    """Write down the shop, these groups (all: none named) and their tables, and where its log ends now: from there on
    nothing is missed. Safe to repeat. Conflict when this database is about another shop, or when a table has no key.
    """
    wanted = known_groups(mover.adapter, names)
    await mover.read_tables()
    needed = _needed(mover, wanted)
    without_key = [table.name for table, _ in needed if not table.key]
    if without_key:
        raise Conflict(
            f"{', '.join(without_key)}: without a primary key, or a unique key of NOT NULL columns, rows cannot be told "
            "apart. Add one in the legacy shop, as ALTER TABLE … ADD COLUMN id bigint AUTO_INCREMENT PRIMARY KEY"
        )
    try:
        now = await asyncio.to_thread(_look, mover)
    except SqlError as error:
        raise Conflict(
            f"the legacy database refuses: {error.message}. `banyan move doctor` says what is needed"
        ) from None
    position = await _write(mover, wanted, needed, now, who)
    await mover.read_tables(anew=False)
    used = {table.name for table, _ in needed}
    return Prepared(
        mover.adapter.name,
        mover.source.name,
        wanted,
        sorted(used),
        sorted(set(await asyncio.to_thread(_names, mover)) - used - {watermark.TABLE}),
        str(position),
    )


def known_groups(adapter: Adapter, names: Sequence[str] | None) -> list[str]:
    """The groups that are meant, all where none is named. Conflict for a name that is none."""
    unknown = [name for name in names or () if name not in adapter.groups]
    if unknown:
        raise Conflict(f"there is no group {', '.join(unknown)}; there are {', '.join(adapter.groups)}")
    return [name for name in adapter.groups if not names or name in names]


def _needed(mover: "Mover", wanted: Sequence[str]) -> list[tuple[Table, Use]]:
    """The tables that have something of these groups, and the reference tables. Conflict when one is missing."""
    found, missing = [], []
    for name, use in mover.adapter.uses.items():
        if not (use.reference or {use.group, *(view.group for view in use.views)} & set(wanted)):
            continue
        table = mover.tables.get(name)
        if table is not None:
            found.append((table, use))
        elif not use.optional:
            missing.append(mover.prefix + name)
    if missing:
        raise Conflict(
            f"{mover.source.name} has no {', '.join(missing)}: it is no shop that the adapter {mover.adapter.name} knows. "
            "Choose another with BANYAN_LEGACY_SHOP"
        )
    return found


def _look(mover: "Mover") -> Head:
    """The log's end, the watermark table being there."""
    with mover.source.connect() as con:
        watermark.prepare(con)
        watermark.mark(con)  # so that a log told by others (Debezium) has something of before
        return head(con)


def _names(mover: "Mover") -> list[str]:
    with mover.source.connect() as con:
        return list(read_tables(con))


async def _write(
    mover: "Mover", wanted: Sequence[str], needed: Sequence[tuple[Table, Use]], now: Head, who: str
) -> Position:
    ids = mover.ports.ids
    way_back_id = 1 << 30 | int.from_bytes(ids.secret(4)) >> 2 & ~1  # even; the next one is the stream's own
    async with mover.ports.db.transaction(seconds=120) as tx:
        row = SourceRow(mover.adapter.name, mover.source.name, now.server_id, 1, way_back_id, ids.secret(16).hex())
        if not await checkpoints.write_source(tx, row):
            known = await checkpoints.source(tx)
            assert known is not None
            if (known.shop, known.server) != (row.shop, row.server):
                raise Conflict(
                    f"this database is about {known.shop} at {known.server}, and BANYAN_LEGACY_URL leads to {row.shop} at "
                    f"{row.server}: one move database is for one shop. `banyan move resume --again` if the shop has moved"
                )
            row = known
        position = Position(row.lineage, now.number, now.offset)
        gtid = "" if "," in now.gtid else now.gtid
        if not await checkpoints.begin(tx, BINLOG, position.at, gtid, now.file):
            checkpoint = await checkpoints.read(tx)
            assert checkpoint is not None
            position = Position.of(checkpoint.at)
        await groups.plan(tx, mover.adapter.groups)
        for table, use in needed:
            number = await tables.record(tx, table, use.group)
            if number is not None:
                await mirror.make(tx, number)
        for name in wanted:
            if await groups.step(tx, name, ["planned", "aborted"], "prepared"):
                await log.add(tx, "group: prepared", group=name, who=who, position=str(position))
    return position


async def copy(mover: "Mover", names: Sequence[str] | None = None, *, who: str = "operator") -> list[str]:
    """These groups are to be copied, by whoever works; the groups. Conflict for one that is not prepared."""
    wanted = known_groups(mover.adapter, names)
    async with mover.ports.db.transaction() as tx:
        known = await groups.read(tx)
        raw = [name for name in wanted if name not in known or known[name].state in ("planned", "aborted")]
        if raw:
            raise Conflict(
                f"{', '.join(raw)} is not prepared: banyan move prepare {raw[0] if len(raw) == 1 else 'all'}"
            )
        for name in wanted:
            if await groups.step(tx, name, ["prepared"], "copying"):
                await log.add(tx, "group: copying", group=name, who=who)
    if mover.following is not None:
        mover.following.wanted.ring()
    return wanted


async def copied(
    mover: "Mover", names: Sequence[str] | None = None, progress: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Wait until these groups are in sync; somebody has to work. `progress` is told rows copied, and rows there are.

    Conflict when the stream or a table stands still: waiting would be for ever.
    """
    wanted = known_groups(mover.adapter, names)
    while True:
        known = await groups.read(mover.ports.db)
        needed = {each.name for name in wanted for each in mover.mirrors.of_group(name)}
        rows = [row for row in await tables.overview(mover.ports.db) if row["name"] in needed]
        progress(
            sum(row["rows_copied"] for row in rows),
            sum(max(row["rows_copied"], row["rows_expected"] or 0) for row in rows),
        )
        checkpoint = await checkpoints.read(mover.ports.db)
        if checkpoint is not None and checkpoint.halted:
            raise Conflict(checkpoint.halted, code="halted")
        stopped = [row for row in rows if row["state"] == "stopped"]
        if stopped:
            raise Conflict(stopped[0]["why"] or f"{stopped[0]['name']} stands still", code="stopped")
        if all(known[name].state not in UNDER_WAY for name in wanted):
            return
        await mover.ports.clock.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Resumed:
    """What goes on, and what is copied again for it."""

    was_halted: str | None
    tables: list[str]
    position: str

    def as_json(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self.__slots__}, "next_steps": ["banyan move status"]}

    def lines(self) -> list[str]:
        lines = [f"the stream stood still: {self.was_halted}"] if self.was_halted else []
        if self.tables:
            lines.append(f"copied again: {', '.join(self.tables)}")
        return [*lines, f"the log is followed from {self.position}", "next: banyan move status"]


async def resume(mover: "Mover", *, table: str | None = None, again: bool = False, who: str = "operator") -> Resumed:
    """Go on after a halt. A table whose schema changed (`table`, or every one that stands still) is read as it is now and
    copied again. `again`: the source's log is lost or is another's: from its present end on, with everything copied again.

    Conflict when there is nothing to resume, or a table is gone.
    """
    db = mover.ports.db
    checkpoint = await checkpoints.read(db)
    if checkpoint is None:
        raise Conflict("nothing is prepared: banyan move prepare")
    await tables.refresh(db, mover.mirrors, mover.adapter)
    stopped = [each for each in mover.mirrors if each.state == "stopped" and table in (None, each.name, each.use.table)]
    if again:
        stopped = list(mover.mirrors)
    if table is not None and not stopped:
        raise Conflict(f"{table} does not stand still: banyan move status shows what does", code="stands_not_still")
    if not stopped and checkpoint.halted is None:
        raise Conflict("nothing stands still: banyan move status shows what goes on", code="stands_not_still")
    found = await asyncio.to_thread(_tables_now, mover, [each.name for each in stopped])
    gone = [each.name for each in stopped if each.name not in found]
    if gone:
        raise Conflict(f"{', '.join(gone)} is not in the legacy database any more: the adapter needs it")
    at = Position.of(checkpoint.at)
    now = await asyncio.to_thread(_look, mover) if again else None
    async with db.transaction(seconds=120) as tx:
        was = await checkpoints.go_on(tx, BINLOG)
        if now is not None:
            lineage = await checkpoints.new_lineage(tx, now.server_id, mover.source.name)
            at = Position(lineage, now.number, now.offset)
            gtid = "" if "," in now.gtid else now.gtid
            await checkpoints.begin_again(tx, BINLOG, at.at, gtid, now.file)
        for each in stopped:
            await tables.again(tx, each.number, found[each.name])
        await log.add(tx, "stream: resumed", who=who, was=was, tables=[each.name for each in stopped], again=again)
    if mover.following is not None:
        mover.following.wanted.ring()
    return Resumed(was, [each.name for each in stopped], str(at))


def _tables_now(mover: "Mover", names: Sequence[str]) -> dict[str, Table]:
    with mover.source.connect() as con:
        return read_tables(con, names)
