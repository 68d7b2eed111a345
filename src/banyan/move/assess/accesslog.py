"""Reading a web server's access log: routes, how often, how slow. Combined format of nginx or Apache, gzip or not.

Memory is bounded whatever the log holds; a line that is none is counted and passed over.
"""

import gzip
import math
import re
import zlib
from calendar import timegm
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_plus

LINE = 1 << 16  # bytes of a line that are read; the rest of a longer one is another, unreadable line
ROUTES = 2_000  # routes told apart; what comes after is "(others)"
OTHERS, FILES, BY_KEYWORD = "(others)", "(files)", "(by keyword)"
_STEP = math.log(1.02)  # times are kept to two per cent
_LINE = re.compile(
    r'\[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "(?P<request>(?:[^"\\]|\\.)*+)" (?P<status>\d{3}) \S+'
    r'(?: "(?:[^"\\]|\\.)*+"){0,2}(?P<rest>.*)'
)
_REQUEST = re.compile(r"(?P<method>[A-Z]{3,10}) (?P<target>\S+)")
_ROUTE = re.compile(r"[?&]route=([^&#]*)")
_TIME = re.compile(
    r"(?:^|\s)\"?(?:(?:rt|request_time|time|duration|rtime)[=:])?(?P<number>\d{1,12}(?P<part>\.\d{1,9})?)s?\"?(?=\s|,|$)"
)
_FILE = re.compile(
    r"\.(?:css|js|mjs|map|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|eot|txt|xml|pdf|mp4|zip)$", re.IGNORECASE
)
_NUMBERS = re.compile(r"(?<=/)\d+(?=/|$)|\b\d{3,}\b")
_ODD = re.compile(r"[^\w/.|\-{}~]")
_MONTHS = {name: number for number, name in enumerate(re.findall("...", "JanFebMarAprMayJunJulAugSepOctNovDec"), 1)}


@dataclass(slots=True)
class Route:
    """One route by one method. Times are in milliseconds, None where the log holds none."""

    method: str
    route: str
    count: int = 0
    errors: int = 0  # answered with 5xx
    peak_per_minute: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    group: str = ""  # who answers it after the move, where the adapter knows
    kind: str = ""  # read, unsafe_read, write
    _minutes: Counter[int] = field(default_factory=Counter)
    _seconds: Counter[int] = field(default_factory=Counter)  # times written with a point, in buckets of microseconds
    _units: Counter[int] = field(default_factory=Counter)  # times written without: seconds or microseconds, see Reading


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a log says. `seconds` from its first to its last request."""

    requests: int
    unread: int  # lines that are none of a combined log
    seconds: float
    peak_per_minute: int
    routes: tuple[Route, ...]  # most asked for first
    note: str = ""

    def per_second(self, route: Route) -> float:
        return route.count / max(self.seconds, 1.0)


def read_log(path: Path) -> Traffic:
    """Read a log file. OSError when it cannot be opened; a damaged gzip file is read as far as it goes, and noted."""
    reading = Reading()
    note = ""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            with gzip.open(raw) if packed else raw as file:
                while line := file.readline(LINE):
                    reading.line(line.decode("latin-1"))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            note = f"{path.name} is damaged and was read only in part: {error}"
    return reading.traffic(note)


def read_lines(lines: Iterable[str]) -> Traffic:
    """The same for lines that are at hand."""
    reading = Reading()
    for line in lines:
        reading.line(line)
    return reading.traffic()


class Reading:
    """A log being read."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        self._all = Route("", "")
        self._unread = 0
        self._first = self._last = 0

    def line(self, line: str) -> None:
        """Take one line in."""
        match = _LINE.search(line)
        request = _REQUEST.match(match["request"]) if match else None
        at = _moment(match["time"]) if match else None
        if match is None or request is None or at is None:
            self._unread += bool(line.strip())
            return
        route = self._route(request["method"], route_of(request["target"]))
        time = _TIME.search(match["rest"])
        for each in (route, self._all):
            each.count += 1
            each.errors += match["status"][0] == "5"
            _in_minute(each, at // 60)
        if time:
            whole = time["part"] is None
            micros = float(time["number"]) * (1 if whole else 1e6)
            for each in (route, self._all):
                (each._units if whole else each._seconds)[_bucket(micros)] += 1
        self._first = min(self._first or at, at)
        self._last = max(self._last, at)

    def traffic(self, note: str = "") -> Traffic:
        """What was read so far."""
        unit = self._unit()
        for route in self._routes.values():
            times = route._units if unit else route._seconds
            route.p50_ms, route.p95_ms = (_quantile(times, part, unit or 1.0) for part in (0.5, 0.95))
        return Traffic(
            requests=self._all.count,
            unread=self._unread,
            seconds=float(self._last - self._first),
            peak_per_minute=self._all.peak_per_minute,
            routes=tuple(sorted(self._routes.values(), key=lambda each: (-each.count, each.route, each.method))),
            note=note,
        )

    def _route(self, method: str, name: str) -> Route:
        key = (method, name)
        if key not in self._routes and len(self._routes) >= ROUTES:
            key = ("", OTHERS)
        return self._routes.setdefault(key, Route(*key))

    def _unit(self) -> float:
        """Whole numbers are Apache's %D, microseconds, or its %T, seconds: nobody answers in a hundred microseconds.

        0 where times are written with a point, or not at all.
        """
        if self._all._units.total() <= self._all._seconds.total():
            return 0.0
        middle = _quantile(self._all._units, 0.5, 1.0) or 0.0
        return 1.0 if middle * 1000 >= 100 else 1e6


def route_of(target: str) -> str:
    """What is asked for: OpenCart's `route=`, else the path with its numbers taken out."""
    route = _ROUTE.search(target)
    path, _, _ = target.partition("?")
    inner = path.rpartition("/")[0].strip("/").lower()
    where = f"{inner}:" if route and inner and len(inner) < 40 else ""
    if route:
        return where + (_tame(unquote_plus(route[1]).strip("/ ")) or "common/home")
    if "_route_=" in target:
        return BY_KEYWORD
    if _FILE.search(path):
        return FILES
    if path in ("/", "/index.php"):
        return "common/home"
    return _tame(_NUMBERS.sub("{n}", unquote_plus(path[:200])))


def _tame(text: str) -> str:
    return _ODD.sub("_", text)[:100]


def _in_minute(route: Route, minute: int) -> None:
    """Logs are written when a request ends, so minutes overlap a little; three of them are kept."""
    minutes = route._minutes
    minutes[minute] += 1
    route.peak_per_minute = max(route.peak_per_minute, minutes[minute])
    if len(minutes) > 3:
        del minutes[min(minutes)]


def _bucket(micros: float) -> int:
    return round(math.log(micros + 1.0) / _STEP)


def _quantile(times: Counter[int], part: float, factor: float) -> float | None:
    """Milliseconds below which this part of the requests took."""
    wanted = times.total() * part
    if not wanted:
        return None
    for bucket in sorted(times):
        wanted -= times[bucket]
        if wanted <= 0:
            return round((math.exp(bucket * _STEP) - 1.0) * factor / 1000, 3)
    return None


@lru_cache(maxsize=4096)
def _moment(text: str) -> int | None:
    """`10/Oct/2000:13:55:36 -0700` → seconds since 1970."""
    day, month, rest = text.split("/", 2)
    year, hour, minute, last = rest.split(":", 3)
    second, zone = last.split(" ")
    number = _MONTHS.get(month)
    if number is None:
        return None
    offset = (int(zone[1:3]) * 60 + int(zone[3:])) * 60 * (-1 if zone[0] == "-" else 1)
    try:
        return timegm((int(year), number, int(day), int(hour), int(minute), int(second))) - offset
    except (ValueError, OverflowError):
        return None


def slowest(traffic: Traffic, count: int = 5) -> Iterator[Route]:
    """Routes by the time they take in all, where times are known."""
    timed = [route for route in traffic.routes if route.p50_ms is not None]
    yield from sorted(timed, key=lambda each: -(each.p50_ms or 0.0) * each.count)[:count]
