"""How hard the copy may push the legacy shop, and going on after a halt: `banyan move throttle` and `resume` as buttons."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, in_place
from banyan.console.pages.moving import HERE
from banyan.console.pages.moving import overview as move_page
from banyan.console.services import moving
from banyan.console.visit import Visit
from banyan.kernel.refusals import Refusal

THROTTLE = f"{HERE}/throttle"
TITLES = {
    "hours": "Hours in which to copy",
    "threads_running": "Statements the legacy server may run",
    "lag_seconds": "Seconds our stream may be behind",
    "replica": "Replica that is watched",
    "replica_lag_seconds": "Seconds that replica may be behind",
    "chunk_ms": "Milliseconds a chunk may take",
}
NONE: Mapping[str, str] = {}


async def throttle(visit: Visit) -> Response:
    """`/console/move/throttle`"""
    return await _page(visit)


async def turn(visit: Visit) -> Response:
    """`POST /console/move/throttle`: one limit, at once; it can be set back."""
    name, value = visit.form["name"], visit.form["value"]
    try:
        await moving.turn_knob(visit.line, {**moving.said(visit.operator.name), "name": name, "value": value[:500]})
    except Refusal as refusal:
        return await _page(visit, errors={name: in_place(refusal).detail}, typed={name: value})
    return visit.to(THROTTLE, "limit-set")


async def rest(visit: Visit) -> Response:
    """`POST /console/move/throttle/on`: a reason, so that whoever reads the status knows."""
    because = visit.form["because"][:500]
    if not because:
        return await _page(visit, errors={"because": "Say why: whoever reads the status wants to know."})
    return await _turned(visit, {"because": because}, "/on", "resting")


async def go(visit: Visit) -> Response:
    """`POST /console/move/throttle/off`"""
    return await _turned(visit, {}, "/off", "going-on")


async def resume(visit: Visit) -> Response:
    """`POST /console/move/resume`: after a question that says what is done again."""
    table, again = visit.form["table"][:128], bool(visit.form["again"])
    body: dict[str, Any] = {**moving.said(visit.operator.name), "again": again, **({"table": table} if table else {})}

    async def act(key: str) -> Response:
        await moving.resume(visit.line, body, key=key)
        return visit.to(HERE, "resumed")

    what = "Everything, from the log's present end" if again else table or "The stream, and what stands still"
    note = "What is wrong still stops it again, with its reason; nothing is skipped."
    if again:
        note = "Only where the log is lost. Every table is copied once more; until then nothing can be taken over."
    elif table:
        note = "The table is read as it is made now, and copied again. " + note
    question = Question("Go on?", [("What goes on", what)], "Go on", HERE, grave=again, note=note)
    return await ask_first(visit, question, act, lambda refusal: move_page(visit, refusal))


async def _turned(visit: Visit, body: Mapping[str, Any], where: str, told: str) -> Response:
    try:
        await moving.turn_knob(visit.line, {**moving.said(visit.operator.name), **body}, where=where)
    except Refusal as refusal:
        return await _page(visit, in_place(refusal))
    return visit.to(THROTTLE, told)


async def _page(
    visit: Visit, refusal: Refusal | None = None, errors: Mapping[str, str] = NONE, typed: Mapping[str, str] = NONE
) -> Response:
    now = await moving.throttle(visit.line)
    status = refusal.status if refusal else 422 if errors else 200
    return await visit.page(
        "move_throttle.html", status, now=now, titles=TITLES, refusal=refusal, errors=errors, typed=typed
    )
