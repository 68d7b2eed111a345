"""Hazards of what the rows hold: dates on no calendar, text that is not what its column says, clashes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from banyan.move.assess.asking import quoted
from banyan.move.assess.found import Survey
from banyan.move.assess.hazards import Hazard, names
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Clash, Samples, Tally


def check(seen: Survey, samples: Samples) -> Iterator[Hazard]:
    """All hazards of the rows that were looked at."""
    for kind, part in (
        ("zero-date", "zero_dates"),
        ("partial-date", "partial_dates"),
        ("utf8-invalid", "invalid"),
        ("emoji-lost", "emoji_lost"),
    ):
        yield from _counted(kind, [(tally, getattr(tally, part)) for tally in samples.tallies])
    double, single = [], []
    for tally in samples.tallies:
        columns = {c.name: c.charset for c in seen.tables[tally.table].columns}
        double.append((tally, {c: n for c, n in tally.mojibake.items() if (columns[c] or "").startswith("utf8")}))
        single.append((tally, {c: n for c, n in tally.mojibake.items() if not (columns[c] or "").startswith("utf8")}))
    yield from _counted("latin1-holds-utf8", single, seen)
    yield from _counted("mojibake", double, seen)
    for clash in samples.clashes:
        yield from _clash(clash)


def _counted(
    kind: str, found: Sequence[tuple[Tally, Mapping[str, int]]], seen: Survey | None = None
) -> Iterator[Hazard]:
    odd = [(tally, columns) for tally, columns in found if columns]
    if not odd:
        return
    told = names(
        f"{tally.table}.{column} {count} of {tally.scanned}"
        for tally, columns in odd
        for column, count in columns.items()
    )
    yield hazard(
        kind,
        told,
        *filter(None, (_fix(kind, tally, column, seen) for tally, columns in odd for column in columns)),
        tables=[tally.table for tally, _ in odd],
        sampled=not all(tally.whole for tally, _ in odd),
        rows=sum(chain.from_iterable(columns.values() for _, columns in odd)),
    )


def _fix(kind: str, tally: Tally, column: str, seen: Survey | None) -> str:
    table, name = quoted(tally.table), quoted(column)
    there = seen.tables[tally.table].column(column) if seen else None
    match kind:
        case "partial-date":
            return f"UPDATE {table} SET {name} = <a date> WHERE {name} <> 0 AND (MONTH({name}) = 0 OR DAY({name}) = 0);"
        case "latin1-holds-utf8" if there is not None:
            blob = {"char": "VARBINARY(1020)", "varchar": "VARBINARY(65000)"}.get(there.type, "LONGBLOB")
            return (
                f"ALTER TABLE {table} MODIFY {name} {blob}; ALTER TABLE {table} MODIFY {name} {there.full}"
                f" CHARACTER SET utf8mb4 {'NULL' if there.nullable else 'NOT NULL'}; -- when all of its rows are UTF-8"
            )
        case "mojibake":
            read = f"CONVERT({name} USING latin1)"  # the bytes that were misread
            return (
                f"UPDATE IGNORE {table} SET {name} = CONVERT(CAST({read} AS BINARY) USING utf8mb4)"
                f" WHERE LENGTH({name}) <> CHAR_LENGTH({name})"
                f" AND CAST(CONVERT({read} USING utf8mb4) AS BINARY) = CAST({name} AS BINARY)"
                f" AND CAST(CONVERT(CAST({read} AS BINARY) USING utf8mb4) AS BINARY) = CAST({read} AS BINARY);"
            )
        case "utf8-invalid":
            return (
                f"SELECT * FROM {table} WHERE CAST(CONVERT(CAST({name} AS BINARY) USING utf8mb4) AS BINARY)"
                f" <> CAST({name} AS BINARY); -- then write them anew"
            )
        case _:
            return ""


def _clash(clash: Clash) -> Iterator[Hazard]:
    table, column = quoted(clash.table), quoted(clash.column)
    place, shown = f"{clash.table}.{clash.column}", names(clash.examples)
    if clash.exact:
        same = f"CAST({column} AS BINARY)"
        sql = f"SELECT {column}, COUNT(*) FROM {table} GROUP BY {same} HAVING COUNT(*) > 1; -- then keep one of each"
        yield hazard(
            f"{clash.what}-duplicate",
            f"{place}: {clash.exact} rows too many, as {shown}",
            sql,
            tables=[clash.table],
            rows=clash.exact,
        )
    if clash.folded > clash.exact:
        more = clash.folded - clash.exact
        sql = f"SELECT LOWER(TRIM({column})), COUNT(*) FROM {table} GROUP BY 1 HAVING COUNT(*) > 1; -- then keep one of each"
        yield hazard(
            f"{clash.what}-clash",
            f"{place}: {more} rows more that differ only in case or spaces, as {shown}",
            sql,
            tables=[clash.table],
            rows=more,
        )
