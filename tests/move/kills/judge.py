"""What is looked at after a worker was killed: rows, routes, fences, the log, and every write that was acknowledged."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pymysql

from banyan.kernel.refusals import Moving
from banyan.move.cutover.attempt import fence_of
from banyan.move.cutover.triggers import CODE
from banyan.move.rows import pack
from banyan.move.source import read_tables, select
from banyan.move.storage import log, mirror, tables
from tests.move.cutover.world import GROUP, World
from tests.move.kills.moments import arrived
from tests.move.kills.shoppers import Cron, Till, Write, replayed

ENDS = {"new": "our side owns it", "legacy": "the legacy shop owns it"}
WENT_BACK = "went back"


@dataclass(frozen=True, slots=True)
class Case:
    """A change of hands that is killed at `first`, and whoever finishes it at `again`; empty: not."""

    what: str
    first: str = ""
    again: str = ""

    def __str__(self) -> str:
        return f"{self.what} at {self.first or '-'}" + (f" and again at {self.again}" if self.again else "")

    @property
    def owners(self) -> tuple[str, str]:
        """Before it and after it."""
        return ("legacy", "new") if self.what == "cutover" else ("new", "legacy")

    @property
    def arrives(self) -> bool:
        return not self.first or arrived(self.what, self.first)


@dataclass(slots=True)
class Judge:
    """Looks at one case, once its shoppers have gone; each answer is what is wrong, in words."""

    w: World
    tills: Sequence[Till]
    cron: Cron
    case: Case

    async def wrongs(self, prefix: str, ledger: Sequence[Write], logged: int) -> list[str]:
        """`prefix`: of the names of the wares that were written in it; `logged`: the log's end before it."""
        owner = self.case.owners[self.case.arrives]
        wrong = [f"a shopper saw: {error}" for error in self.w.errors] + self.cron.wrong
        self.cron.wrong.clear()
        row = await self.w.group()
        states = ("new_primary",) if owner == "new" else ("in_sync", "verified")
        if (row.owner, row.holding, row.step, row.deadline) != (owner, False, None, None) or row.state not in states:
            wrong.append(f"the row says {row}, and {owner} should own it")
        wrong += await self._derived(row.owner)
        wrong += await self._written(prefix, replayed(ledger))
        wrong += await self._mirrored()
        return wrong + await self._logged(logged)

    async def _derived(self, owner: str) -> list[str]:
        """Routes, fence and tenure are what the row says: looked at, and tried."""
        wrong = []
        if not await until(lambda: all(each.owner == owner and not each.holding for each in self.tills)):
            wrong.append("a gateway routes to the other side, or holds")
        try:
            self.w.sql("UPDATE ware SET position = position + 1 WHERE name = 'fenced'")
            closed = False
        except pymysql.err.MySQLError as error:
            closed = error.args[0] == CODE
        try:
            async with self.w.catalog.db.transaction() as tx:
                await tx.execute("UPDATE thing SET position = position WHERE name = 'fenced'")
            open_ = True
        except Moving:
            open_ = False
        if (closed, open_) != ((True, True) if owner == "new" else (False, False)):
            wrong.append(f"{owner} owns it, the legacy fence is closed: {closed}, our side is open: {open_}")
        fence = fence_of(await self.w.ground(), GROUP)
        if owner == "new" and not await until(lambda: fence.closed(counting=True)):
            wrong.append("nobody counts who is refused")
        return wrong

    async def _written(self, prefix: str, expected: list[tuple[str, int]]) -> list[str]:
        """Each write that was acknowledged is on both sides, once, and nothing else."""

        async def equal() -> bool:
            ours = await ours_of(self.w)
            return _of(prefix, ours) == expected and ours == [ware[:2] for ware in theirs_of(self.w)]

        await until(equal)
        wrong, ours, theirs = [], await ours_of(self.w), theirs_of(self.w)
        for side, wares in (("ours", ours), ("theirs", [ware[:2] for ware in theirs])):
            mine = _of(prefix, wares)
            if mine != expected:
                wrong.append(f"{side}: missing {_less(expected, mine)}, too many {_less(mine, expected)}")
            if dict(wares)["cron"] != self.cron.kept:
                wrong.append(f"{side}: cron was told {self.cron.kept} times, and counted {dict(wares)['cron']}")
        if ours != [ware[:2] for ware in theirs]:
            wrong.append("the two sides differ in what was written before")
        notes = [ware for ware in theirs if ware[2] != ware[0][:10]]
        return [*wrong, *(f"a note of the legacy shop: {note}" for note in notes[:5])]

    async def _mirrored(self) -> list[str]:
        """The mirror is the legacy tables, byte for byte, and nothing was dropped on the way."""
        mover, wrong = self.w.mover, []
        if not await mover.reached(GROUP, await mover.head(), 20):
            wrong.append("the stream does not come to its end")
        with mover.source.connect() as con:
            for name, table in read_tables(con, list(mover.mirrors.by_name)).items():
                theirs = {table.key_of(row): pack(row) for row in con.query(f"SELECT {select(table)} FROM {name}")}
                rows = await mirror.page(self.w.move.db, mover.mirrors.by_name[name].number, b"", 1_000_000)
                if {row["key"]: row["image"] for row in rows} != theirs:
                    wrong.append(f"the mirror of {name} is not the table")
        return wrong + [
            f"of {row['name']} not all that was seen is told"
            for row in await tables.overview(self.w.move.db)
            if row["seen"] != row["applied"] + row["coalesced"] + row["filtered"] + row["quarantined"]
        ]

    async def _logged(self, after: int) -> list[str]:
        """The log says once how it ended."""
        said = [row["what"] for row in await log.read(self.w.move.db, GROUP, after=after)]
        ends = [what for what in said if what in (*ENDS.values(), WENT_BACK)]
        last = [ENDS[self.case.owners[1]]] if self.case.arrives else []
        before = ends[: len(ends) - len(last)]  # where the machine was too busy, it went back and was tried again
        well = set(before) <= {WENT_BACK} and ends[len(before) :] == last
        return [] if well else [f"the log says {ends}"]


async def digest(w: World, prefix: str) -> str:
    """Of what was written in one case, on both sides; the same for the same writes."""
    ours = [(name[4:], position) for name, position in _of(prefix, await ours_of(w))]
    theirs = [(name[4:], position, note[4:]) for name, position, note in theirs_of(w) if name.startswith(prefix)]
    return sha256(repr((ours, theirs)).encode()).hexdigest()


async def ours_of(w: World) -> list[tuple[str, int]]:
    rows = await w.catalog.db.fetch("SELECT name, position FROM thing WHERE NOT removed")
    return sorted((row["name"], row["position"]) for row in rows)


def theirs_of(w: World) -> list[tuple[str, int, str]]:
    """With the notes of each, of which there has to be one."""
    notes: dict[int, str] = {}
    for key, note in w.sql("SELECT ware_id, note FROM ware_note"):
        notes[key] = notes.get(key, "") + note
    wares = w.sql("SELECT ware_id, name, position FROM ware")
    return sorted((name, position, notes.pop(key, "")) for key, name, position in wares) + [
        ("", 0, f"without a ware: {note}") for note in notes.values()
    ]


async def until(holds: Callable[[], Any], seconds: float = 10) -> bool:
    """Whether it holds within so many seconds; it may be a coroutine function."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        answer = holds()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer or asyncio.get_running_loop().time() > end:
            return bool(answer)
        await asyncio.sleep(0.02)


def _of(prefix: str, wares: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return [ware for ware in wares if ware[0].startswith(prefix)]


def _less(some: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    left = list(some)
    for each in others:
        if each in left:
            left.remove(each)
    return left[:5]
