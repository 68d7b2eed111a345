"""Units came, went, broke or were counted: a shelf is set right, with a reason."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from banyan.console.asking import Question, ask_first, status_of
from banyan.console.forms import faults
from banyan.console.services import stock
from banyan.console.shown import counted, number, signed
from banyan.console.visit import Visit
from banyan.foundation.face.forms import Form
from banyan.foundation.face.places import with_query
from banyan.kernel.refusals import Refusal

NONE: Mapping[str, str] = {}
COUNTED = "counted"
FIELDS = {"sku": "sku", "warehouse_id": "warehouse_id", "change": "units", "on_hand": "units", "reason": "reason"}


async def form(visit: Visit) -> Response:
    """`/console/stock/adjust?sku=&warehouse=`"""
    given = Form([("sku", visit.query["sku"]), ("warehouse_id", visit.query["warehouse"])])
    return await _page(visit, given)


async def adjust(visit: Visit) -> Response:
    """`POST /console/stock/adjust`: a change of so many units, or so many counted."""
    wanted, errors = _read(visit.form)
    if errors:
        return await _page(visit, visit.form, errors=errors)
    sku, place = wanted["sku"], with_query("/console/stock/item", sku=wanted["sku"])

    async def act(key: str) -> Response:
        done = await stock.adjust(visit.line, wanted, key=key)
        return visit.to(place, "adjusted" if done.change else "nothing-moved")

    facts = [
        ("SKU", sku),
        ("Warehouse", wanted["warehouse_id"]),
        ("What", visit.form["kind"].capitalize()),
        ("Units", number(wanted["on_hand"]) if "on_hand" in wanted else signed(wanted["change"])),
        *await _levels(visit, wanted),
        ("Reason", wanted["reason"]),
    ]
    question = Question(f"Adjust {sku}?", facts, "Adjust the shelf", place, grave=False)
    return await ask_first(visit, question, act, lambda refused: _page(visit, visit.form, refused))


async def _levels(visit: Visit, wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many lie there now and how many will, for whoever confirms."""
    level = (await stock.of_skus(visit.line, [wanted["sku"]])).get(wanted["sku"])
    shelf = (
        next((each for each in level.shelves if each.warehouse_id == wanted["warehouse_id"]), None) if level else None
    )
    if shelf is None:
        return [("New", "nothing of it lies there yet")]
    after = wanted["on_hand"] if "on_hand" in wanted else shelf.on_hand + wanted["change"]
    return [("On hand", f"{number(shelf.on_hand)} → {number(after)}"), ("Set aside", counted(shelf.reserved, "unit"))]


def _read(form: Form) -> tuple[dict[str, Any], dict[str, str]]:
    """The adjustment that the form describes, and what is missing in it."""
    wanted: dict[str, Any] = {name: form[name] for name in ("sku", "warehouse_id", "kind", "reason")}
    units = form.whole("units")
    errors = {name: "This is needed." for name in ("sku", "warehouse_id", "reason") if not wanted[name]}
    if wanted["kind"] not in (COUNTED, *stock.KINDS):
        errors["kind"] = "Say what happened."
    if units is None:
        errors["units"] = "A whole number, please."
    elif wanted["kind"] == COUNTED:
        wanted["on_hand"] = units
    else:
        # Units that broke are fewer: nobody needs to type the minus.
        wanted["change"] = -abs(units) if wanted["kind"] == "damaged" else units
    return wanted, errors


async def _page(visit: Visit, form: Form, refusal: Refusal | None = None, errors: Mapping[str, str] = NONE) -> Response:
    warehouses = await stock.warehouses(visit.line)
    found = errors or (faults(refusal, FIELDS) if refusal else {})
    status = status_of(refusal, errors)
    kinds = (COUNTED, *stock.KINDS)
    return await visit.page(
        "adjust.html", status, warehouses=warehouses, kinds=kinds, form=form, refusal=refusal, errors=found
    )
