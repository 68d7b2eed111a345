"""Hazards of what the mover's account may not do there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from banyan.move.assess.found import Survey
from banyan.move.assess.hazards import Hazard, names
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Samples

_GRANT = re.compile(
    r"^GRANT (?P<rights>.+?) ON (?P<on>(?:`(?:[^`]|``)*`|\*)\.(?:`(?:[^`]|``)*`|\*)) TO ", re.IGNORECASE
)
_COLUMNS = re.compile(r"\w+(?: \w+)*\s*\([^)]*\)")  # SELECT (a, b): some columns are not the table


@dataclass(frozen=True, slots=True)
class Grant:
    rights: frozenset[str]
    database: str  # * for all; a pattern as LIKE reads it otherwise
    table: str

    def allows(self, right: str, database: str, table: str) -> bool:
        """Whether this grant gives the right on that table; `table` empty asks for the whole database."""
        if self.table not in ("*", table) or not ({right, "ALL PRIVILEGES", "ALL"} & self.rights):
            return False
        return self.database == "*" or like(self.database, database)


def read(grants: Iterable[str]) -> list[Grant]:
    """SHOW GRANTS, line by line; lines that give a role or a proxy say nothing by themselves."""
    found = []
    for line in grants:
        match = _GRANT.match(line)
        if match:
            database, _, table = match["on"].rpartition(".")
            rights = _COLUMNS.sub("", match["rights"])
            found.append(
                Grant(
                    frozenset(right.strip().upper() for right in rights.split(",") if right.strip()),
                    database.strip("`").replace("``", "`"),
                    table.strip("`").replace("``", "`"),
                )
            )
    return found


def like(pattern: str, name: str) -> bool:
    """LIKE, as database names in grants are matched: `_` and `%`, taken literally after a backslash."""
    spelt = ""
    escaped = False
    for letter in pattern:
        if escaped or letter not in "\\%_":
            spelt += re.escape(letter)
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            spelt += ".*" if letter == "%" else "."
    return re.fullmatch(spelt, name, re.DOTALL) is not None


def check(seen: Survey, _: Samples) -> Iterator[Hazard]:
    """All rights that are missing. Where grants cannot be read nothing is said here; the survey notes that."""
    if not seen.grants:
        return
    held = read(seen.grants)
    who = "@".join(f"'{part}'" for part in seen.user.rsplit("@", 1))

    def everywhere(*rights: str) -> bool:
        return any(
            grant.allows(right, "", "") for right in rights for grant in held if grant.database == "*" == grant.table
        )

    def without(right: str) -> list[str]:
        return [t.name for t in seen.in_use if not any(grant.allows(right, seen.database, t.name) for grant in held)]

    def whole(right: str) -> bool:
        return any(grant.table == "*" and grant.allows(right, seen.database, "") for grant in held)

    monitor = "BINLOG MONITOR" if seen.maria else "REPLICATION CLIENT"
    if not everywhere("REPLICATION SLAVE", "REPLICATION REPLICA"):
        yield hazard("right-replication", "REPLICATION SLAVE is missing", f"GRANT REPLICATION SLAVE ON *.* TO {who};")
    if not everywhere("BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"):
        yield hazard("right-monitor", f"{monitor} is missing", f"GRANT {monitor} ON *.* TO {who};")
    if not everywhere("PROCESS"):
        yield hazard("right-process", "PROCESS is missing", f"GRANT PROCESS ON *.* TO {who};")
    database = f"`{seen.database}`.*"
    for kind, rights in (
        ("right-select", ("SELECT",)),
        ("right-trigger", ("TRIGGER",)),
        ("right-lock", ("LOCK TABLES",)),
        ("right-write", ("INSERT", "UPDATE", "DELETE")),
    ):
        lacking = {
            right: tables
            for right in rights
            if (tables := [] if whole(right) else without(right) or ([""] if right == "LOCK TABLES" else []))
        }
        if lacking:
            tables = [t for t in next(iter(lacking.values())) if t]
            yield hazard(
                kind,
                f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing on {names(tables) or seen.database}",
                f"GRANT {', '.join(lacking)} ON {database} TO {who};",
                tables=tables,
            )
    if not whole("CREATE") or not whole("INSERT"):
        yield hazard(
            "right-mark",
            f"CREATE and INSERT on {seen.database} are missing",
            f"GRANT CREATE, INSERT ON {database} TO {who};",
        )
    if "server_id" in seen.refused:
        right = (
            f"GRANT BINLOG REPLAY ON *.* TO {who};"
            if seen.maria
            else "-- MySQL lets no session set it; see docs/moving/doctor.md"
        )
        yield hazard("right-server-id", f"a session may not set server_id: {seen.refused['server_id']}", right)
