"""A legacy shop moves in: how each group stands, whether it can still go back, and what was done. It looks again by itself."""

from starlette.responses import Response

from banyan.console.asking import in_place
from banyan.console.services import moving
from banyan.console.services.moving import Group, Move
from banyan.console.services.parts import parts
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import NotFound, Refusal

HERE = "/console/move"
WRITE = "move:write"
BUSY, QUIET, MOST = 5, 20, 600  # seconds between two looks of a page by itself
WEIGHTS = (0, 5, 25, 50, 100)


async def overview(visit: Visit, refusal: Refusal | None = None) -> Response:
    """`/console/move`; with a refusal of what was asked from there."""
    move = await moving.read(visit.line)
    seconds = 0 if refusal else _seconds(visit, any(group.busy for group in move.groups))
    status = in_place(refusal).status if refusal else 200
    response = await visit.page("move.html", status, move=move, seconds=seconds, refusal=refusal)
    return _again(response, seconds if move.moving else 0)


async def group(visit: Visit) -> Response:
    """`/console/move/{group}`"""
    return await group_page(visit)


async def group_page(visit: Visit, refusal: Refusal | None = None) -> Response:
    """The group's page; with a refusal of what was asked from there."""
    move = await moving.read(visit.line)
    found = group_of(move, visit.path["group"])
    history, cases = await parts(
        moving.history(visit.line, found.group, visit.query["cursor"]), moving.cases(visit.line, found.group)
    )
    seconds = 0 if refusal or visit.query["cursor"] else _seconds(visit, found.busy)
    response = await visit.page(
        "move_group.html",
        in_place(refusal).status if refusal else 200,
        move=move,
        group=found,
        history=history,
        cases=cases,
        weights=WEIGHTS,
        seconds=seconds,
        refusal=refusal,
    )
    return _again(response, seconds)


def group_of(move: Move, name: str) -> Group:
    """NotFound where there is none of this name."""
    for each in move.groups:
        if each.group == name:
            return each
    raise NotFound("there is no such group")


def at(group: str) -> str:
    return f"{HERE}/{segment(group)}"


def _seconds(visit: Visit, busy: bool) -> int:
    """Until the page looks again; `refresh=0` stops it."""
    wanted = visit.query.whole("refresh")
    if wanted is None:
        return BUSY if busy else QUIET
    return 0 if wanted <= 0 else max(BUSY, min(MOST, wanted))


def _again(response: Response, seconds: int) -> Response:
    if seconds:
        response.headers["refresh"] = str(seconds)
    return response
