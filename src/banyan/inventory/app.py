"""How inventory is put together."""

from pathlib import Path

from banyan.contracts.inventory import AskStock, HoldStock, ReleaseStock, SellStock, SetStock
from banyan.foundation.service import Service
from banyan.inventory import actions, api
from banyan.inventory.invariants import INVARIANTS


def service() -> Service:
    return Service(
        name="inventory",
        folder=Path(__file__).parent,
        routes=api.routes,
        calls={
            HoldStock: actions.hold_stock,
            SellStock: actions.sell_stock,
            ReleaseStock: actions.release_stock,
            AskStock: actions.ask_stock,
            SetStock: actions.set_stock,
        },
        chores={"sweep": actions.sweep, "forget": actions.forget},
        invariants=INVARIANTS,
    )
