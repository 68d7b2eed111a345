"""Orders and payments by hand."""

from starlette.responses import JSONResponse, Response

from banyan.kernel.refusals import Conflict, Fault, Invalid, Malformed
from tests.console.fake_services.asked import Asked, Handler, found
from tests.console.fake_services.shop import FakeShop


class Orders(FakeShop):
    def table(self) -> dict[tuple[str, str, str], Handler]:
        return super().table() | {
            ("orders", "GET", "/v1/orders"): self._list_orders,
            ("orders", "GET", "/v1/orders/{id}"): self._read_order,
            ("orders", "GET", "/v1/orders/{id}/events"): self._read_events,
            ("orders", "POST", "/v1/orders/{id}/cancel"): self._cancel,
            ("orders", "POST", "/v1/orders/{id}/refunds"): self._refund,
            ("orders", "POST", "/v1/orders/{id}/fulfillments"): self._fulfil,
            ("payments", "GET", "/v1/payments"): self._list_payments,
            ("payments", "GET", "/v1/payments/{id}"): self._read_payment,
            ("payments", "GET", "/v1/payment-providers"): self._list_providers,
            ("payments", "GET", "/v1/payments/{id}/entries"): self._read_entries,
        }

    async def _list_orders(self, asked: Asked) -> Response:
        asked.must("orders:read")
        if asked.one("status") == "nonsense":
            raise Invalid(
                "some of what was sent cannot be accepted", errors=[Fault("/query/status", "enum", "unknown")]
            )
        found = [
            each
            for each in self.orders.values()
            if asked.one("status") in ("", each["status"])
            and asked.one("email") in ("", each["email"])
            and asked.one("number") in ("", each["number"])
            and asked.one("from") <= each["placed_at"]
            and (not asked.one("to") or each["placed_at"] < asked.one("to"))
        ][::-1]
        if not (asked.one("cursor") or "0").isdecimal() or len(asked.one("cursor")) > 9:
            raise Malformed("this cursor is not one of ours; begin without one", code="cursor_malformed")
        start, limit = int(asked.one("cursor") or 0), int(asked.one("limit"))
        more = str(start + limit) if len(found) > start + limit else None
        return JSONResponse({"items": found[start : start + limit], "next_cursor": more})

    async def _read_order(self, asked: Asked) -> Response:
        asked.must("orders:read")
        return JSONResponse(found(self.orders, asked.named["id"]))

    async def _read_events(self, asked: Asked) -> Response:
        asked.must("orders:read")
        return JSONResponse({"items": self.events.get(asked.named["id"], [])})

    async def _cancel(self, asked: Asked) -> Response:
        asked.must("orders:write")
        order = found(self.orders, asked.named["id"])
        if order["status"] not in ("processing", "confirmed", "cancelled"):
            raise Conflict("this order cannot be cancelled: it is on its way", code="too_late")
        order |= {"status": "cancelled", "reason": asked.body["reason"]}
        return JSONResponse(order)

    async def _refund(self, asked: Asked) -> Response:
        asked.must("payments:write")
        order, amount = found(self.orders, asked.named["id"]), asked.body["amount"]
        left = order["total"]["amount"] - order["refunded"]["amount"]
        if amount["amount"] > left:
            raise Conflict(f"at most {left / 100:.2f} {order['currency']} can go back", code="too_much")
        order["refunded"] = {**amount, "amount": order["refunded"]["amount"] + amount["amount"]}
        order["refunds"].append({"id": self.shop.ids.new("rfd"), "amount": amount, "reason": asked.body["reason"]})
        return JSONResponse(order, self.refund_answer)

    async def _fulfil(self, asked: Asked) -> Response:
        asked.must("orders:write")
        order = found(self.orders, asked.named["id"])
        for line in order["lines"]:
            units = asked.body["lines"].get(line["line_id"], 0)
            if units > line["quantity"] - line["fulfilled"]:
                raise Conflict("there are not so many left to send", code="nothing_left")
            line["fulfilled"] += units
        parcel = {"id": self.shop.ids.new("prc"), "lines": asked.body["lines"], "tracking": asked.body["tracking"]}
        order["fulfilments"].append(parcel)
        return JSONResponse(order, 201)

    async def _list_providers(self, asked: Asked) -> Response:
        asked.must("payments:read")
        well = {
            "name": "testbank",
            "configured": True,
            "under_way": 0,
            "breakers": {"refund": "closed"},
            "ways": ["card"],
        }
        away = {"name": "stripe", "configured": True, "under_way": 3, "breakers": {"refund": "open"}, "ways": ["card"]}
        return JSONResponse({"items": [well, away], "next_cursor": None})

    async def _list_payments(self, asked: Asked) -> Response:
        asked.must("payments:read")
        found = [each | {"refunds": []} for each in self.payments.values() if each["order_id"] == asked.one("order_id")]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _read_payment(self, asked: Asked) -> Response:
        asked.must("payments:read")
        return JSONResponse(found(self.payments, asked.named["id"]))

    async def _read_entries(self, asked: Asked) -> Response:
        asked.must("payments:read")
        return JSONResponse({"items": self.entries.get(asked.named["id"], []), "next_cursor": None})
