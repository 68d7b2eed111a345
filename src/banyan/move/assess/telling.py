"""A plan in lines for people, its tables aligned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from banyan.move.assess.accesslog import slowest
from banyan.move.assess.belonging import STAYS
from banyan.move.assess.extraction import crossing_queries
from banyan.move.assess.fidelity import MIRROR, lossy
from banyan.move.assess.forecast import retention_seconds, size, span
from banyan.move.assess.hazards import names

if TYPE_CHECKING:
    from banyan.move.assess.planned import Plan

LISTED = 30  # tables, routes and files in the lines; the JSON has all


def lines(plan: "Plan") -> list[str]:
    """For people."""
    parts = (
        _order_lines(plan),
        _table_lines(plan),
        _boundary_lines(plan),
        _forecast_lines(plan),
        _slow_lines(plan),
        _code_lines(plan),
        _traffic_lines(plan),
    )
    told = [
        f"{plan.seen.source}: {plan.seen.version}, {len(plan.seen.tables)} tables, {len(plan.moved)} of them are moved"
    ]
    for part in parts:
        if part:
            told += ["", *part]
    for each in plan.seen.unseen:
        told.append(f"not examined: {each.what}: {each.why}")
    return [*told, "", f"next: {plan.next_step}"]


def _order_lines(plan: "Plan") -> list[str]:
    told = ["Order of extraction, least critical first"]
    rows = [
        (
            str(place),
            step.group,
            f"{step.numbers['tables']:.0f}",
            f"{step.numbers['rows']:,.0f}",
            size(step.numbers["bytes"]),
            f"{step.numbers['writes']:.2f}" if plan.facts.rates.by else "?",
            f"{step.numbers['read_by']:.0f}",
            f"{step.numbers['reads']:.0f}",
            f"{step.score:.2f}",
        )
        for place, step in enumerate(plan.steps, 1)
    ]
    head = ("", "group", "tables", "rows", "size", "changes/s", "read by", "reads", "criticality")
    told += aligned(head, rows, left=(1,))
    for place, step in enumerate(plan.steps, 1):
        told.append(f"{place}. {step.group}: " + "; ".join(step.reasons) + ".")
    proposed = tuple(step.group for step in plan.steps)
    if plan.adapter_order and proposed != plan.adapter_order:
        told.append(
            f"The adapter was made for the order {', '.join(plan.adapter_order)}; its fences and pages assume it."
        )
    return told


def _table_lines(plan: "Plan") -> list[str]:
    moved = sorted(plan.moved, key=lambda t: (-t.bytes, t.name))
    rates = plan.facts.rates
    rows = [
        (
            t.name,
            plan.facts.belongs[t.name]
            + (f" (columns of {', '.join(plan.shared[t.name][1:])})" if t.name in plan.shared else ""),
            f"{t.rows:,}",
            size(t.bytes),
            t.engine,
            f"{rates.tables.get(t.name, 0.0):.2f}" if rates.by else "?",
        )
        for t in moved[:LISTED]
    ]
    told = ["Tables" + (f" (the {LISTED} largest of {len(moved)})" if len(moved) > LISTED else "")]
    return told + aligned(("table", "group", "rows", "size", "engine", "changes/s"), rows, left=(0, 1, 4))


def _boundary_lines(plan: "Plan") -> list[str]:
    if not plan.facts.crossings:
        return ["No relation crosses a boundary."]
    rows = [
        (
            c.reader,
            c.owner,
            str(len(c.relations)),
            names(f"{r.child.removeprefix(plan.prefix)}.{r.column}" for r in c.relations),
        )
        for c in plan.facts.crossings
    ]
    return ["Relations that cross a boundary", *aligned(("from", "to", "", "by"), rows, left=(0, 1, 3))]


def _forecast_lines(plan: "Plan") -> list[str]:
    kept = retention_seconds(plan.seen)
    told = [
        f"Copy: about {span(plan.copy_seconds)} for {sum(t.rows for t in plan.moved):,} rows;"
        f" {size(plan.disk_bytes)} of disk on our side.",
        f"The log is kept {span(kept)}"
        + (f"; slack {span(max(plan.slack_seconds, 0))}." if kept != float("inf") else "."),
    ]
    less = lossy(plan.moved)
    if less:
        told.append(f"Every type is kept {MIRROR}. What a record cannot say:")
        told += aligned(
            ("type", "columns", "what", "as"),
            [(each.type, str(len(each.columns)), each.what, names(each.columns[:3])) for each in less],
            left=(0, 2, 3),
        )
    return told


def _slow_lines(plan: "Plan") -> list[str]:
    rows = [(str(s.count), f"{s.seconds * 1000:.0f} ms", s.text[:120]) for s in plan.slow]
    return ["Statements that took most time", *aligned(("count", "each", "statement"), rows, left=(2,))] if rows else []


def _code_lines(plan: "Plan") -> list[str]:
    code = plan.facts.code
    if code is None:
        return []
    told = [
        f"Code: {len(code.queries)} queries in {code.files} files, {len(code.dynamic)} more put together at run time"
    ]
    rows = [
        (table, *(str(len(files)) for files in sides), names(sides[1]))
        for table, sides in sorted(code.by_table().items())
    ]
    rows = [row for row in rows if plan.facts.belongs.get(row[0]) not in (None, STAYS)]
    told += aligned(("table", "read by", "written by", "files that write"), rows[:LISTED], left=(0, 3))
    joined = crossing_queries(plan.facts)
    for groups, count in sorted(joined.items(), key=lambda each: -each[1]):
        told.append(f"{count} queries join {' and '.join(sorted(groups))}.")
    told += [f"put together at run time: {place.file}:{place.line} {text}" for place, text in code.dynamic[:10]]
    if len(code.dynamic) > 10:
        told.append(f"and {len(code.dynamic) - 10} more; --json has them all")
    return told


def _traffic_lines(plan: "Plan") -> list[str]:
    traffic = plan.facts.traffic
    if traffic is None:
        return []
    told = [
        f"Traffic: {traffic.requests:,} requests in {span(traffic.seconds)}, at most {traffic.peak_per_minute:,} in a minute"
        + (f"; {traffic.unread:,} lines are none of an access log" if traffic.unread else "")
        + (f"; {traffic.note}" if traffic.note else "")
    ]
    rows = [
        (
            r.method,
            r.route,
            f"{r.count:,}",
            f"{traffic.per_second(r):.2f}",
            str(r.peak_per_minute),
            *(f"{ms:.0f}" if ms is not None else "?" for ms in (r.p50_ms, r.p95_ms)),
            str(r.errors),
            r.group + (" (a GET that writes)" if r.kind == "unsafe_read" else ""),
        )
        for r in traffic.routes[:LISTED]
    ]
    head = ("", "route", "requests", "per s", "peak/min", "p50 ms", "p95 ms", "5xx", "group")
    told += aligned(head, rows, left=(0, 1, 8))
    worst = [f"{r.route} ({(r.p50_ms or 0) * r.count / 1000:.0f} s)" for r in slowest(traffic)]
    return told + ([f"Most time in all: {', '.join(worst)}."] if worst else [])


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = ()) -> list[str]:
    """Columns side by side; numbers to the right, those in `left` to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    told = []
    for row in (head, *rows):
        cells = (c.ljust(w) if at in left else c.rjust(w) for at, (c, w) in enumerate(zip(row, widths, strict=True)))
        told.append("  " + "  ".join(cells).rstrip())
    return told
