"""The triggers that a group's fence is made of, as SQL. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256

from banyan.move.cutover.owned import Holding
from banyan.move.rows import Column

CODE = 31001
"""The error that a fenced writer gets (SQLSTATE 45000)."""
ROW, HITS = "banyan_fence", "banyan_fence_hits"


@dataclass(frozen=True, slots=True)
class Trigger:
    name: str
    table: str
    sql: str


def triggers(group: str, holdings: Iterable[Holding], pass_: str, *, counting: bool) -> list[Trigger]:
    """The triggers that make a group's fence; a name tells one definition from another."""
    return [trigger for holding in holdings for trigger in _triggers(group, holding, pass_, counting)]


def _triggers(group: str, holding: Holding, pass_: str, counting: bool) -> Iterator[Trigger]:
    table = holding.table.name
    places = holding.table.place
    same = " AND ".join(_same(holding.table.columns[places[name]]) for name in holding.columns) or "TRUE"
    for action in ("INSERT", "DELETE", "UPDATE"):
        if action != "UPDATE" and not holding.whole:
            continue
        passes = f" AND NOT ({same})" if action == "UPDATE" else ""
        noted = _NOTED.format(table=_text(table), action=action) if counting else ""
        body = _BODY.format(mark=sha256(pass_.encode()).hexdigest(), passes=passes, group=_text(group), noted=noted)
        digest = blake2b(f"{table} {body}".encode(), digest_size=6).hexdigest()
        name = f"{prefix(group)}{action[0].lower()}_{digest}"
        yield Trigger(name, table, f"CREATE TRIGGER `{name}` BEFORE {action} ON `{_quoted(table)}` FOR EACH ROW {body}")


_BODY = (
    "BEGIN DECLARE banyan_closed TINYINT DEFAULT 0; DECLARE banyan_said VARCHAR(127) CHARACTER SET utf8mb4; "
    "IF NOT (SHA2(@banyan_pass, 256) <=> '{mark}'){passes} THEN "
    # Locking, so that it sees what holds now and not what held when an old transaction began.
    f"SELECT closed, message INTO banyan_closed, banyan_said FROM {ROW} WHERE group_name = {{group}} "
    "LOCK IN SHARE MODE; "
    f"IF banyan_closed THEN {{noted}}SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {CODE}, MESSAGE_TEXT = banyan_said; "
    "END IF; END IF; END"
)
_NOTED = (
    f"INSERT INTO {HITS} (table_name, action, who, hits, first_at, last_at) "
    "VALUES ({table}, '{action}', USER(), 1, SYSDATE(), SYSDATE()) "
    "ON DUPLICATE KEY UPDATE hits = hits + 1, last_at = VALUES(last_at); "
)


def _same(column: Column) -> str:
    """Whether an update leaves a column as it is: to the byte, as collations take `Google` for `google`."""
    name = _quoted(column.name)
    if column.charset:
        return f"CAST(OLD.`{name}` AS BINARY) <=> CAST(NEW.`{name}` AS BINARY)"
    return f"OLD.`{name}` <=> NEW.`{name}`"


def prefix(group: str) -> str:
    plain = "".join(each if each.isalnum() and each.isascii() else "0" for each in group)[:20]
    return f"banyan_{plain}{blake2b(group.encode(), digest_size=2).hexdigest()}_"


def _quoted(name: str) -> str:
    return name.replace("`", "``")


def _text(said: str) -> str:
    return "'" + said.replace("\\", "\\\\").replace("'", "''") + "'"
