"""Inventory by hand: shelves, holds and warehouses."""

from starlette.responses import JSONResponse, Response

from banyan.kernel.refusals import Conflict
from tests.console.fake_services.asked import Asked, Handler, Json, found, match
from tests.console.fake_services.shop import FakeShop


class Inventory(FakeShop):
    def table(self) -> dict[tuple[str, str, str], Handler]:
        return super().table() | {
            ("inventory", "GET", "/v1/stock"): self._list_stock,
            ("inventory", "GET", "/v1/stock/{sku}/movements"): self._list_movements,
            ("inventory", "PATCH", "/v1/stock/{sku}"): self._change_stock,
            ("inventory", "POST", "/v1/stock/adjustments"): self._adjust,
            ("inventory", "GET", "/v1/reservations"): self._list_reservations,
            ("inventory", "GET", "/v1/reservations/{id}"): self._read_reservation,
            ("inventory", "DELETE", "/v1/reservations/{id}"): self._release,
            ("inventory", "GET", "/v1/warehouses"): self._list_warehouses,
            ("inventory", "GET", "/v1/warehouses/{id}"): self._read_warehouse,
            ("inventory", "POST", "/v1/warehouses"): self._add_warehouse,
            ("inventory", "PATCH", "/v1/warehouses/{id}"): self._change_warehouse,
        }

    async def _list_stock(self, asked: Asked) -> Response:
        asked.must("stock:read")
        skus = asked.query.get("sku")
        found = [self.levels[sku] for sku in skus if sku in self.levels] if skus else list(self.levels.values())
        if asked.one("low") == "true":
            found = [each for each in found if each["low"]]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _list_movements(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse({"items": self.movements.get(asked.named["sku"], []), "next_cursor": None})

    async def _change_stock(self, asked: Asked) -> Response:
        asked.must("stock:write")
        level = found(self.levels, asked.named["sku"])
        match(asked, level["version"])
        level |= asked.body
        level["version"] += 1
        return JSONResponse(level)

    async def _adjust(self, asked: Asked) -> Response:
        asked.must("stock:write")
        level = self.levels.setdefault(asked.body["sku"], level_of(asked.body["sku"], 0))
        shelf = next(each for each in level["warehouses"] if each["warehouse_id"] == asked.body["warehouse_id"])
        change = asked.body["change"] if "change" in asked.body else asked.body["on_hand"] - shelf["on_hand"]
        if shelf["on_hand"] + change < shelf["reserved"]:
            raise Conflict("more is set aside than would be left", code="below_reserved")
        shelf["on_hand"] += change
        shelf["available"] = level["available"] = shelf["on_hand"] - shelf["reserved"]
        return JSONResponse({"sku": level["sku"], "change": change}, 201)

    async def _list_reservations(self, asked: Asked) -> Response:
        asked.must("stock:read")
        found = [
            each
            for each in self.reservations.values()
            if asked.one("order_id") in ("", each["order_id"]) and asked.one("state") in ("", each["state"])
        ]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _read_reservation(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse(found(self.reservations, asked.named["id"]))

    async def _release(self, asked: Asked) -> Response:
        asked.must("stock:write")
        found(self.reservations, asked.named["id"])["state"] = "released"
        return Response(status_code=204)

    async def _list_warehouses(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse({"items": list(self.warehouses.values()), "next_cursor": None})

    async def _read_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse(found(self.warehouses, asked.named["id"]))

    async def _add_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:write")
        made = asked.body | {"id": self.shop.ids.new("wh"), "version": 1}
        self.warehouses[made["id"]] = made
        return JSONResponse(made, 201)

    async def _change_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:write")
        house = found(self.warehouses, asked.named["id"])
        match(asked, house["version"])
        house |= asked.body
        house["version"] += 1
        return JSONResponse(house)


def level_of(sku: str, on_hand: int, *, reserved: int = 0, low_at: int = 5) -> Json:
    """A SKU that lies in the main warehouse alone."""
    available = on_hand - reserved
    shelf = {"warehouse_id": "wh_main", "on_hand": on_hand, "reserved": reserved, "available": available}
    return {
        "sku": sku,
        "available": available,
        "backorder": False,
        "low": available <= low_at,
        "low_stock_at": low_at,
    } | {
        "version": 1,
        "warehouses": [shelf],
    }
