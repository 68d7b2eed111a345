"""How inventory is put together."""

from pathlib import Path

from banyan.contracts import access
from banyan.contracts.inventory import AskStock, FeedStock, HoldStock, ReleaseStock, SellStock, SetStock
from banyan.contracts.legacy import InventoryHandOver, InventoryTake, InventoryTenure
from banyan.contracts.privacy import TellStock
from banyan.foundation import tenure
from banyan.foundation.service import Service
from banyan.inventory import actions, api, intake
from banyan.inventory.actions import privacy
from banyan.inventory.invariants import INVARIANTS


def service() -> Service:
    return Service(
        name="inventory",
        folder=Path(__file__).parent,
        routes=api.routes,
        access=access.rows("inventory"),
        calls={
            HoldStock: actions.hold_stock,
            SellStock: actions.sell_stock,
            ReleaseStock: actions.release_stock,
            AskStock: actions.ask_stock,
            SetStock: actions.set_stock,
            FeedStock: actions.feed_stock,
            TellStock: privacy.tell_person,
            InventoryTake: intake.take,
            InventoryHandOver: intake.hand_over,
            InventoryTenure: tenure.over("stock", "level", "movement", "reservation", "reservation_line", "warehouse"),
        },
        chores={"sweep": actions.sweep, "forget": actions.forget, "feed": actions.feed, "live": actions.keep_live},
        fed_by="stock_feed",
        invariants=INVARIANTS,
    )
