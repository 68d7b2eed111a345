"""Carts over HTTP: what is in them, where they go, and the checkout."""

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment
from banyan.storefront.shop_api.shapes import Address, Cart, Order, ShippingOption


class _Options(Seen):
    items: tuple[ShippingOption, ...]


async def make(line: Line) -> Cart:
    """A new cart; a guest's `token` is told this once."""
    return shaped(Cart, await line.send("orders", "POST", "/v1/carts", {}))


async def current(line: Line) -> Cart:
    """The open cart of who asks. NotFound when there is none."""
    return await line.get(Cart, "orders", "/v1/carts/current")


async def read(line: Line, cart_id: str) -> Cart:
    return await line.get(Cart, "orders", _at(cart_id))


async def add(line: Line, cart_id: str, sku: str, quantity: int) -> Cart:
    body = {"sku": sku, "quantity": quantity}
    return shaped(Cart, await line.send("orders", "POST", f"{_at(cart_id)}/lines", body))


async def change(line: Line, cart_id: str, line_id: str, quantity: int) -> Cart:
    """0 removes the line."""
    body = {"quantity": quantity}
    return shaped(Cart, await line.send("orders", "PATCH", f"{_at(cart_id)}/lines/{segment(line_id)}", body))


async def merge(line: Line, cart_id: str, token: str) -> Cart:
    """Put a guest's cart, opened by its token, into the one of who has signed in."""
    return shaped(Cart, await line.send("orders", "POST", f"{_at(cart_id)}/merge", {"token": token}))


async def shipping_options(line: Line, cart_id: str, country: str) -> tuple[ShippingOption, ...]:
    """Ways to send this cart to a country, the usual one first."""
    at = f"{_at(cart_id)}/shipping-options"
    return (await line.get(_Options, "orders", at, [("country", country)])).items


async def deliver(line: Line, cart_id: str, *, email: str, address: Address, shipping_option: str) -> Cart:
    """Step one: contact, address, shipping. The answer has tax and total."""
    body = {
        "email": email,
        "address": address.model_dump(include=set(Address.model_fields)),
        "shipping_option": shipping_option,
    }
    return shaped(Cart, await line.send("orders", "PUT", f"{_at(cart_id)}/delivery", body))


async def check_out(
    line: Line, cart_id: str, *, provider: str | None, token: str, save: bool = False, key: str
) -> Order:
    """Step two: the order, however it went. The same key: the same order. Without a provider payments chooses one."""
    payment: dict[str, object] = {"token": token}
    if provider:
        payment["provider"] = provider
    if save:
        payment["save"] = True
    body = {"payment": payment}
    return shaped(Order, await line.send("orders", "POST", f"{_at(cart_id)}/checkout", body, key=key))


def _at(cart_id: str) -> str:
    return f"/v1/carts/{segment(cart_id)}"
