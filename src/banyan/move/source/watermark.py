"""A table of our own on the source: one row, written so that something of ours is in the log; and how long that log is kept."""

from banyan.move.source.connection import Connection
from banyan.move.source.wire import SqlError, texts

TABLE = "banyan_watermark"


def prepare(con: Connection) -> None:
    """Make the table where there is none. SqlError without the privilege."""
    con.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (id tinyint NOT NULL PRIMARY KEY, mark bigint NOT NULL) ENGINE=InnoDB "
        "COMMENT='Written by the mover; it may be dropped once the move is over.'"
    )
    con.execute(f"INSERT IGNORE INTO {TABLE} VALUES (1, 0)")


def mark(con: Connection) -> None:
    """Commit a change of ours. What was in the log before is visible to every SELECT that begins after this returned."""
    con.execute(f"UPDATE {TABLE} SET mark = mark + 1 WHERE id = 1")


def logs(con: Connection) -> dict[str, int]:
    """The log's files that are still there, oldest first, with their sizes in bytes."""
    return {name: int(size) for name, size in (texts(row[:2]) for row in con.query("SHOW BINARY LOGS"))}


def kept_seconds(con: Connection) -> float | None:
    """How long the server keeps its log; None: until somebody deletes it."""
    for name, unit in (("binlog_expire_logs_seconds", 1.0), ("expire_logs_days", 86_400.0)):
        try:
            value = con.query(f"SELECT @@GLOBAL.{name}")[0][0]
        except SqlError:  # the other of the two servers' names for it
            continue
        if value and float(value) > 0:
            return float(value) * unit
    return None
