"""The fence on the legacy tables: triggers that let nobody write what our side owns, except our own way back.

Every writer of a fenced table reads the group's row of `banyan_fence` in a trigger, with a lock that lasts as long as its
transaction. So the fence is closed at one place and in one moment: the table lock on `banyan_fence` waits for every
writer that is under way and holds up the next ones; under it the row is closed and the log's end is read; readers of the
shop's own tables never wait. The triggers are made before, outside any pause, and stand open until then.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b

from banyan.kernel.refusals import Conflict, Unavailable
from banyan.move.cutover.owned import Holding
from banyan.move.cutover.triggers import HITS, ROW, prefix, triggers
from banyan.move.source import Connection, Head, Source, SqlError, head

_HELD_UP = 0.25  # seconds for which writers wait behind us, at most, before we step back and try again
_BREATH = 0.05  # seconds in between
_GIVEN_UP = {1205, 1969, 3024, 1317}  # a lock was not had, or a statement took too long
_MAKE = (
    f"CREATE TABLE IF NOT EXISTS {ROW} (group_name varchar(60) CHARACTER SET ascii NOT NULL PRIMARY KEY, "
    "closed tinyint NOT NULL, epoch bigint NOT NULL, writer varchar(60) CHARACTER SET ascii NOT NULL DEFAULT '', "
    "message varchar(127) CHARACTER SET utf8mb4 NOT NULL) ENGINE=InnoDB",
    # Not of InnoDB, so that a refused statement leaves its trace: who tried to write, and how often.
    f"CREATE TABLE IF NOT EXISTS {HITS} (table_name varchar(64) NOT NULL, action varchar(6) NOT NULL, "
    "who varchar(160) NOT NULL, hits bigint NOT NULL, first_at datetime NOT NULL, last_at datetime NOT NULL, "
    "PRIMARY KEY (table_name, action, who)) ENGINE={engine} CHARACTER SET utf8mb3",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who tried to write what our side owns. `who`: user@host of the legacy database; times in its own zone."""

    table: str
    action: str
    who: str
    hits: int
    first_at: str
    last_at: str


@dataclass(slots=True)
class Fence:
    """The fence of one group. One process at a time has its `hand`; what it does there takes effect at once."""

    source: Source
    group: str
    holdings: Sequence[Holding]
    pass_: str
    _con: Connection | None = field(default=None)

    # ---- the hand: who may move the fence ------------------------------------------------------------------------

    async def take_hand(self) -> None:
        """Be the only one who moves this fence; whoever had it and did not let go in time is cut off.

        Only the one whose attempt stands in the group's row may ask for it.
        """
        await asyncio.to_thread(self._take_hand)

    def _take_hand(self) -> None:
        self._drop_hand()
        con = self.source.connect(lock_wait_timeout=1, innodb_lock_wait_timeout=1, wait_timeout=120)
        try:
            for _ in range(20):
                if con.query("SELECT GET_LOCK(%s, 0)", self._lock_name)[0][0] == b"1":
                    self._con = con
                    return
                [[holder]] = con.query("SELECT IS_USED_LOCK(%s)", self._lock_name)
                if holder is not None:
                    with suppress(SqlError):  # it may have ended by itself
                        con.execute(f"KILL {int(holder)}")
                con.query("SELECT SLEEP(0.05)")
        except BaseException:
            con.close()
            raise
        con.close()
        raise Unavailable(f"the fence of {self.group} is held by a connection that does not end", retry_after=1)

    async def drop_hand(self) -> None:
        await asyncio.to_thread(self._drop_hand)

    def _drop_hand(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con = None

    @property
    def in_hand(self) -> bool:
        return self._con is not None and self._con.wire.open

    @property
    def _hand(self) -> Connection:
        if self._con is None:
            raise Conflict(f"the fence of {self.group} is not in this process's hand", code="no_hand")
        return self._con

    @property
    def _lock_name(self) -> str:
        return "banyan " + blake2b(f"{self.source.database} {self.group}".encode(), digest_size=12).hexdigest()

    # ---- standing, closing, opening ------------------------------------------------------------------------------

    async def stand(self, *, counting: bool = False) -> int:
        """Make what is missing and take away what is not as it should be; how many triggers were made or taken away.

        Needs no pause: each table is locked for the moment it takes. `counting`: who is refused is written down; only
        for while it is closed, as that makes writers wait for each other.
        """
        return await asyncio.to_thread(self._stand, counting)

    def _stand(self, counting: bool) -> int:
        con = self._hand
        for statement in _MAKE:
            _patiently(con, statement.format(engine="Aria" if con.wire.is_mariadb else "MyISAM"))
        con.execute(
            f"INSERT INTO {ROW} (group_name, closed, epoch, message) VALUES (%s, 0, 0, %s) "
            "ON DUPLICATE KEY UPDATE message = VALUES(message)",
            self.group,
            self.message,
        )
        wanted = {each.name: each for each in triggers(self.group, self.holdings, self.pass_, counting=counting)}
        there = set(self._there(con))
        for name in sorted(wanted.keys() - there):
            _patiently(con, wanted[name].sql)
        for name in sorted(there - wanted.keys()):
            _patiently(con, f"DROP TRIGGER IF EXISTS `{name}`")
        return len(wanted.keys() ^ there)

    @property
    def message(self) -> str:
        return f"{self.group} has moved to Banyan and is written there now; see: banyan move status {self.group}"[:127]

    async def lock(self, seconds: float) -> None:
        """Wait until nobody is writing, and hold up whoever comes. Unavailable after so many seconds: nothing is held."""
        await asyncio.to_thread(self._wait_for_lock, seconds)

    def _wait_for_lock(self, seconds: float) -> None:
        con = self._hand
        tries = max(1, round(seconds / (_HELD_UP + _BREATH)))
        con.set({"wait_timeout": 5})  # should we vanish without a word, the shop goes on then
        for left in range(tries, 0, -1):
            try:
                with _at_most(con, min(_HELD_UP, seconds)):
                    con.execute(f"LOCK TABLES {ROW} WRITE")
                return
            except SqlError as error:
                if error.code not in _GIVEN_UP:
                    raise
            if left > 1:
                con.query(f"SELECT SLEEP({_BREATH})")
        raise Unavailable(f"somebody has been writing to tables of {self.group} for more than {seconds:.1f} s")

    async def position(self) -> Head:
        """Under the lock: the log's end. What users wrote is before it."""
        return await asyncio.to_thread(lambda: head(self._hand))

    async def close(self, epoch: int) -> None:
        """From here on nobody writes but our way back."""
        await asyncio.to_thread(self._set, True, epoch)

    async def unlock(self) -> None:
        await asyncio.to_thread(self._unlock)

    def _unlock(self) -> None:
        self._hand.execute("UNLOCK TABLES")
        self._hand.set({"wait_timeout": 120})

    async def open(self, epoch: int) -> None:
        """Users may write again; whatever lock is still held is let go."""
        await asyncio.to_thread(self._open, epoch)

    def _open(self, epoch: int) -> None:
        self._unlock()
        state = self._state(self._hand) if self._stands(self._hand) else None
        if state is not None and state[0]:  # an open one is left alone: whoever is writing holds its row
            self._set(False, epoch)

    def _set(self, closed: bool, epoch: int) -> None:
        """Older epochs change nothing: whoever comes late finds a newer one there."""
        for left in range(20, -1, -1):
            try:
                self._hand.execute(
                    f"UPDATE {ROW} SET closed = %s, epoch = %s, writer = IF(%s, writer, '') "
                    "WHERE group_name = %s AND epoch <= %s",
                    closed,
                    epoch,
                    closed,
                    self.group,
                    epoch,
                )
                break
            except SqlError as error:
                if error.code not in {*_GIVEN_UP, 1213} or not left:
                    raise
        if self._state(self._hand) != (closed, epoch):
            raise Conflict(f"the fence of {self.group} is of a newer epoch than {epoch}", code="stale_epoch")

    async def remove(self) -> None:
        """Take the triggers of an open fence away. Unavailable when a table is in use: they hinder nobody meanwhile."""
        await asyncio.to_thread(self._remove)

    def _remove(self) -> None:
        con = self._hand
        state = self._state(con) if self._stands(con) else None
        if state is not None and state[0]:
            raise Conflict(f"the fence of {self.group} is closed: triggers stay while our side owns it")
        for name in self._there(con):
            _patiently(con, f"DROP TRIGGER IF EXISTS `{name}`", tries=1)

    # ---- what can be seen without the hand -----------------------------------------------------------------------

    async def closed(self, *, counting: bool = False) -> bool:
        """Whether it is closed, and every trigger is there that should be; with `counting` those that count who is refused."""
        return await asyncio.to_thread(self._closed, (True,) if counting else (False, True))

    def _closed(self, either: Sequence[bool]) -> bool:
        with self.source.connect() as con:
            if not self._stands(con):
                return False
            state = self._state(con)
            there = self._there(con)
            both = [triggers(self.group, self.holdings, self.pass_, counting=counting) for counting in either]
            whole = any({each.name for each in wanted} <= set(there) for wanted in both)
            return bool(state and state[0] and whole)

    async def hits(self) -> list[Hit]:
        """Who was refused, those who tried last first."""
        return await asyncio.to_thread(self._hits)

    def _hits(self) -> list[Hit]:
        names = sorted({each.table.name for each in self.holdings})
        with self.source.connect() as con:
            if not names or not self._stands(con):
                return []
            rows = con.query(
                f"SELECT table_name, action, who, hits, first_at, last_at FROM {HITS} "
                "WHERE table_name IN %s ORDER BY last_at DESC",
                names,
            )
        told = [[value.decode("utf-8", "replace") if value else "" for value in row] for row in rows]
        return [Hit(table, action, who, int(hits), first, last) for table, action, who, hits, first, last in told]

    def _state(self, con: Connection) -> tuple[bool, int] | None:
        rows = con.query(f"SELECT closed, epoch FROM {ROW} WHERE group_name = %s", self.group)
        return (rows[0][0] == b"1", int(rows[0][1] or 0)) if rows else None

    def _stands(self, con: Connection) -> bool:
        return bool(
            con.query(
                "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s", ROW
            )
        )

    def _there(self, con: Connection) -> list[str]:
        rows = con.query(
            "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() "
            "AND TRIGGER_NAME LIKE %s",
            prefix(self.group).replace("_", "\\_") + "%",
        )
        return [name.decode() for [name] in rows if name]


class _at_most:  # noqa: N801
    """Statements inside end after so many seconds; MySQL, which has no such limit for LOCK TABLES, waits a whole one."""

    def __init__(self, con: Connection, seconds: float) -> None:
        self._con, self._seconds = con, seconds

    def __enter__(self) -> None:
        if self._con.wire.is_mariadb:
            self._con.set({"max_statement_time": self._seconds})

    def __exit__(self, *_: object) -> None:
        if self._con.wire.is_mariadb and self._con.wire.open:
            self._con.set({"max_statement_time": 0})


def _patiently(con: Connection, sql: str, tries: int = 40) -> None:
    """A statement that needs a table for a moment: step back soon, so that nobody waits behind us, and try again."""
    for left in range(tries, 0, -1):
        try:
            with _at_most(con, _HELD_UP):
                con.execute(sql)
            return
        except SqlError as error:
            if error.code == 1359:  # it is there already
                return
            if error.code not in _GIVEN_UP:
                raise
        if left > 1:
            con.query(f"SELECT SLEEP({_BREATH * 2})")
    raise Unavailable("a table of the legacy shop is in use by a long transaction: " + sql[:120], retry_after=5)
