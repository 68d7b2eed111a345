"""The browser behind a legacy-shaped request: its cookies with us, its session, and its cart."""

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any

from pydantic import AliasChoices, Field

from banyan.contracts.moving import CONFIRMED
from banyan.foundation.auth import CART_COOKIE
from banyan.foundation.face.jar import Jar
from banyan.foundation.face.line import Line, Seen, or_none, shaped
from banyan.foundation.face.places import segment
from banyan.foundation.face.session import Session, Tokens
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.kernel.clock import Clock
from banyan.kernel.money import Money
from banyan.kernel.refusals import Refusal

MONTH = 30 * 86_400  # seconds
_CLOSED = frozenset(("no_such_cart", "already_ordered", "cart_merged"))
_TRIES, _PAUSE = 60, 0.05  # seconds between them


class Cookie(Enum):
    """The storefront's, by the same names: it goes on where a door left off."""

    ACCESS = "banyan_access"
    REFRESH = "banyan_refresh"
    CART = CART_COOKIE
    CART_ID = "banyan_cart_id"
    COUNT = "banyan_count"
    CONFIRMED = CONFIRMED  # the cart and the total of the order that was last shown


NOTHING = Money(0, "XXX")


class CartLine(Seen):
    id: str = Field(validation_alias=AliasChoices("id", "line_id"))
    sku: str
    name: str
    quantity: int
    total: Money = NOTHING


class Cart(Seen):
    id: str
    token: str | None = None
    lines: tuple[CartLine, ...] = ()
    email: str | None = None
    address: dict[str, Any] | None = None
    shipping_option: str | None = None  # None before it is chosen, or when it is not offered any more
    subtotal: Money = NOTHING
    shipping: Money = NOTHING
    tax: Money = NOTHING
    total: Money = NOTHING
    order_id: str | None = None

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)


class _Browser(Session[Cookie]):
    async def headers(self) -> dict[str, str]:
        headers = await super().headers()
        if cart := self._jar.get(Cookie.CART):
            headers["cookie"] = f"{self._jar.name(Cookie.CART)}={cart}"
        return headers


async def patiently(clock: Clock, ask: Callable[[], Awaitable[HttpAnswer]]) -> HttpAnswer:
    """Ask with an Idempotency-Key. While the first request with that key still runs, wait for its answer."""
    for _ in range(_TRIES):
        try:
            return await ask()
        except Refusal as refusal:
            if refusal.code != "in_flight":
                raise
        await clock.sleep(_PAUSE)
    return await ask()


class Shopper:
    def __init__(
        self, peers: Peers, clock: Clock, cookies: Mapping[str, str], headers: Mapping[str, str], *, secure: bool
    ) -> None:
        """`secure`: the shop is on https."""
        self.clock = clock
        self.jar = Jar(Cookie, cookies, path="/", same_site="lax", secure=secure, shared=[Cookie.CONFIRMED])
        self.session = _Browser(self.jar, headers, peers, access=Cookie.ACCESS, refresh=Cookie.REFRESH, seconds=MONTH)
        self.line = Line(peers, self.session)

    @property
    def signed_in(self) -> bool:
        return self.session.signed_in

    async def cart(self) -> Cart | None:
        """The open cart; None where there is none."""
        if not (self.signed_in or self.jar.get(Cookie.CART)):
            return None
        try:
            return self._hold(await self.line.get(Cart, "orders", "/v1/carts/current"))
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return None

    async def some_cart(self) -> Cart:
        """The open cart, a new one where there is none."""
        found = await self.cart()
        if found is not None:
            return found
        made = shaped(Cart, await self.line.send("orders", "POST", "/v1/carts", {}))
        if made.token:
            self.jar.put(Cookie.CART, made.token, MONTH)
        return self._hold(made)

    async def add(self, sku: str, quantity: int, key: str) -> Cart:
        """`key`: an Idempotency-Key, empty where adding twice means twice."""
        known = self.jar.get(Cookie.CART_ID)
        if known and (self.signed_in or self.jar.get(Cookie.CART)):
            try:
                return await self._add(known, sku, quantity, key)
            except Refusal as refusal:
                if refusal.code not in _CLOSED:
                    raise
        return await self._add((await self.some_cart()).id, sku, quantity, key)

    async def _add(self, cart_id: str, sku: str, quantity: int, key: str) -> Cart:
        body, at = {"sku": sku, "quantity": quantity}, f"/v1/carts/{segment(cart_id)}/lines"
        sent = await patiently(self.clock, lambda: self.line.send("orders", "POST", at, body, key=key))
        return self._hold(shaped(Cart, sent))

    async def change(self, cart: Cart, line: CartLine, quantity: int) -> Cart:
        """0 removes it."""
        at = f"/v1/carts/{segment(cart.id)}/lines/{segment(line.id)}"
        return self._hold(shaped(Cart, await self.line.send("orders", "PATCH", at, {"quantity": quantity})))

    async def deliver(self, cart: Cart, email: str, address: Mapping[str, Any], option: str) -> Cart:
        """Say where it goes and how; the answer has tax and total."""
        body = {"email": email, "address": dict(address), "shipping_option": option}
        at = f"/v1/carts/{segment(cart.id)}/delivery"
        return self._hold(shaped(Cart, await self.line.send("orders", "PUT", at, body)))

    async def keep(self, tokens: Tokens) -> None:
        """Signed in from now on; what the guest had in the cart goes along, and signing in does not fail where it does not."""
        guest = await or_none(self.cart()) if self.jar.get(Cookie.CART) else None
        token = self.jar.get(Cookie.CART)
        self.session.keep(tokens)
        if guest is not None and token:
            at = f"/v1/carts/{segment(guest.id)}/merge"
            merged = await or_none(self.line.send("orders", "POST", at, {"token": token}))
            if merged is not None:
                self.jar.drop(Cookie.CART)
                self._hold(shaped(Cart, merged))

    def forget(self) -> None:
        """A shared computer shows the next one nothing."""
        self.session.forget()
        for cookie in (Cookie.CART, Cookie.CART_ID, Cookie.COUNT):
            self.jar.drop(cookie)

    def _hold(self, cart: Cart) -> Cart:
        self.jar.put(Cookie.CART_ID, cart.id, MONTH)
        if cart.pieces:
            self.jar.put(Cookie.COUNT, str(cart.pieces), MONTH)
        else:
            self.jar.drop(Cookie.COUNT)
        return cart
