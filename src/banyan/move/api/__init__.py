"""Who looks at a move over HTTP and acts on it: operators, with the same words and answers as `banyan move …`."""

from collections.abc import Callable

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.move import legacy
from banyan.move.api import acting, aside, pacing, reading, rehearsing, turning
from banyan.move.api.acts import Acts, Rehearse
from banyan.move.legacy import Adapter


def routes(
    ports: Ports, known: Callable[[str], Adapter] = legacy.adapter, rehearse: Rehearse = rehearsing.command
) -> APIRouter:
    """`known`: the adapter of a kind of legacy shop, by the name in the settings. `rehearse`: how a rehearsal is run."""
    acts = Acts(ports, known, rehearse)
    router = APIRouter()
    for each in (aside, pacing):  # before `/v1/move/{group}`
        router.include_router(each.routes(ports, acts))
    for each in (reading, acting, turning):
        router.include_router(each.routes(ports, acts))
    return router
