"""A mover with groups in its database, and nothing else."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import banyan.move
from banyan.foundation.service import Ports, Service
from banyan.kernel.clock import Clock
from tests.conftest import OpenShop

OpenMover = Callable[..., Awaitable[Ports]]


@pytest.fixture(scope="module")
async def open_mover(open_shop: OpenShop) -> OpenMover:
    """`ports = await open_mover(clock=…, legacy_http=…)`: with the groups catalog, users and orders, verified."""

    async def make(clock: Clock | None = None, legacy_http: str = "http://127.0.0.1:9") -> Ports:
        from fastapi import APIRouter

        service = Service(name="move", folder=Path(banyan.move.__file__).parent, routes=lambda _: APIRouter())
        shop = await open_shop(service, clock=clock, legacy_http=legacy_http)
        ports = shop.ports["move"]
        await ports.db.execute(
            "INSERT INTO groups (name, state) SELECT name, 'verified' FROM unnest(ARRAY['catalog', 'users', 'orders']) name"
        )
        return ports

    return make
