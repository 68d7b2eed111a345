"""The world around orders, by hand: a catalogue, a store room, a bank and users that do what a test tells them to."""

import gc
import json
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from banyan.contracts import Call
from banyan.contracts.catalog import AskItems, Item, Items
from banyan.contracts.inventory import (
    AskStock,
    Done,
    HoldOutcome,
    HoldStock,
    Parcel,
    ReleaseStock,
    SellStock,
    Shortage,
    StockHold,
    StockLevel,
    StockLevels,
    StockLine,
)
from banyan.contracts.payments import (
    AskDefaultMethod,
    AskPayment,
    Authorize,
    CapturePayment,
    Method,
    Payment,
    PaymentState,
    RefundPayment,
    SettlePayment,
    VoidPayment,
)
from banyan.contracts.privacy import ForgetPayments, Forgotten
from banyan.contracts.users import Address, AskKeys, AskShopper, KeySet, Shopper
from banyan.foundation import loopback
from banyan.foundation.idempotency import Key
from banyan.foundation.peers import Local
from banyan.foundation.plans import UPKEEP
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, DeadlinePassed, Invalid, NotFound, Unavailable

ADDRESS = {"name": "Ada Byron", "line1": "Linienstraße 7", "city": "Berlin", "postal_code": "10178", "country": "DE"}
_KEY = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
LOST, ANSWER_LOST, BUSY, REFUSED = "lost", "answer lost", "busy", "refused"


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


@dataclass
class Room:
    """What inventory keeps, after its contracts."""

    stock: dict[str, int] = field(default_factory=dict)
    carts: dict[str, tuple[StockLine, ...]] = field(default_factory=dict)
    orders: dict[str, tuple[StockLine, ...]] = field(default_factory=dict)  # held
    sold: dict[str, tuple[StockLine, ...]] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)  # released: refused for ever

    def free(self, sku: str, cart_id: str | None = None) -> int:
        taken = [lines for cart, lines in self.carts.items() if cart != cart_id] + list(self.orders.values())
        return self.stock.get(sku, 0) - sum(line.quantity for lines in taken for line in lines if line.sku == sku)

    def hold(self, call: HoldStock) -> StockHold:
        if call.order_id in self.shut:
            return StockHold(outcome=HoldOutcome.REFUSED)
        if call.order_id is None or (call.order_id not in self.orders and call.order_id not in self.sold):
            short = [(line, self.free(line.sku, call.cart_id)) for line in call.lines]
            short = [(line, free) for line, free in short if free < line.quantity]
            if short:
                return StockHold(
                    outcome=HoldOutcome.REFUSED,
                    short=tuple(Shortage(sku=line.sku, wanted=line.quantity, available=free) for line, free in short),
                )
            self.carts.pop(call.cart_id, None)
            if call.order_id:
                self.orders[call.order_id] = call.lines
            else:
                self.carts[call.cart_id] = call.lines
        parcel = Parcel(warehouse_id="whs_1", lines=call.lines)
        return StockHold(outcome=HoldOutcome.HELD, reservation_id=f"rsv_{call.cart_id}", parcels=(parcel,))

    def sell(self, call: SellStock) -> Done:
        if call.order_id in self.sold:
            return Done(changed=False)
        if call.order_id not in self.orders:
            raise Conflict("nothing is held", code="nothing_held")
        lines = self.sold[call.order_id] = self.orders.pop(call.order_id)
        for line in lines:
            self.stock[line.sku] -= line.quantity
        return Done(changed=True)

    def release(self, call: ReleaseStock) -> Done:
        assert call.order_id
        if call.order_id not in {*self.shut, *self.orders, *self.sold}:
            for line in call.lines:  # sold elsewhere
                self.stock[line.sku] = self.stock.get(line.sku, 0) + line.quantity
        self.shut.add(call.order_id)
        for line in self.sold.pop(call.order_id, ()):
            self.stock[line.sku] += line.quantity
        return Done(changed=self.orders.pop(call.order_id, None) is not None)


@dataclass
class Bank:
    """What payments keeps. `unsure` orders stay unknown until `settle`."""

    payments: dict[str, Payment] = field(default_factory=dict)
    outcomes: dict[str, PaymentState] = field(default_factory=dict)  # what becomes of the unknown, by token
    tokens: dict[str, str] = field(default_factory=dict)
    calls: dict[str, Authorize] = field(default_factory=dict)
    decided: dict[str, PaymentState] = field(default_factory=dict)  # by their shoppers, and not told yet
    refunds: dict[str, Money] = field(default_factory=dict)
    unsure: bool = False
    strict: bool = False  # what cannot be captured is refused, instead of shown as it stands
    slow: bool = False  # refunds are taken on, and not done yet

    def authorize(self, call: Authorize) -> Payment:
        known = self.payments.get(call.order_id)
        if known and known.state is not PaymentState.UNKNOWN:
            return known
        self.tokens[call.order_id], self.calls[call.order_id] = call.token, call
        if call.token == "tok_3ds":
            self._keep(call.order_id, call.amount, PaymentState.REQUIRES_ACTION)
            return self.change(call.order_id, action=f"https://bank.test/{call.order_id}")
        state = PaymentState.DECLINED if call.token == "tok_declined" else PaymentState.AUTHORIZED
        if call.token == "tok_unknown" and self.unsure:
            state = PaymentState.UNKNOWN
        amount = call.amount - eur(1) if call.token == "tok_short" else call.amount
        return self._keep(call.order_id, amount, state)

    def settle(self, call: SettlePayment) -> Payment:
        """The shopper is back: what they decided becomes known."""
        payment = self.find(call.order_id)
        if payment.state is PaymentState.REQUIRES_ACTION and call.order_id in self.decided:
            return self.change(call.order_id, state=self.decided[call.order_id], action=None)
        return payment

    def capture(self, call: CapturePayment) -> Payment:
        payment = self.find(call.order_id)
        if payment.state is PaymentState.AUTHORIZED:
            payment = self.change(call.order_id, state=PaymentState.CAPTURED, captured=payment.amount)
        elif self.strict:
            raise Conflict("there is nothing to capture", code="not_authorized")
        return payment

    def void(self, call: VoidPayment) -> Payment:
        payment = self.payments.get(call.order_id)
        if payment is None:
            return self._keep(call.order_id, call.amount, PaymentState.VOIDED)
        if payment.state is PaymentState.UNKNOWN and self.unsure:
            return payment
        if payment.state in (PaymentState.AUTHORIZED, PaymentState.UNKNOWN, PaymentState.REQUIRES_ACTION):
            return self.change(call.order_id, state=PaymentState.VOIDED)
        if payment.state is PaymentState.CAPTURED:
            return self.change(call.order_id, state=PaymentState.REFUNDED, refunded=payment.captured)
        return payment

    def refund(self, call: RefundPayment) -> Payment:
        payment = self.find(call.order_id)
        if call.refund_id in self.refunds or self.slow:
            return payment
        if payment.state is not PaymentState.CAPTURED or payment.refunded + call.amount > payment.captured:
            raise Conflict("more than was captured", code="too_much")
        self.refunds[call.refund_id] = call.amount
        return self.change(call.order_id, refunded=payment.refunded + call.amount)

    def find(self, order_id: str) -> Payment:
        if order_id not in self.payments:
            raise NotFound("no payment")
        return self.payments[order_id]

    def change(self, order_id: str, **to: Any) -> Payment:
        self.payments[order_id] = self.payments[order_id].model_copy(update=to)
        return self.payments[order_id]

    def _keep(self, order_id: str, amount: Money, state: PaymentState) -> Payment:
        nothing = Money(0, amount.currency)
        reason = "insufficient_funds" if state is PaymentState.DECLINED else None
        self.payments[order_id] = Payment(
            payment_id=f"pay_{order_id}",
            order_id=order_id,
            state=state,
            amount=amount,
            captured=nothing,
            refunded=nothing,
            reason=reason,
        )
        return self.payments[order_id]


@dataclass
class World:
    """All of it, and what happens to the next calls: `fates[HoldStock] = [LOST, ANSWER_LOST]`."""

    shop: Shop
    room: Room = field(default_factory=Room)
    bank: Bank = field(default_factory=Bank)
    items: dict[str, Item] = field(default_factory=dict)
    shoppers: dict[str, Shopper] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)
    fates: defaultdict[type[Call[Any]], list[str]] = field(default_factory=lambda: defaultdict(list))
    away: set[str] = field(default_factory=set)  # services that do not answer
    asked: Counter[str] = field(default_factory=Counter)
    forgotten: list[str] = field(default_factory=list)  # orders whose payments say no more whose they are

    @property
    def ports(self) -> Ports:
        return self.shop.ports["orders"]

    def settled(self) -> None:
        """Let the shop reach the services that tests play."""
        ports, app = self.ports, None
        calls: dict[str, dict[type[Call[Any]], Callable[[Any], Any]]] = {
            "catalog": {AskItems: self._items},
            "inventory": {
                AskStock: self._levels,
                HoldStock: self.room.hold,
                SellStock: self.room.sell,
                ReleaseStock: self.room.release,
            },
            "payments": {
                Authorize: self.bank.authorize,
                CapturePayment: self.bank.capture,
                VoidPayment: self.bank.void,
                RefundPayment: self.bank.refund,
                SettlePayment: self.bank.settle,
                AskPayment: lambda call: self.bank.find(call.order_id),
                AskDefaultMethod: lambda call: _found(self.methods, call.user_id),
                ForgetPayments: self._forget,
            },
            "users": {
                AskKeys: lambda _: KeySet(jwks=json.dumps({"keys": [_KEY.as_dict(private=False)]})),
                AskShopper: lambda call: _found(self.shoppers, call.user_id),
            },
        }
        for name, handlers in calls.items():
            asked = {kind: self._handler(name, kind, handle) for kind, handle in handlers.items()}
            self.shop.peers.add(name, Local(ports, asked, app))

    def sells(self, sku: str, price: int, units: int, **more: Any) -> None:
        name = f"Thing {sku}"
        self.items[sku] = Item(
            sku=sku,
            variant_id=f"var_{sku}",
            product_id=f"prd_{sku}",
            slug=sku.lower(),
            name=name,
            image=f"/media/{sku}.svg",
            price=eur(price),
            sellable=True,
            **more,
        )
        self.room.stock[sku] = units

    def user(self, name: str, *permissions: str) -> str:
        """An Authorization header of somebody signed in."""
        now = int(self.ports.clock.now().timestamp())
        claims = {
            "iss": self.shop.settings.origin,
            "aud": "banyan",
            "sub": f"usr_{name}",
            "iat": now,
            "exp": now + 600,
            "permissions": list(permissions),
        }
        return "Bearer " + jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "test"}, claims, _KEY)

    def live_money(self) -> dict[str, int]:
        """By order: what the bank holds or has of the shopper's money now."""
        kept = {PaymentState.AUTHORIZED: "amount", PaymentState.UNKNOWN: "amount", PaymentState.CAPTURED: "captured"}
        return {
            order: getattr(payment, kept[payment.state]).amount - payment.refunded.amount
            for order, payment in self.bank.payments.items()
            if payment.state in kept
        }

    def _handler(
        self, owner: str, kind: type[Call[Any]], handle: Callable[[Any], Any]
    ) -> Callable[[Ports, Any], Awaitable[Any]]:
        async def answer(_: Ports, call: Any) -> Any:
            self.asked[kind.__name__] += 1
            if owner in self.away:
                raise Unavailable(f"{owner} is away")
            fate = self.fates[kind].pop(0) if self.fates[kind] else ""
            if fate == LOST:
                raise Unavailable("the request was lost")
            if fate == BUSY:
                raise Conflict("still at it", code="in_flight")
            if fate == REFUSED:
                raise Invalid("this cannot be", code="cannot_be")
            result = handle(call)
            if fate == ANSWER_LOST:
                raise DeadlinePassed("the answer was lost")
            return result

        return answer

    def _forget(self, call: ForgetPayments) -> Forgotten:
        self.forgotten += call.order_ids
        return Forgotten(done=True)

    def _items(self, call: AskItems) -> Items:
        found = [self.items[sku] for sku in call.skus if sku in self.items]
        fits = [each if each.price and each.price.currency == call.currency else _priceless(each) for each in found]
        return Items(items=tuple(fits))

    def _levels(self, call: AskStock) -> StockLevels:
        levels = [
            StockLevel(sku=sku, available=self.room.free(sku, call.for_cart))
            for sku in call.skus
            if sku in self.room.stock
        ]
        return StockLevels(levels=tuple(levels))


@dataclass
class Client:
    """One visitor over HTTP. `token` and `user` are sent where they are known."""

    world: World
    user: str = ""
    token: str = ""
    cart: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # of the last answer

    async def call(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if self.user:
            headers.setdefault("authorization", self.user)
            if self.token:
                headers.setdefault("cookie", f"banyan_cart={self.token}")
        elif self.token:
            headers.setdefault("authorization", f"Bearer {self.token}")
        local = self.world.shop.peers.local("orders")
        assert local is not None
        sent = b"" if body is None else orjson.dumps(body)
        answer = await loopback.request(
            local.app, method, path, headers={"content-type": "application/json", **headers}, body=sent
        )
        self.headers = dict(answer.headers)
        return answer.status, answer.json()

    async def fill(self, **wanted: int) -> dict[str, Any]:
        """A new cart with so many of each SKU (`_` stands for `-`), ready to be paid."""
        status, cart = await self.call("POST", "/v1/carts", {})
        assert status == 201, cart
        self.token, self.cart = cart["token"] or "", f"/v1/carts/{cart['id']}"
        for sku, quantity in wanted.items():
            status, got = await self.call("POST", f"{self.cart}/lines", {"sku": sku, "quantity": quantity})
            assert status == 201, got
        return await self.deliver()

    async def deliver(self, option: str = "standard", **address: str) -> dict[str, Any]:
        delivery = {"email": "Ada@example.com", "address": {**ADDRESS, **address}, "shipping_option": option}
        status, cart = await self.call("PUT", f"{self.cart}/delivery", delivery)
        assert status == 200, cart
        return dict(cart)

    async def check_out(self, token: str = "tok_ok", key: str = "") -> tuple[int, Any]:
        body = {"payment": {"provider": "testbank", "token": token}}
        key = key or self.world.ports.ids.new("key")
        return await self.call("POST", f"{self.cart}/checkout", body, idempotency_key=key)


async def work(world: World, *, until_quiet: bool = True, step: float = 10.0) -> None:
    """Let the sagas go on, and time pass between, until none is left; with a virtual clock that a test moves by `step`."""
    from banyan.orders import saga

    for _ in range(400):
        while not await saga.lane(world.ports, next_lane="saga_2", idle=1):
            pass
        left = await world.ports.db.fetchval("SELECT count(*) FROM saga WHERE finished_at IS NULL")
        if not left or not until_quiet:
            return
        world.ports.clock.advance(step)  # type: ignore[attr-defined]
    raise AssertionError("the sagas never end")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements sent to databases meanwhile, by any connection, but those that keep plans fit."""
    sent: list[str] = []
    watched: list[asyncpg.Connection] = []

    def note(record: Any) -> None:
        if record.query not in UPKEEP:
            sent.append(record.query.split(";")[0].strip())

    # By its type: a pool's proxy says that it is a connection, and one that was given back answers nothing.
    found = [each for each in gc.get_objects() if asyncpg.Connection in type(each).__mro__]
    for con in [each for each in found if not each.is_closed()]:
        con.add_query_logger(note)
        watched.append(con)
    try:
        yield sent
    finally:
        for con in watched:
            con.remove_query_logger(note)


def key(text: str) -> Key:
    return Key.of("test", text, b"")


async def broken(ports: Ports) -> list[str]:
    """Which invariants do not hold, each with its first row."""
    from banyan.orders.invariants import INVARIANTS

    found = [(each, await ports.db.fetch(each.sql)) for each in INVARIANTS]
    return [f"{each.id} {each.promise}: {dict(rows[0])}" for each, rows in found if rows]


def _found(kept: Mapping[str, Any], user_id: str) -> Any:
    if user_id not in kept:
        raise NotFound("there is none")
    return kept[user_id]


def _priceless(item: Item) -> Item:
    return item.model_copy(update={"price": None, "sellable": False})


def shopper(name: str, *, address: bool = True) -> Shopper:
    return Shopper(
        user_id=f"usr_{name}",
        email=f"{name}@example.com",
        name=name,
        address=Address(**ADDRESS) if address else None,
    )
