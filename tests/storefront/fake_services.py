"""What the services of the fake shop answer, by path."""

from collections import Counter
from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from banyan.foundation.auth import CART_COOKIE
from banyan.kernel.refusals import Fault
from tests.storefront.fake_shop import WHEN, FakeShop, Handler, Json, eur, no, said


def _signed_in(handler: Callable[[FakeShop, Request, Json, Json], Response]) -> Handler:
    async def checked(shop: FakeShop, request: Request, body: Json) -> Response:
        user = shop.who(request)
        if user is None:
            code = "token_expired" if request.headers.get("authorization") else "unauthenticated"
            return no(401, code)
        return handler(shop, request, body, user)

    return checked


# ---- the catalogue --------------------------------------------------------------------------------------------------


async def _categories(shop: FakeShop, _: Request, __: Json) -> Response:
    return said({"items": shop.roots})


async def _product(shop: FakeShop, request: Request, _: Json) -> Response:
    found = shop.products.get(request.path_params["slug"])
    return said(found) if found else no(404, "not_found")


async def _search(shop: FakeShop, request: Request, _: Json) -> Response:
    asked = request.query_params
    text, brands = asked.get("q", "").lower(), asked.getlist("brand")
    corrected = "mug" if text == "mgu" and shop.indexed else None
    found = [p for p in shop.products.values() if (corrected or text) in p["name"].lower()]
    if asked.get("category"):
        wanted = asked["category"]
        found = [p for p in found if wanted in {c["slug"] for c in p["categories"]} | {p["category"]}]
    facets = {
        "brand": [{"value": b, "count": n} for b, n in Counter(p["brand"] for p in found).most_common(20)],
        "category": [{"value": c, "label": c, "count": n} for c, n in Counter(p["category"] for p in found).items()],
        "price": [{"low": 0, "high": 4999, "count": 3}, {"low": 5000, "high": 9999, "count": 2}],
    }
    found = [p for p in found if not brands or p["brand"] in brands]
    low, high = int(asked.get("price_min", 0)), int(asked.get("price_max", 10**12))
    found = [p for p in found if low <= p["price"]["amount"] <= high]
    at, limit = int(asked.get("cursor", 0)), int(asked.get("limit", 20))
    following = str(at + limit) if at + limit < len(found) else None
    return said(
        {
            "items": found[at : at + limit],
            "total": len(found),
            "facets": facets if shop.indexed else dict.fromkeys(facets, ()),
            "next_cursor": following,
            "corrected": corrected,
        }
        | ({} if shop.indexed else {"degraded": True})
    )


# ---- carts and orders -----------------------------------------------------------------------------------------------


async def _make_cart(shop: FakeShop, request: Request, _: Json) -> Response:
    user = shop.who(request)
    cart = {
        "id": shop.next("crt"),
        "user": user["email"] if user else None,
        "status": "open",
        "lines": [],
        "token": None if user else f"ct_{shop.number:030d}",
        "email": None,
        "address": None,
        "shipping_option": None,
        "order_id": None,
    }
    shop.carts[cart["id"]] = cart
    return said(shop.seen(cart) | {"token": cart["token"]}, 201)


async def _current_cart(shop: FakeShop, request: Request, _: Json) -> Response:
    cart = shop.cart_of(request)
    return said(shop.seen(cart)) if cart else no(404, "no_such_cart")


async def _read_cart(shop: FakeShop, request: Request, _: Json) -> Response:
    cart = shop.cart_of(request, request.path_params["id"])
    return said(shop.seen(cart)) if cart else no(404, "no_such_cart")


async def _add_line(shop: FakeShop, request: Request, body: Json) -> Response:
    cart, found = shop.cart_of(request, request.path_params["id"]), shop.variant(body["sku"])
    if cart is None or cart["status"] != "open":
        return no(404 if cart is None else 409, "no_such_cart" if cart is None else "already_ordered")
    assert found
    line = next((each for each in cart["lines"] if each["sku"] == body["sku"]), None)
    if (line["quantity"] if line else 0) + body["quantity"] > found[1]["stock"]:
        return no(409, "out_of_stock")
    if line:
        line["quantity"] += body["quantity"]
    else:
        price = found[1]["price"]["amount"]
        cart["lines"].append({"id": shop.next("lin"), "sku": body["sku"], "quantity": body["quantity"], "price": price})
    return said(shop.seen(cart), 201)


async def _change_line(shop: FakeShop, request: Request, body: Json) -> Response:
    cart = shop.cart_of(request, request.path_params["id"])
    line = next((each for each in cart["lines"] if each["id"] == request.path_params["line"]), None) if cart else None
    if cart is None or line is None:
        return no(404, "no_such_line")
    found = shop.variant(line["sku"])
    assert found
    if body["quantity"] > max(line["quantity"], found[1]["stock"]):
        return no(409, "out_of_stock")
    line["quantity"] = body["quantity"]
    cart["lines"] = [each for each in cart["lines"] if each["quantity"]]
    return said(shop.seen(cart))


async def _options(shop: FakeShop, request: Request, _: Json) -> Response:
    dear = request.query_params.get("country") not in ("DE", None)
    return said(
        {
            "items": [
                {"id": "standard", "name": "Standard delivery", "price": eur(990 if dear else 490), "days": [2, 4]},
                {"id": "express", "name": "Express delivery", "price": eur(1290), "days": [1, 1]},
            ]
        }
    )


async def _deliver(shop: FakeShop, request: Request, body: Json) -> Response:
    cart = shop.cart_of(request, request.path_params["id"])
    if cart is None:
        return no(404, "no_such_cart")
    faults = []
    if "@" not in body["email"]:
        faults.append(Fault("/body/email", "string_pattern_mismatch", "String should match pattern"))
    if len(body["address"]["city"]) > 30:
        faults.append(Fault("/body/address/city", "string_too_long", "String should have at most 30 characters"))
    if faults:
        return no(422, "invalid", errors=faults)
    cart |= {name: body[name] for name in ("email", "address", "shipping_option")}
    return said(shop.seen(cart))


async def _merge(shop: FakeShop, request: Request, body: Json) -> Response:
    user, guest = shop.who(request), shop.carts.get(request.path_params["id"])
    if user is None or guest is None or guest["token"] != body["token"]:
        return no(404, "no_such_cart")
    guest["user"], guest["token"] = user["email"], None
    return said(shop.seen(guest))


async def _check_out(shop: FakeShop, request: Request, body: Json) -> Response:
    cart = shop.cart_of(request, request.path_params["id"])
    key = request.headers.get("idempotency-key", "")
    if cart is None or not key:
        return no(400 if cart else 404, "key_required" if cart else "no_such_cart")
    fingerprint = orjson.dumps(body)
    if (cart["id"], key) in shop.kept:
        before, order = shop.kept[cart["id"], key]
        return said(order, 201) if before == fingerprint else no(422, "key_reused")
    if cart["status"] != "open":
        return no(409, "already_ordered")
    order = _placed(shop, cart, body["payment"]["token"])
    order["paid_by"] = {name: body["payment"].get(name) for name in ("provider", "token")}
    shop.kept[cart["id"], key] = (fingerprint, order)
    return said(order, 201)


def _placed(shop: FakeShop, cart: Json, token: str) -> Json:
    shown, order_id = shop.seen(cart), shop.next("ord")
    status = {"tok_declined": "payment_failed", "tok_timeout": "processing", "tok_3ds": "processing"}.get(
        token, "confirmed"
    )
    fields = ("email", "address", "shipping_option", "subtotal", "discount", "shipping", "tax", "total")
    order = {
        **{name: shown[name] for name in fields},
        "id": order_id,
        "number": f"B-{shop.number}",
        "status": status,
        "placed_at": WHEN,
        "user": cart["user"],
        "lines": [line | {"line_id": line["id"]} for line in shown["lines"]],
        "token": cart["token"],
        "reason": "card_declined" if status == "payment_failed" else None,
        "paid_with": token,
        "next_action": {"type": "redirect", "url": "https://bank.test/3ds"} if token == "tok_3ds" else None,
        "links": {"view": f"/orders/{order_id}?access=open-{order_id}"},
    }
    shop.orders[order_id] = order
    if status != "payment_failed":
        cart |= {"status": "ordered", "order_id": order_id}
    return order


async def _order(shop: FakeShop, request: Request, _: Json) -> Response:
    order, user = shop.orders.get(request.path_params["id"]), shop.who(request)
    if order is None:
        return no(404, "no_such_order")
    opened = request.query_params.get("access") == f"open-{order['id']}"
    mine = user is not None and order["user"] == user["email"]
    held = order["token"] is not None and request.cookies.get(CART_COOKIE) == order["token"]
    return said(order) if opened or mine or held else no(404, "no_such_order")


async def _events(shop: FakeShop, request: Request, _: Json) -> Response:
    order = shop.orders[request.path_params["id"]]
    told: list[Json] = [{"version": 1, "type": "orders.OrderPlaced", "at": WHEN, "data": {}}]
    if order["status"] == "confirmed":
        told.append({"version": 2, "type": "orders.OrderConfirmed", "at": WHEN, "data": {}})
    told.append({"version": 3, "type": "orders.SomethingNew", "at": WHEN, "data": {}})
    return said({"items": told})


@_signed_in
def _orders(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    mine = [order for order in shop.orders.values() if order["user"] == user["email"]]
    return said({"items": mine[::-1], "next_cursor": None})


async def _cancel(shop: FakeShop, request: Request, _: Json) -> Response:
    order = shop.orders[request.path_params["id"]]
    if order["status"] == "fulfilled":
        return no(409, "too_late")
    order["status"] = "cancelled"
    return said(order)


@_signed_in
def _one_click(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    missing = [] if user["addresses"] else [Fault("/address", "address_missing", "save one")]
    missing += [] if shop.methods else [Fault("/payment_method", "payment_method_missing", "save one")]
    if missing:
        return no(409, "one_click_not_ready", errors=missing)
    line = {"id": "lin_1", "sku": body["sku"], "quantity": body["quantity"], "price": body["unit_price"]["amount"]}
    cart = {
        "id": "crt_1",
        "user": user["email"],
        "token": None,
        "status": "open",
        "lines": [line],
        "email": user["email"],
        "address": user["addresses"][0],
        "shipping_option": "standard",
        "order_id": None,
    }
    return said(_placed(shop, cart, "tok_ok"), 201)


# ---- people and their cards -----------------------------------------------------------------------------------------


async def _sign_up(shop: FakeShop, _: Request, body: Json) -> Response:
    if body["email"] in shop.users:
        return no(409, "email_taken", "There is an account with this e-mail address")
    if len(body["password"]) < 12:
        fault = Fault("/body/password", "password_too_short", "a password has at least 12 characters")
        return no(422, "password_too_short", errors=[fault])
    user = body | {"id": shop.next("usr"), "addresses": [], "version": 1, "has_password": True}
    shop.users[body["email"]] = user
    return said({key: value for key, value in user.items() if key != "password"} | shop.token(user), 201)


async def _sign_in(shop: FakeShop, _: Request, body: Json) -> Response:
    user = shop.users.get(body["email"])
    if user is None or user["password"] != body["password"]:
        return no(401, "wrong_credentials", "The e-mail address and the password do not fit")
    return said(shop.token(user), 201)


async def _refresh(shop: FakeShop, request: Request, body: Json) -> Response:
    key = f"{body['refresh_token']} {request.headers.get('idempotency-key')}"
    if key in shop.refreshed:
        return said(shop.refreshed[key])
    email = shop.refresh.pop(body["refresh_token"], None)
    if email is None:
        return no(401, "refresh_token_invalid")
    shop.refreshed[key] = shop.token(shop.users[email])
    return said(shop.refreshed[key])


async def _send_link(shop: FakeShop, _: Request, body: Json) -> Response:
    return said({"expires_in": 900}, 202) if "@" in body["email"] else no(422, "invalid")


async def _redeem(shop: FakeShop, _: Request, body: Json) -> Response:
    user = next(iter(shop.users.values()), None)
    return said(shop.token(user), 201) if user and body["token"] == "ml_good" else no(401, "link_invalid", "Too old")


async def _sign_out(shop: FakeShop, request: Request, _: Json) -> Response:
    shop.access.pop(request.headers.get("authorization", "").removeprefix("Bearer "), None)
    return Response(status_code=204)


@_signed_in
def _me(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if request.method == "PATCH":
        if request.headers.get("if-match") != f'"{user["version"]}"':
            return no(412, "stale")
        user |= body | {"version": user["version"] + 1}
    return said({key: value for key, value in user.items() if key != "password"})


@_signed_in
def _password(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if body["current"] != user["password"]:
        return no(403, "wrong_password", "the current password is another one")
    user["password"] = body["new"]
    return Response(status_code=204)


@_signed_in
def _addresses(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if request.method == "POST":
        user["addresses"].append(body | {"id": shop.next("adr"), "version": 1, "is_default": not user["addresses"]})
        return said(user["addresses"][-1], 201)
    return said({"items": user["addresses"], "next_cursor": None})


@_signed_in
def _address(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    found = next((each for each in user["addresses"] if each["id"] == request.path_params["id"]), None)
    if found is None:
        return no(404, "not_found")
    if request.method == "DELETE":
        user["addresses"].remove(found)
        return Response(status_code=204)
    if request.method == "PATCH":
        found |= body
    return said(found)


@_signed_in
def _archives(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if request.method == "POST":
        user["archives"] = [{"id": "exp_1", "state": "making", "asked_at": WHEN, "expires_at": WHEN, "link": None}]
        return said(user["archives"][0], 202)
    return said({"items": user.get("archives", []), "next_cursor": None})


@_signed_in
def _archive(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    return Response(b"PK archive", media_type="application/zip")


@_signed_in
def _close(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if body.get("password") != user["password"]:
        return no(403, "wrong_password" if "password" in body else "sign_in_again", "the password is another one")
    user["closed"] = True
    return said({"id": "era_1", "state": "waiting", "due_at": WHEN}, 202)


@_signed_in
def _sessions(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    return said({"items": [{"id": "ses_1", "current": True, "user_agent": agent}, {"id": "ses_2", "user_agent": ""}]})


@_signed_in
def _methods(shop: FakeShop, request: Request, body: Json, user: Json) -> Response:
    if request.method == "POST":
        if body["token"] == "pm_refused":
            return no(422, "card_refused", "Stripe does not take this card")
        shop.methods.append(body | {"id": shop.next("pm"), "default": not shop.methods})
        return said(shop.methods[-1], 201)
    return said({"items": shop.methods})


async def _ways_to_pay(shop: FakeShop, _: Request, __: Json) -> Response:
    return said({"items": shop.options}) if shop.options is not None else no(404, "not_found")


async def _done(_: FakeShop, __: Request, ___: Json) -> Response:
    return Response(status_code=204)


async def _redeem_card(shop: FakeShop, _: Request, body: Json) -> Response:
    card = shop.typed.pop(body["reference"], None)
    return said(card) if card else no(404, "no_such_reference")


ROUTES: dict[str, dict[tuple[str, str], Handler]] = {
    "catalog": {
        ("GET", "/v1/categories"): _categories,
        ("GET", "/v1/products/{slug}"): _product,
        ("GET", "/v1/search"): _search,
    },
    "orders": {
        ("POST", "/v1/carts"): _make_cart,
        ("GET", "/v1/carts/current"): _current_cart,
        ("GET", "/v1/carts/{id}"): _read_cart,
        ("POST", "/v1/carts/{id}/lines"): _add_line,
        ("PATCH", "/v1/carts/{id}/lines/{line}"): _change_line,
        ("GET", "/v1/carts/{id}/shipping-options"): _options,
        ("PUT", "/v1/carts/{id}/delivery"): _deliver,
        ("POST", "/v1/carts/{id}/merge"): _merge,
        ("POST", "/v1/carts/{id}/checkout"): _check_out,
        ("GET", "/v1/orders"): _orders,
        ("POST", "/v1/orders/one-click"): _one_click,
        ("GET", "/v1/orders/{id}"): _order,
        ("GET", "/v1/orders/{id}/events"): _events,
        ("POST", "/v1/orders/{id}/cancel"): _cancel,
    },
    "users": {
        ("POST", "/v1/users"): _sign_up,
        ("POST", "/v1/sessions"): _sign_in,
        ("POST", "/v1/sessions/refresh"): _refresh,
        ("POST", "/v1/sessions/magic-link"): _send_link,
        ("POST", "/v1/sessions/magic-link/redeem"): _redeem,
        ("DELETE", "/v1/sessions/current"): _sign_out,
        ("GET", "/v1/me"): _me,
        ("PATCH", "/v1/me"): _me,
        ("DELETE", "/v1/me"): _close,
        ("GET", "/v1/me/export"): _archives,
        ("POST", "/v1/me/export"): _archives,
        ("GET", "/v1/me/export/{id}/archive"): _archive,
        ("POST", "/v1/me/password"): _password,
        ("GET", "/v1/me/addresses"): _addresses,
        ("POST", "/v1/me/addresses"): _addresses,
        ("GET", "/v1/me/addresses/{id}"): _address,
        ("PATCH", "/v1/me/addresses/{id}"): _address,
        ("DELETE", "/v1/me/addresses/{id}"): _address,
        ("GET", "/v1/me/sessions"): _sessions,
        ("DELETE", "/v1/me/sessions/{id}"): _done,
    },
    "payments": {
        ("GET", "/v1/payment-options"): _ways_to_pay,
        ("GET", "/v1/me/payment-methods"): _methods,
        ("POST", "/v1/me/payment-methods"): _methods,
        ("DELETE", "/v1/me/payment-methods/{id}"): _done,
    },
    "vault": {("POST", "/v1/vault/redemptions"): _redeem_card},
}
