"""One table of all shops: how much each does, what that costs, and how far ours is from the best of the others."""

from typing import Any

from bench.peers.asked import OPERATIONS
from bench.peers.turns import CONNECTIONS, Figure, Measured

SAME = {"search never asked before": "text search, 20"}
"""What peers do for an operation that only ours has: they keep no answers, so that each search is new to them."""


def best(operation: str, peers: list[Measured]) -> tuple[str, float] | None:
    """Who of the peers does most of an operation a second, and how much; None when nobody does it."""
    known = SAME.get(operation, operation)
    rates = [(peer.figures[known].rate(), peer.name) for peer in peers if known in peer.figures and not peer.skipped]
    rate, name = max(rates, default=(0.0, ""))
    return (name, rate) if rate else None


def ratio(operation: str, ours: Measured, peers: list[Measured]) -> float | None:
    """Ours ÷ best peer, by operations a second; None where either is missing."""
    found, figure = best(operation, peers), ours.figures.get(operation)
    return figure.rate() / found[1] if found and figure and not ours.skipped else None


def thrift(operation: str, ours: Measured, peers: list[Measured]) -> float | None:
    """CPU of one operation, cheapest peer ÷ ours: steadier than the other ratio where the machine has other work."""
    known, figure = SAME.get(operation, operation), ours.figures.get(operation)
    costs = [peer.figures[known].cpu() for peer in peers if known in peer.figures and not peer.skipped]
    cheapest = min((cost for cost in costs if cost), default=None)
    return cheapest / figure.cpu() if cheapest and figure and figure.cpu() and not ours.skipped else None


def rows(ours: Measured, peers: list[Measured]) -> tuple[list[str], list[list[str]]]:
    """(heads, rows) of the table: for each shop the operations a second and, in brackets, their CPU milliseconds."""
    there = [each for each in (ours, *peers) if not each.skipped]
    heads = ["operation", *(f"{each.name} {each.version}" for each in there), "ours ÷ best peer", "by CPU"]
    made = []
    for operation in OPERATIONS:
        found, shares, cheaper = best(operation, peers), ratio(operation, ours, peers), thrift(operation, ours, peers)
        last = f"{shares:,.1f} ({found[0]})" if shares and found else ""
        cells = (_cell(each.figures.get(operation)) for each in there)
        made.append([operation, *cells, last, f"{cheaper:,.1f}" if cheaper else ""])
    made.append(["memory after, MB", *(f"{each.megabytes:,.0f}" for each in there), "", ""])
    return heads, made


def notes(ours: Measured, peers: list[Measured]) -> list[str]:
    """What is not to be seen in the table: remarks, wrong answers, and who is missing why."""
    lines = []
    for each in (ours, *peers):
        if each.skipped:
            lines.append(f"{each.name}: skipped: {each.skipped}")
            continue
        crowded = [name for name, figure in each.figures.items() if figure.connections > CONNECTIONS[0]]
        with_more = f"; did more with {CONNECTIONS[1]} connections than with {CONNECTIONS[0]}: {', '.join(crowded)}"
        lines.append(f"{each.name}: {each.remark}{with_more if crowded else ''}")
        lines += [
            f"{each.name}: {figure.wrong:,} wrong answers to {operation} (not counted), such as: {figure.sample}"
            for operation, figure in each.figures.items()
            if figure.wrong
        ]
    return lines


def as_json(ours: Measured, peers: list[Measured], loads: tuple[float, float]) -> dict[str, Any]:
    return {
        "load_average": {"before": loads[0], "after": loads[1]},
        "shops": {
            each.name: {"skipped": each.skipped}
            if each.skipped
            else {
                "version": each.version,
                "remark": each.remark,
                "megabytes": each.megabytes,
                "operations": {name: _told(figure) for name, figure in each.figures.items()},
            }
            for each in (ours, *peers)
        },
        "ratios": {operation: ratio(operation, ours, peers) for operation in OPERATIONS},
        "cpu_ratios": {operation: thrift(operation, ours, peers) for operation in OPERATIONS},
        "best_peers": {operation: (best(operation, peers) or (None,))[0] for operation in OPERATIONS},
    }


def _cell(figure: Figure | None) -> str:
    if figure is None or not figure.done:
        return ""
    rate = f"{figure.rate():,.0f}" if figure.rate() >= 100 else f"{figure.rate():.1f}"
    return f"{rate} ({figure.cpu():.2f})" if figure.cpu() < 10 else f"{rate} ({figure.cpu():,.0f})"


def _told(figure: Figure) -> dict[str, Any]:
    return {
        "per_second": figure.rate(),
        "done": figure.done,
        "wrong": figure.wrong,
        "app_cpu_ms": figure.app_cpu * 1000 / figure.done if figure.done else None,
        "database_cpu_ms": figure.database_cpu * 1000 / figure.done if figure.done else None,
        "p95_ms": max(figure.p95, default=0.0) * 1000,
        "connections": figure.connections,
    }
