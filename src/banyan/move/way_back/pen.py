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
from banyan.move.source import Connection, SqlError, argument, file_number, log_end
from banyan.move.way_back.ground import Ground
from banyan.move.way_back.reading import Known, rows_now

ROW = "banyan_fence"  # made by cutover.fence, which stands above this room

# Seconds for a statement, in one try after another. A writer whom the fence refuses may wait for rows of ours and hold the
# table where refusals are counted, for which our next statement waits: neither engine sees that, so we step back.
_WAITS = (0.1, 0.4, 1.6)
_HELD_UP = {1205, 1213, 1969}
_UNREAD = (SqlError, Refusal, Unreadable)


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

    def read(self, refs: Sequence[Ref], known: Mapping[Ref, Known]) -> list[Rows | Exception]:
        """Each aggregate's rows as they are now, or why they cannot be read: all of a kind at once, and where that fails
        each by itself."""
        found: dict[Ref, Rows | Exception] = {}
        for kind in dict.fromkeys(ref.kind for ref in refs):
            of_kind = [ref for ref in refs if ref.kind == kind]
            try:
                found |= self._read(kind, of_kind, known)
            except _UNREAD as error:
                for ref in of_kind:
                    found[ref] = error if len(of_kind) == 1 else self._read_one(ref, known)
        return [found[ref] for ref in refs]

    def _read(self, kind: str, refs: Sequence[Ref], known: Mapping[Ref, Known]) -> dict[Ref, Rows]:
        together: dict[str, list[Values]] = {}
        for ref in refs:
            for name, keys in known[ref].items():
                together.setdefault(name, []).extend(keys)
        tables = self.ground.mirrors.of_kind(kind)
        rows = rows_now(self._open(), tables, kind, [ref.key for ref in refs], together)
        return {ref: rows[ref.key] for ref in refs}

    def _read_one(self, ref: Ref, known: Mapping[Ref, Known]) -> Rows | Exception:
        try:
            return self._read(ref.kind, [ref], known)[ref]
        except _UNREAD as error:
            return error

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
        look = f"SELECT closed, writer FROM {ROW} WHERE group_name = {argument(self.group)} LOCK IN SHARE MODE"
        try:
            _, found = con.several([b"START TRANSACTION", look.encode()])
            if found != [(b"1", self.token.encode())]:
                raise Relieved(f"another process writes {self.group} back, or its fence is open")
            con.several([limit + statement for statement in wanted])
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
        file, offset = log_end(con)
        return self.ground.row.lineage << 56 | file_number(file) << 36 | offset
