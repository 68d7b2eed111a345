"""What inventory tells and may be asked. A reservation belongs to a cart; an order takes it over and then always ends it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from banyan.contracts import Call, Contract, Event


class StockLine(Contract):
    """So many units of one SKU."""

    sku: str
    quantity: int


class Parcel(Contract):
    """What one warehouse sends."""

    warehouse_id: str
    lines: tuple[StockLine, ...]


class Shortage(Contract):
    """What could not be had: wanted, and how many there were."""

    sku: str
    wanted: int
    available: int


class StockReserved(Event, owner="inventory", key="reservation_id"):
    """Units are set aside for a cart, or for an order when `order_id` is given."""

    reservation_id: str
    cart_id: str
    order_id: str | None
    lines: tuple[StockLine, ...]


class StockRefused(Event, owner="inventory", key="cart_id"):
    """There was not enough; nothing was set aside."""

    cart_id: str
    order_id: str | None
    short: tuple[Shortage, ...]


class StockReleased(Event, owner="inventory", key="reservation_id"):
    """Units set aside are free again: `reason` is expired, cancelled, replaced …"""

    reservation_id: str
    cart_id: str
    order_id: str | None
    reason: str
    lines: tuple[StockLine, ...] = ()


class StockSold(Event, owner="inventory", key="reservation_id"):
    """Units set aside for an order have left the books."""

    reservation_id: str
    order_id: str
    parcels: tuple[Parcel, ...]


class StockReturned(Event, owner="inventory", key="order_id"):
    """Sold units of a cancelled order are back on the books."""

    order_id: str
    lines: tuple[StockLine, ...]


class StockAdjusted(Event, owner="inventory", key="sku"):
    """Someone counted, received or wrote off: on_hand moved by `change`."""

    sku: str
    warehouse_id: str
    change: int
    reason: str


class AvailabilityChanged(Event, owner="inventory", key="sku"):
    """A SKU can be bought that could not, or the other way round. Told on crossing only, not on every sale."""

    sku: str
    available: bool


class StockLow(Event, owner="inventory", key="sku"):
    """Available units fell to the threshold or below; told once on the way down."""

    sku: str
    available: int
    threshold: int


class HoldOutcome(StrEnum):
    HELD = "held"
    REFUSED = "refused"


class StockHold(Contract):
    """The answer to HoldStock. `short` says why it was refused; it is empty when the order was released before."""

    outcome: HoldOutcome
    reservation_id: str | None = None
    expires_at: datetime | None = None
    parcels: tuple[Parcel, ...] = ()
    short: tuple[Shortage, ...] = ()


class HoldStock(Call[StockHold], owner="inventory", answer=StockHold):
    """Set units aside for a cart, all lines or none; what the same cart held before is replaced, never added to.

    With `order_id` the order takes the cart's hold over: it no longer expires and ends only by SellStock or ReleaseStock.
    Asked again for the same order: the same answer. Once refused or released, an order is refused for ever.
    """

    cart_id: str
    lines: tuple[StockLine, ...]
    order_id: str | None = None
    seconds: int = 900  # how long a hold without an order lasts


class Done(Contract):
    """It is so now; `changed` is false when it was so before."""

    changed: bool


class SellStock(Call[Done], owner="inventory", answer=Done):
    """The units held for this order leave the books. Conflict when none are held and none were sold."""

    order_id: str


class ReleaseStock(Call[Done], owner="inventory", answer=Done):
    """Give back what a cart or an order holds; sold units of the order return to on_hand. Safe before HoldStock arrives.

    `lines`: units of the order that a legacy shop took off the books, which no reservation here knows of; they return
    once. SKUs that are not kept here are left out.
    """

    order_id: str | None = None
    cart_id: str | None = None
    reason: str = "released"
    lines: tuple[StockLine, ...] = ()


class StockLevel(Contract):
    """Units of a SKU that can be bought now, over all warehouses; with `backorder` more may be bought than there are."""

    sku: str
    available: int
    backorder: bool = False


class StockLevels(Contract):
    levels: tuple[StockLevel, ...]


class AskStock(Call[StockLevels], owner="inventory", answer=StockLevels):
    """How many can be bought now. Unknown SKUs are absent. Units the cart `for_cart` holds itself count as available."""

    skus: tuple[str, ...]
    for_cart: str | None = None


class StockCount(Contract):
    """How many of a SKU lie in the default warehouse, as counted."""

    sku: str
    on_hand: int
    low_stock_at: int = 0
    backorder: bool = False


class SetStock(Call[Done], owner="inventory", answer=Done):
    """Set counted stock, many SKUs at once (imports). A count below what is reserved is refused as Conflict."""

    counts: tuple[StockCount, ...]
    reason: str = "counted"


_Units = Annotated[int, Field(strict=True)]


class StockMessage(Contract):
    """What a warehouse says of one of its shelves: `on_hand` units counted there, or `change` units that came or went.

    `id` is the sender's own and makes it once. `time` is when it was so: what is older than a count is part of it.
    """

    id: str
    sku: str
    warehouse: str
    time: AwareDatetime
    on_hand: _Units | None = None
    change: _Units | None = None


class StockFate(StrEnum):
    APPLIED = "applied"
    AGAIN = "again"  # it was handled before
    SUPERSEDED = "superseded"  # a later count has it already
    REFUSED = "refused"


class StockFated(Contract):
    """What became of a message. `code` and `detail` say why it was refused; refused later, it may go through."""

    id: str
    fate: StockFate
    code: str = ""
    detail: str = ""


class StockFed(Contract):
    fates: tuple[StockFated, ...]


class FeedStock(Call[StockFed], owner="inventory", answer=StockFed):
    """Take what warehouses say, each message once and by itself; answered in the same order."""

    messages: tuple[StockMessage, ...]
