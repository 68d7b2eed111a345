"""The cart: what is in it, and the forms that change it."""

from starlette.responses import Response

from banyan.kernel.refusals import Refusal
from banyan.storefront import basket
from banyan.storefront.cookies import Cookie
from banyan.storefront.pages import product as product_pages
from banyan.storefront.pages.paying import to_confirm
from banyan.storefront.places import local
from banyan.storefront.shop_api import carts, catalog, orders
from banyan.storefront.shop_api.shapes import Variant
from banyan.storefront.visit import Visit

MOST = 99  # of one thing, by form


async def cart(visit: Visit) -> Response:
    """`/cart`"""
    found = await basket.find(visit)
    window = None
    if found is None or not found.lines:
        window = await visit.front.window.get()
    return await visit.page("cart.html", cart=found, window=window)


async def add(visit: Visit) -> Response:
    """`POST /cart/lines`"""
    quantity = visit.form.count("quantity", 1, least=1, most=MOST)
    chosen = await _chosen(visit, quantity)
    if isinstance(chosen, Response):
        return chosen
    try:
        after = await basket.add(visit, chosen.sku, quantity)
    except Refusal as refusal:
        if refusal.code not in ("out_of_stock", "unknown_sku", "too_many_lines"):
            raise
        return await _sold_out(visit, chosen, quantity, refusal)
    return visit.to("/cart", "cart-changed" if after.changes else "added")


async def change(visit: Visit) -> Response:
    """`POST /cart/lines/{line}`: another quantity, one more or less, or none."""
    quantity = visit.form.count("quantity", 1, least=0, most=MOST) + visit.form.count("step", 0, least=-1, most=1)
    if "remove" in visit.form:
        quantity = 0
    cart_id = visit.jar.get(Cookie.CART_ID)
    if not cart_id:
        return visit.to("/cart")
    try:
        after = await carts.change(visit.line, cart_id, visit.path["line"], max(0, min(MOST, quantity)))
    except Refusal as refusal:
        if refusal.code == "out_of_stock":
            return visit.to("/cart", "less")
        if refusal.status in (404, 409):
            return visit.to("/cart", "changed-meanwhile")
        raise
    basket.hold(visit, after)
    if after.changes:
        return visit.to("/cart", "cart-changed")
    return visit.to("/cart", "updated" if quantity else "removed")


async def buy_now(visit: Visit) -> Response:
    """`POST /buy-now`: one click, for who is signed in and has saved an address and a way to pay."""
    quantity = visit.form.count("quantity", 1, least=1, most=MOST)
    if not visit.visitor.signed_in:
        return visit.to("/sign-in?next=" + local(f"/p/{visit.form['product']}", "/cart"))
    chosen = await _chosen(visit, quantity)
    if isinstance(chosen, Response):
        return chosen
    try:
        order = await orders.one_click(visit.line, chosen.sku, quantity, price=chosen.price, key=visit.form["key"])
    except Refusal as refusal:
        if refusal.code == "one_click_not_ready":
            no_address = any(fault.code == "address_missing" for fault in refusal.errors)
            return (
                visit.to("/account/addresses", "address-needed")
                if no_address
                else visit.to("/account/payment", "method-needed")
            )
        if refusal.code not in ("out_of_stock", "price_changed", "unknown_sku", "key_reused"):
            raise
        return await _sold_out(visit, chosen, quantity, refusal)
    return visit.to(to_confirm(f"/orders/{order.id}") if order.next_action else f"/orders/{order.id}")


async def _chosen(visit: Visit, quantity: int) -> Variant | Response:
    """The variant that a product's form means; the product's page again where that is none that can be bought."""
    found = await catalog.product(visit.line, visit.form["product"], visit.currency)
    wanted = visit.form.below(product_pages.OPTION)
    variant = product_pages.matching(found, wanted)
    if variant is not None and variant.buyable:
        return variant
    missing = [each.name for each in product_pages.options_of(found, {}) if not wanted.get(each.name)]
    if variant is None and missing:
        error = f"Please choose: {', '.join(missing).lower()}."
    else:
        error = "This one is sold out just now. Please choose another."
    return await product_pages.page(visit, found, wanted, status=422, error=error, quantity=quantity)


async def _sold_out(visit: Visit, chosen: Variant, quantity: int, refusal: Refusal) -> Response:
    found = await catalog.product(visit.line, visit.form["product"], visit.currency)
    error = _WHY.get(refusal.code, "There are not that many left. Please take fewer, or choose another.")
    return await product_pages.page(visit, found, chosen.options, status=409, error=error, quantity=quantity)


_WHY = {
    "price_changed": "The price has just changed. Please look again before you buy.",
    "key_reused": "You have just bought from this page. Press once more if you want to buy again.",
    "too_many_lines": "Your cart is full. Please check out first.",
}
