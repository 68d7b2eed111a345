"""Users over HTTP: parse, act, answer."""

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.users.api import addresses, me, oauth, sessions, users, well_known


def routes(_: Ports) -> APIRouter:
    """Every route of this service."""
    router = APIRouter()
    for part in (users, sessions, me, addresses, oauth, well_known):
        router.include_router(part.router)
    return router
