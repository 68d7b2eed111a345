"""Throttle: how the copy rests when the legacy shop is busy, when we lag, outside the hours it may use, or on a word.

Looked at twice a second; a chunk that runs ends first, so the copy is at rest within a second.
"""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from banyan.foundation.db import Db, Row
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Invalid, NotFound, Unavailable
from banyan.move.source import Source, SqlError
from banyan.move.storage import checkpoints, knobs, log

EVERY = 0.4  # seconds between looks
_log = logging.getLogger(__name__)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

KNOBS: dict[str, tuple[str, str]] = {
    "threads_running": ("24", "rest while the legacy server runs more statements than this at once"),
    "lag_seconds": ("30", "rest while our stream is further behind than this"),
    "replica": ("", "a replica of the legacy database (mysql://…) whose lag counts; empty: none"),
    "replica_lag_seconds": ("5", "rest while that replica is further behind than this"),
    "hours": ("", "the hours in which to copy, as 22:00-06:00, by the legacy shop's clock; empty: always"),
    "chunk_ms": ("200", "how long one chunk may take"),
    "rest": ("", "set by `throttle on`: the copy rests until `throttle off`"),
}
"""Each knob: its value unless an operator sets another, and what it does."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs as they are."""

    values: Mapping[str, str]
    because: str = ""
    who: str = ""

    def number(self, name: str) -> float:
        return float(self.values[name])


def settings_of(rows: Mapping[str, Row]) -> Settings:
    values = {name: default for name, (default, _) in KNOBS.items()} | {
        name: row["value"] for name, row in rows.items() if name in KNOBS
    }
    rest = rows.get("rest")
    return Settings(values, rest["because"] if rest else "", rest["who"] if rest else "")


def within_hours(hours: str, now: time) -> bool:
    """Whether it is time to work: `22:00-06:00,12:00-13:00`; empty: always."""
    if not hours:
        return True
    for first, last in (span.split("-") for span in hours.split(",")):
        begin, end = time.fromisoformat(first), time.fromisoformat(last)
        if (begin <= now < end) if begin <= end else (now >= begin or now < end):
            return True
    return False


def check(name: str, value: str) -> str:
    """The value as it is kept. NotFound for a knob there is none of, Invalid for a value it cannot have."""
    if name not in KNOBS:
        raise NotFound(f"there is no knob {name}; there are {', '.join(sorted(set(KNOBS) - {'rest'}))}")
    value = value.strip()
    if name == "hours":
        if value and not all(_HOURS.fullmatch(span) for span in value.split(",")):
            raise Invalid("hours are spans as 22:00-06:00, with commas between")
    elif name == "replica":
        if value:
            Source(value)
    elif name != "rest":
        try:
            fits = 0 < float(value) < 1e6
        except ValueError:
            fits = False
        if not fits:
            raise Invalid(f"{name} is a number above zero")
    return value


@dataclass(slots=True)
class Throttle:
    """`free` is set while the copy may go on; `reason` says why not."""

    ports: Ports
    source: Source
    free: threading.Event = field(default_factory=threading.Event)
    reason: str | None = "just begun"
    chunk_seconds: float = 0.2
    _replica: Source | None = None

    async def run(self) -> None:
        """Look again and again, until cancelled; then the copy rests."""
        try:
            while True:
                await self.look()
                await self.ports.clock.sleep(EVERY)
        finally:
            self.free.clear()

    async def look(self) -> str | None:
        """Look once: the reason to rest, None if there is none."""
        try:
            reason = await self._reason()
        except Unavailable as error:
            reason = f"the load cannot be told: {error.detail}"
        if reason != self.reason:
            _log.info("the copy's pace changed", extra={"reason": reason or "none: it goes on"})
        self.reason = reason
        if reason is None:
            self.free.set()
        else:
            self.free.clear()
        return reason

    async def _reason(self) -> str | None:
        db = self.ports.db
        now = settings_of(await knobs.read(db))
        self.chunk_seconds = now.number("chunk_ms") / 1000
        if now.values["rest"]:
            return f"{now.who} said so: {now.because}"
        local = self.ports.clock.now().astimezone(ZoneInfo(self.ports.settings.legacy_time_zone)).time()
        if not within_hours(now.values["hours"], local):
            return f"it is {local:%H:%M} and the hours are {now.values['hours']}"
        stream = await checkpoints.overview(db)
        if stream is not None and stream["lag_seconds"] > now.number("lag_seconds") and stream["committed_at"]:
            return f"our stream is {stream['lag_seconds']:.0f} s behind, the limit is {now.values['lag_seconds']} s"
        running = int((await self.source.query("SHOW GLOBAL STATUS LIKE 'Threads_running'"))[0][1] or 0)
        if running > now.number("threads_running"):
            return f"the legacy server runs {running} statements, the limit is {now.values['threads_running']}"
        return await self._replica_reason(now)

    async def _replica_reason(self, now: Settings) -> str | None:
        url = now.values["replica"]
        if not url:
            self._replica = None
            return None
        if self._replica is None:
            self._replica = Source(url)
        lag = await replica_lag(self._replica)
        if lag is None:
            return f"the replica {self._replica.name} does not replicate"
        if lag > now.number("replica_lag_seconds"):
            return f"the replica {self._replica.name} is {lag:.0f} s behind, the limit is {now.values['replica_lag_seconds']} s"
        return None


async def replica_lag(replica: Source) -> float | None:
    """Seconds a replica is behind; None when it does not replicate."""
    import asyncio

    def ask() -> float | None:
        with replica.connect() as con:
            for statement in ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS"):
                try:
                    rows = con.query(statement)
                except SqlError:
                    continue
                if not rows:
                    return None
                told = dict(zip(con.columns, rows[0], strict=True))
                value = told.get("Seconds_Behind_Master", told.get("Seconds_Behind_Source"))
                return None if value is None else float(value)
        return None

    return await asyncio.to_thread(ask)


@dataclass(frozen=True, slots=True)
class Knobs:
    """What `throttle` shows."""

    values: dict[str, str]
    reason: str | None
    because: str
    who: str

    def as_json(self) -> dict[str, Any]:
        return {
            "knobs": self.values,
            "meanings": {name: KNOBS[name][1] for name in self.values},
            "throttled": self.reason,
            "because": self.because,
            "who": self.who,
            "next_steps": ["banyan move throttle off"] if self.who else ["banyan move throttle set NAME VALUE"],
        }

    def lines(self) -> list[str]:
        head = f"the copy rests: {self.reason}" if self.reason else "the copy goes on"
        shown = {**self.values, "replica": _without_password(self.values["replica"])}
        return [head, *(f"{name:<20} {shown[name] or '-':<16} {KNOBS[name][1]}" for name in KNOBS if name != "rest")]


async def look(db: Db) -> Knobs:
    """The knobs, and why the copy rests, if it does."""
    now = settings_of(await knobs.read(db))
    stream = await checkpoints.overview(db)
    reason = f"{now.who} said so: {now.because}" if now.values["rest"] else stream["throttled"] if stream else None
    values = {name: value for name, value in now.values.items() if name != "rest"}
    values["replica"] = _without_password(values["replica"])
    return Knobs(values, reason, now.because, now.who)


async def turn(db: Db, name: str, value: str, who: str, because: str = "") -> Knobs:
    """Set a knob. NotFound, Invalid."""
    value = check(name, value)
    async with db.transaction() as tx:
        await knobs.put(tx, name, value, because, who)
        await log.add(tx, f"throttle: {name} is {_without_password(value) or 'empty'} now", who=who, because=because)
    return await look(db)


async def rest(db: Db, who: str, because: str) -> Knobs:
    """The copy rests until `go`. Invalid without a reason."""
    if not because.strip():
        raise Invalid("say why the copy should rest: whoever reads the status wants to know")
    return await turn(db, "rest", "yes", who, because.strip())


async def go(db: Db, who: str) -> Knobs:
    """The copy goes on, as far as load and hours let it."""
    async with db.transaction() as tx:
        if await knobs.drop(tx, "rest"):
            await checkpoints.forget_rest(tx)
            await log.add(tx, "throttle: the copy goes on", who=who)
    return await look(db)


def _without_password(url: str) -> str:
    return re.sub(r"://[^@/]*@", "://…@", url)
