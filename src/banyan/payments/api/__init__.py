"""HTTP of payments: payments for operators and shoppers, ways to pay, saved ones, the vault, and providers' webhooks."""

from collections.abc import Callable

from fastapi import APIRouter

from banyan.foundation.service import Ports
from banyan.payments.api import methods, options, payments, reconciling, webhooks
from banyan.payments.api.shapes import TROUBLE
from banyan.payments.providers.desk import Desk


def routes(desk: Desk) -> Callable[[Ports], APIRouter]:
    """The routes over these providers."""

    def over(ports: Ports) -> APIRouter:
        """WrongSettings where a provider's secret is missing: whoever starts us must not find out by a forged webhook."""
        desk.check(ports.settings)
        router = APIRouter(responses=TROUBLE)
        # Routes are tried in this order: the busiest comes first.
        for room in (webhooks, payments, methods, options, reconciling):
            router.include_router(room.routes(desk, ports))
        return router

    return over
