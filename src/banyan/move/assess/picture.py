"""The service-boundary map as an SVG of our own: a column for each group, its tables, and the relations that cross over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from banyan.move.assess.belonging import REFERENCE, STAYS, Crossing
from banyan.move.assess.forecast import size
from banyan.move.assess.found import Found
from banyan.move.assess.profile import Rates

WIDTH, GAP, TOP, ROW, MARGIN = 250, 120, 150, 20, 40
SHOWN = 24  # tables of a group that have a row of their own
COLOURS = ("#0f766e", "#7c3aed", "#c2410c", "#1d4ed8", "#a16207", "#be185d", "#15803d", "#475569")
_INK, _SOFT = "#1f2933", "#5b6773"


@dataclass(frozen=True, slots=True)
class _Box:
    group: str
    x: int
    colour: str
    rows: Mapping[str, int]  # table → the middle of its row
    bottom: int
    other: int  # where the tables are that have no row


def draw(
    title: str,
    steps: Sequence[str],
    members: Mapping[str, Sequence[Found]],
    crossings: Sequence[Crossing],
    rates: Rates,
    prefix: str = "",
) -> str:
    """`steps`: groups in the order of extraction, left to right. Well-formed whatever the names hold."""
    among = [c for c in crossings if STAYS not in (c.reader, c.owner)]
    crossed = {table for c in among for r in c.relations for table in (r.child, r.parent)}
    shown = {group: _shown(members[group], crossed) for group in steps if group in members}
    boxes = {group: _box(group, place, shown[group]) for place, group in enumerate(shown)}
    width = max(2 * MARGIN + len(boxes) * WIDTH + max(len(boxes) - 1, 0) * GAP, 760)
    bottom = max((box.bottom for box in boxes.values()), default=TOP)
    parts = [_head(title, sum(len(c.relations) for c in among), rates)]
    parts += [_curves(c, boxes) for c in among if c.reader in boxes and c.owner in boxes]
    parts += [
        _drawn(box, place, shown[box.group], members[box.group], rates, prefix)
        for place, box in enumerate(boxes.values(), 1)
    ]
    legend, height = _foot(members, among, boxes, bottom + 44, prefix)
    parts.append(legend)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{_safe(title)}">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _shown(tables: Sequence[Found], crossed: set[str]) -> list[Found]:
    """The tables at the boundary first, then the largest."""
    ordered = sorted(tables, key=lambda t: (t.name not in crossed, -t.bytes, t.name))
    return sorted(ordered[:SHOWN], key=lambda t: t.name)


def _box(group: str, place: int, tables: Sequence[Found]) -> _Box:
    rows = {table.name: TOP + 74 + line * ROW for line, table in enumerate(tables)}
    other = TOP + 74 + len(tables) * ROW
    return _Box(group, MARGIN + place * (WIDTH + GAP), COLOURS[place % len(COLOURS)], rows, other + 18, other)


def _head(title: str, count: int, rates: Rates) -> str:
    by = f" Changes a second by {rates.by}." if rates.by else ""
    told = (
        f"Left to right: the order of extraction, least critical first. {count} relations cross a boundary; each line leads "
        f"from the table that refers to the one it refers to, in the colour of the group that reads. Bars are sizes on disk.{by}"
    )
    lines = [
        f'<text x="{MARGIN}" y="{88 + 18 * line}" fill="{_SOFT}">{_safe(text)}</text>'
        for line, text in enumerate(_wrapped(told, 108))
    ]
    return f'<text x="{MARGIN}" y="56" font-size="22" font-weight="600" fill="{_INK}">{_safe(title)}</text>' + "".join(
        lines
    )


def _drawn(box: _Box, place: int, shown: Sequence[Found], tables: Sequence[Found], rates: Rates, prefix: str) -> str:
    changes = sum(rates.tables.get(t.name, 0.0) for t in tables)
    facts = f"{len(tables)} tables, {sum(t.rows for t in tables):,} rows, {size(sum(t.bytes for t in tables))}"
    busy = f"{changes:.2f} changes a second" if rates.by else "changes not measured"
    most = max((t.bytes for t in tables), default=1) or 1
    parts = [
        f'<rect x="{box.x}" y="{TOP}" width="{WIDTH}" height="{box.bottom - TOP}" rx="8" fill="#fbfcfd" stroke="{box.colour}"/>',
        f'<text x="{box.x + 14}" y="{TOP + 24}" font-size="15" font-weight="600" fill="{box.colour}">'
        f"{place}. {_safe(box.group)}</text>",
        f'<text x="{box.x + 14}" y="{TOP + 41}" font-size="11" fill="{_SOFT}">{_safe(facts)}</text>',
        f'<text x="{box.x + 14}" y="{TOP + 56}" font-size="11" fill="{_SOFT}">{_safe(busy)}</text>',
    ]
    for table in shown:
        y = box.rows[table.name]
        bar = max(2, round(56 * (table.bytes / most) ** 0.5))
        parts.append(
            f'<rect x="{box.x + WIDTH - 14 - bar}" y="{y - 4}" width="{bar}" height="8" rx="2" fill="{box.colour}" '
            f'opacity="0.25">'
            f"<title>{_safe(table.name)}: about {table.rows:,} rows, {size(table.bytes)}</title></rect>"
            f'<text x="{box.x + 14}" y="{y + 4}" fill="{_INK}">{_safe(_cut(table.name.removeprefix(prefix), 26))}</text>'
        )
    if len(tables) > len(shown):
        parts.append(
            f'<text x="{box.x + 14}" y="{box.other + 4}" fill="{_SOFT}">and {len(tables) - len(shown)} more</text>'
        )
    return "".join(parts)


def _curves(crossing: Crossing, boxes: Mapping[str, _Box]) -> str:
    """A line for each pair of tables, the thicker the more columns."""
    reader, owner = boxes[crossing.reader], boxes[crossing.owner]
    pairs: dict[tuple[str, str], list[str]] = {}
    for relation in crossing.relations:
        pairs.setdefault((relation.child, relation.parent), []).append(relation.column)
    parts = []
    right = owner.x > reader.x
    for (child, parent), columns in pairs.items():
        x1, x2 = (reader.x + WIDTH, owner.x) if right else (reader.x, owner.x + WIDTH)
        y1, y2 = reader.rows.get(child, reader.other), owner.rows.get(parent, owner.other)
        bend = GAP * (0.55 if abs(x2 - x1) <= GAP else 0.9) * (1 if right else -1)
        tip = -7 if right else 7
        parts.append(
            f'<path d="M{x1} {y1} C{x1 + bend:.0f} {y1} {x2 - bend:.0f} {y2} {x2 + tip} {y2}" fill="none" '
            f'stroke="{reader.colour}" stroke-width="{1 + 0.5 * min(len(columns) - 1, 4)}" opacity="0.55">'
            f"<title>{_safe(child)}.{_safe(', '.join(columns))} → {_safe(parent)}</title></path>"
            f'<path d="M{x2} {y2} l{tip} -3.5 v7 z" fill="{reader.colour}" opacity="0.75"/>'
        )
    return "".join(parts)


def _foot(
    members: Mapping[str, Sequence[Found]], among: Sequence[Crossing], boxes: Mapping[str, _Box], y: int, prefix: str
) -> tuple[str, int]:
    """Which group reads which, and the tables that are in no column. With the height of the whole."""
    parts = []
    for crossing in among:
        colour = boxes[crossing.reader].colour if crossing.reader in boxes else _SOFT
        told = f"{crossing.reader} refers to {crossing.owner}: {len(crossing.relations)}"
        parts.append(
            f'<rect x="{MARGIN}" y="{y - 9}" width="14" height="4" rx="2" fill="{colour}"/>'
            f'<text x="{MARGIN + 22}" y="{y}" fill="{_INK}">{_safe(told)}</text>'
        )
        y += 19
    for group, what in ((REFERENCE, "Reference tables, copied to all"), (STAYS, "Stay behind")):
        tables = members.get(group, ())
        if tables:
            listed = ", ".join(t.name.removeprefix(prefix) for t in sorted(tables, key=lambda t: t.name)[:40])
            told = f"{what} ({len(tables)}): {listed}" + (" …" if len(tables) > 40 else "")
            y += 8
            for line in _wrapped(told, 130):
                parts.append(f'<text x="{MARGIN}" y="{y}" font-size="11" fill="{_SOFT}">{_safe(line)}</text>')
                y += 16
    return "".join(parts), y + MARGIN // 2


def _wrapped(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _safe(text: str) -> str:
    """As XML takes it: no control characters, no lone surrogates."""
    printable = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return escape(printable, {'"': "&quot;"})
