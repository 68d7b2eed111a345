"""A cart, and what looking at it shows: today's names, prices and stock, and what is other than it was last time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from banyan.contracts.catalog import Item
from banyan.contracts.inventory import StockLevel
from banyan.contracts.users import Address
from banyan.kernel.money import Money
from banyan.orders.domain import pricing, shipping, tax

MOST_LINES = 100
MOST_UNITS = 999  # of one line
KEEP_DAYS = 30


class CartStatus(StrEnum):
    OPEN = "open"
    ORDERED = "ordered"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a SKU, and the item as the shopper last saw it."""

    id: str
    sku: str
    quantity: int
    seen: Item


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart as it is kept. `order_id` is the order it went into, if any is alive.

    `mark` is another one whenever the cart was written, be it without a new version; 0 for what was not read.
    """

    id: str
    user_id: str | None
    token_hash: bytes | None
    currency: str
    status: CartStatus
    merged_into: str | None
    version: int
    email: str | None
    address: Address | None
    shipping_option: str | None
    seen_total: int | None
    expires_at: datetime
    lines: tuple[Line, ...]
    order_id: str | None = None
    mark: int = 0

    @property
    def skus(self) -> tuple[str, ...]:
        return tuple(line.sku for line in self.lines)

    def belongs_to(self, user_id: str | None, token_hash: bytes | None) -> bool:
        """Whether this user, or whoever holds this token, may see and change it."""
        mine = user_id is not None and self.user_id == user_id
        return mine or (token_hash is not None and self.token_hash == token_hash)


@dataclass(frozen=True, slots=True)
class World:
    """What others say just now about the SKUs that were `asked` for; None where they do not answer."""

    asked: frozenset[str]
    items: Mapping[str, Item] | None
    stock: Mapping[str, StockLevel] | None

    def item(self, line: Line) -> Item | None:
        """The item of a line today; as last seen where nobody knows better. None when it is no longer sold."""
        if self.items is None or line.sku not in self.asked:
            return line.seen if line.seen.sellable else None
        item = self.items.get(line.sku)
        return item if item and item.sellable and item.price else None

    def available(self, sku: str) -> int | None:
        """Units that can be bought; None when nobody knows."""
        if self.stock is None or sku not in self.asked:
            return None
        level = self.stock.get(sku)
        return max(0, level.available) if level else 0

    def room(self, sku: str) -> int:
        """How many of a SKU may be in one cart. Where nobody knows, the checkout will find out."""
        available = self.available(sku)
        backorder = self.stock is not None and sku in self.stock and self.stock[sku].backorder
        return MOST_UNITS if available is None or backorder else min(MOST_UNITS, available)


class ChangeKind(StrEnum):
    PRICE_CHANGED = "price_changed"
    OUT_OF_STOCK = "out_of_stock"
    QUANTITY_REDUCED = "quantity_reduced"
    UNAVAILABLE = "unavailable"


class Change(BaseModel):
    """Something of a line that the shopper should know: prices in Money, quantities in units."""

    kind: ChangeKind
    line_id: str
    before: Money | int
    after: Money | int | None


class LineShown(BaseModel):
    """A line at today's price. `available` is null where inventory does not answer."""

    id: str
    sku: str
    product_id: str
    slug: str
    name: str
    options: dict[str, str]
    image: str | None
    quantity: int
    unit_price: Money
    total: Money
    tax: Money
    sellable: bool
    available: int | None


class CartShown(BaseModel):
    """A cart as shoppers get it. `estimated`: shipping is not chosen yet and tax is that of the likely country.

    `stale`: the catalogue does not answer, and prices are those last seen; such a cart cannot be checked out.
    """

    id: str
    status: CartStatus
    version: int
    currency: str
    email: str | None
    address: Address | None
    shipping_option: str | None
    lines: list[LineShown]
    changes: list[Change]
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool
    total: Money
    estimated: bool
    stale: bool
    expires_at: datetime
    merged_into: str | None = None
    order_id: str | None = None


class NewCart(CartShown):
    """`token` is a guest's key to the cart, told this once; null for who is signed in."""

    token: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """A cart seen today: the lines as they now are, what changed, and what it costs."""

    cart: Cart
    lines: tuple[Line, ...]
    changes: tuple[Change, ...]
    price: pricing.Price
    shipping: shipping.Option | None
    stale: bool
    blocked: bool  # a line cannot be sold at all

    @property
    def news(self) -> bool:
        """Whether what the shopper saw last is no longer so."""
        return self.lines != self.cart.lines or self.price.total.amount != self.cart.seen_total


def look(cart: Cart, world: World, *, tax_included: bool) -> Look:
    """Compare a cart with the world. Lines that cannot be sold stay in it but cost nothing."""
    lines, changes, blocked = [], list[Change](), False
    for line in cart.lines:
        item = world.item(line)
        if item is None:
            changes.append(Change(kind=ChangeKind.UNAVAILABLE, line_id=line.id, before=line.quantity, after=0))
            lines.append(_unsellable(line))
            blocked = True
            continue
        changes += _price_change(line, item)
        quantity = _quantity(line, world, changes)
        same = quantity == line.quantity and item == line.seen
        lines.append(line if same else Line(line.id, line.sku, quantity, item))
    price, option = _priced(cart, lines, tax_included)
    return Look(cart, tuple(lines), tuple(changes), price, option, world.items is None, blocked)


def goods_worth(look: Look) -> Money:
    """What free shipping is measured by: the goods after discount."""
    return look.price.subtotal - look.price.discount


def _price_change(line: Line, item: Item) -> list[Change]:
    before = line.seen.price
    if before is None or item.price is None or before == item.price:
        return []
    return [Change(kind=ChangeKind.PRICE_CHANGED, line_id=line.id, before=before, after=item.price)]


def _quantity(line: Line, world: World, changes: list[Change]) -> int:
    """As many as there are, if fewer than wanted; with none at all the wish is kept, and said to be one."""
    room = world.room(line.sku)
    if line.quantity <= room:
        return line.quantity
    kind = ChangeKind.QUANTITY_REDUCED if room else ChangeKind.OUT_OF_STOCK
    changes.append(Change(kind=kind, line_id=line.id, before=line.quantity, after=room))
    return room or line.quantity


def _unsellable(line: Line) -> Line:
    return Line(line.id, line.sku, line.quantity, line.seen.model_copy(update={"sellable": False}))


def _priced(cart: Cart, lines: Sequence[Line], tax_included: bool) -> tuple[pricing.Price, shipping.Option | None]:
    nothing = Money(0, cart.currency)
    goods = [
        pricing.Goods(
            line.quantity, line.seen.price if line.seen.sellable and line.seen.price else nothing, line.seen.tax_class
        )
        for line in lines
    ]
    country = cart.address.country if cart.address else tax.likely_country(cart.currency)
    bare = pricing.price(goods, shipping=nothing, country=country, tax_included=tax_included)
    if cart.address is None or cart.shipping_option is None:
        return bare, None
    option = shipping.option(cart.shipping_option, country, bare.subtotal - bare.discount)
    if option is None:
        return bare, None
    return pricing.price(goods, shipping=option.price, country=country, tax_included=tax_included), option
