"""What the shop writes to shoppers about their orders."""

from banyan.orders.domain.shown import OrderShown


def confirmed(order: OrderShown, shop: str, link: str) -> tuple[str, str]:
    """Subject and text of the mail that says an order is sure."""
    lines = "\n".join(f"  {line.quantity} × {line.name}  {line.total}" for line in order.lines)
    included = "included" if order.tax_included else "added"
    place = order.address
    return (
        f"{shop}: your order {order.number} is confirmed",
        f"""Thank you for your order {order.number}.

{lines}

  Goods     {order.subtotal}
  Shipping  {order.shipping}
  Tax       {order.tax} ({included})
  Total     {order.total}

It goes to {place.name}, {place.line1}, {place.postal_code} {place.city}, {place.country}.

See how far it is: {link}
This link shows the order without signing in, so keep it to yourself.

{shop}
""",
    )
