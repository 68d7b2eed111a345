"""Shoppers who write all the time, with a ledger of what they were told is kept, and somebody who goes around the gateway."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import pymysql

from banyan.contracts.catalog import CategoriesChanged
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Moving
from banyan.move.cutover.triggers import CODE
from tests.move.cutover.world import Gateway

PACE = 0.01  # seconds between a shopper's writes


@dataclass(frozen=True, slots=True)
class Write:
    """`count` adds one to what is there: done twice, or not at all, it shows."""

    what: Literal["add", "count", "remove"]
    ware: str


def script(name: str, writes: int) -> Iterator[Write]:
    """What one shopper does: always the same, whatever happens meanwhile."""
    yield Write("add", name)
    for number in range(1, writes):
        if number % 20 == 4:
            yield Write("add", f"{name}.{number:03d}")
        elif number % 40 == 18:
            yield Write("remove", f"{name}.{number - 14:03d}")
        else:
            yield Write("count", name)


def replayed(ledger: Sequence[Write]) -> list[tuple[str, int]]:
    """Ware and position, as they are after all of these and nothing else."""
    wares: list[list[Any]] = []
    for write in ledger:
        mine = [ware for ware in wares if ware[0] == write.ware]
        if write.what == "add":
            wares.append([write.ware, 0])
        elif write.what == "count":
            for ware in mine:
                ware[1] += 1
        else:
            wares = [ware for ware in wares if ware not in mine]
    return sorted((name, position) for name, position in wares)


class Till(Gateway):
    """A gateway worker and its shoppers."""

    def __hash__(self) -> int:
        return id(self)

    async def shop(self, name: str, writes: int, ledger: list[Write]) -> None:
        """One shopper's script to its end; each write that was answered is in the ledger, in the order of the answers."""
        con = await asyncio.to_thread(self._connect)
        try:
            for write in script(name, writes):
                while not await self._once(con, write):
                    pass
                ledger.append(write)
                await asyncio.sleep(PACE)
        finally:
            con.close()

    async def _once(self, con: "pymysql.Connection[Any]", write: Write) -> bool:
        while self.holding:
            await self.heard.wait()
        self.flying += 1
        try:
            if self.owner == "new":
                await _here(self.world.catalog, write)
            else:
                await asyncio.to_thread(_there, con, write)
        except (pymysql.err.MySQLError, Moving) as error:
            self.world.errors.append(f"{write}: {error!r}")
            await asyncio.sleep(PACE)
            return False
        finally:
            self.flying -= 1
        return True


async def _here(ports: Ports, write: Write) -> None:
    """On our side, with its fact, as an action does it."""
    id_ = "cat_" + write.ware.replace(".", "")
    async with ports.db.transaction() as tx:
        if write.what == "add":
            await tx.execute("INSERT INTO thing (id, name, position) VALUES ($1, $2, 0)", id_, write.ware)
        else:
            change = "position = position + 1" if write.what == "count" else "removed = true"
            id_ = await tx.fetchval(
                f"UPDATE thing SET {change} WHERE name = $1 AND NOT removed RETURNING id", write.ware
            )
            assert id_ is not None, f"{write.ware} was lost"
        tx.tell(CategoriesChanged(category_id=id_))


def _there(con: "pymysql.Connection[Any]", write: Write) -> None:
    with con.cursor() as cursor:
        if write.what == "add":
            cursor.execute("INSERT INTO ware (name, position) VALUES (%s, 0)", (write.ware,))
            cursor.execute("INSERT INTO ware_note (ware_id, note) VALUES (LAST_INSERT_ID(), %s)", (write.ware[:10],))
        elif write.what == "count":
            found = cursor.execute("UPDATE ware SET position = position + 1 WHERE name = %s", (write.ware,))
            assert found, f"{write.ware} was lost"
        else:
            cursor.execute("SELECT ware_id FROM ware WHERE name = %s", (write.ware,))
            [[key]] = cursor.fetchall()
            cursor.execute("DELETE FROM ware_note WHERE ware_id = %s", (key,))
            cursor.execute("DELETE FROM ware WHERE ware_id = %s", (key,))


@dataclass
class Cron:
    """Counts a ware of its own up on the legacy side, whoever owns it: `kept` is how often that was acknowledged.

    It locks every row it looks at, and is never kept waiting until the database gives up.
    """

    con: "pymysql.Connection[Any]"
    kept: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    async def rest(self) -> None:
        """It ends what it began."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        with self.con.cursor() as cursor:
            while not self._stop.is_set():
                try:
                    cursor.execute("UPDATE ware SET position = position + 1 WHERE name = 'cron'")
                    self.kept += 1
                except pymysql.err.MySQLError as error:
                    self.refused += 1
                    # It looks through the whole table, so that it may meet the way back in a deadlock.
                    if error.args[0] not in (CODE, 1213):
                        self.wrong.append(repr(error))
                self._stop.wait(PACE)


async def gone(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
