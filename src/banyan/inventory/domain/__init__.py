"""What is true of stock: which shelf gives what, what a reservation may become, what a count changes. All pure."""

from banyan.inventory.domain.allocation import Allocation, Shelf, Strategy, allocate, parcels, shortages
from banyan.inventory.domain.available import Available
from banyan.inventory.domain.bounds import (
    LARGEST,
    LARGEST_LINE,
    LONGEST_HOLD,
    LONGEST_SKU,
    is_id,
    is_sku,
    is_text,
    plain,
)
from banyan.inventory.domain.counting import DEFAULT_WAREHOUSE, Level, Settings, below_reserved, counts_of, differing
from banyan.inventory.domain.holding import (
    NEXT,
    Overtaken,
    Plan,
    Reservation,
    State,
    combined,
    difference,
    lines_of,
    summed,
    wish_of,
)
from banyan.inventory.domain.turns import Look, Turns

__all__ = [
    "DEFAULT_WAREHOUSE",
    "LARGEST",
    "LARGEST_LINE",
    "LONGEST_HOLD",
    "LONGEST_SKU",
    "NEXT",
    "Allocation",
    "Available",
    "Level",
    "Look",
    "Overtaken",
    "Plan",
    "Reservation",
    "Settings",
    "Shelf",
    "State",
    "Strategy",
    "Turns",
    "allocate",
    "below_reserved",
    "combined",
    "counts_of",
    "difference",
    "differing",
    "is_id",
    "is_sku",
    "is_text",
    "lines_of",
    "parcels",
    "plain",
    "shortages",
    "summed",
    "wish_of",
]
