"""What a legacy shop's rows mean to us: records that services take over, and hand back when a shop goes back.

A record is a whole aggregate as it is now, never a difference. `id` is our own id for it, given out by `move`, which alone
knows the legacy keys. `version` only rises: a record that is not newer than the last one taken changes nothing.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from banyan.contracts import Call, Contract
from banyan.contracts.users import Address
from banyan.kernel.money import Money


class CustomerAddress(Contract):
    """`id` is `adr_…`."""

    id: str
    address: Address
    is_default: bool = False


class Customer(Contract):
    """Someone with an account. Their password comes as the hash they have, with the name of its scheme."""

    kind: Literal["customer"] = "customer"
    id: str  # usr_…
    version: int
    email: str
    name: str
    phone: str = ""
    password_scheme: str | None = None  # bcrypt, sha1-salted, sha1-salted-escaped, md5; argon2id when ours
    password_hash: str | None = None  # sha1-salted…: `salt$hex`
    addresses: tuple[CustomerAddress, ...] = ()
    newsletter: bool = False
    closed: bool = False
    created_at: datetime


class CategoryRecord(Contract):
    kind: Literal["category"] = "category"
    id: str  # cat_…
    version: int
    name: str
    parent_id: str | None = None
    position: int = 0
    removed: bool = False


class BrandRecord(Contract):
    kind: Literal["brand"] = "brand"
    id: str  # brd_…
    version: int
    name: str
    removed: bool = False


class VariantRecord(Contract):
    """`sku` is the shop's where it is free and unambiguous, else made from the legacy keys."""

    id: str  # var_…
    sku: str
    options: dict[str, str] = {}
    prices: tuple[Money, ...]  # one per currency
    weight_g: int = 0


class ProductRecord(Contract):
    kind: Literal["product"] = "product"
    id: str  # prd_…
    version: int
    name: str
    description: str = ""
    slug: str | None = None  # None: made from the name
    brand_id: str | None = None
    category_id: str | None = None  # the deepest
    status: Literal["draft", "published", "archived"] = "published"
    variants: tuple[VariantRecord, ...] = ()
    images: tuple[str, ...] = ()  # absolute URLs, or paths below /media
    attributes: dict[str, str] = {}
    popularity: int = 0
    created_at: datetime
    removed: bool = False


class StockRecord(Contract):
    """Units of one SKU that lie there, as the legacy shop counts them; it may count below zero."""

    kind: Literal["stock"] = "stock"
    id: str  # the SKU
    version: int
    on_hand: int
    tracked: bool = True  # False: sold without counting
    backorder: bool = False
    removed: bool = False


class OrderLineRecord(Contract):
    """Prices are what was charged in the order's currency, without tax where `tax_included` is false."""

    line_id: str
    sku: str
    product_id: str | None
    name: str
    options: dict[str, str] = {}
    quantity: int
    unit_price: Money
    total: Money
    tax: Money


class HistoryRecord(Contract):
    """What once happened to an order, in the legacy shop's words."""

    status: str
    comment: str = ""
    at: datetime
    told: bool = False  # whether the customer was written to


class OrderRecord(Contract):
    """An order that was placed. total = subtotal − discount + shipping + tax + adjustment, always: what does not fit
    is in `adjustment`. `number` is the legacy shop's; an order that was placed here keeps its own. `legacy_status` is empty
    where the shop's own name is not known: for what was done here.
    """

    kind: Literal["order"] = "order"
    id: str  # ord_…
    version: int
    number: str
    user_id: str | None
    email: str
    lines: tuple[OrderLineRecord, ...]
    address: Address
    shipping_option: str
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    adjustment: Money  # fees and rounding the legacy totals have beside these; may be negative
    total: Money
    tax_included: bool = False  # then prices hold the tax, and it is not added to the total
    refunded: Money | None = (
        None  # what went back so far, where the shop keeps it; None: all of it if `refunded`, else nothing
    )
    status: Literal["processing", "confirmed", "fulfilled", "cancelled", "refunded", "payment_failed"]
    legacy_status: str  # the shop's own name for it
    paid: bool  # whether the legacy shop takes the money for received
    payment_method: str = ""
    payment_reference: str = ""
    history: tuple[HistoryRecord, ...] = ()
    placed_at: datetime
    removed: bool = False


class CartLineRecord(Contract):
    sku: str
    quantity: int


class CartRecord(Contract):
    """A shopper's open cart, its lines at our prices. A guest's is reached by `token`, which a browser brings as `ct_<token>`
    (20 to 100 letters of base64url: foundation.auth). Only its hash is kept, so it never comes back.
    """

    kind: Literal["cart"] = "cart"
    id: str  # crt_…
    version: int
    user_id: str | None = None
    token: str | None = None
    lines: tuple[CartLineRecord, ...] = ()
    removed: bool = False


Record = Annotated[
    Customer | CategoryRecord | BrandRecord | ProductRecord | StockRecord | OrderRecord | CartRecord,
    Field(discriminator="kind"),
]

KINDS: dict[str, str] = {
    "customer": "users",
    "category": "catalog",
    "brand": "catalog",
    "product": "catalog",
    "stock": "inventory",
    "order": "orders",
    "cart": "orders",
}
"""Record kind → the service that takes it."""


class Outcome(StrEnum):
    TAKEN = "taken"
    STALE = "stale"  # this version or a newer one was taken before
    WAITS = "waits"  # something it refers to has not come yet: offer it again
    REFUSED = "refused"  # it can never be taken as it is; `why` says so in plain words


class Fate(Contract):
    """What became of one record."""

    kind: str
    id: str
    outcome: Outcome
    why: str = ""


class Fates(Contract):
    fates: tuple[Fate, ...]


class Handed(Contract):
    """Records as the service holds them now; ids it does not know are absent. `version` is the last one taken, or 0."""

    records: tuple[Record, ...]


class _Take(Contract):
    records: tuple[Record, ...]
    again: bool = False  # a record whose version was taken before is taken anew: to mend what is not as it should be


class _HandOver(Contract):
    kind: str
    ids: tuple[str, ...]


# Each service answers the same two questions; a call belongs to one service, so there is a pair for each.
class UsersTake(_Take, Call[Fates], owner="users", answer=Fates):
    """Take these over, each by itself: one that is refused does not hold up the others."""


class CatalogTake(_Take, Call[Fates], owner="catalog", answer=Fates):
    """Take these over, each by itself."""


class InventoryTake(_Take, Call[Fates], owner="inventory", answer=Fates):
    """Take these over, each by itself."""


class OrdersTake(_Take, Call[Fates], owner="orders", answer=Fates):
    """Take these over, each by itself."""


class UsersHandOver(_HandOver, Call[Handed], owner="users", answer=Handed):
    """These records as they are here."""


class CatalogHandOver(_HandOver, Call[Handed], owner="catalog", answer=Handed):
    """These records as they are here."""


class InventoryHandOver(_HandOver, Call[Handed], owner="inventory", answer=Handed):
    """These records as they are here."""


class OrdersHandOver(_HandOver, Call[Handed], owner="orders", answer=Handed):
    """These records as they are here."""


class Touched(Contract):
    """Ids of records, as OrdersHandOver is asked for them; `until` is what to say as `since` the next time.

    `marks`: of each id one that is another as soon as the cart has changed again.
    """

    ids: tuple[str, ...]
    until: datetime
    marks: tuple[str, ...] = ()


class CartsTouched(Call[Touched], owner="orders", answer=Touched):
    """Carts that were made or changed since a moment, the earliest first, at most `most`: of carts no facts are told.

    Changes show when their transaction ends, so each answer's `until` lies a minute before its last: expect ids twice.
    """

    since: datetime
    most: int = 1000


class Unsettled(Contract):
    """`stuck`: of those under way, tried often and in vain; `numbers` names some, the stuck ones first."""

    under_way: int
    stuck: int = 0
    numbers: tuple[str, ...] = ()


class AskUnsettled(Call[Unsettled], owner="orders", answer=Unsettled):
    """Orders for which stock or money is still being taken or given back: who gives them away now leaves that half done.

    `hurry`: those that wait to be tried again are tried at once.
    """

    hurry: bool = False


TAKE = {"users": UsersTake, "catalog": CatalogTake, "inventory": InventoryTake, "orders": OrdersTake}
HAND_OVER = {
    "users": UsersHandOver,
    "catalog": CatalogHandOver,
    "inventory": InventoryHandOver,
    "orders": OrdersHandOver,
}


class Held(Contract):
    """The tenure that is in force now. `unsent`: facts that this service has told and that are not on the bus yet."""

    owner: Literal["legacy", "new"] | None
    epoch: int
    unsent: int = 0


class _SetTenure(Contract):
    """Who may write this service's side of a group: with `legacy` its database refuses every write but the intake's.

    `epoch` only rises; an older one is refused as Conflict. None as owner takes the fence away for good.
    """

    group: str
    owner: Literal["legacy", "new"] | None
    epoch: int


class UsersTenure(_SetTenure, Call[Held], owner="users", answer=Held):
    """Who may write accounts."""


class CatalogTenure(_SetTenure, Call[Held], owner="catalog", answer=Held):
    """Who may write the catalogue."""


class InventoryTenure(_SetTenure, Call[Held], owner="inventory", answer=Held):
    """Who may write stock."""


class OrdersTenure(_SetTenure, Call[Held], owner="orders", answer=Held):
    """Who may write carts and orders."""


TENURE = {"users": UsersTenure, "catalog": CatalogTenure, "inventory": InventoryTenure, "orders": OrdersTenure}
