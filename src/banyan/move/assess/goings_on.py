"""What is going on at the server just now: who reads its log, what is open, what was logged lately, what we are refused."""

import re
from collections.abc import Mapping

from banyan.move.assess.asking import Asking, number

_WRITES = re.compile(r"^\s*(?:/\*.*?\*/\s*)*(INSERT|UPDATE|DELETE|REPLACE|LOAD\s+DATA)\b", re.IGNORECASE | re.DOTALL)
_TRUNCATE = re.compile(r"^\s*TRUNCATE\b", re.IGNORECASE)
_USE = re.compile(r"^use\s+`((?:[^`]|``)+)`\s*;\s*", re.IGNORECASE)
_VALUE = re.compile(r"""'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)""", re.DOTALL)
_EVENTS_READ = 3000  # of the newest log file; a bounded look, not a proof


def filters(ask: Asking) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """binlog_do_db and binlog_ignore_db."""
    rows = ask.tried("binlog filters", "SHOW MASTER STATUS", "SHOW BINARY LOG STATUS")
    if not rows:
        return (), ()
    do, ignore = (tuple(name for name in (rows[0][place] or "").split(",") if name) for place in (2, 3))
    return do, ignore


def logged(ask: Asking, database: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Writes that were logged as statements, and TRUNCATEs, among the first events of the newest log file."""
    logs = ask.tried("binlog files", "SHOW BINARY LOGS")
    if not logs:
        return (), ()
    rows = ask.tried("the newest log", f"SHOW BINLOG EVENTS IN '{logs[-1][0]}' LIMIT {_EVENTS_READ}") or []
    writes, truncates = [], []
    for row in rows:
        if row[2] != "Query":
            continue
        text = row[5] or ""
        used = _USE.match(text)
        if used and used[1].replace("``", "`") != database:
            continue
        text = _USE.sub("", text)
        if _WRITES.match(text):
            writes.append(without_values(text))
        elif _TRUNCATE.match(text):
            truncates.append(text)
    return tuple(writes), tuple(truncates)


def without_values(sql: str) -> str:
    """A statement without the text in it, cut off in the middle too: what is found is passed around, and may be a password."""
    return _VALUE.sub("'…'", sql)


def readers(ask: Asking) -> tuple[int, ...]:
    """Server ids of those who read the log; 0 for each where we may only count them."""
    for sql in ("SHOW REPLICA HOSTS", "SHOW REPLICAS", "SHOW SLAVE HOSTS"):
        if not ask.permitted(sql):
            return tuple(number(row[0]) for row in ask.texts(sql))
    sql = "SELECT 0 FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
    return tuple(0 for _ in ask.tried("who reads the log", sql) or ())


def is_replica(ask: Asking) -> bool:
    """Whether it takes changes from another server now."""
    rows = ask.tried("whether it is a replica", "SHOW GLOBAL STATUS LIKE 'Slave%running'") or []
    return any(value not in (None, "OFF", "0") for _, value in rows)


def transactions(ask: Asking) -> tuple[tuple[str, int, str], ...]:
    """Open transactions of others, longest first."""
    rows = ask.tried(
        "open transactions",
        """SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, SYSDATE()), LEFT(COALESCE(trx_query, ''), 200)
        FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID() ORDER BY trx_started LIMIT 50""",
    )
    return tuple((row[0] or "", number(row[1]), without_values(row[2] or "")) for row in rows or ())


def prepared(ask: Asking) -> tuple[str, ...]:
    """XA transactions that wait for their end, as XA COMMIT wants them."""
    rows = ask.tried("prepared transactions", "XA RECOVER FORMAT='SQL'", "XA RECOVER") or []
    return tuple(
        (row[3] or "") if (row[3] or "").upper().startswith(("'", "X'", "0X")) else f"'{row[3]}'" for row in rows
    )


def disks(ask: Asking) -> tuple[tuple[str, int, int], ...]:
    """Where the server tells of its disks (MariaDB's plugin `disks`): path, bytes, bytes free."""
    sql = "SELECT path, total * 1024, available * 1024 FROM information_schema.disks"
    if ask.permitted(sql):
        return ()
    return tuple((row[0] or "", number(row[1]), number(row[2])) for row in ask.texts(sql))


def refused(ask: Asking, variables: Mapping[str, str]) -> dict[str, str]:
    """What our account was refused when tried, harmlessly."""
    trials = {
        "server_id": f"SET SESSION server_id = {number(variables.get('server_id')) or 1}",
        "transactions": "SELECT 1 FROM information_schema.innodb_trx LIMIT 0",
    }
    return {what: why for what, sql in trials.items() if (why := ask.permitted(sql))}
