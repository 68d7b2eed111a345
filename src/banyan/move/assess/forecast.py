"""How long the copy takes and how much room it needs, from sizes alone; deliberately on the slow side."""

from collections.abc import Iterable

from banyan.move.assess.found import Found, Survey

ROWS_A_SECOND = 15_000  # mirror, records and delivery; the bare copy is several times quicker
BYTES_A_SECOND = 8 << 20
MIRROR = 1.6  # bytes in our mirror for one in the legacy table
RECORDS = 2.0  # bytes in the services' databases, indexes and all
FOREVER = float("inf")


def copy_seconds(tables: Iterable[Found]) -> float:
    """Seconds from the first row to the last record."""
    every = list(tables)
    return max(sum(t.rows for t in every) / ROWS_A_SECOND, sum(t.bytes for t in every) / BYTES_A_SECOND, 1.0)


def disk_bytes(tables: Iterable[Found]) -> int:
    """Bytes our databases will take."""
    return int(sum(t.bytes for t in tables) * (MIRROR + RECORDS))


def retention_seconds(seen: Survey) -> float:
    """How long the legacy server keeps its log; infinite where it is never purged by age."""
    seconds = seen.variables.get("binlog_expire_logs_seconds")
    days = seen.variables.get("expire_logs_days")
    kept = float(seconds or 0) or float(days or 0) * 86_400
    return kept or FOREVER


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`, `10 days`; for people."""
    if seconds == FOREVER:
        return "for ever"
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """`312 kB`, `1.4 GB`; for people."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count:.0f} B"
