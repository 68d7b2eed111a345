"""The services as the console needs them, by hand: in memory, with real tokens, permissions, ETags and Idempotency-Keys."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from banyan.contracts.users import PERMISSIONS, ROLES, AskKeys, KeySet
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.foundation.settings import SERVICES
from banyan.foundation.web import problem
from banyan.kernel.refusals import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    Stale,
    Unauthenticated,
    Unconditional,
)

KEY = RSAKey.generate_key(2048, {"kid": "k1"})
Handler = Callable[["Asked"], Awaitable[Response]]
Json = dict[str, Any]


@dataclass
class Asked:
    """A request to a fake service, as tests look at it afterwards."""

    service: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any
    named: dict[str, str]
    permissions: frozenset[str]

    def must(self, permission: str) -> None:
        if permission not in self.permissions:
            raise Forbidden(f"this needs the permission {permission}")

    def one(self, name: str) -> str:
        return (self.query.get(name) or [""])[0]


@dataclass
class Fakes:
    """All services of a shop; what they hold may be changed by tests at any time."""

    shop: Shop
    asked: list[Asked] = field(default_factory=list)
    users: dict[str, Json] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)  # e-mail → password
    links: dict[str, str] = field(default_factory=dict)  # one-time token → user id
    refreshes: dict[str, str] = field(default_factory=dict)  # refresh token → user id
    orders: dict[str, Json] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    entries: dict[str, list[Json]] = field(default_factory=dict)
    products: dict[str, Json] = field(default_factory=dict)
    levels: dict[str, Json] = field(default_factory=dict)
    movements: dict[str, list[Json]] = field(default_factory=dict)
    reservations: dict[str, Json] = field(default_factory=dict)
    warehouses: dict[str, Json] = field(default_factory=dict)
    parked: dict[str, list[Json]] = field(default_factory=dict)
    findings: dict[str, list[Json]] = field(default_factory=dict)
    broken: dict[str, Refusal] = field(default_factory=dict)  # service → what it answers instead
    refund_answer: int = 201
    lose_answers: int = 0  # so many POSTs are done, and their answers lost
    _kept: dict[tuple[str, str], tuple[Any, Response]] = field(default_factory=dict)

    def install(self) -> None:
        """Put them where the shop's peers find them."""
        for name in SERVICES:
            calls: Any = {AskKeys: self._keys} if name == "users" else {}
            self.shop.peers.add(name, Local(cast(Ports, object()), calls, self._app(name)))

    def sent(self, method: str, path: str) -> list[Asked]:
        """Requests of this method whose path matches the pattern, the earliest first."""
        return [each for each in self.asked if each.method == method and re.fullmatch(path, each.path)]

    def add_user(self, email: str, *roles: str, password: str = "correct horse battery", name: str = "") -> Json:
        user = {
            "id": self.shop.ids.new("usr"),
            "email": email,
            "name": name,
            "roles": list(roles),
            "permissions": sorted(frozenset[str]().union(*(ROLES[role] for role in roles))),
            "has_password": True,
            "version": 1,
            "created_at": self.now(),
        }
        self.users[user["id"]] = user
        self.passwords[email] = password
        return user

    def add_link(self, user: Json) -> str:
        token = f"ml_{self.shop.ids.secret(20).hex()}"
        self.links[token] = user["id"]
        return token

    def access_token(self, user: Json, seconds: int = 600) -> str:
        now = int(self.shop.clock.now().timestamp())
        claims = {
            "iss": self.shop.settings.origin,
            "aud": "banyan",
            "sub": user["id"],
            "sid": "ses_1",
            "iat": now,
            "exp": now + seconds,
            "jti": self.shop.ids.new("tok"),
            "permissions": user["permissions"],
        }
        return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}, claims, KEY)

    def now(self, **ago: float) -> str:
        return (self.shop.clock.now() - timedelta(**ago)).isoformat().replace("+00:00", "Z")

    # ---- the machinery --------------------------------------------------------------------------------------------

    async def _keys(self, _: Any, __: AskKeys) -> KeySet:
        return KeySet(jwks=json.dumps({"keys": [KEY.as_dict(private=False)]}))

    def _app(self, service: str) -> Starlette:
        routes = [
            Route(path, self._endpoint(service, handler), methods=[method])
            for (owner, method, path), handler in self._table().items()
            if owner in (service, "*")
        ]
        return Starlette(routes=routes, exception_handlers={Refusal: _refused})

    def _endpoint(self, service: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            query: dict[str, list[str]] = {}
            for name, value in request.query_params.multi_items():
                query.setdefault(name, []).append(value)
            asked = Asked(
                service,
                request.method,
                request.url.path,
                query,
                dict(request.headers),
                json.loads(raw) if raw else None,
                {name: str(value) for name, value in request.path_params.items()},
                await self._permissions(request.headers.get("authorization", "")),
            )
            self.asked.append(asked)
            if service in self.broken:
                raise self.broken[service]
            return await self._once(asked, handler)

        return endpoint

    async def _once(self, asked: Asked, handler: Handler) -> Response:
        key = asked.headers.get("idempotency-key", "")
        kept = self._kept.get((asked.path, key)) if key else None
        if kept:
            if kept[0] != asked.body:
                raise Invalid("this Idempotency-Key was used for another request", code="key_reused")
            return kept[1]
        response = await handler(asked)
        if key:
            self._kept[asked.path, key] = (asked.body, response)
        if asked.method == "POST" and self.lose_answers:
            self.lose_answers -= 1
            raise Refusal("did not answer in time", code="deadline_passed", status=504)
        return response

    async def _permissions(self, authorization: str) -> frozenset[str]:
        if not authorization:
            return frozenset()
        return (await self.shop.authority.principal(authorization)).permissions

    def _table(self) -> dict[tuple[str, str, str], Handler]:
        return {
            ("*", "GET", "/operate/invariants"): self._invariants,
            ("*", "GET", "/operate/parked"): self._parked,
            ("*", "POST", "/operate/parked/{seq}/retry"): self._unpark,
            ("*", "POST", "/operate/parked/{seq}/discard"): self._unpark,
            ("users", "POST", "/v1/sessions"): self._sign_in,
            ("users", "POST", "/v1/sessions/magic-link/redeem"): self._redeem,
            ("users", "POST", "/v1/sessions/refresh"): self._refresh,
            ("users", "DELETE", "/v1/sessions/current"): self._sign_out,
            ("users", "GET", "/v1/users"): self._list_users,
            ("users", "GET", "/v1/users/{id}"): self._read_user,
            ("users", "PUT", "/v1/users/{id}/roles"): self._set_roles,
            ("users", "GET", "/v1/roles"): self._list_roles,
            ("orders", "GET", "/v1/orders"): self._list_orders,
            ("orders", "GET", "/v1/orders/{id}"): self._read_order,
            ("orders", "GET", "/v1/orders/{id}/events"): self._read_events,
            ("orders", "POST", "/v1/orders/{id}/cancel"): self._cancel,
            ("orders", "POST", "/v1/orders/{id}/refunds"): self._refund,
            ("orders", "POST", "/v1/orders/{id}/fulfillments"): self._fulfil,
            ("payments", "GET", "/v1/payments"): self._list_payments,
            ("payments", "GET", "/v1/payments/{id}"): self._read_payment,
            ("payments", "GET", "/v1/payments/{id}/entries"): self._read_entries,
            ("catalog", "GET", "/v1/products"): self._list_products,
            ("catalog", "GET", "/v1/search"): self._search,
            ("catalog", "GET", "/v1/products/{id}"): self._read_product,
            ("catalog", "PATCH", "/v1/products/{id}"): self._edit_product,
            ("catalog", "PUT", "/v1/products/{id}/variants/{sku}/prices/{currency}"): self._set_price,
            ("catalog", "DELETE", "/v1/products/{id}/variants/{sku}/prices/{currency}"): self._remove_price,
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

    # ---- what operators ask of every service ----------------------------------------------------------------------

    async def _invariants(self, asked: Asked) -> Response:
        asked.must("operate")
        items = self.findings.get(asked.service, [])
        return JSONResponse({"service": asked.service, "proved_at": self.now(seconds=42), "items": items})

    async def _parked(self, asked: Asked) -> Response:
        asked.must("operate")
        return JSONResponse({"items": self.parked.get(asked.service, [])})

    async def _unpark(self, asked: Asked) -> Response:
        asked.must("operate")
        before = self.parked.get(asked.service, [])
        self.parked[asked.service] = [each for each in before if str(each["seq"]) != asked.named["seq"]]
        if len(self.parked[asked.service]) == len(before):
            raise NotFound("no event waits under this number")
        return JSONResponse({"seq": int(asked.named["seq"])})

    # ---- users ----------------------------------------------------------------------------------------------------

    def _session(self, user: Json) -> Json:
        token = f"rt_{self.shop.ids.secret(20).hex()}"
        self.refreshes[token] = user["id"]
        return {"access_token": self.access_token(user), "token_type": "Bearer", "expires_in": 600} | {
            "refresh_token": token,
            "session_id": "ses_1",
        }

    async def _sign_in(self, asked: Asked) -> Response:
        email = asked.body["email"]
        if self.passwords.get(email) != asked.body["password"]:
            raise Unauthenticated("the address or the password is wrong", code="wrong_credentials")
        user = next(each for each in self.users.values() if each["email"] == email)
        return JSONResponse(self._session(user) | {"user": user}, 201)

    async def _redeem(self, asked: Asked) -> Response:
        user_id = self.links.pop(asked.body["token"], None)
        if user_id is None:
            raise Unauthenticated("This link was used already or is too old", code="link_invalid")
        return JSONResponse(self._session(self.users[user_id]) | {"user": self.users[user_id]}, 201)

    async def _refresh(self, asked: Asked) -> Response:
        user_id = self.refreshes.pop(asked.body["refresh_token"], None)
        if user_id is None:
            raise Unauthenticated("the session is over", code="session_over")
        return JSONResponse(self._session(self.users[user_id]))

    async def _sign_out(self, asked: Asked) -> Response:
        self.refreshes.clear()
        return Response(status_code=204)

    async def _list_users(self, asked: Asked) -> Response:
        asked.must("users:read")
        found = [each for each in self.users.values() if asked.one("email") in ("", each["email"])]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _read_user(self, asked: Asked) -> Response:
        asked.must("users:read")
        return JSONResponse(_found(self.users, asked.named["id"]))

    async def _set_roles(self, asked: Asked) -> Response:
        asked.must("users:write")
        user = _found(self.users, asked.named["id"])
        _match(asked, user["version"])
        if "operator" in user["roles"] and "operator" not in asked.body["roles"]:
            raise Conflict("There must be an operator; appoint another one first", code="last_operator")
        user["roles"], user["version"] = asked.body["roles"], user["version"] + 1
        return JSONResponse(user)

    async def _list_roles(self, asked: Asked) -> Response:
        asked.must("users:read")
        items = [{"role": role, "permissions": sorted(may)} for role, may in ROLES.items()]
        return JSONResponse({"items": items, "next_cursor": None})

    # ---- orders ---------------------------------------------------------------------------------------------------

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
        return JSONResponse(_found(self.orders, asked.named["id"]))

    async def _read_events(self, asked: Asked) -> Response:
        asked.must("orders:read")
        return JSONResponse({"items": self.events.get(asked.named["id"], [])})

    async def _cancel(self, asked: Asked) -> Response:
        asked.must("orders:write")
        order = _found(self.orders, asked.named["id"])
        if order["status"] not in ("processing", "confirmed", "cancelled"):
            raise Conflict("this order cannot be cancelled: it is on its way", code="too_late")
        order |= {"status": "cancelled", "reason": asked.body["reason"]}
        return JSONResponse(order)

    async def _refund(self, asked: Asked) -> Response:
        asked.must("payments:write")
        order, amount = _found(self.orders, asked.named["id"]), asked.body["amount"]
        left = order["total"]["amount"] - order["refunded"]["amount"]
        if amount["amount"] > left:
            raise Conflict(f"at most {left / 100:.2f} {order['currency']} can go back", code="too_much")
        order["refunded"] = {**amount, "amount": order["refunded"]["amount"] + amount["amount"]}
        order["refunds"].append({"id": self.shop.ids.new("rfd"), "amount": amount, "reason": asked.body["reason"]})
        return JSONResponse(order, self.refund_answer)

    async def _fulfil(self, asked: Asked) -> Response:
        asked.must("orders:write")
        order = _found(self.orders, asked.named["id"])
        for line in order["lines"]:
            units = asked.body["lines"].get(line["line_id"], 0)
            if units > line["quantity"] - line["fulfilled"]:
                raise Conflict("there are not so many left to send", code="nothing_left")
            line["fulfilled"] += units
        parcel = {"id": self.shop.ids.new("prc"), "lines": asked.body["lines"], "tracking": asked.body["tracking"]}
        order["fulfilments"].append(parcel)
        return JSONResponse(order, 201)

    # ---- payments -------------------------------------------------------------------------------------------------

    async def _list_payments(self, asked: Asked) -> Response:
        asked.must("payments:read")
        found = [each | {"refunds": []} for each in self.payments.values() if each["order_id"] == asked.one("order_id")]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _read_payment(self, asked: Asked) -> Response:
        asked.must("payments:read")
        return JSONResponse(_found(self.payments, asked.named["id"]))

    async def _read_entries(self, asked: Asked) -> Response:
        asked.must("payments:read")
        return JSONResponse({"items": self.entries.get(asked.named["id"], []), "next_cursor": None})

    # ---- the catalogue --------------------------------------------------------------------------------------------

    async def _list_products(self, asked: Asked) -> Response:
        status = asked.one("status") or "published"
        if status != "published":
            asked.must("catalog:write")
        found = [each for each in self.products.values() if each["status"] == status]
        if asked.one("sku"):
            found = [each for each in found if asked.one("sku") in [one["sku"] for one in each["variants"]]]
        return JSONResponse({"items": found, "next_cursor": None})

    async def _search(self, asked: Asked) -> Response:
        found = [each for each in self.products.values() if asked.one("q").lower() in each["name"].lower()]
        return JSONResponse({"items": found, "total": len(found), "next_cursor": None, "corrected": None})

    def _told(self, product: Json) -> Response:
        return JSONResponse(product, headers={"etag": f'"{product["version"]}.7"'})

    async def _read_product(self, asked: Asked) -> Response:
        return self._told(_found(self.products, asked.named["id"]))

    async def _edit_product(self, asked: Asked) -> Response:
        asked.must("catalog:write")
        product = _found(self.products, asked.named["id"])
        _match(asked, f"{product['version']}.7")
        if asked.body.get("name") == "":
            raise Invalid(
                "no", errors=[Fault("/body/name", "string_too_short", "String should have at least 1 character")]
            )
        product |= asked.body
        product["version"] += 1
        return self._told(product)

    def _variant(self, asked: Asked) -> tuple[Json, Json]:
        asked.must("catalog:write")
        product = _found(self.products, asked.named["id"])
        if "if-match" in asked.headers:
            _match(asked, f"{product['version']}.7")
        variant = next((each for each in product["variants"] if each["sku"] == asked.named["sku"]), None)
        if variant is None:
            raise NotFound("the product has no such variant", code="no_such_variant")
        currency = asked.named["currency"]
        variant["prices"] = [each for each in variant["prices"] if each["currency"] != currency]
        product["version"] += 1
        return product, variant

    async def _set_price(self, asked: Asked) -> Response:
        product, variant = self._variant(asked)
        variant["prices"].append({"amount": asked.body["amount"], "currency": asked.named["currency"]})
        return self._told(product)

    async def _remove_price(self, asked: Asked) -> Response:
        self._variant(asked)
        return Response(status_code=204)

    # ---- inventory ------------------------------------------------------------------------------------------------

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
        level = _found(self.levels, asked.named["sku"])
        _match(asked, level["version"])
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
        return JSONResponse(_found(self.reservations, asked.named["id"]))

    async def _release(self, asked: Asked) -> Response:
        asked.must("stock:write")
        _found(self.reservations, asked.named["id"])["state"] = "released"
        return Response(status_code=204)

    async def _list_warehouses(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse({"items": list(self.warehouses.values()), "next_cursor": None})

    async def _read_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:read")
        return JSONResponse(_found(self.warehouses, asked.named["id"]))

    async def _add_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:write")
        made = asked.body | {"id": self.shop.ids.new("wh"), "version": 1}
        self.warehouses[made["id"]] = made
        return JSONResponse(made, 201)

    async def _change_warehouse(self, asked: Asked) -> Response:
        asked.must("stock:write")
        found = _found(self.warehouses, asked.named["id"])
        _match(asked, found["version"])
        found |= asked.body
        found["version"] += 1
        return JSONResponse(found)


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return problem(refusal)


def _found(where: dict[str, Json], name: str) -> Json:
    if name not in where:
        raise NotFound("there is no such thing")
    return where[name]


def _match(asked: Asked, version: object) -> None:
    given = asked.headers.get("if-match")
    if given is None:
        raise Unconditional
    if given != f'"{version}"':
        raise Stale


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


__all__ = ["PERMISSIONS", "Asked", "Fakes", "level_of"]
