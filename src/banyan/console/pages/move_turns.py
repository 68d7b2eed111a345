"""A group changes hands, comes to stay, or is left where it was: after its gates were looked at and its name was typed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from banyan.console.asking import in_place
from banyan.console.doorway import Handler
from banyan.console.pages.moving import WRITE, at, group_of
from banyan.console.services import moving
from banyan.console.services.moving import Group
from banyan.console.visit import Visit
from banyan.kernel.refusals import Forbidden, Malformed, Refusal

_KEY = re.compile(r"key_[0-9a-z]{26}")
_GATE = "gate:"  # before a gate's name: the reason for which it is passed
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """`changes`: writes wait for a moment, so there are gates and a longest pause."""

    name: str
    title: str
    button: str
    told: str
    changes: bool = False
    words: tuple[str, ...] = ()


CUTOVER = Kind(
    "cutover",
    "Take {} over",
    "Cut over",
    "cut-over",
    True,
    (
        "Writes of this group wait for less than the longest pause; then they are ours, or nothing has changed.",
        "From then on everything that changes here is written back to the legacy shop, so that it can go back.",
    ),
)
REVERT = Kind(
    "revert",
    "Give {} back",
    "Give it back",
    "reverted",
    True,
    ("The legacy shop owns the group again, with everything that was written here meanwhile, or nothing has changed.",),
)
FINALIZE = Kind(
    "finalize",
    "Keep {} for good",
    "Keep it for good",
    "finalized",
    words=(
        "There is no way back after this: our changes are no longer written to the legacy shop.",
        "Nothing is dropped there. With the last group its tables get other names.",
    ),
)
ABORT = Kind(
    "abort",
    "Call the move of {} off",
    "Call it off",
    "aborted",
    words=("The legacy shop keeps the group; nothing in it is changed. It can be prepared and copied again later.",),
)


@dataclass(slots=True)
class Seen:
    """The page's form as it is shown: what is wrong with it, and the gates that are shut."""

    errors: dict[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    key: str = ""
    gates: list[dict[str, Any]] = field(default_factory=list)
    turn: moving.Turn | None = None


def shown(kind: Kind) -> Handler:
    """`GET /console/move/{group}/cutover` and the like: what stands in the way now."""

    async def show(visit: Visit) -> Response:
        found = await _group(visit)
        seen = Seen()
        if kind.changes:
            try:
                await moving.turn(visit.line, found.group, kind.name, {"dry_run": True})
            except Refusal as refusal:
                _note(seen, refusal)
        return await _page(visit, kind, found, seen)

    return show


def sent(kind: Kind) -> Handler:
    """`POST /console/move/{group}/cutover` and the like."""

    async def take(visit: Visit) -> Response:
        found = await _group(visit)
        key = visit.form["key"]
        if not _KEY.fullmatch(key):
            raise Malformed("this is not a form of ours; begin again", code="not_a_form")
        body, errors = _read(visit, kind, found)
        if errors:
            return await _page(visit, kind, found, Seen(errors, key=key, gates=_passed(visit)))
        seen = Seen(gates=_passed(visit))
        try:
            if not kind.changes:
                await moving.act(visit.line, found.group, kind.name, body, key=key)
                return visit.to(at(found.group), kind.told)
            seen.turn = await moving.turn(visit.line, found.group, kind.name, body, key=key)
        except Refusal as refusal:
            _note(seen, refusal)
            # Where nobody knows whether it was done, the same key asks again for the same.
            seen.key = key if refusal.status >= 500 or refusal.code == "in_flight" else ""
            return await _page(visit, kind, found, seen)
        if seen.turn.outcome == "done":
            return visit.to(at(found.group), kind.told)
        return await _page(visit, kind, found, seen)

    return take


async def _group(visit: Visit) -> Group:
    if not visit.who.may(WRITE):
        raise Forbidden(f"this needs the permission {WRITE}")
    return group_of(await moving.read(visit.line), visit.path["group"])


def _read(visit: Visit, kind: Kind, group: Group) -> tuple[dict[str, Any], dict[str, str]]:
    """What is asked for, and what is wrong with the form."""
    body: dict[str, Any] = moving.said(visit.operator.name)
    errors: dict[str, str] = {}
    if visit.form["name"] != group.group:
        errors["name"] = f"Type {group.group}, so that it is this group and no other."
    if kind is FINALIZE:
        body["name"] = visit.form["name"]
    if kind.changes:
        pause = _number(visit.form["max_pause"])
        if pause is None or not 0.05 <= pause <= 60:
            errors["max_pause"] = "Between 0.05 and 60 seconds, please."
        body["max_pause"] = pause
        body["overrides"] = {name: reason for name, reason in visit.form.below(_GATE).items() if reason}
    if kind is CUTOVER:
        days = visit.form.whole("days")
        if days is None or not 1 <= days <= 366:
            errors["days"] = "Between 1 and 366 days, please."
        body["window"] = (days or 0) * _DAY
    return body, errors


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", text) else None


def _passed(visit: Visit) -> list[dict[str, Any]]:
    """Gates whose reasons were typed, so that they are shown again."""
    return [{"name": name, "said": "", "fix": "", "passable": True} for name in visit.form.below(_GATE)]


def _note(seen: Seen, refusal: Refusal) -> None:
    gates = in_place(refusal).more.get("gates")
    if refusal.code == "gate_shut" and isinstance(gates, list):
        seen.gates = [dict(each) for each in gates if isinstance(each, Mapping)]
    else:
        seen.refusal = refusal


async def _page(visit: Visit, kind: Kind, group: Group, seen: Seen) -> Response:
    status = seen.refusal.status if seen.refusal else 422 if seen.errors else 200
    return await visit.page(
        "move_turn.html",
        status,
        kind=kind,
        group=group,
        gates=seen.gates,
        gate_field=_GATE,
        turn=seen.turn,
        key=seen.key or visit.new_key(),
        refusal=seen.refusal,
        errors=seen.errors,
        form=visit.form,
        at=at(group.group),
    )
