"""Streams that wait behind an event which could not be handled: what it was, why, and the two ways on."""

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, in_place
from banyan.console.services import operating
from banyan.console.services.operating import Waiting
from banyan.console.shown import counted
from banyan.console.visit import Visit
from banyan.foundation.face.forms import whole
from banyan.kernel.refusals import NotFound, Refusal

HERE = "/console/streams"


async def streams(visit: Visit) -> Response:
    """`/console/streams`"""
    return await _page(visit)


async def retry(visit: Visit) -> Response:
    """`POST /console/streams/{service}/{seq}/retry`: at once. It has its effect once, however often it is tried."""
    service, seq = _place(visit)
    try:
        await operating.retry(visit.line, service, seq)
    except Refusal as refusal:
        return await _refused(visit, refusal)
    return visit.to(HERE, "retried")


async def discard(visit: Visit) -> Response:
    """`POST /console/streams/{service}/{seq}/discard`"""
    service, seq = _place(visit)
    found = next((each for each in await operating.waiting(visit.line, service) if each.seq == seq), None)
    if found is None:
        return visit.to(HERE, "gone-already")

    async def act(_: str) -> Response:
        await operating.discard(visit.line, service, seq)
        return visit.to(HERE, "discarded")

    note = f"{service} will never handle this event; what it should have done is not done."
    question = Question("Give this event up?", _facts(service, found), "Give it up", HERE, note=note)
    return await ask_first(visit, question, act, lambda refused: _refused(visit, refused))


async def _refused(visit: Visit, refusal: Refusal) -> Response:
    if refusal.status == 404:
        return visit.to(HERE, "gone-already")
    return await _page(visit, in_place(refusal))


async def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    found = await operating.all_waiting(visit.line)
    status = refusal.status if refusal else 200
    return await visit.page("streams.html", status, found=found, refusal=refusal)


def _place(visit: Visit) -> tuple[str, int]:
    service, seq = visit.path["service"], whole(visit.path["seq"])
    if service not in operating.services(visit.line) or seq is None:
        raise NotFound("no event waits there")
    return service, seq


def _facts(service: str, found: Waiting) -> list[tuple[str, str]]:
    return [
        ("Service", service),
        ("Event", found.type),
        ("Key", found.key),
        ("Error", found.error or "none"),
        ("Behind it", counted(found.behind, "event")),
    ]
