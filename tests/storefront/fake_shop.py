"""The services as the storefront meets them over HTTP, played by hand: the API's shapes over demo rows, all in memory."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from banyan.catalog.demo import rows
from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.peers import Local, Peers
from banyan.kernel.money import parse
from banyan.kernel.refusals import Fault

Json = dict[str, Any]
Handler = Callable[["FakeShop", Request, Json], Awaitable[Response]]
_ROWS = list(rows())
WHEN = "2026-11-22T10:00:00Z"


def eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


def said(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def no(status: int, code: str, detail: str = "no", errors: Iterable[Fault] = (), retry: str = "") -> Response:
    faults = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors]
    body = {"title": "no", "status": status, "code": code, "detail": detail, "errors": faults}
    return Response(orjson.dumps(body), status, {"retry-after": retry} if retry else None, "application/problem+json")


class FakeShop:
    """State that tests look into and change. `away` names services that do not answer; `asked` is what was asked."""

    def __init__(self, products: int = 60) -> None:
        self.products: dict[str, Json] = {}
        self.roots: list[Json] = []
        self.carts: dict[str, Json] = {}
        self.orders: dict[str, Json] = {}
        self.kept: dict[tuple[str, str], tuple[bytes, Json]] = {}
        self.users: dict[str, Json] = {}
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.refreshed: dict[str, Json] = {}
        self.methods: list[Json] = []
        self.options: list[Json] | None = None  # ways to pay; None: nobody knows
        self.typed: dict[str, Json] = {}  # cards typed on the vault's own page, by their references
        self.away: set[str] = set()
        self.broken: set[str] = set()
        self.indexed = True  # else searches are answered without the search index
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.number = 0
        for row in _ROWS:
            if len(self.products) >= products and row["product"] not in self.products:
                break
            self.shelve(row)

    # ---- the stage ----------------------------------------------------------------------------------------------

    def open(self, peers: Peers) -> None:
        """Let every service answer for itself."""
        from tests.storefront.fake_services import ROUTES

        for name, routes in ROUTES.items():
            peers.add(name, Local(None, {}, self._service(name, routes)))

    def _service(self, name: str, routes: dict[tuple[str, str], Handler]) -> Starlette:
        def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
            async def answer(request: Request) -> Response:
                self.asked.append((request.method, request.url.path, dict(request.headers)))
                if name in self.away:
                    return no(503, "unavailable", retry="3")
                if name in self.broken:
                    return said({"unheard": "of"})
                body = await request.body()
                return await handler(self, request, orjson.loads(body) if body else {})

            return answer

        return Starlette(
            routes=[Route(path, endpoint(handler), methods=[method]) for (method, path), handler in routes.items()]
        )

    def count(self, method: str, path: str) -> int:
        """How often this was asked; `path` may end early."""
        return Counter((m, p.startswith(path)) for m, p, _ in self.asked)[method, True]

    def next(self, prefix: str) -> str:
        self.number += 1
        return f"{prefix}_{self.number:026d}"

    def shelve(self, row: Any) -> Json:
        """A row of an import file, as a product."""
        names = row["categories"]
        level, slug = self.roots, ""
        for name in names:
            slug = name.lower().replace(" & ", "-").replace(" ", "-")
            node = next((each for each in level if each["name"] == name), None)
            if node is None:
                node = {"id": f"cat_{slug}", "slug": slug, "name": name, "count": 0, "children": []}
                level.append(node)
            node["count"] += row["product"] not in self.products
            level = node["children"]
        images = [each.replace("media:", "/media/") for each in row["images"]]
        product = self.products.setdefault(
            row["product"],
            {
                "id": f"prd_{row['product']}",
                "slug": row["product"],
                "name": row["name"],
                "brand": row["brand"],
                "description": row["description"],
                "image": images[0] if images else None,
                "images": [{"id": "m", "url": each, "alt": ""} for each in images],
                "category": slug,
                "categories": [{"id": "c", "name": n, "slug": n.lower().replace(" ", "-")} for n in names],
                "attributes": [
                    {"code": code, "name": code.replace("_", " ").capitalize(), "kind": "text", "unit": "", "value": v}
                    for code, v in row["attributes"].items()
                ],
                "variants": [],
                "popularity": row["popularity"],
                "price": None,
            },
        )
        price = eur(parse(row["price"], "EUR").amount)
        variant = {
            "id": "v",
            "sku": row["sku"],
            "price": price,
            "options": row["options"],
            "available": row["stock"] > 0,
        }
        product["variants"].append(variant | {"stock": row["stock"]})
        product["price"] = min((each["price"] for each in product["variants"]), key=lambda each: each["amount"])
        return product

    def variant(self, sku: str) -> tuple[Json, Json] | None:
        return next(((p, v) for p in self.products.values() for v in p["variants"] if v["sku"] == sku), None)

    def plain(self) -> Json:
        """A product with one variant, which is in stock."""
        return next(p for p in self.products.values() if len(p["variants"]) == 1 and p["variants"][0]["available"])

    def choosy(self) -> Json:
        """A product with two options or more."""
        return next(p for p in self.products.values() if len(p["variants"]) > 3)

    def token(self, user: Json) -> Json:
        access, refresh = f"at-{self.next('x')}", f"rt-{self.next('x')}"
        self.access[access] = self.refresh[refresh] = user["email"]
        return {"access_token": access, "refresh_token": refresh, "expires_in": 600, "session_id": "ses_1"}

    def who(self, request: Request) -> Json | None:
        email = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return self.users.get(email or "")

    def seen(self, cart: Json) -> Json:
        """A cart as it is shown: what changed is told once."""
        lines, changes = [], []
        for line in cart["lines"]:
            product, variant = self.variant(line["sku"]) or ({}, {})
            if variant["price"]["amount"] != line["price"]:
                before = eur(line["price"])
                changes.append(
                    {"kind": "price_changed", "line_id": line["id"], "before": before, "after": variant["price"]}
                )
                line["price"] = variant["price"]["amount"]
            if not variant["stock"]:
                changes.append({"kind": "out_of_stock", "line_id": line["id"], "before": line["quantity"], "after": 0})
            lines.append(
                {
                    "id": line["id"],
                    "sku": line["sku"],
                    "slug": product["slug"],
                    "name": product["name"],
                    "options": variant["options"],
                    "image": product["image"],
                    "quantity": line["quantity"],
                    "unit_price": eur(line["price"]),
                    "total": eur(line["price"] * line["quantity"]),
                    "sellable": True,
                    "available": variant["stock"],
                }
            )
        goods = sum(line["total"]["amount"] for line in lines)
        sent = 490 if cart["shipping_option"] == "standard" else 1290 if cart["shipping_option"] else 0
        shown = {key: cart[key] for key in ("id", "status", "email", "address", "shipping_option", "order_id")}
        money = {"subtotal": eur(goods), "discount": eur(0), "shipping": eur(sent), "tax": eur(goods * 19 // 119)}
        cart["seen_total"] = goods + sent
        return {
            **shown,
            **money,
            "total": eur(goods + sent),
            "tax_included": True,
            "estimated": not sent,
            "stale": False,
            "lines": lines,
            "changes": changes,
        }

    def cart_of(self, request: Request, cart_id: str = "") -> Json | None:
        user, token = self.who(request), request.cookies.get(CART_COOKIE)
        mine = [
            cart
            for cart in self.carts.values()
            if (user and cart["user"] == user["email"]) or (token and cart["token"] == token)
        ]
        if cart_id:
            return next((cart for cart in mine if cart["id"] == cart_id), None)
        return next((cart for cart in reversed(mine) if cart["status"] == "open"), None)
