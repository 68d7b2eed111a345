"""What is remembered: all of inventory's SQL. Every statement that takes units is one conditional UPDATE."""

from banyan.inventory.storage.levels import Shift, Signal, make_places, own_levels, settle, shift
from banyan.inventory.storage.listing import forget_old, list_reservations, read_reservation
from banyan.inventory.storage.messages import changed_since, counted_since, forget_messages, note
from banyan.inventory.storage.movements import Move, list_movements, write_movements
from banyan.inventory.storage.reservations import (
    Ends,
    keep_all,
    lapsed_batch,
    lock,
    lock_live,
    look,
    mark_released,
    open_all,
    pass_on,
    sell_all,
    states,
)
from banyan.inventory.storage.stock import (
    available,
    change_settings,
    list_stock,
    lock_settings,
    look_up,
    look_up_as_of,
    sku_is_known,
)
from banyan.inventory.storage.warehouses import (
    add_warehouse,
    change_warehouse,
    list_warehouses,
    lock_warehouse,
    read_warehouse,
    skus_in,
)

__all__ = [
    "Ends",
    "Move",
    "Shift",
    "Signal",
    "add_warehouse",
    "available",
    "change_settings",
    "change_warehouse",
    "changed_since",
    "counted_since",
    "forget_messages",
    "forget_old",
    "keep_all",
    "lapsed_batch",
    "list_movements",
    "list_reservations",
    "list_stock",
    "list_warehouses",
    "lock",
    "lock_live",
    "lock_settings",
    "lock_warehouse",
    "look",
    "look_up",
    "look_up_as_of",
    "make_places",
    "mark_released",
    "note",
    "open_all",
    "own_levels",
    "pass_on",
    "read_reservation",
    "read_warehouse",
    "sell_all",
    "settle",
    "shift",
    "sku_is_known",
    "skus_in",
    "states",
    "write_movements",
]
