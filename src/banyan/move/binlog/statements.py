"""What a statement in the log does to tables, as far as a follower must know it. The log has statements for changes of
schema and for the bounds of transactions; row changes should not come this way at all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

Name = tuple[str, str]
"""Database and table."""


class Deed(Enum):
    BEGIN = 1
    COMMIT = 2
    ROLLBACK = 3
    SAVEPOINT = 4
    ROLLBACK_TO = 5
    XA_COMMIT = 6
    XA_ROLLBACK = 7
    XA_OTHER = 8
    NOTHING = 9  # to no table's rows or columns
    CHANGE = 10  # tables are altered, renamed, dropped, made
    EMPTY = 11  # TRUNCATE
    DROP_DATABASE = 12
    ROWS = 13  # row changes written as a statement
    UNKNOWN = 14


@dataclass(frozen=True, slots=True)
class Statement:
    """`tables`: those it changes; `what`: a savepoint's name, a transaction's XA name, a database."""

    deed: Deed
    tables: tuple[Name, ...] = ()
    what: str = ""


_TOKEN = re.compile(
    r"""/\*(?!M?!).*?\*/ | --[ \t\n][^\n]* | \#[^\n]* | /\*M?!\d* | \*/ | \s+ |
    (?P<quoted>`(?:[^`]|``)*`) |
    (?P<text>[xX]?'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*") |
    (?P<word>[\w$@\x80-\U0010ffff]+) | (?P<sign>.)""",
    re.X | re.S,
)
_ROWS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "WITH", "SELECT", "EXECUTE", "VALUES", "DO")
_NOTHING = (
    "GRANT", "REVOKE", "SET", "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "INSTALL", "UNINSTALL", "USE", "KILL",
    "PURGE", "RESET", "SHOW", "LOCK", "UNLOCK",
)  # fmt: skip
_OF_TABLES = ("TABLE", "TABLES")
# Clauses of ALTER TABLE after which rows are read and written as before.
_HARMLESS = re.compile(
    r"(ADD|DROP)( UNIQUE| FULLTEXT| SPATIAL)?( INDEX| KEY)\b(?!.* PRIMARY)|ADD (UNIQUE|FULLTEXT|SPATIAL)\b"
    r"|(ENABLE|DISABLE) KEYS$|AUTO_INCREMENT( =)? \d+$|COMMENT( =)? '|(ADD|DROP) (CONSTRAINT|FOREIGN)\b(?!.* PRIMARY)"
    r"|ALGORITHM\b|LOCK\b|FORCE$|ROW_FORMAT\b"
)


def read(sql: str, database: str) -> Statement:
    """Read a statement; `database` is the one it was run in."""
    tokens = _tokens(sql)
    words = [word for _, word in zip(range(12), tokens, strict=False)]
    if not words:
        return Statement(Deed.NOTHING)
    first = words[0].upper()
    if first == "SET" and len(words) > 1 and words[1].upper() == "STATEMENT":
        return _after_for(sql, database)
    if first in ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA"):
        return _bound(first, words, sql)
    if first in _ROWS:
        return Statement(Deed.ROWS)
    if first in _NOTHING:
        return Statement(Deed.NOTHING)
    if first in ("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"):
        return _definition(first, list(_tokens(sql)), database)
    return Statement(Deed.UNKNOWN)


def _tokens(sql: str) -> Iterator[str]:
    """Words and signs; `quoted names` keep their first backtick as a mark."""
    for found in _TOKEN.finditer(sql):
        if found["quoted"]:
            yield "`" + found["quoted"][1:-1].replace("``", "`")
        elif found["text"] or found["word"] or found["sign"]:
            yield found[0]


def _after_for(sql: str, database: str) -> Statement:
    """SET STATEMENT variable=value FOR another statement."""
    for found in _TOKEN.finditer(sql):
        if found["word"] and found["word"].upper() == "FOR":
            return read(sql[found.end() :], database)
    return Statement(Deed.UNKNOWN)


def _bound(first: str, words: list[str], sql: str) -> Statement:
    second = words[1].upper() if len(words) > 1 else ""
    if first in ("BEGIN", "START"):
        return Statement(Deed.UNKNOWN if second in ("NOT",) else Deed.BEGIN)
    if first == "COMMIT":
        return Statement(Deed.COMMIT)
    if first == "RELEASE":
        return Statement(Deed.NOTHING)
    if first == "SAVEPOINT":
        return Statement(Deed.SAVEPOINT, what=_bare(words[1]))
    if first == "ROLLBACK":
        if second == "TO":
            return Statement(Deed.ROLLBACK_TO, what=_bare(words[-1]))
        return Statement(Deed.ROLLBACK)
    deed = {"COMMIT": Deed.XA_COMMIT, "ROLLBACK": Deed.XA_ROLLBACK}.get(second, Deed.XA_OTHER)
    return Statement(deed, what=sql.split(None, 2)[2].strip() if len(words) > 2 else "")


def _definition(first: str, words: list[str], database: str) -> Statement:
    rest = _Rest(words[1:], database)
    if first == "RENAME":
        return Statement(Deed.CHANGE, rest.renamed()) if rest.skip(*_OF_TABLES) else Statement(Deed.NOTHING)
    if first == "TRUNCATE":
        rest.skip("TABLE")
        return Statement(Deed.EMPTY, (rest.name(),))
    replaces = rest.skip("OR") and rest.skip("REPLACE")
    temporary = False
    while rest.next_is("TEMPORARY", "ONLINE", "OFFLINE", "IGNORE"):
        temporary = temporary or rest.next_is("TEMPORARY")
        rest.take()
    if rest.next_is("DATABASE", "SCHEMA"):
        return _of_database(first, bool(replaces), rest)
    if temporary or not rest.skip(*_OF_TABLES):
        return Statement(Deed.NOTHING)
    if rest.skip("IF"):
        exists_not = rest.skip("NOT")
        rest.take()
        if first == "CREATE" and exists_not and not replaces:
            return Statement(Deed.NOTHING)  # a table that is there stays as it is
    if first == "DROP":
        return Statement(Deed.CHANGE, rest.listed())
    name = rest.name()
    if first == "CREATE":
        return Statement(Deed.CHANGE, (name,))
    return _altered(name, rest)


def _of_database(first: str, replaces: bool, rest: "_Rest") -> Statement:
    rest.take()
    if rest.skip("IF"):
        rest.skip("NOT")
        rest.take()
    if first == "DROP" or (first == "CREATE" and replaces):
        return Statement(Deed.DROP_DATABASE, what=_bare(rest.take()))
    return Statement(Deed.NOTHING)


def _altered(name: Name, rest: "_Rest") -> Statement:
    touched = [name]
    clauses: list[list[str]] = [[]]
    depth = 0
    for word in rest.words:
        depth += (word == "(") - (word == ")")
        if word == "," and not depth:
            clauses.append([])
        else:
            clauses[-1].append(word)
    harmless = True
    for clause in clauses:
        upper = " ".join(word if word[0] in "`'\"" else word.upper() for word in clause)
        harmless = harmless and bool(_HARMLESS.match(upper))
        inside = _Rest(clause, name[0])
        if inside.skip("RENAME") and not inside.next_is("COLUMN", "INDEX", "KEY"):
            inside.skip("TO", "AS", "=")
            touched.append(inside.name())
        elif upper.startswith(("EXCHANGE PARTITION", "CONVERT TABLE")):
            while inside.words and not inside.skip("TABLE"):
                inside.take()
            touched.append(inside.name())
    return Statement(Deed.NOTHING) if harmless else Statement(Deed.CHANGE, tuple(touched))


@dataclass(slots=True)
class _Rest:
    """What of a statement is still to be read."""

    words: list[str]
    database: str

    def next_is(self, *these: str) -> bool:
        return bool(self.words) and self.words[0].upper() in these

    def skip(self, *these: str) -> bool:
        """Take the next word if it is one of these."""
        if self.next_is(*these):
            self.take()
            return True
        return False

    def take(self) -> str:
        return self.words.pop(0) if self.words else ""

    def name(self) -> Name:
        first = _bare(self.take())
        if self.words[:1] == ["."]:
            self.take()
            return first, _bare(self.take())
        return self.database, first

    def listed(self) -> tuple[Name, ...]:
        names = [self.name()]
        while self.skip(","):
            names.append(self.name())
        return tuple(names)

    def renamed(self) -> tuple[Name, ...]:
        if self.skip("IF"):
            self.take()
        names: list[Name] = []
        while self.words:
            names.append(self.name())
            while self.words and not self.next_is("TO", ","):
                self.take()  # WAIT n, NOWAIT
            self.take()
        return tuple(names)


def _bare(word: str) -> str:
    if word[:1] == "`":
        return word[1:]
    if word[:1] == '"' and word[-1:] == '"':
        return word[1:-1].replace('""', '"')
    return word
