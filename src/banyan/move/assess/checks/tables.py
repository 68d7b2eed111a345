"""Hazards of tables: engines, keys, what the server writes by itself, names and numbers."""

from collections.abc import Callable, Iterable, Iterator

from banyan.move.assess.asking import quoted
from banyan.move.assess.found import Found, Survey
from banyan.move.assess.hazards import Hazard, Severity, names
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Samples
from banyan.move.assess.statements import tables_in

FULL = 0.8  # the part of an auto-increment's range beyond which it is nearly used up
_LIMITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_SAFE = ("innodb", "rocksdb", "tokudb")
_UNSAFE = ("myisam", "aria", "mrg_myisam")


def check(seen: Survey, _: Samples) -> Iterator[Hazard]:
    """All hazards of tables."""
    if seen.missing:
        yield hazard(
            "tables-missing",
            names(seen.missing),
            "-- is BANYAN_LEGACY_SHOP the right kind of shop?",
            tables=seen.missing,
        )
    if seen.unknown:
        rows = sum(seen.tables[name].rows for name in seen.unknown)
        yield hazard(
            "tables-unknown",
            f"{len(seen.unknown)} with about {rows} rows: {names(seen.unknown)}",
            tables=seen.unknown,
            rows=rows,
        )
    every = [table for table in seen.tables.values() if table.sort != "SEQUENCE"]
    yield from _of(
        seen, "engine-unsafe", [t for t in every if t.engine.lower() in _UNSAFE], _engine, lambda t: t.engine
    )
    foreign = [t for t in every if t.engine.lower() not in (*_SAFE, *_UNSAFE)]
    yield from _of(seen, "engine-foreign", foreign, _engine, lambda t: t.engine or "none")
    yield from _of(seen, "no-key", [t for t in every if not t.key], _add_key)
    yield from _of(seen, "key-folded", [t for t in every if _folds(t)], _bin_key)
    history = [t for t in every if t.sort == "SYSTEM VERSIONED"]
    yield from _of(
        seen, "system-versioned", history, lambda t: f"-- SELECT … FROM {quoted(t.name)} FOR SYSTEM_TIME ALL keeps it"
    )
    parts = [t for t in every if "partitioned" in t.options.lower()]
    yield from _of(seen, "partitioned", parts, lambda t: f"ALTER TABLE {quoted(t.name)} REMOVE PARTITIONING;")
    cased = [t for t in every if t.name != t.name.lower() or any(c.name != c.name.lower() for c in t.columns)]
    yield from _of(seen, "name-case", cased, lambda t: f"-- {t.name}: write it in this very case everywhere", _cased)
    full = [t for t in every if _used_up(t) >= FULL]
    yield from _of(seen, "auto-increment-full", full, _widen, lambda t: f"{_used_up(t):.0%} used")
    computed = [t for t in every if any(c.generated for c in t.columns)]
    yield from _of(
        seen, "generated-column", computed, lambda t: "", lambda t: names(c.name for c in t.columns if c.generated)
    )
    yield from _cascades(seen)
    yield from _programs(seen)


def _of(
    seen: Survey,
    kind: str,
    tables: Iterable[Found],
    fix: Callable[[Found], str],
    detail: Callable[[Found], str] = lambda _: "",
) -> Iterator[Hazard]:
    """One hazard for the tables that are moved, and a note for the others."""
    every = list(tables)
    for used in (True, False):
        these = [table for table in every if seen.used(table.name) is used]
        if these:
            told = names(f"{t.name} ({detail(t)})" if detail(t) else t.name for t in these)
            yield hazard(
                kind,
                told if used else f"{told}; not moved",
                *filter(None, map(fix, these)),
                tables=[t.name for t in these],
                severity=None if used else Severity.NOTE,
                rows=sum(t.rows for t in these),
            )


def _engine(table: Found) -> str:
    return f"ALTER TABLE {quoted(table.name)} ENGINE = InnoDB;"


def _add_key(table: Found) -> str:
    return (
        f"ALTER TABLE {quoted(table.name)} ADD COLUMN banyan_key BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY;"
    )


def _folds(table: Found) -> bool:
    """Whether two keys that differ in their bytes can be the same to the server."""
    columns = (table.column(name) for name in table.key)
    return any(c is not None and c.charset is not None and not (c.collation or "").endswith("_bin") for c in columns)


def _bin_key(table: Found) -> str:
    parts = [
        f"MODIFY {quoted(c.name)} {c.full} CHARACTER SET {c.charset} COLLATE {c.charset}_bin"
        + ("" if c.nullable else " NOT NULL")
        for c in map(table.column, table.key)
        if c is not None and c.charset is not None and not (c.collation or "").endswith("_bin")
    ]
    return f"ALTER TABLE {quoted(table.name)} {', '.join(parts)}; -- only if the shop never counts on it"


def _cased(table: Found) -> str:
    return names(c.name for c in table.columns if c.name != c.name.lower())


def _used_up(table: Found) -> float:
    """The part of the range of its auto-increment column that is used."""
    name = next((name for name, extra in table.extras.items() if "auto_increment" in extra.lower()), None)
    column = table.column(name) if name else None
    if column is None or column.type not in _LIMITS or not table.auto_increment:
        return 0.0
    return table.auto_increment / (2.0 ** (_LIMITS[column.type] - (0 if column.unsigned else 1)))


def _widen(table: Found) -> str:
    name = next(name for name, extra in table.extras.items() if "auto_increment" in extra.lower())
    return f"ALTER TABLE {quoted(table.name)} MODIFY {quoted(name)} BIGINT UNSIGNED NOT NULL AUTO_INCREMENT;"


def _cascades(seen: Survey) -> Iterator[Hazard]:
    """Foreign keys that change rows by themselves. A child that is moved matters, whoever its parent is."""
    acting = [k for k in seen.foreign_keys if {k.on_delete, k.on_update} & {"CASCADE", "SET NULL", "SET DEFAULT"}]
    for used in (True, False):
        these = [key for key in acting if seen.used(key.table) is used]
        if not these:
            continue
        fixes = []
        for key in these:
            own = ", ".join(map(quoted, key.columns))
            fixes.append(
                f"ALTER TABLE {quoted(key.table)} DROP FOREIGN KEY {quoted(key.name)}, ADD FOREIGN KEY ({own})"
                f" REFERENCES {quoted(key.to)} ({', '.join(map(quoted, key.to_columns))}) ON DELETE RESTRICT ON UPDATE RESTRICT;"
                " -- and let the shop delete the children first"
            )
        told = names(f"{k.table}.{k.name} → {k.to} (on delete {k.on_delete}, on update {k.on_update})" for k in these)
        yield hazard(
            "cascade",
            told if used else f"{told}; not moved",
            *fixes,
            tables=dict.fromkeys(key.table for key in these),
            severity=None if used else Severity.NOTE,
            foreign_keys=len(these),
        )


def _programs(seen: Survey) -> Iterator[Hazard]:
    """Triggers, events and routines, with the tables that they write; views."""
    for sort in ("trigger", "event", "routine"):
        these = [
            p for p in seen.programs if p.sort == sort or (sort == "routine" and p.sort in ("procedure", "function"))
        ]
        touched = {program: [t for t in tables_in(program.text).writes if t in seen.tables] for program in these}
        for used in (True, False):
            some = [
                program
                for program, tables in touched.items()
                if any(map(seen.used, (*tables, *([program.table] if program.table else [])))) is used
                and (tables or sort == "trigger" or not program.text)
            ]
            if not some:
                continue
            told = names(
                f"{p.name}{f' {p.when} ON {p.table}' if p.table else ''} writes {names(touched[p]) or 'no table'}"
                if p.text
                else f"{p.name} (its text may not be read)"
                for p in some
            )
            yield hazard(
                sort,
                told if used else f"{told}; of tables that are not moved",
                *filter(None, (_stop(p.sort, p.name) for p in some)),
                tables=dict.fromkeys(table for p in some for table in (p.table, *touched[p]) if table),
                severity=None if used else Severity.NOTE,
                count=len(some),
            )
    if seen.views:
        yield hazard("view", names(seen.views), tables=seen.views, views=len(seen.views))


def _stop(sort: str, name: str) -> str:
    if sort == "event":
        return f"ALTER EVENT {quoted(name)} DISABLE; -- at the cutover"
    if sort == "trigger":
        return f"SHOW CREATE TRIGGER {quoted(name)}; -- decide who does this after the cutover, then DROP TRIGGER {quoted(name)};"
    return f"SHOW CREATE {sort.upper()} {quoted(name)}; -- find who calls it"
