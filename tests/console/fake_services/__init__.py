"""The services as the console needs them, by hand: in memory, with real tokens, permissions, ETags and Idempotency-Keys."""

from dataclasses import dataclass

from tests.console.fake_services.asked import Asked, Json
from tests.console.fake_services.catalog import Catalog
from tests.console.fake_services.inventory import Inventory, level_of
from tests.console.fake_services.move import Move
from tests.console.fake_services.orders import Orders
from tests.console.fake_services.users import Users


@dataclass
class Fakes(Users, Orders, Catalog, Inventory, Move):
    """All services of a shop; what they hold may be changed by tests at any time."""


__all__ = ["Asked", "Fakes", "Json", "level_of"]
