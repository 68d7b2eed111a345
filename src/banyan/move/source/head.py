"""Where the source's binlog ends at this moment."""

from dataclasses import dataclass

from banyan.kernel.refusals import Unavailable
from banyan.move.source.connection import Connection
from banyan.move.source.wire import SqlError, texts

_UNKNOWN_STATEMENT = 1064
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Head:
    """`file` with its `number` (`binlog.000012` is 12), `offset` in bytes, `gtid` as the server writes it."""

    file: str
    number: int
    offset: int
    gtid: str
    server_id: int


def head(con: Connection) -> Head:
    """The binlog's end as the server says it now. Unavailable when it writes no binlog; SqlError without the privilege.

    `gtid` is the log's state at that very place: both are asked until nothing was committed in between.
    """
    gtid, server_id = _state(con)
    for _ in range(_ATTEMPTS):
        file, offset = log_end(con)
        was, (gtid, server_id) = gtid, _state(con)
        if gtid == was:
            break
    else:
        if con.wire.is_mariadb:  # a busy server; it can tell for any place, only not as quickly
            gtid = texts(con.query("SELECT BINLOG_GTID_POS(%s, %s)", file, offset)[0])[0]
    return Head(file, file_number(file), offset, gtid, int(server_id))


def log_end(con: Connection) -> tuple[str, int]:
    """The log's file and the offset in it alone: one question. Unavailable when no binlog is written."""
    try:
        rows = con.query("SHOW MASTER STATUS")
    except SqlError as error:
        if error.code != _UNKNOWN_STATEMENT or con.wire.is_mariadb:
            raise
        rows = con.query("SHOW BINARY LOG STATUS")  # its name since MySQL 8.4
    if not rows:
        raise Unavailable(f"the legacy database {con.wire.name} writes no binlog: set log_bin and restart it")
    file, offset = texts(rows[0][:2])
    return file, int(offset)


def _state(con: Connection) -> tuple[str, str]:
    gtid = "@@GLOBAL.gtid_binlog_pos" if con.wire.is_mariadb else "@@GLOBAL.gtid_executed"
    said, server_id = texts(con.query(f"SELECT {gtid}, @@GLOBAL.server_id")[0])
    return said.replace("\n", ""), server_id


def file_number(file: str) -> int:
    """`binlog.000012` → 12."""
    return int(file.rpartition(".")[2])


def file_name(file: str, number: int) -> str:
    """The name of the log's file with this number, given that of another of its files."""
    base, _, digits = file.rpartition(".")
    return f"{base}.{number:0{len(digits)}d}"
