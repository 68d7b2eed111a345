"""One case in quarantine: why, with the legacy shop's own rows; tried again, or left behind on somebody's word."""

from collections.abc import Mapping

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, in_place, status_of
from banyan.console.pages.moving import HERE, at
from banyan.console.services import moving
from banyan.console.services.moving import Case
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal

NONE: Mapping[str, str] = {}


async def case(visit: Visit) -> Response:
    """`/console/move/case/{id}`"""
    return await _page(visit, await moving.case(visit.line, visit.path["id"]))


async def retry(visit: Visit) -> Response:
    """`POST /console/move/case/{id}/retry`: at once; what fits is taken, what does not comes back."""
    found = await moving.case(visit.line, visit.path["id"])
    try:
        await moving.retry(visit.line, found.id, visit.operator.name)
    except Refusal as refusal:
        return await _page(visit, found, in_place(refusal))
    return visit.to(at(found.group), "offered-again")


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
