"""A product: its pictures, what can be chosen, and the way into the cart. Without a script the server finds the SKU."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import RedirectResponse, Response

from banyan.foundation.face.look import picture
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money
from banyan.storefront import shown
from banyan.storefront.shop_api import catalog
from banyan.storefront.shop_api.shapes import Product, Variant
from banyan.storefront.visit import Visit

OPTION = "option."  # what names of option fields begin with
UNDECIDED = frozenset({"size"})  # nobody guesses these for a shopper


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    available: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose."""

    name: str
    values: tuple[Value, ...]


async def product(visit: Visit) -> Response:
    """`/p/{slug}`"""
    slug = visit.path["slug"]
    found = await catalog.product(visit.line, slug, visit.currency)
    if found.slug != slug:
        return RedirectResponse(f"/p/{segment(found.slug)}", 301)
    wanted = next((each for each in found.variants if each.sku == visit.query["sku"]), None)
    return await page(visit, found, dict(wanted.options) if wanted else {})


async def page(
    visit: Visit, found: Product, chosen: Mapping[str, str], *, status: int = 200, error: str = "", quantity: int = 1
) -> Response:
    """The product's page, with what was chosen so far and what was wrong with it."""
    tree = await visit.front.tree.get()
    way = tree.way(found.categories[-1].slug) if found.categories else ()
    options = options_of(found, chosen)
    variant = matching(found, {each.name: value.text for each in options for value in each.values if value.chosen})
    return await visit.page(
        "product.html",
        status,
        product=found,
        way=way or found.categories,
        options=options,
        variant=variant,
        facts=[
            fact for each in found.attributes if (fact := shown.named(each.name or each.code, each.value, each.unit))
        ],
        variants=_for_script(found),
        linked_data=_linked_data(found, visit.front.settings.origin),
        error=error,
        quantity=quantity,
    )


def options_of(product: Product, chosen: Mapping[str, str]) -> list[Option]:
    """What there is to choose. What was not chosen yet is that of the first variant to be had, except for sizes."""
    names = list(dict.fromkeys(name for variant in product.variants for name in variant.options))
    first = next((variant for variant in product.variants if variant.buyable), None)
    options = []
    for name in names:
        values = list(dict.fromkeys(variant.options[name] for variant in product.variants if name in variant.options))
        buyable = {variant.options.get(name) for variant in product.variants if variant.buyable}
        taken = chosen.get(name, "")
        if taken not in values:
            guess = name.lower() not in UNDECIDED or len(values) == 1
            taken = first.options.get(name, "") if first and guess else ""
        options.append(Option(name, tuple(Value(text, text in buyable, text == taken) for text in values)))
    return options


def matching(product: Product, chosen: Mapping[str, str]) -> Variant | None:
    """The variant with exactly these options; None while something is not chosen, or there is none."""
    return next((variant for variant in product.variants if variant.options == chosen), None)


def _for_script(product: Product) -> str:
    """What the script needs to show price and stock of a choice at once."""
    return orjson.dumps(
        [
            {"o": each.options, "p": shown.money(each.price) if each.price else "", "a": each.buyable}
            for each in product.variants
        ]
    ).decode()


def _linked_data(product: Product, origin: str) -> dict[str, Any]:
    """schema.org/Product, for search engines."""
    url = f"{origin}/p/{segment(product.slug)}"
    pictures = [source for each in product.images if (source := picture(each.url))]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "description": product.description,
        "url": url,
        "image": [origin + each if each.startswith("/") else each for each in pictures],
        "offers": [
            {
                "@type": "Offer",
                "sku": each.sku,
                "price": Money(each.price.amount, each.price.currency).major(),
                "priceCurrency": each.price.currency,
                "availability": f"https://schema.org/{'InStock' if each.available else 'OutOfStock'}",
                "url": url,
            }
            for each in product.variants
            if each.price
        ],
    }
    if product.brand:
        data["brand"] = {"@type": "Brand", "name": product.brand}
    return data
