"""The connection by which a group goes back: one process holds the pen, and what it writes carries our name and our pass.

Our transactions have a server id of their own, by which the stream knows them when they come home, and the pass that the
fence lets through. Each looks, with a lock, whether the fence is still closed and this process still the one that writes:
one that was taken for dead and wakes up writes nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from banyan.kernel.refusals import Conflict, Refusal
from banyan.move.legacy import Ref, Rows
from banyan.move.rows import Unreadable, Values
from banyan.move.source import Connection, SqlError, head
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.reading import rows_now

ROW = "banyan_fence"  # made by cutover.fence, which stands above this room

# Seconds for a statement, in one try after another. A writer whom the fence refuses may wait for rows of ours and hold the
# table where refusals are counted, for which our next statement waits: neither engine sees that, so we step back.
_WAITS = (0.1, 0.4, 1.6)
_HELD_UP = {1205, 1213, 1969}


class Relieved(Conflict):
    """The fence is open, or another process writes now: this one has nothing more to write."""

    code = "relieved"


@dataclass(slots=True)
class Pen:
    """Blocking, for a thread. `token` tells this holder from every other."""

    ground: Ground
    group: str
    token: str
    _con: Connection | None = None

    def take(self) -> int:
        """Be the one who writes; where the log ended then. Relieved when the fence is open."""
        con = self._open()
        changed = con.execute(f"UPDATE {ROW} SET writer = %s WHERE group_name = %s AND closed", self.token, self.group)
        if not changed:
            raise Relieved(f"the fence of {self.group} is open: nothing goes back")
        return self._end_of_log(con)

    def read(self, refs: Sequence[Ref], known: Mapping[Ref, Mapping[str, Sequence[Values]]]) -> list[Rows | Exception]:
        """Each aggregate's rows as they are now, or why they cannot be read."""
        found: list[Rows | Exception] = []
        for ref in refs:
            try:
                found.append(rows_now(self._open(), self.ground.mirrors.of_kind(ref.kind), ref, known[ref]))
            except (SqlError, Refusal, Unreadable) as error:
                found.append(error)
        return found

    def write(self, wanted: Sequence[bytes]) -> int:
        """One transaction; where the log ended after it. Nothing of it is done where a statement is refused."""
        for seconds in _WAITS[:-1]:
            try:
                return self._transaction(wanted, seconds)
            except SqlError as error:
                if error.code not in _HELD_UP:
                    raise
        return self._transaction(wanted, _WAITS[-1])

    def _transaction(self, wanted: Sequence[bytes], seconds: float) -> int:
        con = self._open()
        limit = f"SET STATEMENT max_statement_time={seconds} FOR ".encode() if con.wire.is_mariadb else b""
        con.execute("START TRANSACTION")
        try:
            found = con.query(f"SELECT closed, writer FROM {ROW} WHERE group_name = %s LOCK IN SHARE MODE", self.group)
            if found != [(b"1", self.token.encode())]:
                raise Relieved(f"another process writes {self.group} back, or its fence is open")
            for statement in wanted:
                con.execute(limit + statement)
            con.execute("COMMIT")
        except BaseException:
            with suppress(Exception):
                con.execute("ROLLBACK")
            raise
        return self._end_of_log(con)

    def close(self) -> None:
        con, self._con = self._con, None
        if con is not None:
            con.close()

    def _open(self) -> Connection:
        if self._con is None or not self._con.wire.open:
            row = self.ground.row
            self._con = self.ground.source.connect(
                **{"server_id": row.way_back_id, "@banyan_pass": row.pass_, "innodb_lock_wait_timeout": 5},
                lock_wait_timeout=2,  # MySQL's word for what MariaDB is told by the statement
            )
        return self._con

    def _end_of_log(self, con: Connection) -> int:
        place = head(con)
        return self.ground.row.lineage << 56 | place.number << 36 | place.offset
