"""Where units lie and who sends first: warehouses are added, renamed, reordered, closed and opened."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from banyan.console.asking import in_place, status_of
from banyan.console.forms import faults
from banyan.console.services import stock
from banyan.console.services.stock import Warehouse
from banyan.console.visit import Visit
from banyan.foundation.face.forms import Form
from banyan.kernel.refusals import Refusal

FIELDS = {name: name for name in ("name", "country", "priority", "active")}
NONE: Mapping[str, str] = {}


async def warehouses(visit: Visit) -> Response:
    """`/console/warehouses`"""
    return await visit.page("warehouses.html", warehouses=await stock.warehouses(visit.line))


async def new(visit: Visit) -> Response:
    """`/console/warehouses/new`"""
    return await _page(visit, None, Form([("priority", "100"), ("active", "yes")]))


async def add(visit: Visit) -> Response:
    """`POST /console/warehouses/new`"""
    told, errors = _read(visit.form)
    if errors:
        return await _page(visit, None, visit.form, errors=errors)
    try:
        await stock.add_warehouse(visit.line, told, key=visit.form["key"])
    except Refusal as refusal:
        return await _page(visit, None, visit.form, in_place(refusal))
    return visit.to("/console/warehouses", "warehouse-added")


async def warehouse(visit: Visit) -> Response:
    """`/console/warehouses/{id}`"""
    found = await stock.warehouse(visit.line, visit.path["id"])
    return await _page(visit, found, _form_of(found))


async def change(visit: Visit) -> Response:
    """`POST /console/warehouses/{id}`"""
    found = await stock.warehouse(visit.line, visit.path["id"])
    told, errors = _read(visit.form)
    if errors:
        return await _page(visit, found, visit.form, errors=errors)
    try:
        await stock.change_warehouse(visit.line, found.id, told, version=visit.form["version"])
    except Refusal as refusal:
        return await _page(visit, found, visit.form, in_place(refusal))
    return visit.to("/console/warehouses", "saved")


def _read(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    priority = form.whole("priority")
    told = {
        "name": form["name"],
        "country": form["country"].upper(),
        "priority": priority,
        "active": form["active"] == "yes",
    }
    errors = {} if priority is not None else {"priority": "A whole number, please."}
    return told, errors


def _form_of(found: Warehouse) -> Form:
    active = "yes" if found.active else ""
    return Form(
        [("name", found.name), ("country", found.country), ("priority", str(found.priority)), ("active", active)]
    )


async def _page(
    visit: Visit,
    found: Warehouse | None,
    form: Form,
    refusal: Refusal | None = None,
    errors: Mapping[str, str] = NONE,
) -> Response:
    return await visit.page(
        "warehouse.html",
        status_of(refusal, errors),
        warehouse=found,
        form=form,
        key=visit.new_key(),
        refusal=refusal,
        errors=errors or (faults(refusal, FIELDS) if refusal else {}),
    )
