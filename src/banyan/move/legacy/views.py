"""How a row belongs to aggregates by an adapter's views, and which aggregates a change concerns. Pure."""

from banyan.move.legacy import Use, View
from banyan.move.rows import Row, Table, Unreadable, Values

Concerned = list[tuple[str, str, str]]
"""Aggregates: (kind, key, group)."""


def key_of(view: View, row: Row) -> str | None:
    """The key of the aggregate that a row belongs to by a view. Unreadable where none can be told, whatever the reason."""
    if not isinstance(view.key, str):
        try:
            key = view.key(row)
        except Unreadable:
            raise
        except Exception as error:  # a row that an adapter stumbles over is one bad row, not the end of the stream
            raise Unreadable(f"{row.table.name}: whose {view.kind} it is cannot be told ({error!r})") from error
    elif row[view.key] is None:
        return None
    else:
        key = row.text(view.key)
    if key is not None and "\x00" in key:
        raise Unreadable(f"{row.table.name}: the key of its {view.kind} holds a NUL character")
    return key


def parent(use: Use, row: Row) -> str | None:
    """The key by which a row is found again: that of the first aggregate it belongs to."""
    for view in use.views:
        key = key_of(view, row)
        if key is not None:
            return key
    return None


def kept(use: Use, table: Table, values: Values) -> bool:
    """Whether a row is mirrored. One of which that cannot be told is not: it may hold a secret."""
    if use.keeps is None:
        return True
    try:
        return use.keeps(Row(table, values))
    except Unreadable:
        return False


def belongs(use: Use, row: Row, kind: str, key: str) -> bool:
    """Whether a row that was found by its parent belongs to this aggregate, and not to another kind's with that key."""
    return any(view.kind == kind and key_of(view, row) == key for view in use.views)


def differing(table: Table, before: Values, after: Values) -> set[str]:
    """The columns in which two rows of a table differ."""
    return {column.name for column, old, new in zip(table.columns, before, after, strict=True) if old != new}


def is_noise(use: Use, table: Table, before: Values | None, after: Values | None) -> bool:
    """Whether a change concerns nobody, only noise being different."""
    return before is not None and after is not None and use.noise.issuperset(differing(table, before, after))


def concerned(use: Use, table: Table, before: Values | None, after: Values | None) -> Concerned:
    """The aggregates that a change concerns: those the row belonged to, and those it belongs to now.

    Unreadable where the row as it is now cannot be placed; where it belonged before cannot have been told either.
    """
    changed = None
    if before is not None and after is not None:
        changed = differing(table, before, after) - use.noise
        if not changed:
            return []
    found: dict[tuple[str, str], str] = {}
    old = None if before is None else Row(table, before)
    new = None if after is None else Row(table, after)
    for view in use.views:
        was = None if old is None else _lenient(view, old)
        now = None if new is None else key_of(view, new)
        if changed is not None and was == now and view.columns and not changed & view.columns:
            continue
        for key in (was, now):
            if key is not None:
                found[view.kind, key] = view.group
    return [(kind, key, group) for (kind, key), group in found.items()]


def _lenient(view: View, row: Row) -> str | None:
    try:
        return key_of(view, row)
    except Unreadable:
        return None
