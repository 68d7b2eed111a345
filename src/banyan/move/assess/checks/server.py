"""Hazards of the server's settings, and of what is going on there now."""

import re
from collections.abc import Iterator

from banyan.move.assess.forecast import size
from banyan.move.assess.found import Survey
from banyan.move.assess.hazards import Hazard
from banyan.move.assess.kinds import hazard
from banyan.move.assess.samples import Samples

LONG_SECONDS = 30  # an open transaction that is older holds up a cutover
LOW_DISK = 0.1  # the free part below which a disk is called low
_ODD_MODES = ("ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PAD_CHAR_TO_FULL_LENGTH", "PIPES_AS_CONCAT", "IGNORE_SPACE")
_OLDEST = {"maria": (10, 5), "mysql": (5, 7)}


def check(seen: Survey, samples: Samples) -> Iterator[Hazard]:
    """All hazards of the server."""
    yield from _version(seen)
    if seen.variables.get("read_only", "OFF").upper() not in ("OFF", "0", "FALSE"):
        yield hazard("read-only", "read_only is ON", "SET GLOBAL read_only = OFF;")
    yield from _time_zone(seen)
    yield from _sql_mode(seen)
    largest, limit = max((t.largest for t in samples.tallies), default=0), seen.size("max_allowed_packet")
    if limit and largest * 2 + (1 << 10) > limit:  # an update's event holds the row before and after
        yield hazard(
            "packet-small",
            f"the largest value has {size(largest)}, max_allowed_packet is {size(limit)}",
            f"SET GLOBAL max_allowed_packet = {min(1 << 30, max(limit * 2, 1 << (largest * 2 + 1024).bit_length()))};"
            " -- and the same under [mysqld]; reconnect the shop",
            largest_bytes=largest,
            max_allowed_packet=limit,
        )
    yield from _open(seen)
    for path, total, free in seen.disks:
        if total and free / total < LOW_DISK:
            yield hazard(
                "disk-low", f"{path}: {size(free)} of {size(total)} are free", free_bytes=free, total_bytes=total
            )


def _version(seen: Survey) -> Iterator[Hazard]:
    digits = re.match(r"(?:5\.5\.5-)?(\d+)\.(\d+)", seen.version)
    oldest = _OLDEST["maria" if seen.maria else "mysql"]
    if digits and (int(digits[1]), int(digits[2])) < oldest:
        yield hazard("version-old", f"the server is {seen.version}", f"-- upgrade to {oldest[0]}.{oldest[1]} or later")


def _time_zone(seen: Survey) -> Iterator[Hazard]:
    zone, system = seen.variables.get("time_zone", "SYSTEM"), seen.variables.get("system_time_zone", "UTC")
    if zone.upper() == "SYSTEM" and system.upper() not in ("UTC", "GMT", "ETC/UTC", "UNIVERSAL", "ZULU"):
        yield hazard(
            "time-zone-system",
            f"time_zone is SYSTEM, which is {system} there",
            "BANYAN_LEGACY_TIME_ZONE=<Region/City of that machine>",
        )
    elif re.match(r"[+-]\d", zone) and zone.lstrip("+-") not in ("0:00", "00:00"):
        yield hazard(
            "time-zone-offset",
            f"time_zone is {zone}",
            "BANYAN_LEGACY_TIME_ZONE=<Region/City the shop lives in> -- where it really keeps summer time",
        )


def _sql_mode(seen: Survey) -> Iterator[Hazard]:
    modes = {mode for mode in seen.variables.get("sql_mode", "").upper().split(",") if mode}
    if not modes & {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL"}:
        fix = "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES'); -- only after the shop was tried with it"
        yield hazard("sql-mode-loose", "sql_mode is not strict", fix)
    if odd := sorted(modes & set(_ODD_MODES)):
        kept = ",".join(sorted(modes - set(_ODD_MODES)))
        yield hazard("sql-mode-odd", f"sql_mode has {', '.join(odd)}", f"SET GLOBAL sql_mode = '{kept}';")
    if refusing := sorted(modes & {"NO_ZERO_DATE", "NO_ZERO_IN_DATE"}):
        yield hazard(
            "sql-mode-zero-dates",
            f"sql_mode has {', '.join(refusing)}",
            f"SET GLOBAL sql_mode = '{','.join(sorted(modes - set(refusing)))}';",
        )


def _open(seen: Survey) -> Iterator[Hazard]:
    long = [each for each in seen.transactions if each[1] >= LONG_SECONDS]
    if long:
        thread, seconds, statement = long[0]
        yield hazard(
            "long-transaction",
            f"{len(long)} open for {LONG_SECONDS} s or longer; thread {thread} for {seconds} s"
            + (f", now at: {statement}" if statement else ", now idle"),
            *(f"KILL {each[0]};" for each in long),
            seconds=seconds,
            transactions=len(long),
        )
    if seen.prepared:
        yield hazard(
            "xa-prepared",
            f"{len(seen.prepared)} prepared and not ended",
            *(f"XA COMMIT {each}; -- or XA ROLLBACK {each};" for each in seen.prepared),
            transactions=len(seen.prepared),
        )
