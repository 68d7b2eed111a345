"""What may be sent and what is answered, within bounds; and how refusals are described."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field, StringConstraints

from banyan.foundation import web
from banyan.kernel.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Unauthenticated,
    Unavailable,
)

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
_NAME = r"^[A-Za-z0-9_-]+$"

Group = Annotated[str, Path(min_length=1, max_length=64, pattern=_NAME)]
GroupInQuery = Annotated[str | None, Query(min_length=1, max_length=64, pattern=_NAME)]
CaseId = Annotated[str, Path(min_length=1, max_length=64, pattern=_NAME)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PRINTABLE)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
Gate = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_NAME)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Pause = Annotated[float, Field(ge=0.05, le=60, description="Longest time for which writes may wait, in seconds")]
Window = Annotated[
    int, Field(strict=True, ge=60, le=366 * 86_400, description="For how long there is a way back, in seconds")
]
Overrides = Annotated[
    dict[Gate, Reason],
    Field(max_length=20, description="Gates that are passed though they are shut, each with its reason"),
]
Flag = Annotated[bool, Field(strict=True)]


class Stream(BaseModel):
    """The source and how far its log is taken in. `retention_slack` is the share of the log's keeping that is left."""

    shop: str
    server: str
    position: str
    gtid: str
    lag_seconds: float
    apply_p50_ms: float | None
    apply_p99_ms: float | None
    retention_slack: float | None
    throttled: str | None
    halted: str | None
    works: bool


class FindingShown(BaseModel):
    """Something that differs. `table` is empty where a record differs from what its service holds."""

    kind: str
    key: str
    table: str
    what: str
    found_at: datetime


class WayBack(BaseModel):
    """Whether the group can still go back: until when, how far behind, and what the legacy shop could not hold."""

    open: bool
    until: datetime | None
    due: int
    oldest_seconds: float
    flagged: int
    waived: int


class Shadowed(BaseModel):
    """What came of asking a page of both sides."""

    route: str
    asked: int
    same: int
    different: int
    noisy: int
    failed: int


class GroupShown(BaseModel):
    """A group as `banyan move status` tells it, and what a page shows besides.

    `verifying`: rows compared so far by a whole verification that runs in the answering process; `rehearsing` likewise.
    """

    group: str
    state: str
    owner: Literal["legacy", "new"]
    epoch: int
    step: str | None
    holding: bool
    changed_at: datetime
    owned_since: datetime | None
    rehearsed_at: datetime | None
    copy_percent: float | None
    rows_copied: int
    rows_expected: int
    eta_seconds: float | None
    delivered: int
    due: int
    waiting: int
    oldest_due_seconds: float
    coverage_percent: float | None
    rows: int
    oldest_unverified_seconds: float | None
    verifying: int | None
    rehearsing: bool
    findings_open: int
    findings: list[FindingShown]
    quarantine_open: int
    quarantine_waived: int
    weight: int
    weight_goal: int
    shadow: int
    shadowed: list[Shadowed]
    way_back_until: datetime | None
    way_back: WayBack
    stopped: dict[str, str]


class MoveShown(BaseModel):
    """The move as a whole; `moving` is false, and nothing else is told, where no legacy shop is set."""

    moving: bool
    stream: Stream | None = None
    groups: list[GroupShown] = []
    next_steps: list[str] = []


class Entry(BaseModel):
    """What was decided or done, with numbers."""

    number: int
    at: datetime
    group: str | None
    what: str
    who: str
    numbers: dict[str, Any]


class LogPage(BaseModel):
    items: list[Entry]
    next_cursor: str | None


class CaseShown(BaseModel):
    """What could not be taken over, in plain words.

    Where one is read by itself: `rows`, table → its rows, column → value; `keys`, table → the columns of its key.
    """

    id: str
    kind: str
    key: str
    group: str
    table: str
    why: str
    state: Literal["open", "waived", "solved"]
    found_at: datetime
    waived_by: str | None
    waived_because: str | None
    rows: dict[str, list[dict[str, str | None]]] = {}
    keys: dict[str, list[str]] = {}


class CasesShown(BaseModel):
    cases: list[CaseShown]
    next_steps: list[str]


class Begun(BaseModel):
    """Something that takes its time is under way; `look` says where its end is seen."""

    group: str
    began: Literal["copy", "verify", "rehearse"]
    look: list[str]
    next_steps: list[str]


class RoutedShown(BaseModel):
    group: str
    owner: Literal["legacy", "new"]
    weight: int
    goal: int
    shadow: int
    next_steps: list[str]


class KnobsShown(BaseModel):
    """The limits by name, what each does, and why the copy rests, if it does; `because` and `who` where somebody said so."""

    knobs: dict[str, str]
    meanings: dict[str, str]
    throttled: str | None
    because: str
    who: str
    next_steps: list[str]


class ResumedShown(BaseModel):
    """What stood still and why, the tables that are copied again for it, and where the log is followed from."""

    was_halted: str | None
    tables: list[str]
    position: str
    next_steps: list[str]


class PreparedShown(BaseModel):
    shop: str
    server: str
    groups: list[str]
    tables: list[str]
    left_behind: list[str]
    position: str
    next_steps: list[str]


class TurnStep(BaseModel):
    step: str
    at_ms: float


class TurnShown(BaseModel):
    """What came of an attempt to change hands. `aborted`: it went back by itself and nothing was lost; `why` says why."""

    group: str
    what: Literal["cutover", "revert"]
    outcome: Literal["done", "aborted", "dry_run"]
    why: str
    epoch: int
    position: str
    pause_ms: float
    steps: list[TurnStep]
    overridden: dict[str, str]
    next_steps: list[str]


class EndedShown(BaseModel):
    group: str
    state: str
    said: str
    renamed: dict[str, str]
    next_steps: list[str]


_REFUSALS = {
    each.status: each for each in (Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, Unavailable)
}


def refused(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route's description names the ways in which it may refuse, each as problem+json."""
    content = {web.PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _REFUSALS[status].title, "content": content} for status in statuses}
