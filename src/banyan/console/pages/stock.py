"""What lies where: levels of all SKUs, one SKU with its movements and holds, and when it is low."""

from starlette.responses import Response

from banyan.console.asking import in_place, status_of
from banyan.console.forms import faults
from banyan.console.pages.listing import listing
from banyan.console.services import stock
from banyan.console.services.parts import Page, parts
from banyan.console.services.stock import Level
from banyan.console.visit import Visit
from banyan.foundation.face.line import Line
from banyan.foundation.face.places import with_query
from banyan.kernel.refusals import NotFound, Refusal


async def levels(visit: Visit) -> Response:
    """`/console/stock`: one SKU, the low ones, those with fewer than so many, or all."""
    asked = visit.asked("sku", "low", "below")
    return await listing(visit, "stock.html", _levels(visit, asked), asked=asked)


async def item(visit: Visit) -> Response:
    """`/console/stock/item?sku=`"""
    return await _item(visit, visit.query["sku"])


async def set_up(visit: Visit) -> Response:
    """`POST /console/stock/item`: whether it may be sold on backorder, and at how many it is low."""
    form, sku = visit.form, visit.form["sku"]
    low = form.whole("low_stock_at")
    if low is None or low < 0:
        return await _item(visit, sku, errors={"low_stock_at": "A whole number, please; 0 for never."})
    try:
        await stock.set_up(
            visit.line, sku, backorder=form["backorder"] == "yes", low_stock_at=low, version=form["version"]
        )
    except Refusal as refusal:
        return await _item(visit, sku, in_place(refusal))
    return visit.to(with_query("/console/stock/item", sku=sku), "saved")


async def _levels(visit: Visit, asked: dict[str, str]) -> Page[Level]:
    line: Line = visit.line
    if "sku" in asked:
        found = await stock.of_skus(line, [asked["sku"]])
        return Page[Level](items=tuple(found.values()))
    return await stock.listed(line, low="low" in asked, below=asked.get("below", ""), cursor=visit.query["cursor"])


async def _item(
    visit: Visit, sku: str, refusal: Refusal | None = None, errors: dict[str, str] | None = None
) -> Response:
    level = (await stock.of_skus(visit.line, [sku])).get(sku)
    if level is None:
        raise NotFound(f"inventory knows no SKU {sku or 'without a name'}", code="no_such_sku")
    movements, holds, warehouses = await parts(
        stock.movements(visit.line, sku, visit.query["cursor"]),
        stock.reservations(visit.line, {"sku": sku}, limit=20),
        stock.warehouses(visit.line),
    )
    return await visit.page(
        "item.html",
        status_of(refusal, errors or {}),
        level=level,
        movements=movements,
        holds=holds,
        names={each.id: each.name for each in warehouses.value or ()},
        refusal=refusal,
        errors=errors or (faults(refusal, {"low_stock_at": "low_stock_at"}) if refusal else {}),
        form=visit.form,
    )
