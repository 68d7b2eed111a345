"""PayPal's HTTP API over its book: tokens, orders, payments, saved wallets, the transaction search, the certificate."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from banyan.kernel.refusals import Malformed
from banyan.simulators.common import Answer, Asked, json_answer
from banyan.simulators.paypal import amounts, reports
from banyan.simulators.paypal.book import Book, Order, Refused
from banyan.simulators.paypal.shapes import Shapes

TOKEN_SECONDS = 32_400  # nine hours, as PayPal's
KEPT = {"orders": 6 * 3600.0, "payments": 45 * 86_400.0}  # seconds for which a PayPal-Request-Id is remembered
_NAMES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILURE", 403: "NOT_AUTHORIZED", 404: "RESOURCE_NOT_FOUND"}

Tell = Callable[[str, str, dict[str, Any]], None]
"""Have a webhook told: its type, the type of its resource, the resource."""


class Api:
    def __init__(self, book: Book, shapes: Shapes, client: tuple[str, str], tell: Tell) -> None:
        self._book, self._shapes, self._tell = book, shapes, tell
        self._basic = f"Basic {b64encode(':'.join(client).encode()).decode()}"
        self._tokens: dict[str, datetime] = {}
        self._asked: dict[str, tuple[datetime, str, Callable[[], dict[str, Any]]]] = {}

    async def answer(self, asked: Asked) -> Answer:
        try:
            return self._answer(asked)
        except Refused as no:
            return _error(no.status, no.issue)
        except Malformed:
            return _error(400, "MALFORMED_REQUEST_JSON")

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/oauth2/token":
            return self._token(asked)
        if not self._signed_in(asked):
            return json_answer(
                {"error": "invalid_token", "error_description": "Token signature verification failed"}, 401
            )
        match asked.method, *asked.path.strip("/").split("/"):
            case "POST", "v2", "checkout", "orders":
                return self._once(asked, "orders", self._make_order)
            case "GET", "v2", "checkout", "orders", order_id:
                return json_answer(self._shapes.order(self._book.order(order_id)))
            case "POST", "v2", "checkout", "orders", order_id, "authorize":
                return self._once(asked, "orders", lambda _: self._authorize(order_id))
            case "POST", "v2", "checkout", "orders", _, "capture":
                raise Refused("ACTION_DOES_NOT_MATCH_INTENT")
            case "GET", "v2", "payments", "authorizations", held_id:
                return json_answer(self._shapes.held(*self._book.find_held(held_id)))
            case "POST", "v2", "payments", "authorizations", held_id, "capture":
                return self._once(asked, "payments", lambda body: self._capture(held_id, body))
            case "POST", "v2", "payments", "authorizations", held_id, "void":
                return self._once(asked, "payments", lambda _: self._void(held_id), status=200)
            case "POST", "v2", "payments", "authorizations", held_id, "reauthorize":
                return self._once(asked, "payments", lambda body: self._renew(held_id, body))
            case "GET", "v2", "payments", "captures", taken_id:
                return json_answer(self._shapes.taken(*self._book.find_taken(taken_id)))
            case "POST", "v2", "payments", "captures", taken_id, "refund":
                return self._once(asked, "payments", lambda body: self._refund(taken_id, body))
            case "GET", "v2", "payments", "refunds", back_id:
                return json_answer(self._back(back_id))
            case method, "v3", "vault", "payment-tokens", wallet_id:
                return self._wallet(method, wallet_id)
            case "GET", "v1", "reporting", "transactions":
                return json_answer(reports.search(self._book, dict(asked.pairs())))
        raise Refused("INVALID_RESOURCE_ID", 404)

    def _token(self, asked: Asked) -> Answer:
        if not hmac.compare_digest(asked.headers.get("authorization", ""), self._basic):
            return json_answer({"error": "invalid_client", "error_description": "Client Authentication failed"}, 401)
        if ("grant_type", "client_credentials") not in asked.pairs():
            return json_answer({"error": "unsupported_grant_type"}, 400)
        token = f"A21AA{self._book.id()}{self._book.id()}"
        self._tokens[token] = self._book.clock.now()
        return json_answer({"scope": "", "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def _signed_in(self, asked: Asked) -> bool:
        made = self._tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "))
        return made is not None and (self._book.clock.now() - made).total_seconds() < TOKEN_SECONDS

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def _once(
        self, asked: Asked, kind: str, do: Callable[[dict[str, Any]], Callable[[], dict[str, Any]]], status: int = 201
    ) -> Answer:
        """Do it once by its PayPal-Request-Id; asked again, the thing is answered as it stands by now."""
        body, key = asked.json(), asked.headers.get("paypal-request-id", "")
        if len(key) > 108:
            raise Refused("INVALID_STRING_LENGTH", 400)
        place, fingerprint = f"{kind} {key}", f"{asked.path} {json.dumps(body, sort_keys=True)}"
        before = self._asked.get(place) if key else None
        if before and (self._book.clock.now() - before[0]).total_seconds() < KEPT[kind]:
            if before[1] != fingerprint:  # PayPal documents no issue for this; it must not be done, that is what counts
                raise Refused("DUPLICATE_REQUEST_ID")
            return json_answer(before[2](), 200)
        shown = do(body)
        if key:
            self._asked[place] = self._book.clock.now(), fingerprint, shown
        full = "return=representation" in asked.headers.get("prefer", "")
        if full:
            return json_answer(shown(), status)
        told = {name: value for name, value in shown().items() if name in ("id", "status", "links")}
        return Answer(204) if status == 200 else json_answer(told, status)

    def _make_order(self, body: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        if body.get("intent") != "AUTHORIZE":
            raise Refused("INVALID_PARAMETER_VALUE", 400)
        units = body.get("purchase_units")
        if not isinstance(units, list) or len(units) != 1:
            raise Refused("INVALID_ARRAY_MIN_ITEMS", 400)
        amount, currency = _amount(units[0])
        wallet = body.get("payment_source", {}).get("paypal", {})
        context = wallet.get("experience_context", {})
        order = Order(
            self._book.id(), amount, currency, units[0].get("custom_id"), units[0].get("invoice_id"),
            self._book.clock.now(),
            return_url=context.get("return_url", ""),
            cancel_url=context.get("cancel_url", ""),
            save=wallet.get("attributes", {}).get("vault", {}).get("store_in_vault") == "ON_SUCCESS",
            vault_id=wallet.get("vault_id"),
        )  # fmt: skip
        self._book.begin(order)
        if order.held:
            self._tell_held(order)
        return lambda: self._shapes.order(order)

    def _authorize(self, order_id: str) -> Callable[[], dict[str, Any]]:
        order = self._book.order(order_id)
        self._book.authorize(order)
        self._tell_held(order)
        return lambda: self._shapes.order(order)

    def _tell_held(self, order: Order) -> None:
        held = order.held[-1]
        if held.status == "CREATED":
            told = self._shapes.held(order, held) | _related(order)
            self._tell("PAYMENT.AUTHORIZATION.CREATED", "authorization", told)

    def reviewed(self, order: Order, accepted: bool) -> None:
        self._book.review(order, accepted)
        self._tell_held(order)

    def _capture(self, held_id: str, body: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        order, held = self._book.find_held(held_id)
        amount, currency = _amount(body) if "amount" in body else (held.amount, order.currency)
        taken = self._book.capture(order, held, amount, currency, body.get("final_capture", False) is True)
        self._tell("PAYMENT.CAPTURE.COMPLETED", "capture", self._shapes.taken(order, taken))
        return lambda: self._shapes.taken(order, taken)

    def _void(self, held_id: str) -> Callable[[], dict[str, Any]]:
        order, held = self._book.find_held(held_id)
        self._book.void(held)
        self._tell("PAYMENT.AUTHORIZATION.VOIDED", "authorization", self._shapes.held(order, held) | _related(order))
        return lambda: self._shapes.held(order, held)

    def _renew(self, held_id: str, body: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        order, held = self._book.find_held(held_id)
        amount, currency = _amount(body)
        if currency != order.currency:
            raise Refused("AUTH_CURRENCY_MISMATCH")
        new = self._book.renew(order, held, amount)
        return lambda: self._shapes.held(order, new)

    def _refund(self, taken_id: str, body: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        order, taken = self._book.find_taken(taken_id)
        amount, currency = _amount(body) if "amount" in body else (taken.amount - taken.refunded, order.currency)
        back = self._book.refund(order, taken, amount, currency, body.get("custom_id"))
        self._tell("PAYMENT.CAPTURE.REFUNDED", "refund", self._shapes.back(order, back))
        return lambda: self._shapes.back(order, back)

    def _back(self, back_id: str) -> dict[str, Any]:
        for order in self._book.orders.values():
            for each in order.back:
                if each.id == back_id:
                    return self._shapes.back(order, each)
        raise Refused("INVALID_RESOURCE_ID", 404)

    def _wallet(self, method: str, wallet_id: str) -> Answer:
        wallet = self._book.wallets.get(wallet_id)
        if wallet is None:
            raise Refused("INVALID_RESOURCE_ID", 404)
        if method == "DELETE":
            del self._book.wallets[wallet_id]
            return Answer(204)
        return json_answer({"id": wallet.id, "customer": {"id": wallet.customer_id}, "payment_source": {"paypal": {}}})


def _related(order: Order) -> dict[str, Any]:
    return {"supplementary_data": {"related_ids": {"order_id": order.id}}}


def _amount(body: dict[str, Any]) -> tuple[int, str]:
    told = body.get("amount")
    if not isinstance(told, dict):
        raise Refused("MISSING_REQUIRED_PARAMETER", 400)
    found = amounts.parse(told.get("value"), told.get("currency_code"))
    if isinstance(found, str):
        raise Refused(found, 400 if found == "INVALID_PARAMETER_SYNTAX" else 422)
    return found


_MESSAGES = {
    400: "Request is not well-formed, syntactically incorrect, or violates schema.",
    404: "The specified resource does not exist.",
    422: "The requested action could not be performed, semantically incorrect, or failed business validation.",
}


def _error(status: int, issue: str) -> Answer:
    name = _NAMES.get(status, "UNPROCESSABLE_ENTITY")
    link = {
        "href": f"https://developer.paypal.com/api/rest/reference/orders/v2/errors/#{issue}",
        "rel": "information_link",
    }
    told = {
        "name": name,
        "message": _MESSAGES[status],
        "debug_id": "f9b5a5a6f4b1e",
        "details": [{"issue": issue, "description": issue.replace("_", " ").lower()}],
        "links": [link | {"method": "GET"}],
    }
    return json_answer(told, status)
