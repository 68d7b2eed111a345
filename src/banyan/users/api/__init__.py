"""Users over HTTP: parse, act, answer."""

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.users.api import addresses, api_keys, factors, me, oauth, passkeys, privacy, sessions, users, well_known


def routes(_: Ports) -> APIRouter:
    """Every route of this service."""
    router = APIRouter()
    for part in (users, sessions, me, factors, passkeys, addresses, api_keys, oauth, well_known, privacy):
        router.include_router(part.router)
    return router
