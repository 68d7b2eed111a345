"""One case in quarantine: why, with the legacy shop's own rows; tried again, mended there, or left behind on somebody's word."""

from collections.abc import Mapping

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, in_place, status_of
from banyan.console.pages.moving import HERE, at
from banyan.console.services import moving
from banyan.console.services.moving import Case
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal

_KEY = "key:"  # before the name of a column of a row's key
NONE: Mapping[str, str] = {}


async def case(visit: Visit) -> Response:
    """`/console/move/case/{id}`"""
    return await _page(visit, await moving.case(visit.line, visit.path["id"]))


async def retry(visit: Visit) -> Response:
    """`POST /console/move/case/{id}/retry`: at once; what fits is taken, what does not comes back."""
    found = await moving.case(visit.line, visit.path["id"])
    try:
        told = await moving.retry(visit.line, found.id, visit.operator.name)
    except Refusal as refusal:
        return await _page(visit, found, in_place(refusal))
    if found.kind != "row":
        return visit.to(at(found.group), "offered-again")
    if told.state == "solved":
        return visit.to(at(found.group), "placed")
    return await _page(visit, found, Refusal(f"It still cannot be taken: {told.why}", code="still_odd", status=409))


async def fix(visit: Visit) -> Response:
    """`POST /console/move/case/{id}/fix`: one column of one row, in the legacy shop; asked before."""
    found = await moving.case(visit.line, visit.path["id"])
    table, column = visit.form["table"], visit.form["column"]
    value = None if visit.form["null"] else visit.form.prose("value")
    if table not in found.rows or not any(column in row for row in found.rows[table]):
        return await _page(visit, found, errors={"column": "Choose one of the row's columns."})
    key = {name: visit.form.exact(_KEY + name) for name in found.keys.get(table, ())}
    body = {**moving.said(visit.operator.name), "table": table, "values": {column: value}, "key": key}

    async def act(its_key: str) -> Response:
        await moving.fix(visit.line, found.id, body, key=its_key)
        return visit.to(at(found.group), "mended")

    row = ", ".join(f"{name} {each}" for name, each in key.items())
    facts = [
        ("Table", table),
        ("Row", row),
        ("Column", column),
        ("Will say", "NULL" if value is None else value or "nothing"),
    ]
    note = "It is written into the legacy shop's own database. The change comes back with its log and is taken then."
    question = Question("Mend this in the legacy shop?", facts, "Mend it there", _at(found), note=note)
    return await ask_first(visit, question, act, lambda refusal: _page(visit, found, refusal))


async def waive(visit: Visit) -> Response:
    """`POST /console/move/case/{id}/waive`: a name and a reason."""
    found = await moving.case(visit.line, visit.path["id"])
    name, because = visit.form["name"][:100], visit.form["because"][:500]
    errors = {field: "This is needed." for field, text in (("name", name), ("because", because)) if not text}
    if errors:
        return await _page(visit, found, errors=errors)

    async def act(key: str) -> Response:
        await moving.waive(visit.line, found.id, name, because, key=key)
        return visit.to(at(found.group), "waived")

    facts = [("What", found.name), ("Why it waits", found.why), ("Who answers for it", name), ("Because", because)]
    note = "It stays behind in the legacy shop and no longer stands in the way of the cutover. The log keeps the name."
    question = Question("Leave this behind?", facts, "Leave it behind", _at(found), note=note)
    return await ask_first(visit, question, act, lambda refusal: _page(visit, found, refusal))


async def _page(
    visit: Visit, found: Case, refusal: Refusal | None = None, errors: Mapping[str, str] = NONE
) -> Response:
    status = status_of(refusal, errors)
    return await visit.page("move_case.html", status, case=found, refusal=refusal, errors=errors, form=visit.form)


def _at(found: Case) -> str:
    return f"{HERE}/case/{segment(found.id)}"
