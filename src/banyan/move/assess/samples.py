"""What the rows hold that their columns do not say: dates on no calendar, text in the wrong character set, clashes.

Counted by the server, one statement for each table; a table too large for that is looked at in places all over its key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from banyan.move.assess.asking import Asking, number, quoted
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.hazards import Unseen
from banyan.move.rows import Column
from banyan.move.source import SqlError

_HIDDEN = re.compile(r"(?<=.).+(?=@)")  # most of an e-mail address: what is found is passed around
WHOLE_ROWS = 400_000  # a table with more is sampled
WHOLE_BYTES = 300 << 20
PLACES, ROWS_EACH = 20, 250
_DATES = ("date", "datetime", "timestamp")
_WHOLE_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_BYTES = ("tinyblob", "blob", "mediumblob", "longblob", "varbinary")
_UTF8 = ("utf8", "utf8mb3", "utf8mb4")

# What a byte of 0x80–0xBF looks like when Windows-1252 reads it; MySQL's latin1 fills the five holes with C1 controls.
_REST = "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in range(0x80, 0xC0))
# The lead bytes C2–C5 (Latin letters), and the beginnings of quotes, dashes and emoji, read so. `é»` and `ß“` are left
# alone, so are dashes after Ä and Å, and quotes after them at a word's end: French, German and Swedish write them.
_SIGNS = "\u00a0…‘’“”»"
_LETTERS = "".join(c for c in _REST if c not in _SIGNS + "–—")
MOJIBAKE = rf"[ÂÃ][{_REST}]|[ÄÅ](?:[{_LETTERS}]|[{_SIGNS}](?=\w))|â€[{_REST}]|ðŸ[{_REST}]"


@dataclass(slots=True)
class Tally:
    """Rows of one table that are odd, by column."""

    table: str
    scanned: int = 0
    whole: bool = True
    zero_dates: dict[str, int] = field(default_factory=dict)
    partial_dates: dict[str, int] = field(default_factory=dict)
    mojibake: dict[str, int] = field(default_factory=dict)
    invalid: dict[str, int] = field(default_factory=dict)
    emoji_lost: dict[str, int] = field(default_factory=dict)
    largest: int = 0  # bytes of the largest text or blob value


@dataclass(frozen=True, slots=True)
class Clash:
    """How many rows too many share a value that must be unique with us: spelt the same, or but for case and spaces."""

    table: str
    column: str
    what: str  # email, sku
    exact: int
    folded: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Samples:
    tallies: tuple[Tally, ...] = ()
    clashes: tuple[Clash, ...] = ()
    unseen: tuple[Unseen, ...] = ()


def sample(ask: Asking, seen: Survey) -> Samples:
    """Look at the rows of the tables in use, small tables first, until they are done or the time is up."""
    tallies, unseen = [], []
    for table in sorted(seen.in_use, key=lambda each: each.bytes):
        if table.sort == "SEQUENCE":
            continue
        if ask.time_left <= 0:
            unseen.append(Unseen(f"rows of {table.name}", "no time was left"))
            continue
        try:
            tallies.append(_tally(ask, table))
        except SqlError as error:
            unseen.append(Unseen(f"rows of {table.name}", error.message))
    clashes = []
    for table, column, what in must_be_unique(seen):
        told = ask.tried(f"clashes of {table.name}.{column}", _clash_sql(table, column))
        if told is not None:
            exact, folded = number(told[0][0]), number(told[0][1])
            clashes.append(Clash(table.name, column, what, exact, folded, _examples(ask, table, column, folded)))
    return Samples(tuple(tallies), tuple(clashes), tuple(unseen))


def must_be_unique(seen: Survey) -> list[tuple[Found, str, str]]:
    """Columns whose values are unique with us: customers' e-mail addresses, products' SKUs."""
    found = []
    for table in seen.in_use:
        use = seen.uses.get(table.name)
        kinds = {view.kind for view in use.views} if use else set()
        people = "customer" in kinds or (not use and table.name.rstrip("s").endswith(("customer", "user", "account")))
        things = "product" in kinds or (not use and table.name.rstrip("s").endswith(("product", "variant", "item")))
        for column in table.columns:
            if not column.charset:
                continue
            name = column.name.lower()
            if people and name in ("email", "e_mail", "email_address", "customers_email_address"):
                found.append((table, column.name, "email"))
            elif things and name == "sku":
                found.append((table, column.name, "sku"))
    return found


def _tally(ask: Asking, table: Found) -> Tally:
    tally = Tally(table.name)
    wanted = _wanted(table, tally)
    # As text and without the alias of a derived table: a zero date compared in a derived table is a zero date still.
    asked = ", ".join(sql for sql, _, _ in wanted)
    sampled = table.rows > WHOLE_ROWS or table.bytes > WHOLE_BYTES
    sql = f"SELECT COUNT(*), {asked} FROM " if asked else "SELECT COUNT(*) FROM "
    if not sampled:
        try:
            row = ask.texts(sql + quoted(table.name))[0]
        except SqlError as error:
            if error.code not in (1969, 3024):  # its time was up, at MariaDB or MySQL
                raise
            sampled = True
    if sampled:
        tally.whole = False
        row = ask.texts(f"{sql}({_places(ask, table)}) AS places")[0]
    tally.scanned = number(row[0])
    for (_, counts, column), value in zip(wanted, row[1:], strict=True):
        if counts is None:
            tally.largest = max(tally.largest, number(value))
        elif number(value):
            counts[column] = number(value)
    return tally


def _wanted(table: Found, tally: Tally) -> list[tuple[str, dict[str, int] | None, str]]:
    """For each thing to look at: the expression, and where its count goes (None: the largest value's bytes)."""
    asked: list[tuple[str, dict[str, int] | None, str]] = []
    for column in table.columns:
        name = quoted(column.name)
        if column.type in _DATES:
            asked.append((f"SUM({name} = 0)", tally.zero_dates, column.name))
            asked.append(
                (f"SUM({name} <> 0 AND (MONTH({name}) = 0 OR DAY({name}) = 0))", tally.partial_dates, column.name)
            )
        elif column.charset and column.type not in ("enum", "set"):
            asked += _of_text(column, name, tally)
        elif column.type in _BYTES:
            asked.append((f"MAX(LENGTH({name}))", None, column.name))
            # Bytes of which few are no UTF-8 are text; of which most are none, pictures.
            asked.append(
                (
                    f"IF(SUM({_unlike(name)}) * 2 < SUM({name} <> ''), SUM({_unlike(name)}), 0)",
                    tally.invalid,
                    column.name,
                )
            )
    return asked


def _of_text(column: Column, name: str, tally: Tally) -> list[tuple[str, dict[str, int] | None, str]]:
    text = name if column.charset == "utf8mb4" else f"CONVERT({name} USING utf8mb4)"
    pattern = f"_utf8mb4 0x{MOJIBAKE.encode().hex()}"
    # The cheap question first: most values are ASCII.
    asked: list[tuple[str, dict[str, int] | None, str]] = [
        (f"MAX(LENGTH({name}))", None, column.name),
        (
            f"SUM(CASE WHEN LENGTH({text}) <> CHAR_LENGTH({name}) THEN {text} COLLATE utf8mb4_bin REGEXP {pattern} END)",
            tally.mojibake,
            column.name,
        ),
    ]
    if column.charset in _UTF8:
        asked.append((f"SUM({_unlike(name)})", tally.invalid, column.name))
    if column.charset in ("utf8", "utf8mb3"):
        asked.append((f"SUM({name} LIKE '%????%')", tally.emoji_lost, column.name))
    return asked


def _unlike(name: str) -> str:
    return f"CAST(CONVERT(CAST({name} AS BINARY) USING utf8mb4) AS BINARY) <> CAST({name} AS BINARY)"


def _places(ask: Asking, table: Found) -> str:
    """Some rows from all over the key, where that is a number; else the first ones."""
    name, first = quoted(table.name), table.key[0] if table.key else ""
    column = table.column(first) if first else None
    if column is None or column.type not in _WHOLE_NUMBERS:
        return f"SELECT * FROM {name} LIMIT {PLACES * ROWS_EACH}"
    key = quoted(first)
    low, high = (number(value) for value in ask.texts(f"SELECT MIN({key}), MAX({key}) FROM {name}")[0])
    starts = sorted({low + (high - low) * place // PLACES for place in range(PLACES)})
    ends: Sequence[int] = [*starts[1:], high + 1]
    return " UNION ALL ".join(
        f"(SELECT * FROM {name} WHERE {key} >= {start} AND {key} < {end} ORDER BY {key} LIMIT {ROWS_EACH})"
        for start, end in zip(starts, ends, strict=True)
    )


def _clash_sql(table: Found, column: str) -> str:
    """Rows too many: spelt the same, and the same but for case and outer spaces. Empty ones do not count."""
    name, of = quoted(column), quoted(table.name)
    folded = f"LOWER(TRIM(CONVERT({name} USING utf8mb4)))"
    return f"""SELECT COUNT(*) - COUNT(DISTINCT CAST({name} AS BINARY)), COUNT(*) - COUNT(DISTINCT CAST({folded} AS BINARY))
        FROM {of} WHERE TRIM({name}) <> ''"""


def _examples(ask: Asking, table: Found, column: str, clashes: int) -> tuple[str, ...]:
    if not clashes:
        return ()
    name = quoted(column)
    folded = f"CAST(LOWER(TRIM(CONVERT({name} USING utf8mb4))) AS BINARY)"
    sql = f"""SELECT {folded} FROM {quoted(table.name)} WHERE TRIM({name}) <> ''
        GROUP BY 1 HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, 1 LIMIT 3"""
    told = ask.tried(f"examples of {table.name}.{column}", sql) or ()
    return tuple(_HIDDEN.sub("…", row[0] or "") for row in told)
