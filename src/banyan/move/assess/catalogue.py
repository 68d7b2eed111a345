"""The schema, out of information_schema: tables with their columns and keys, foreign keys, triggers, events, routines."""

from collections import defaultdict

from banyan.move.assess.asking import Asking, number
from banyan.move.assess.found import OURS, ForeignKey, Found, Program
from banyan.move.rows import Column

_TABLES = """
    SELECT table_name, table_type, engine, table_rows, data_length, index_length, auto_increment, create_options
    FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"""
_COLUMNS = """
    SELECT table_name, column_name, data_type, column_type, character_set_name, collation_name, is_nullable,
        column_default, extra
    FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"""
_KEYS = """
    SELECT table_name, index_name, column_name, nullable, sub_part FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND non_unique = 0
    ORDER BY table_name, index_name <> 'PRIMARY', index_name, seq_in_index"""
_FOREIGN_KEYS = """
    SELECT r.constraint_name, k.table_name, k.column_name, k.referenced_table_name, k.referenced_column_name,
        r.delete_rule, r.update_rule
    FROM information_schema.referential_constraints r
    JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema
        AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
    WHERE r.constraint_schema = DATABASE() ORDER BY k.table_name, r.constraint_name, k.ordinal_position"""
_TRIGGERS = """
    SELECT trigger_name, event_object_table, action_statement, action_timing, event_manipulation
    FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY trigger_name"""
_EVENTS = """
    SELECT event_name, event_definition FROM information_schema.events
    WHERE event_schema = DATABASE() AND status = 'ENABLED' ORDER BY event_name"""
_ROUTINES = """
    SELECT routine_type, routine_name, routine_definition FROM information_schema.routines
    WHERE routine_schema = DATABASE() ORDER BY routine_name"""


def tables(ask: Asking) -> tuple[dict[str, Found], tuple[str, ...]]:
    """Tables by name, and the names of views. Our own tables there are left out."""
    columns: dict[str, list[Column]] = defaultdict(list)
    extras: dict[str, dict[str, str]] = defaultdict(dict)
    for table, name, sort, full, charset, collation, nullable, default, extra in ask.texts(_COLUMNS):
        generated = "GENERATED" in (extra or "").upper()
        columns[table or ""].append(
            Column(
                name=name or "",
                type=(sort or "").lower(),
                full=full or "",
                charset=charset,
                collation=collation,
                nullable=nullable == "YES",
                default=None if default is None else default.encode(),
                generated=generated,
            )
        )
        if extra:
            extras[table or ""][name or ""] = extra
    keys = _keys(ask)
    found, views = {}, []
    for name, sort, engine, rows, size, index, increment, options in ask.texts(_TABLES):
        assert name is not None
        if "VIEW" in (sort or ""):
            views.append(name)
        elif not name.startswith(OURS):
            found[name] = Found(
                name=name,
                sort=sort or "",
                engine=engine or "",
                rows=number(rows),
                bytes=number(size),
                index_bytes=number(index),
                auto_increment=number(increment),
                options=options or "",
                columns=tuple(columns[name]),
                key=keys.get(name, ()),
                extras=extras.get(name, {}),
            )
    return found, tuple(views)


def _keys(ask: Asking) -> dict[str, tuple[str, ...]]:
    """For each table the columns of its primary key, else of its shortest unique key that holds no NULL and whole values."""
    whole: dict[tuple[str, str], list[str]] = defaultdict(list)
    unfit = set()
    for table, index, column, nullable, part in ask.texts(_KEYS):
        key = (table or "", index or "")
        whole[key].append(column or "")
        if nullable == "YES" or part is not None or column is None:
            unfit.add(key)
    best: dict[str, tuple[str, ...]] = {}
    for (table, index), columns in whole.items():
        if (table, index) in unfit:
            continue
        if (
            index == "PRIMARY"
            or table not in best
            or ((table, "PRIMARY") not in whole and len(columns) < len(best[table]))
        ):
            best[table] = tuple(columns)
    return best


def foreign_keys(ask: Asking) -> tuple[ForeignKey, ...]:
    """Those that are declared, columns in order."""
    parts: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
    for row in ask.tried("foreign keys", _FOREIGN_KEYS) or ():
        texts = tuple(value or "" for value in row)
        parts[texts[1], texts[0]].append(texts)
    return tuple(
        ForeignKey(
            name=rows[0][0],
            table=rows[0][1],
            columns=tuple(row[2] for row in rows),
            to=rows[0][3],
            to_columns=tuple(row[4] for row in rows),
            on_delete=rows[0][5],
            on_update=rows[0][6],
        )
        for rows in parts.values()
    )


def programs(ask: Asking) -> tuple[Program, ...]:
    """What runs inside the server by itself or when called. Our own fences are left out."""
    found = []
    for name, table, text, timing, event in ask.tried("triggers", _TRIGGERS) or ():
        found.append(Program("trigger", name or "", table or "", text or "", f"{timing} {event}"))
    for name, text in ask.tried("events", _EVENTS) or ():
        found.append(Program("event", name or "", "", text or ""))
    for sort, name, text in ask.tried("routines", _ROUTINES) or ():
        found.append(Program((sort or "").lower(), name or "", "", text or ""))
    return tuple(program for program in found if not program.name.startswith(OURS))
