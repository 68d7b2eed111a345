"""The pages of the demo's legacy shop: plain, with the facts in the places where an OpenCart theme has them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import unescape
from typing import Any

_FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:16px/1.5 Georgia,serif;max-width:60rem;margin:0 auto;padding:1rem;background:#fffdf5;color:#333}}
header{{border-bottom:3px double #a33;margin-bottom:1rem}} a{{color:#a33}} nav a{{margin-right:1rem}}
.product-thumb{{display:inline-block;width:17rem;vertical-align:top;margin:0 1rem 1rem 0}} .price{{font-weight:bold}}</style>
</head><body><header><h2><a href="/index.php?route=common/home">The old shop</a></h2></header>
{body}
</body></html>"""


def frame(title: str, body: str) -> str:
    return _FRAME.format(title=title, body=body)


def listing(title: str, menu: Iterable[Mapping[str, Any]], products: Iterable[Mapping[str, Any]]) -> str:
    thumbs = "".join(
        f'<div class="product-thumb"><h4><a href="/index.php?route=product/product&amp;product_id={each["product_id"]}">'
        f'{each["name"]}</a></h4><span class="price">{money(each["price"])}</span></div>'
        for each in products
    )
    return frame(title, f"{_nav(menu)}<h1>{title}</h1>{thumbs}")


def product(menu: Iterable[Mapping[str, Any]], found: Mapping[str, Any]) -> str:
    there = "In Stock" if found["quantity"] > 0 else "Out Of Stock"
    return frame(
        found["name"],
        f"""{_nav(menu)}<div id="product"><h1>{found["name"]}</h1>
<ul class="list-unstyled"><li>Product Code: {found["model"]}</li><li>Availability: {there}</li></ul>
<h2><span class="price-new">{money(found["price"])}</span></h2>{unescape(found["description"] or "")}
<form method="post" action="/index.php?route=checkout/cart.add"><input type="hidden" name="product_id"
 value="{found["product_id"]}"><input name="quantity" value="1"><button>Add to Cart</button></form></div>""",
    )


def cart(lines: Iterable[Mapping[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{line['name']}</td><td>{line['quantity']}</td><td>{money(line['price'])}</td></tr>" for line in lines
    )
    return frame("Shopping Cart", f"<h1>Shopping Cart</h1><table>{rows}</table>")


def confirm(lines: Iterable[Mapping[str, Any]], amounts: Mapping[str, Decimal]) -> str:
    rows = "".join(f"<tr><td>{line['quantity']} × {line['name']}</td></tr>" for line in lines)
    sums = "".join(f"<tr><td>{name}</td><td>{money(value)}</td></tr>" for name, value in amounts.items())
    return frame("Confirm Order", f"<h1>Confirm Order</h1><table>{rows}{sums}</table>")


def unconfirmed() -> str:
    """The last step while one before it is missing: no button."""
    return frame("Confirm Order", "<h1>Confirm Order</h1><p>Delivery or payment is not chosen yet.</p>")


def thanks(order: int) -> str:
    return frame("Your order has been placed!", f"<h1>Your order has been placed!</h1><p>Order {order}</p>")


def account(known: Mapping[str, Any], addresses: Iterable[Mapping[str, Any]]) -> str:
    listed = "".join(f"<li>{each['address_1']}, {each['postcode']} {each['city']}</li>" for each in addresses)
    return frame("My Account", f"<h1>My Account</h1><p>{known['firstname']} {known['lastname']}</p><ul>{listed}</ul>")


def sign_in() -> str:
    return frame("Account Login", "<h1>Returning Customer</h1>")


def money(amount: Decimal) -> str:
    return f"{amount:.2f}€"


def _nav(menu: Iterable[Mapping[str, Any]]) -> str:
    return (
        "<nav>"
        + "".join(
            f'<a href="/index.php?route=product/category&amp;path={each["category_id"]}">{each["name"]} ({each["count"]})</a>'
            for each in menu
        )
        + "</nav>"
    )
