"""`/v1/warehouses`: where units lie and which sends first, for operators."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, MaybeKey, Who
from banyan.inventory import actions
from banyan.inventory.api.shapes import Country, Flag, IdInPath, IfMatch, Priority, Text, refused


class Warehouse(BaseModel):
    """A place that sends parcels. The lowest `priority` sends first; what lies in a closed one is not for sale."""

    id: str
    name: str
    country: str
    priority: int
    active: bool
    version: int


class WarehousePage(BaseModel):
    items: list[Warehouse]
    next_cursor: str | None


class NewWarehouse(web.Body):
    name: Text
    country: Country
    priority: Priority = 100
    active: Flag = True


class WarehouseEdit(web.Body):
    """What is to be other than it is."""

    name: Text | None = None
    country: Country | None = None
    priority: Priority | None = None
    active: Flag | None = None


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/warehouses", tags=["warehouses"])

    @router.get("", response_model=WarehousePage, responses=refused(400, 401, 403, 422))
    async def list_warehouses(who: Who, limit: Limit = 20, cursor: Cursor = None) -> Response:
        """All warehouses, oldest id first."""
        begin = web.place(cursor, str)
        found, last = await actions.warehouses(ports, after=begin[0] if begin else None, limit=limit)
        return web.page(found, web.cursor(last) if last else None)

    @router.get("/{warehouse_id}", response_model=Warehouse, responses=refused(401, 403, 404, 422))
    async def read_warehouse(who: Who, warehouse_id: IdInPath) -> Response:
        """One warehouse, with the ETag to edit it with."""
        return _one(await actions.warehouse(ports, warehouse_id))

    @router.post("", status_code=201, response_model=Warehouse, responses=refused(400, 401, 403, 409, 422))
    async def add_warehouse(who: Who, warehouse: NewWarehouse, key: MaybeKey) -> Response:
        """Open a warehouse."""
        return web.told(await actions.add_warehouse(ports, key, warehouse.model_dump()))

    @router.patch("/{warehouse_id}", response_model=Warehouse, responses=refused(400, 401, 403, 404, 412, 422, 428))
    async def change_warehouse(
        who: Who, warehouse_id: IdInPath, edit: WarehouseEdit, if_match: IfMatch = None
    ) -> Response:
        """Rename, reorder, close or open a warehouse. What is reserved in a closed one can still be sold."""
        changes = edit.model_dump(exclude_none=True)
        return _one(
            await actions.change_warehouse(
                ports, warehouse_id, lambda version: web.must_match(if_match, version), changes
            )
        )

    return router


def _one(warehouse: dict[str, Any]) -> Response:
    return web.json(warehouse, etag=web.etag(warehouse["version"]))
