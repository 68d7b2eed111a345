"""How the test bank is put together."""

from pathlib import Path

from banyan.contracts import access
from banyan.foundation.service import Service
from banyan.testbank import actions, api
from banyan.testbank.invariants import INVARIANTS


def service() -> Service:
    return Service(
        name="testbank",
        folder=Path(__file__).parent,
        routes=api.routes,
        access=access.rows("testbank"),
        chores={"webhooks": actions.deliver},
        invariants=INVARIANTS,
    )
