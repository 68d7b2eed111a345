"""Prices of a product: what was typed otherwise is asked about, then saved one by one on the version that was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from banyan.console.asking import Question, ask_first
from banyan.console.pages import products
from banyan.console.pages.products import Moved
from banyan.console.services import catalog
from banyan.console.services.catalog import Product
from banyan.console.shown import amount_only, money
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money, parse
from banyan.kernel.refusals import Refusal

PRICE = "price:"  # before `EUR:SKU`: a price in major units; empty: none


@dataclass(frozen=True, slots=True)
class Change:
    """A price that is to be another one. `after` None: it is taken away."""

    sku: str
    currency: str
    was: str
    after: Money | None

    @property
    def field(self) -> str:
        return f"{PRICE}{self.currency}:{self.sku}"


async def set_prices(visit: Visit) -> Response:
    """`POST /console/products/{id}/prices`"""
    found = await catalog.read(visit.line, visit.path["id"])
    product, etag = found.product, visit.form["version"]
    at = f"/console/products/{segment(product.id)}"
    typed = {PRICE + place: text for place, text in visit.form.below(PRICE).items()}
    changes, errors = _changes(visit, typed)
    if errors:
        return await products.page(visit, found, errors=errors, typed_prices=typed)
    if not changes:
        return visit.to(at, "unchanged")

    async def act(_: str) -> Response:
        await _save(visit, product, changes, etag)
        return visit.to(at, "prices-saved")

    async def again(refusal: Refusal) -> Response:
        now = await catalog.read(visit.line, product.id)
        if refusal.status == 412 and all(_price(now.product, each) == _said(each) for each in changes):
            return visit.to(at, "prices-saved")  # sent twice
        moved = [
            Moved(f"{each.sku}, {each.currency}", each.was, _price(now.product, each), _said(each))
            for each in changes
            if _price(now.product, each) not in (each.was, _said(each))
        ]
        return await products.page(visit, now, refusal, moved=moved, typed_prices=typed)

    facts = [(f"{each.sku}, {each.currency}", f"{each.was or 'none'} → {money(each.after)}") for each in changes]
    title = f"Change the prices of {product.name}?"
    note = "Carts show the new prices at once; orders that are placed keep theirs."
    question = Question(title, facts, "Save the prices", at, grave=False, note=note)
    return await ask_first(visit, question, act, again)


def _changes(visit: Visit, typed: Mapping[str, str]) -> tuple[list[Change], dict[str, str]]:
    """What differs from what the form showed, and what is no price, by field."""
    changes, errors = list[Change](), dict[str, str]()
    added = visit.form["add_currency"].upper()
    for field, text in typed.items():
        currency, _, sku = field.removeprefix(PRICE).partition(":")
        was = visit.form[products.WAS + field]
        currency = currency or added
        if text == was:
            continue
        try:
            after = parse(text.replace(",", ""), currency) if text else None
            if after is not None and after.amount <= 0:
                raise ValueError("a price is more than nothing")
        except ValueError as wrong:
            errors[field] = str(wrong)
            continue
        changes.append(Change(sku, currency, was, after))
    return changes, errors


async def _save(visit: Visit, product: Product, changes: Sequence[Change], etag: str) -> None:
    """New prices first, so that a published product is never without one. Each edit names the ETag of the one before."""
    for each in changes:
        if each.after is not None:
            etag = await catalog.set_price(visit.line, product.id, each.sku, each.after, etag=etag)
    for each in changes:
        if each.after is None:
            await catalog.remove_price(visit.line, product.id, each.sku, each.currency, etag=etag)
            etag = ""  # the answer to a removal has none


def _price(product: Product, change: Change) -> str:
    """What the price is now, as forms write it."""
    variant = next((each for each in product.variants if each.sku == change.sku), None)
    price = variant.price_in(change.currency) if variant else None
    return amount_only(price).replace(",", "") if price else ""


def _said(change: Change) -> str:
    return amount_only(change.after).replace(",", "") if change.after else ""
