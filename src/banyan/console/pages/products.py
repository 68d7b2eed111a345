"""Products: the list, one with its variants and their stock, and the edit of its words and state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from banyan.console.asking import in_place, status_of
from banyan.console.forms import faults
from banyan.console.pages.listing import listing
from banyan.console.services import catalog, stock
from banyan.console.services.catalog import Product, Read
from banyan.console.services.parts import Part, parts
from banyan.console.visit import Visit
from banyan.foundation.face.places import segment
from banyan.kernel.refusals import Refusal

FIELDS = {"name": "Name", "status": "State", "description": "Description"}
WAS = "was:"  # before a field's name: what it was when the form was shown
VARIANTS = 25  # on a page; a product has up to 2,000
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that was changed elsewhere while it was edited here: as it was read, as it is now, as it was typed."""

    what: str
    was: str
    now: str
    typed: str


async def products(visit: Visit) -> Response:
    """`/console/products`: by words among the published ones, or by state and SKU."""
    asked, cursor = visit.asked("q", "sku", "status"), visit.query["cursor"]
    status = asked.get("status", "published")
    if asked.get("q"):
        found = catalog.search(visit.line, asked["q"], cursor)
    else:
        found = catalog.listed(visit.line, status=status, sku=asked.get("sku", ""), cursor=cursor)
    return await listing(visit, "products.html", found, asked=asked, status=status, statuses=catalog.STATUSES)


async def product(visit: Visit) -> Response:
    """`/console/products/{id}`"""
    return await page(visit, await catalog.read(visit.line, visit.path["id"]))


async def edit(visit: Visit) -> Response:
    """`POST /console/products/{id}`: only what was typed otherwise is sent, on the version that was read."""
    form, product_id = visit.form, visit.path["id"]
    typed = {"name": form["name"], "status": form["status"], "description": form.prose("description")}
    read = {"name": form[WAS + "name"], "status": form[WAS + "status"], "description": form.prose(WAS + "description")}
    changes = {field: text for field, text in typed.items() if text != read[field]}
    if not changes:
        return visit.to(_at(product_id), "unchanged")
    try:
        await catalog.edit(visit.line, product_id, changes, etag=form["version"])
    except Refusal as refusal:
        now = await catalog.read(visit.line, product_id)
        if refusal.status != 412:
            return await page(visit, now, in_place(refusal), typed=typed)
        words = _words(now.product)
        if all(words[field] == text for field, text in changes.items()):
            return visit.to(_at(product_id), "saved")  # sent twice: it is as it was typed
        moved = [
            Moved(FIELDS[field], read[field], words[field], typed[field])
            for field in FIELDS
            if words[field] != read[field]
        ]
        return await page(visit, now, refusal, typed={**words, **changes}, moved=moved)
    return visit.to(_at(product_id), "saved")


async def page(
    visit: Visit,
    read: Read,
    refusal: Refusal | None = None,
    *,
    typed: Mapping[str, str] | None = None,
    moved: Sequence[Moved] = (),
    errors: Mapping[str, str] = NONE,
    typed_prices: Mapping[str, str] = NONE,
) -> Response:
    """A product's page, with what was typed and what is wrong with it."""
    product = read.product
    number = max(
        1, min(visit.query.whole("page") or visit.form.whole("page") or 1, len(product.variants) // VARIANTS + 1)
    )
    variants = product.variants[(number - 1) * VARIANTS : number * VARIANTS]
    levels: Part[dict[str, stock.Level]]
    (levels,) = await parts(stock.of_skus(visit.line, [each.sku for each in variants]))
    return await visit.page(
        "product.html",
        status_of(refusal, errors),
        product=product,
        etag=read.etag,
        variants=variants,
        number=number,
        more=len(product.variants) > number * VARIANTS,
        levels=levels.value or {},
        currencies=product.currencies or [visit.desk.shop.settings.currency],
        statuses=catalog.STATUSES,
        typed=typed or _words(product),
        typed_prices=typed_prices,
        moved=moved,
        refusal=refusal,
        errors=errors or (faults(refusal, {field: field for field in FIELDS}) if refusal else {}),
        was=WAS,
    )


def _words(product: Product) -> dict[str, str]:
    return {"name": product.name, "status": product.status, "description": product.description}


def _at(product_id: str) -> str:
    return f"/console/products/{segment(product_id)}"
