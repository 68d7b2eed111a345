"""The move of a legacy shop over HTTP: how each group stands, its log, its quarantine, and what may be done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment

BASE = "/v1/move"


class Stream(Seen):
    shop: str
    server: str
    position: str
    gtid: str = ""
    lag_seconds: float
    apply_p99_ms: float | None = None
    retention_slack: float | None = None
    throttled: str | None = None
    halted: str | None = None
    works: bool


class Finding(Seen):
    kind: str
    key: str
    table: str = ""
    what: str
    found_at: datetime


class WayBack(Seen):
    open: bool
    until: datetime | None = None
    due: int = 0
    oldest_seconds: float = 0.0
    flagged: int = 0
    waived: int = 0


class Shadowed(Seen):
    route: str
    asked: int
    same: int
    different: int
    noisy: int
    failed: int


class Group(Seen):
    """One group; what can be done with it depends on its state and its owner."""

    group: str
    state: str
    owner: str
    epoch: int
    step: str | None = None
    holding: bool = False
    owned_since: datetime | None = None
    rehearsed_at: datetime | None = None
    copy_percent: float | None = None
    rows_copied: int = 0
    rows_expected: int = 0
    eta_seconds: float | None = None
    delivered: int = 0
    due: int = 0
    waiting: int = 0
    oldest_due_seconds: float = 0.0
    coverage_percent: float | None = None
    rows: int = 0
    oldest_unverified_seconds: float | None = None
    verifying: int | None = None
    rehearsing: bool = False
    findings_open: int = 0
    findings: tuple[Finding, ...] = ()
    quarantine_open: int = 0
    quarantine_waived: int = 0
    weight: int = 0
    weight_goal: int = 0
    shadow: int = 0
    shadowed: tuple[Shadowed, ...] = ()
    way_back: WayBack
    stopped: dict[str, str] = {}

    @property
    def ours(self) -> bool:
        return self.owner == "new"

    @property
    def busy(self) -> bool:
        """Whether it is on its way from one state to the next."""
        under_way = self.verifying is not None or self.rehearsing or self.state in ("copying", "catching_up")
        return self.step is not None or under_way

    @property
    def acts(self) -> tuple[str, ...]:
        """What may be asked of it now; what comes next goes first."""
        return _ACTS.get(self.state, ())

    @property
    def shiftable(self) -> bool:
        """Whether more of its reads may be shifted, or fewer."""
        return not self.ours and (self.state == "verified" or bool(self.weight or self.weight_goal))

    @property
    def comparable(self) -> bool:
        """Whether its reads may be asked of both sides."""
        return self.state in ("in_sync", "verified") or bool(self.shadow)


_ACTS = {
    "planned": ("prepare",),
    "aborted": ("prepare",),
    "prepared": ("copy", "abort"),
    "copying": ("abort",),
    "catching_up": ("abort",),
    "in_sync": ("verify", "rehearse", "cutover", "mend", "abort"),
    "verified": ("cutover", "rehearse", "verify", "mend", "abort"),
    "cutting_over": ("abort",),
    "new_primary": ("revert", "verify", "finalize"),
}


class Move(Seen):
    moving: bool
    stream: Stream | None = None
    groups: tuple[Group, ...] = ()
    next_steps: tuple[str, ...] = ()


class Entry(Seen):
    number: int
    at: datetime
    group: str | None = None
    what: str
    who: str
    numbers: dict[str, Any] = {}


class Case(Seen):
    """What could not be taken over. `rows`: table → its rows, column → value; `keys`: table → the columns of its key."""

    id: str
    kind: str
    key: str
    group: str
    table: str = ""
    why: str
    state: str
    found_at: datetime
    waived_by: str | None = None
    waived_because: str | None = None
    rows: dict[str, tuple[dict[str, str | None], ...]] = {}
    keys: dict[str, tuple[str, ...]] = {}

    @property
    def name(self) -> str:
        return f"Row {self.key} of {self.table}" if self.kind == "row" else f"{self.kind.capitalize()} {self.key}"


class _Cases(Seen):
    cases: tuple[Case, ...]


class Throttle(Seen):
    """The limits by name and what each does; why the copy rests, if it does, and who said so."""

    knobs: dict[str, str]
    meanings: dict[str, str]
    throttled: str | None = None
    because: str = ""
    who: str = ""


class Turn(Seen):
    """What came of an attempt to change hands."""

    outcome: str
    why: str = ""
    pause_ms: float = 0.0
    steps: tuple[dict[str, Any], ...] = ()


async def read(line: Line) -> Move:
    return await line.get(Move, "move", BASE)


async def history(line: Line, group: str, cursor: str = "") -> Page[Entry]:
    """Newest first."""
    asked = [("limit", "25")] + ([("cursor", cursor)] if cursor else [])
    return await line.get(Page[Entry], "move", f"{BASE}/{segment(group)}/log", asked)


async def cases(line: Line, group: str, state: str = "open") -> tuple[Case, ...]:
    return (await line.get(_Cases, "move", f"{BASE}/quarantine", [("group", group), ("state", state)])).cases


async def case(line: Line, case_id: str) -> Case:
    return await line.get(Case, "move", f"{BASE}/quarantine/{segment(case_id)}")


async def act(line: Line, group: str, what: str, body: Mapping[str, Any], *, key: str) -> None:
    """prepare, copy, verify, route, shadow, finalize or abort."""
    await line.send("move", "POST", f"{BASE}/{segment(group)}/{what}", body, key=key)


async def turn(line: Line, group: str, what: str, body: Mapping[str, Any], *, key: str = "") -> Turn:
    """cutover or revert. A refusal with the code `gate_shut` has the gates in `more`."""
    return shaped(Turn, await line.send("move", "POST", f"{BASE}/{segment(group)}/{what}", body, key=key))


async def retry(line: Line, case_id: str, who: str) -> Case:
    """How it stands now: what is offered to a service stays open until that took it."""
    told = await line.send("move", "POST", f"{BASE}/quarantine/{segment(case_id)}/retry", said(who))
    return shaped(_Cases, told).cases[0]


async def retry_all(line: Line, group: str, who: str, *, key: str) -> None:
    await line.send("move", "POST", f"{BASE}/quarantine/retry", {**said(who), "group": group}, key=key)


async def fix(line: Line, case_id: str, body: Mapping[str, Any], *, key: str) -> None:
    """`body`: table, values, and the key of the row that is meant."""
    await line.send("move", "POST", f"{BASE}/quarantine/{segment(case_id)}/fix", body, key=key)


async def throttle(line: Line) -> Throttle:
    return await line.get(Throttle, "move", f"{BASE}/throttle")


async def turn_knob(line: Line, body: Mapping[str, Any], *, where: str = "") -> None:
    """Set a limit; `where` `/on` and `/off`: the copy rests, or goes on."""
    await line.send("move", "POST", f"{BASE}/throttle{where}", body)


async def resume(line: Line, body: Mapping[str, Any], *, key: str) -> None:
    await line.send("move", "POST", f"{BASE}/resume", body, key=key)


async def waive(line: Line, case_id: str, who: str, because: str, *, key: str) -> None:
    body = {**said(who), "because": because}
    await line.send("move", "POST", f"{BASE}/quarantine/{segment(case_id)}/waive", body, key=key)


def said(who: str) -> dict[str, str]:
    """The name that is kept in the log beside the account, where there is one."""
    return {"who": who[:100]} if who else {}
