"""Razorpay's HTTP API over its book: links, orders, payments, refunds, customers, settlements."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from banyan.kernel.refusals import Malformed
from banyan.simulators.common import Answer, Asked, json_answer
from banyan.simulators.razorpay import shapes
from banyan.simulators.razorpay.book import Book, Link, Payment, Refund, Refused, Unknown

Tell = Callable[[str, dict[str, dict[str, Any]]], None]
"""Have a webhook told: its event, and the entities in it by name."""


class Api:
    def __init__(self, book: Book, origin: str, key: tuple[str, str], tell: Tell) -> None:
        self._book, self._origin, self._tell = book, origin, tell
        self._basic = f"Basic {b64encode(':'.join(key).encode()).decode()}"
        self._secret = key[1].encode()
        self._refunds: dict[str, tuple[str, Refund]] = {}  # by X-Refund-Idempotency: what was asked, what was made

    async def answer(self, asked: Asked) -> Answer:
        if not hmac.compare_digest(asked.headers.get("authorization", ""), self._basic):
            told = {"code": "BAD_REQUEST_ERROR", "description": "The api key provided is invalid"}
            return json_answer({"error": told}, 401)
        self._book.pass_time()
        try:
            return json_answer(self._answer(asked))
        except Refused as no:
            return _error(no)
        except Malformed:
            return _error(Refused("The request body is no valid JSON"))

    def _answer(self, asked: Asked) -> dict[str, Any]:
        book, query = self._book, dict(asked.pairs())
        match asked.method, *asked.path.strip("/").split("/")[1:]:
            case "POST", "payment_links":
                return self.shown(book.link(asked.json()))
            case "GET", "payment_links":
                return {"payment_links": [self.shown(each) for each in book.links.values() if self._asked(each, query)]}
            case "GET", "payment_links", link_id:
                return self.shown(_find(book.links, link_id))
            case "POST", "payment_links", link_id, "cancel":
                link = _find(book.links, link_id)
                book.cancel(link)
                self._tell("payment_link.cancelled", {"payment_link": self.shown(link)})
                return self.shown(link)
            case "POST", "orders":
                return self._make_order(asked.json())
            case "GET", "orders":
                found = [each for each in book.orders.values() if query.get("receipt") in (None, each.receipt)]
                return shapes.some([shapes.order(each) for each in reversed(found)])
            case "GET", "orders", order_id:
                return shapes.order(_find(book.orders, order_id))
            case "PATCH", "orders", order_id:
                order = _find(book.orders, order_id)
                order.notes = {str(name): str(value) for name, value in asked.json()["notes"].items()}
                return shapes.order(order)
            case "GET", "orders", order_id, "payments":
                order = _find(book.orders, order_id)
                return shapes.some([shapes.payment(each) for each in book.payments.values() if each.order is order])
            case "POST", "payments", "create", "recurring":
                return self._recurring(asked.json())
            case "GET", "payments", payment_id:
                return shapes.payment(_find(book.payments, payment_id))
            case "PATCH", "payments", payment_id:
                payment = _find(book.payments, payment_id)
                payment.notes = {str(name): str(value) for name, value in asked.json()["notes"].items()}
                return shapes.payment(payment)
            case "POST", "payments", payment_id, "capture":
                return self._capture(_find(book.payments, payment_id), asked.json())
            case "POST", "payments", payment_id, "refund":
                return self._refund(_find(book.payments, payment_id), asked)
            case "GET", "payments", payment_id, "refunds":
                found_ = [each for each in book.refunds.values() if each.payment.id == payment_id]
                return shapes.some([shapes.refund(each) for each in found_[: int(query.get("count", "10"))]])
            case "GET", "refunds", refund_id:
                return shapes.refund(_find(book.refunds, refund_id))
            case "POST", "customers":
                return self._customer(asked.json())
            case "GET", "customers", customer_id:
                return dict(_find(book.customers, customer_id))
            case "GET", "settlements":
                return shapes.some([shapes.settlement(each) for each in book.settlements])
            case "GET", "settlements", "recon", "combined":
                return self._recon(query)
        raise Refused("The requested URL was not found on the server.")

    def shown(self, link: Link) -> dict[str, Any]:
        return shapes.link(
            link, self._origin, [each for each in self._book.payments.values() if each.order is link.order]
        )

    def _asked(self, link: Link, query: dict[str, str]) -> bool:
        if (payment_id := query.get("payment_id")) and _find(self._book.payments, payment_id).order is not link.order:
            return False
        return query.get("reference_id") in (None, link.reference_id)

    def _make_order(self, told: dict[str, Any]) -> dict[str, Any]:
        captures = told.get("payment_capture", self._book.captures) in (True, 1, "1")
        notes = told.get("notes") or {}
        made = self._book.order(told.get("amount"), told.get("currency"), told.get("receipt"), notes, captures=captures)
        return shapes.order(made)

    def _recurring(self, told: dict[str, Any]) -> dict[str, Any]:
        order = _find(self._book.orders, told.get("order_id"))
        token = self._book.tokens.get(str(told.get("token")))
        if token is None or token.customer_id != told.get("customer_id"):
            raise Refused("The token is invalid", "token_invalid")
        if not told.get("email") or not told.get("contact"):
            raise Refused("The email field is required.")
        if (told.get("amount"), told.get("currency")) != (order.amount, order.currency):
            raise Refused("Your payment amount is different from your order amount", "amount_mismatch")
        payment = self._book.attempt(order, "card", told.get("notes"))
        payment.customer_id, payment.token_id = token.customer_id, token.id
        self.banked(payment, "insufficient_funds" if token.declines else None)
        if token.declines:
            raise Refused("Your payment was not completed", "insufficient_funds", payment.id)
        signed = hmac.digest(self._secret, f"{order.id}|{payment.id}".encode(), "sha256").hex()
        return {"razorpay_payment_id": payment.id, "razorpay_order_id": order.id, "razorpay_signature": signed}

    def banked(self, payment: Payment, error: str | None = None) -> None:
        """The bank has told; so do we."""
        self._book.banked(payment, error)
        told = shapes.payment(payment)
        if error:
            self._tell("payment.failed", {"payment": told})
            return
        authorized = told | {"status": "authorized", "captured": False, "fee": None, "tax": None}
        self._tell("payment.authorized", {"payment": authorized})  # as it was then
        if payment.captured:
            self._captured(payment)

    def _capture(self, payment: Payment, told: dict[str, Any]) -> dict[str, Any]:
        self._book.capture(payment, told.get("amount"), told.get("currency"))
        self._captured(payment)
        return shapes.payment(payment)

    def _captured(self, payment: Payment) -> None:
        told, order = shapes.payment(payment), shapes.order(payment.order)
        self._tell("payment.captured", {"payment": told})
        self._tell("order.paid", {"payment": told, "order": order})
        for link in self._book.links.values():
            if link.order is payment.order:
                self._tell("payment_link.paid", {"order": order, "payment": told, "payment_link": self.shown(link)})

    def _refund(self, payment: Payment, asked: Asked) -> dict[str, Any]:
        told, key = asked.json(), asked.headers.get("x-refund-idempotency", "")
        fingerprint = f"{payment.id} {json.dumps(told, sort_keys=True)}"
        if key and len(key) < 10:
            raise Refused("The idempotency key must be at least 10 characters long")
        if key in self._refunds:
            before, made = self._refunds[key]
            if before != fingerprint:
                raise Refused("Different request body for the same idempotency key", "idempotency_key_reused")
            return shapes.refund(made)
        made = self._book.refund(payment, told.get("amount"), told.get("receipt"), told.get("notes") or {})
        if key:
            self._refunds[key] = fingerprint, made
        for event in ("refund.created", "refund.processed"):
            self._tell(event, {"refund": shapes.refund(made), "payment": shapes.payment(payment)})
        return shapes.refund(made)

    def _customer(self, told: dict[str, Any]) -> dict[str, Any]:
        made = {"id": self._book.id("cust"), "entity": "customer"}
        made |= {name: str(told.get(name) or "") for name in ("name", "email", "contact")}
        self._book.customers[made["id"]] = made
        return made

    def _recon(self, query: dict[str, str]) -> dict[str, Any]:
        """What was settled in a month, or on a day of it (UTC here)."""
        try:
            year, month, day = (int(query.get(name, "0")) for name in ("year", "month", "day"))
            count, skip = int(query.get("count", "10")), int(query.get("skip", "0"))
        except ValueError:
            raise Refused("year and month are numbers") from None
        found = [
            each
            for each in self._book.rows
            if each.settled_at and (each.settled_at.year, each.settled_at.month) == (year, month)
            and day in (0, each.settled_at.day)
        ]  # fmt: skip
        if not 1 <= count <= 1000:
            raise Refused("The count must be between 1 and 1000.")
        return shapes.some([shapes.row(each) for each in found[skip : skip + count]])


def _find(among: dict[str, Any], name: object) -> Any:
    if not isinstance(name, str) or name not in among:
        raise Unknown
    return among[name]


def _error(no: Refused) -> Answer:
    told: dict[str, Any] = {
        "code": "BAD_REQUEST_ERROR",
        "description": no.description,
        "source": "business",
        "step": "payment_initiation",
        "reason": no.reason,
        "metadata": {"payment_id": no.payment_id} if no.payment_id else {},
    }
    return json_answer({"error": told}, 400)
