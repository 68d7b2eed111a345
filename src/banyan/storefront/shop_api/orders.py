"""Orders over HTTP: one with its story, mine, and the ways to change one."""

from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment, with_query
from banyan.kernel.money import Money
from banyan.storefront.shop_api.shapes import Order, OrderEvent


class Orders(Seen):
    items: tuple[Order, ...]
    next_cursor: str | None = None


class _Events(Seen):
    items: tuple[OrderEvent, ...]


async def read(line: Line, order_id: str, access: str = "") -> Order:
    """`access`: what opens it for a guest, from its link."""
    return await line.get(Order, "orders", _at(order_id), [("access", access)])


async def events(line: Line, order_id: str, access: str = "") -> tuple[OrderEvent, ...]:
    return (await line.get(_Events, "orders", f"{_at(order_id)}/events", [("access", access)])).items


async def mine(line: Line, cursor: str = "", limit: int = 10) -> Orders:
    return await line.get(Orders, "orders", "/v1/orders", [("limit", str(limit)), ("cursor", cursor)])


async def settle(line: Line, order_id: str, access: str = "") -> Order:
    """The order after a look at its payment now."""
    return shaped(
        Order, await line.send("orders", "POST", with_query(f"{_at(order_id)}/settle", [("access", access)]), {})
    )


async def cancel(line: Line, order_id: str, *, key: str) -> None:
    await line.send("orders", "POST", f"{_at(order_id)}/cancel", {"reason": "changed my mind"}, key=key)


async def one_click(line: Line, sku: str, quantity: int, *, price: Money | None, key: str) -> Order:
    """Bought at once, to the saved address with the saved way to pay. `price`: the one that was seen."""
    body: dict[str, object] = {"sku": sku, "quantity": quantity}
    if price:
        body["unit_price"] = {"amount": price.amount, "currency": price.currency}
    return shaped(Order, await line.send("orders", "POST", "/v1/orders/one-click", body, key=key))


def _at(order_id: str) -> str:
    return f"/v1/orders/{segment(order_id)}"
