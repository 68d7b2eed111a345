"""Doors of the cart: adding by the legacy shop's product and option numbers, changing by its row numbers or by ours."""

import re
from html import escape

from starlette.responses import HTMLResponse, Response

from banyan.kernel.refusals import Refusal
from banyan.move.doors.books import chosen_of
from banyan.move.doors.shopper import Cart, CartLine
from banyan.move.doors.visit import Visit

MOST = 999  # of one thing
_OPTION = re.compile(r"option\[(\d{1,11})\](?:\[\d*\])?")


async def add(visit: Visit) -> Response:
    """`product_id, quantity, option[<product_option_id>]=<product_option_value_id>`"""
    product = visit.form["product_id"]
    quantity = visit.form.count("quantity", 1, least=1, most=MOST)
    given = [(found[1], value) for name, value in visit.form.pairs if (found := _OPTION.fullmatch(name)) and value]
    missing = await visit.books.missing(visit.ports, product, (int(option) for option, _ in given))
    if missing:
        place = f"/index.php?route=product/product&product_id={product}"
        return _without(visit, {f"option_{option}": f"{name} required!" for option, name in missing.items()}, place)
    sku = await visit.books.sku(visit.ports, product, chosen_of(given))
    if not sku:
        return visit.wrong("Product not found!")
    try:
        cart = await visit.shopper.add(sku, quantity, visit.key())
    except Refusal as refusal:
        return visit.faults(refusal, {}, back="/cart")
    name = escape(next((line.name for line in cart.lines if line.sku == sku), "it"))
    text = f'Success: You have added {name} to your <a href="/cart">shopping cart</a>!'
    return visit.done(text, "/cart", total=f"{cart.pieces} item(s)")


async def edit(visit: Visit) -> Response:
    """`key, quantity`, or `quantity[<key>]` as version 3 sends them."""
    wanted = {
        name[len("quantity[") : -1]: visit.form.count(name, 0, least=0, most=MOST)
        for name, _ in visit.form.pairs
        if name.startswith("quantity[") and name.endswith("]")
    }
    if not wanted:
        wanted = {visit.form["key"]: visit.form.count("quantity", 0, least=0, most=MOST)}
    return await _change(visit, wanted, "Success: You have modified your shopping cart!")


async def remove(visit: Visit) -> Response:
    return await _change(visit, {visit.form["key"]: 0}, "Success: You have removed an item from your shopping cart!")


async def info(visit: Visit) -> Response:
    """The piece of a page that shows how much is in the cart."""
    cart = await visit.shopper.cart()
    return HTMLResponse(f'<div id="cart"><a href="/cart">{cart.pieces if cart else 0} item(s)</a></div>')


async def _change(visit: Visit, wanted: dict[str, int], text: str) -> Response:
    cart = await visit.shopper.cart()
    if cart is None:
        return visit.go("/cart")
    for key, quantity in wanted.items():
        line = await _line(visit, cart, key)
        if line is None:  # gone already, or of a cart that is not this one
            continue
        try:
            cart = await visit.shopper.change(cart, line, quantity)
        except Refusal as refusal:
            if refusal.code not in ("no_such_line", "no_such_cart"):
                return visit.faults(refusal, {}, back="/cart")
    return visit.done(text, "/cart", total=f"{cart.pieces} item(s)")


async def _line(visit: Visit, cart: Cart, key: str) -> CartLine | None:
    """By our own id, or by the number of the row in the legacy shop's cart."""
    sku = "" if key.startswith("lin_") else await visit.books.in_cart(visit.ports, key)
    return next((line for line in cart.lines if line.id == key or line.sku == sku), None)


def _without(visit: Visit, fields: dict[str, str], place: str) -> Response:
    """What must be chosen first; a list's page goes to the product's."""
    answer = {"error": fields, "redirect": place}
    from banyan.foundation import web

    return web.json(answer)
