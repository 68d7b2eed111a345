"""Orders over HTTP: parse, act, answer."""

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.orders.api import carts, orders


def routes(ports: Ports) -> APIRouter:
    router = APIRouter()
    router.include_router(carts.routes(ports))
    router.include_router(orders.routes(ports))
    return router
