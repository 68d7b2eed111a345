"""What may be asked of inventory: one action, one transaction."""

from banyan.inventory.actions.adjust_stock import Adjustment, adjust_stock
from banyan.inventory.actions.change_stock import change_stock
from banyan.inventory.actions.feed_stock import feed, feed_stock
from banyan.inventory.actions.hold_stock import hold_by_hand, hold_stock
from banyan.inventory.actions.keep_warehouses import add_warehouse, change_warehouse
from banyan.inventory.actions.live_stock import keep_live, stock_shown
from banyan.inventory.actions.look_up import (
    ask_stock,
    movements_of,
    reservation,
    reservations,
    stock_of,
    stock_page,
    warehouse,
    warehouses,
)
from banyan.inventory.actions.release_stock import release_by_hand, release_stock
from banyan.inventory.actions.sell_stock import sell_stock
from banyan.inventory.actions.set_stock import set_stock
from banyan.inventory.actions.sweep import forget, sweep

__all__ = [
    "Adjustment",
    "add_warehouse",
    "adjust_stock",
    "ask_stock",
    "change_stock",
    "change_warehouse",
    "feed",
    "feed_stock",
    "forget",
    "hold_by_hand",
    "hold_stock",
    "keep_live",
    "movements_of",
    "release_by_hand",
    "release_stock",
    "reservation",
    "reservations",
    "sell_stock",
    "set_stock",
    "stock_of",
    "stock_page",
    "stock_shown",
    "sweep",
    "warehouse",
    "warehouses",
]
