"""Who asks inventory over HTTP: everyone what can be bought, operators the rest."""

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.inventory.api import reservations, stock, warehouses


def routes(ports: Ports) -> APIRouter:
    router = APIRouter()
    for each in (stock, warehouses, reservations):
        router.include_router(each.routes(ports))
    return router
