"""Orders and payments by hand."""

from typing import Any

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
            ("orders", "POST", "/v1/orders/{id}/erasure"): self._forget,
            ("orders", "POST", "/v1/orders/{id}/refunds"): self._refund,
            ("orders", "POST", "/v1/orders/{id}/fulfillments"): self._fulfil,
            ("payments", "GET", "/v1/payments"): self._list_payments,
            ("payments", "GET", "/v1/payments/{id}"): self._read_payment,
            ("payments", "GET", "/v1/payment-providers"): self._list_providers,
            ("payments", "GET", "/v1/reconciliations"): self._list_reconciliations,
            ("payments", "GET", "/v1/reconciliations/differences"): self._list_differences,
            ("payments", "POST", "/v1/reconciliations/reports"): self._upload_report,
            ("payments", "POST", "/v1/reconciliations/differences/{id}/explanation"): self._explain,
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

    async def _forget(self, asked: Asked) -> Response:
        asked.must("users:write")
        order = found(self.orders, asked.named["id"])
        if order["status"] == "processing":
            raise Conflict("this order is being settled; try again in a minute", code="being_settled")
        order |= {"email": "", "address": {"country": "DE"}}
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

    def _reconciliation(self, left: int) -> dict[str, Any]:
        sums = {"ours": 100_000 - left, "theirs": 100_000, "timing": 0, "unexplained": left}
        total = {name: {"amount": amount, "currency": "EUR"} for name, amount in sums.items()}
        yen = {name: {"amount": amount // 100, "currency": "JPY"} for name, amount in sums.items()}
        at = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "made_at": "2026-01-02T04:00:00Z"}
        run = {"id": "rec_1", "provider": "stripe", "source": "api", "made_by": "", "lines": 812, "new_lines": 812}
        return run | at | {"booked": 790, "totals": [total, yen]}

    async def _list_reconciliations(self, asked: Asked) -> Response:
        asked.must("payments:read")
        runs = [self._reconciliation(1299), self._reconciliation(0) | {"id": "rec_0", "provider": "paypal"}]
        return JSONResponse({"items": runs, "next_cursor": None})

    async def _list_differences(self, asked: Asked) -> Response:
        asked.must("payments:read")
        told = {"id": "dif_1", "provider": "stripe", "subject": "txn_1Q2w3E", "kind": "theirs_only", "payment_id": None}
        sums = {"ours": {"amount": 0, "currency": "EUR"}, "theirs": {"amount": 1299, "currency": "EUR"}}
        at = {"at": "2026-01-01T10:00:00Z", "found_at": "2026-01-02T04:00:00Z"}
        late = {"id": "dif_0", "kind": "timing", "subject": "pay_1.capture", "provider": "razorpay"}
        return JSONResponse({"items": [told | sums | at, told | sums | at | late], "next_cursor": None})

    async def _upload_report(self, asked: Asked) -> Response:
        asked.must("payments:write")
        if "gross" not in asked.body["report"]:
            raise Invalid("this is no report of stripe: it has no column gross", code="report_unreadable")
        return JSONResponse(self._reconciliation(0), 201)

    async def _explain(self, asked: Asked) -> Response:
        asked.must("payments:write")
        return JSONResponse({}, 201)

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
