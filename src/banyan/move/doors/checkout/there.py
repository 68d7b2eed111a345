"""What the legacy shop knew of a checkout when it changed hands: its session says where it goes, its order what was shown."""

from decimal import ROUND_HALF_UP

from banyan.foundation.face.line import Seen
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money, exponent
from banyan.kernel.refusals import Refusal
from banyan.move.doors.books import chosen_of
from banyan.move.doors.shopper import Cart, Cookie
from banyan.move.doors.visit import Visit
from banyan.move.legacy.opencart.sessions import Session
from banyan.move.rows import Row

STANDARD = "standard"
"""Our usual way to send; what the legacy shop calls its ways means nothing to us."""


class _Me(Seen):
    email: str


class _Address(Seen):
    name: str = ""
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postal_code: str = ""
    country: str
    phone: str = ""


async def session_of(visit: Visit) -> Session | None:
    id = visit.request.cookies.get("OCSESSID", "")
    return await visit.books.session(visit.ports, id) if id else None


async def to_address(visit: Visit, cart: Cart, key: str) -> Cart:
    """Send the cart to an address of the account, by the legacy shop's number or ours. NotFound for none of the shopper's."""
    id = key if key.startswith("adr_") else await visit.books.id(visit.ports, "address", key)
    address = await visit.shopper.line.get(_Address, "users", f"/v1/me/addresses/{segment(id)}")
    email = cart.email or (await visit.shopper.line.get(_Me, "users", "/v1/me")).email
    return await visit.shopper.deliver(cart, email, address.model_dump(), cart.shipping_option or STANDARD)


async def carried_over(visit: Visit, cart: Cart) -> Cart | None:
    """The cart with the address that was chosen there; None where none was, or it is nobody's any more."""
    said = await session_of(visit)
    if said is None or not said.address or not visit.shopper.signed_in:
        return None
    try:
        return await to_address(visit, cart, said.address)
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        return None


async def order_there(visit: Visit) -> Row | None:
    """The order that the session's checkout last showed, placed or not."""
    said = await session_of(visit)
    return await visit.books.row(visit.ports, "order", said.order) if said and said.order else None


def is_placed(order: Row) -> bool:
    return order.int("order_status_id") > 0


def shown_there(order: Row) -> Money:
    """What it came to, in the currency in which it was shown, as its pages round."""
    currency = order.text("currency_code")
    amount = order.decimal("total") * order.decimal("currency_value")
    minor = amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP)
    return Money(int(minor), currency)


async def is_of(visit: Visit, order: Row, cart: Cart) -> bool:
    """Whether exactly what was ordered there still lies in the cart."""
    number = order.text("order_id")
    options: dict[int, list[tuple[str, str]]] = {}
    for row in await visit.books.of(visit.ports, "order_option", number):
        pair = (row.text("product_option_id"), row.text("product_option_value_id"))
        options.setdefault(row.int("order_product_id"), []).append(pair)
    units: dict[str, int] = {}
    for row in await visit.books.of(visit.ports, "order_product", number):
        chosen = chosen_of(options.get(row.int("order_product_id"), ()))
        sku = await visit.books.sku(visit.ports, row.text("product_id"), chosen)
        units[sku] = units.get(sku, 0) + row.int("quantity")
    return bool(units) and units == {line.sku: line.quantity for line in cart.lines}


async def cleared(visit: Visit, cart: Cart) -> None:
    """The cart of an order that was placed there is empty from now on, as that shop's own would be."""
    for line in cart.lines:
        cart = await visit.shopper.change(cart, line, 0)
    visit.shopper.jar.drop(Cookie.CONFIRMED)
