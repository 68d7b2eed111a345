"""What can be bought of one SKU at this moment: by anyone, and by a cart that holds some itself."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Available:
    """Units free on each shelf of an open warehouse (below zero: owed), and what carts hold there themselves."""

    backorder: bool
    shelves: dict[str, int] = field(default_factory=dict)  # by warehouse
    held: dict[str, dict[str, int]] = field(default_factory=dict)  # by cart, then warehouse

    def units(self, cart_id: str | None = None) -> int:
        """How many this cart, or one that holds nothing, can have."""
        own = self.held.get(cart_id, {}) if cart_id else {}
        return sum(max(0, free + own.get(place, 0)) for place, free in self.shelves.items())
