"""Carts over HTTP: what is in them, where they go, and the checkout."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from banyan.contracts.payments import ROUTED
from banyan.foundation import web
from banyan.foundation.auth import cart_cookie
from banyan.foundation.express import short
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, SureKey, Who, told
from banyan.orders.actions import carts, checkout, delivery, lines, merging
from banyan.orders.actions.editing import as_bytes
from banyan.orders.actions.placing import Means
from banyan.orders.api.answers import AWAY, private
from banyan.orders.api.bodies import (
    CheckoutBody,
    Country,
    DeliveryBody,
    IfMatch,
    LineBody,
    MergeBody,
    NewCartBody,
    QuantityBody,
)
from banyan.orders.domain.cart import KEEP_DAYS, CartShown, NewCart
from banyan.orders.domain.shipping import Option
from banyan.orders.domain.showing import CartJson
from banyan.orders.domain.shown import OrderAnswer

_CART: dict[int | str, dict[str, Any]] = {200: {"model": CartShown, "description": "The cart as it is now"}, **AWAY}


class ShippingOptions(BaseModel):
    """Ways to send the cart, the usual one first; `days` is from … to, in working days."""

    items: list[Option]


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/v1/carts", tags=["carts"])
    _keeping(router, ports)
    _filling(router, ports)
    _ordering(router, ports)
    return router


def _keeping(router: APIRouter, ports: Ports) -> None:
    @short
    @router.post("", status_code=201, responses={201: {"model": NewCart}, **AWAY}, response_model=None)
    async def open_cart(who: Who, key: MaybeKey, body: NewCartBody | None = None) -> Response:
        """Make an empty cart. A guest gets its token, once, in the answer and as a cookie."""
        answer, token = await carts.open_cart(ports, who, body.currency if body else None, key)
        response = told(answer)
        if token:
            secure = "; Secure" if ports.settings.origin.startswith("https:") else ""
            seconds = KEEP_DAYS * 86_400
            response.headers["set-cookie"] = (
                f"{cart_cookie(ports.settings.origin)}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}"
            )
        return private(response)

    @router.get("/current", responses=_CART, response_model=None)
    async def see_current_cart(who: Who) -> Response:
        """The open cart of the signed-in shopper, or of the guest's token."""
        return _cart(await carts.current(ports, who))

    @short
    @router.get("/{cart_id}", responses=_CART, response_model=None)
    async def see_cart(cart_id: str, who: Who) -> Response:
        """The cart at today's prices; `changes` says what is other than it was at the last look."""
        return _cart(await carts.see(ports, who, cart_id))

    @router.post("/{cart_id}/merge", responses=_CART, response_model=None)
    async def merge_cart(cart_id: str, who: Who, body: MergeBody | None = None) -> Response:
        """At sign-in: put a guest's cart into the shopper's own, which is the answer."""
        return _cart(await merging.merge(ports, who, cart_id, body.token if body else None))


def _filling(router: APIRouter, ports: Ports) -> None:
    @short
    @router.post(
        "/{cart_id}/lines", status_code=201, responses={201: {"model": CartShown}, **_CART}, response_model=None
    )
    async def add_line(cart_id: str, body: LineBody, who: Who, key: MaybeKey, if_match: IfMatch = None) -> Response:
        """Add so many of a SKU: 201 with a new line, 200 where there was one already."""
        return private(told(await lines.add(ports, who, cart_id, body.sku, body.quantity, key, if_match)))

    @short
    @router.patch("/{cart_id}/lines/{line_id}", responses=_CART, response_model=None)
    async def change_line(
        cart_id: str, line_id: str, body: QuantityBody, who: Who, if_match: IfMatch = None
    ) -> Response:
        """Change how many there are; 0 removes the line."""
        return private(told(await lines.set_quantity(ports, who, cart_id, line_id, body.quantity, if_match)))

    @router.delete("/{cart_id}/lines/{line_id}", responses=_CART, response_model=None)
    async def remove_line(cart_id: str, line_id: str, who: Who, if_match: IfMatch = None) -> Response:
        """Remove a line; the answer is the cart without it."""
        return private(told(await lines.set_quantity(ports, who, cart_id, line_id, 0, if_match)))


def _ordering(router: APIRouter, ports: Ports) -> None:
    @short
    @router.get(
        "/{cart_id}/shipping-options",
        responses={200: {"model": ShippingOptions}, **AWAY},
        response_model=None,
    )
    async def shipping_options(cart_id: str, who: Who, country: Annotated[Country | None, Query()] = None) -> Response:
        """Ways to send this cart to a country (ISO 3166-1 alpha-2), or to its address."""
        return private(web.json({"items": await delivery.shipping_options(ports, who, cart_id, country)}))

    @short
    @router.put("/{cart_id}/delivery", responses=_CART, response_model=None)
    async def deliver(cart_id: str, body: DeliveryBody, who: Who, if_match: IfMatch = None) -> Response:
        """Step 1 of the checkout: contact, address, way to send. The answer has tax and total."""
        address = body.address.address()
        return private(
            told(await delivery.deliver(ports, who, cart_id, body.email, address, body.shipping_option, if_match))
        )

    @short
    @router.post(
        "/{cart_id}/checkout",
        status_code=201,
        responses={
            201: {"model": OrderAnswer, "description": "Placed and settled: confirmed, payment_failed or rejected"},
            202: {"model": OrderAnswer, "description": "Placed, and still processing: look again at Location"},
            **AWAY,
        },
        response_model=None,
    )
    async def check_out(cart_id: str, body: CheckoutBody, who: Who, key: SureKey) -> Response:
        """Step 2 of the checkout: place the order at the total last seen. The same key is the same order."""
        means = Means(body.payment.provider or ROUTED, body.payment.token, save=body.payment.save)
        return private(told(await checkout.check_out(ports, who, cart_id, means, key)))


def _cart(shown: CartJson) -> Response:
    return private(Response(as_bytes(shown), 200, {"etag": web.etag(shown["version"])}, "application/json"))
