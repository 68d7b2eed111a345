"""What operators do with a group that moves, short of changing hands: the commands `banyan move …` as buttons."""

from typing import Any

from starlette.responses import Response

from banyan.console.asking import Question, ask_first
from banyan.console.pages.moving import WEIGHTS, at, group_of, group_page
from banyan.console.services import moving
from banyan.console.services.moving import Group
from banyan.console.visit import Visit
from banyan.kernel.refusals import Malformed, Refusal


async def prepare(visit: Visit) -> Response:
    """`POST /console/move/{group}/prepare`"""
    note = "It adds one small table to the legacy database, and reads from its log from then on. Nothing of a shop changes."
    return await _asked(visit, "prepare", "Prepare {}?", "Prepare it", "prepared", note)


async def copy(visit: Visit) -> Response:
    """`POST /console/move/{group}/copy`"""
    note = "The copy rests by itself while the legacy shop is busy: see banyan move throttle."
    return await _asked(visit, "copy", "Copy {} now?", "Copy it", "copying", note)


async def verify(visit: Visit) -> Response:
    """`POST /console/move/{group}/verify`: at once; it only reads."""
    return await _now(visit, "verify", {}, "verifying")


async def mend(visit: Visit) -> Response:
    """`POST /console/move/{group}/mend`: verify, and mend what differs."""
    note = "Rows that differ are read from the legacy shop again, records that differ are told to their services again."
    return await _asked(
        visit, "verify", "Verify {} and mend what differs?", "Verify and mend", "verifying", note, repair=True
    )


async def rehearse(visit: Visit) -> Response:
    """`POST /console/move/{group}/rehearse`: on a scratch copy beside the shop's database."""
    note = (
        "The group's tables are copied to a scratch database beside the legacy shop's, and change hands there five times under "
        "writes. It is dropped at the end. The log tells how long the pause will be; here nothing changes."
    )
    return await _asked(visit, "rehearse", "Rehearse the cutover of {}?", "Rehearse it", "rehearsing", note)


async def retry_all(visit: Visit) -> Response:
    """`POST /console/move/{group}/retry`: every case of the group, at once."""
    found = await _group(visit)
    try:
        await moving.retry_all(visit.line, found.group, visit.operator.name, key=visit.new_key())
    except Refusal as refusal:
        return await group_page(visit, refusal)
    return visit.to(at(found.group), "offered-again")


async def route(visit: Visit) -> Response:
    """`POST /console/move/{group}/route`: less than now at once, more after a question."""
    weight = visit.form.whole("weight")
    if weight not in WEIGHTS:
        raise Malformed("this is not a form of ours; begin again", code="not_a_form")
    found = await _group(visit)
    if weight <= found.weight:
        return await _now(visit, "route", {"weight": weight}, "weighed")
    note = "It is stepped up by itself as long as our side answers as well as the legacy shop, and goes back when it does not."
    title = f"Answer {weight} % of the reads of {{}}?"
    return await _asked(visit, "route", title, f"Answer {weight} %", "weighed", note, weight=weight)


async def shadow(visit: Visit) -> Response:
    """`POST /console/move/{group}/shadow`"""
    percent = visit.form.whole("percent")
    if percent is None or not 0 <= percent <= 100:
        return await group_page(visit, Refusal("A whole number from 0 to 100, please.", code="percent", status=422))
    return await _now(visit, "shadow", {"percent": percent}, "shadowing")


async def _group(visit: Visit) -> Group:
    return group_of(await moving.read(visit.line), visit.path["group"])


async def _now(visit: Visit, what: str, body: dict[str, Any], told: str) -> Response:
    found = await _group(visit)
    said = {**moving.said(visit.operator.name), **body}
    try:
        await moving.act(visit.line, found.group, what, said, key=visit.new_key())
    except Refusal as refusal:
        return await group_page(visit, refusal)
    return visit.to(at(found.group), told)


async def _asked(visit: Visit, what: str, title: str, button: str, told: str, note: str, **body: Any) -> Response:
    found = await _group(visit)

    async def act(key: str) -> Response:
        await moving.act(visit.line, found.group, what, {**moving.said(visit.operator.name), **body}, key=key)
        return visit.to(at(found.group), told)

    owner = "our side" if found.ours else "the legacy shop"
    facts = [("Group", found.group), ("State", found.state.replace("_", " ")), ("Belongs to", owner)]
    question = Question(title.format(found.group), facts, button, at(found.group), grave=False, note=note)
    return await ask_first(visit, question, act, lambda refusal: group_page(visit, refusal))
