"""A form of our storefront in the legacy shop's shape: our names made its numbers."""

from collections.abc import Mapping
from typing import Any

from banyan.contracts.moving import AskHomeward, Homeward
from banyan.foundation.face.forms import Form
from banyan.foundation.face.places import segment
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.move.doors.books import Books
from banyan.move.legacy.opencart import variants
from banyan.move.shift.steering import rules_of

_OPTION = "option."  # what names of option fields begin with, on our product pages
_CART = "/index.php?route=checkout/cart"
MOST = 999


class Homewards:
    """Answers gateways."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def find(self, ports: Ports, call: AskHomeward) -> Homeward:
        """`product, quantity, option.<name>`: as the product's page of the storefront sends them. Where that is nothing
        that the legacy shop sells the shopper goes back to the product."""
        form = Form(call.form)
        try:
            at = f"/v1/products/{segment(form['product'][:200])}"
        except NotFound:
            return Homeward(after=_CART)
        answer = await ports.peers.http("catalog", "GET", at)
        if answer.status != 200:
            return Homeward(after=_CART)
        sku = _sku(answer.json(), form.below(_OPTION))
        key = await self._books.key(ports, "sku", sku) if sku else ""
        route = next((each.route for each in rules_of(ports) if each.door == "cart.add"), "")
        if not key or not route:
            return Homeward(after=f"/p/{segment(form['product'])}")
        product, chosen = variants.parsed(key)
        quantity = form.count("quantity", 1, least=1, most=MOST)
        fields = [("product_id", product), ("quantity", str(quantity))]
        fields += [(f"option[{option}]", str(value)) for option, value in chosen]
        return Homeward(target=f"/index.php?route={route}", form=tuple(fields), after=_CART)


def _sku(product: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    """The variant with exactly these options; empty for none."""
    return next((str(each["sku"]) for each in product.get("variants", ()) if each.get("options", {}) == chosen), "")
