"""`/v1/stock`: what can be bought, for everyone; levels, settings, adjustments and movements, for operators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, model_validator

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, SureKey, Who
from banyan.inventory import actions
from banyan.inventory.actions.live_stock import Shown
from banyan.inventory.api.shapes import Change, Flag, Id, IfMatch, Reason, Sku, SkuInPath, Units, refused
from banyan.inventory.domain import DEFAULT_WAREHOUSE, LARGEST
from banyan.kernel.refusals import NotFound

READ = "stock:read"


class Shelf(BaseModel):
    """One warehouse's share. `on_hand` below zero: sold on backorder and owed."""

    warehouse_id: str
    on_hand: int
    reserved: int
    available: int


class Stock(BaseModel):
    """Units of a SKU that can be bought now. The last three are for operators."""

    sku: str
    available: int
    backorder: bool
    low: bool
    low_stock_at: int | None = None
    version: int | None = None
    warehouses: list[Shelf] | None = None


class StockPage(BaseModel):
    items: list[Stock]
    next_cursor: str | None


class Movement(BaseModel):
    """So many units came, or below zero went."""

    id: str
    sku: str
    warehouse_id: str
    kind: str
    change: int
    reason: str
    order_id: str | None
    reservation_id: str | None
    by: str | None
    at: datetime


class MovementPage(BaseModel):
    items: list[Movement]
    next_cursor: str | None


class Adjusted(BaseModel):
    """A shelf after it was adjusted; no movement where nothing changed."""

    sku: str
    warehouse_id: str
    on_hand: int
    reserved: int
    available: int
    change: int
    movement_id: str | None


class NewAdjustment(web.Body):
    """What happened to a shelf: `change` more (or, below zero, fewer) units, or `on_hand` counted. Just one of them."""

    sku: Sku
    warehouse_id: Id = DEFAULT_WAREHOUSE
    change: Change | None = None
    on_hand: Units | None = None
    kind: Literal["received", "counted", "adjusted", "returned", "damaged"] | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.change is None) == (self.on_hand is None):
            raise ValueError("give either change or on_hand")
        if self.change is not None and self.kind in ("received", "returned") and self.change <= 0:
            raise ValueError(f"units {self.kind} are more than none")
        if self.change is not None and self.kind == "damaged" and self.change >= 0:
            raise ValueError("damaged units are a change below zero")
        if self.change == 0 or (self.on_hand is not None and self.kind not in (None, "counted")):
            raise ValueError("a change is not zero, and on_hand is counted")
        return self

    def wish(self) -> actions.Adjustment:
        kind = self.kind or ("counted" if self.change is None else "adjusted")
        return actions.Adjustment(self.sku, self.warehouse_id, kind, self.reason, self.change, self.on_hand)


class StockEdit(web.Body):
    """What is to be other than it is."""

    backorder: Flag | None = None
    low_stock_at: Units | None = None


_Skus = Annotated[list[Sku] | None, Query(max_length=100)]
_Below = Annotated[int | None, Query(ge=0, le=LARGEST)]


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/stock", tags=["stock"])

    @router.get("", response_model=StockPage, responses=refused(400, 401, 403, 422))
    async def list_stock(
        who: Who,
        sku: _Skus = None,
        below: _Below = None,
        low: bool | None = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Response:
        """These SKUs (anyone), or all of them page by page (operators): those with fewer than `below`, or the low ones."""
        if sku and not who.may(READ):
            return _page(await actions.stock_shown(ports, sku), None, operator=False)
        if sku:
            return _page(await actions.stock_of(ports, sku), None, operator=True)
        who.must(READ)  # which its row leaves to us: it depends on the query
        begin = web.place(cursor, str)
        after = begin[0] if begin else None
        rows, last = await actions.stock_page(ports, after=after, below=below, low=low, limit=limit)
        return _page(rows, web.cursor(last) if last else None, operator=True)

    @router.get("/{sku}", response_model=Stock, responses=refused(401, 404, 422))
    async def read_stock(who: Who, sku: SkuInPath) -> Response:
        """How many can be bought now. Operators also get levels, settings and the ETag to edit them with."""
        rows = await (actions.stock_of(ports, [sku]) if who.may(READ) else actions.stock_shown(ports, [sku]))
        if not rows:
            raise NotFound("no such SKU")
        return _one(rows[0]) if who.may(READ) else web.json(_view(rows[0], operator=False))

    @router.patch("/{sku}", response_model=Stock, responses=refused(400, 401, 403, 404, 409, 412, 422, 428))
    async def change_stock(who: Who, sku: SkuInPath, edit: StockEdit, if_match: IfMatch = None) -> Response:
        """Set whether it may be sold on backorder, and at how many it is low."""
        row = await actions.change_stock(
            ports,
            sku,
            lambda version: web.must_match(if_match, version),
            backorder=edit.backorder,
            low_stock_at=edit.low_stock_at,
        )
        return _one(row)

    @router.post("/adjustments", status_code=201, response_model=Adjusted, responses=refused(400, 401, 403, 409, 422))
    async def adjust_stock(who: Who, adjustment: NewAdjustment, key: SureKey) -> Response:
        """Units were received, counted, damaged or returned. A SKU nobody knew begins here."""
        return web.told(await actions.adjust_stock(ports, key, adjustment.wish(), by=who.signed_in()))

    @router.get("/{sku}/movements", response_model=MovementPage, responses=refused(400, 401, 403, 404, 422))
    async def list_movements(who: Who, sku: SkuInPath, limit: Limit = 20, cursor: Cursor = None) -> Response:
        """Every movement of the SKU on the books, newest first."""
        begin = web.place(cursor, int)
        found, last = await actions.movements_of(ports, sku, before=begin[0] if begin else None, limit=limit)
        return web.page(found, web.cursor(last) if last else None)

    return router


def _view(row: Shown, *, operator: bool) -> dict[str, Any]:
    public = ("sku", "available", "backorder", "low")
    return {name: row[name] for name in (*public, *(("low_stock_at", "version", "warehouses") if operator else ()))}


def _one(row: Shown) -> Response:
    return web.json(_view(row, operator=True), etag=web.etag(row["version"]), cache_control="no-store")


def _page(rows: Sequence[Shown], next_cursor: str | None, *, operator: bool) -> Response:
    return web.page([_view(row, operator=operator) for row in rows], next_cursor)
