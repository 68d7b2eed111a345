"""Who looks at a move over HTTP and acts on it: operators, with the same words and answers as `banyan move …`."""

from collections.abc import Callable

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.move import legacy
from banyan.move.api import acting, aside, reading, turning
from banyan.move.api.acts import Acts
from banyan.move.legacy import Adapter


def routes(ports: Ports, known: Callable[[str], Adapter] = legacy.adapter) -> APIRouter:
    """`known`: the adapter of a kind of legacy shop, by the name in the settings."""
    acts = Acts(ports, known)
    router = APIRouter()
    router.include_router(aside.routes(ports, acts))  # before `/v1/move/{group}`
    for each in (reading, acting, turning):
        router.include_router(each.routes(ports, acts))
    return router
