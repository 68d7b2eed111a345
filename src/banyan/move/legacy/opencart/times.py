"""Wall-clock times of a shop that keeps no zone with them.

The hour that an autumn repeats is taken for its first time round (summer time), and an hour that a spring leaves out for
the one after it: OpenCart itself cannot tell them apart.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from banyan.move.rows import Row, Unreadable

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""For a record that needs a time where the shop has none."""
ZERO_DAY, ZERO = b"0000-00-00", b"0000-00-00 00:00:00"


@lru_cache
def zone(name: str) -> ZoneInfo:
    """A zone by its name as `Europe/Berlin`. ValueError for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None


def moment(row: Row, column: str, clock: ZoneInfo) -> datetime | None:
    """A DATETIME in UTC; None for zero, NULL and what is on no calendar."""
    try:
        wall = row.moment(column)
    except Unreadable:
        return None
    if wall is None:
        return None
    try:
        return wall.replace(tzinfo=clock).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def first(row: Row, columns: tuple[str, ...], clock: ZoneInfo) -> datetime:
    """The first of these columns that holds a time, or NEVER."""
    for column in columns:
        if column in row and (found := moment(row, column, clock)) is not None:
            return found
    return NEVER


def wall(at: datetime, clock: ZoneInfo) -> bytes:
    """A time as the shop writes it, to the second."""
    if at == NEVER:
        return ZERO
    return at.astimezone(clock).strftime("%Y-%m-%d %H:%M:%S").zfill(19).encode()


def wall_day(at: datetime, clock: ZoneInfo) -> bytes:
    return wall(at, clock)[:10]
