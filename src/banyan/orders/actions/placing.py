"""Placing an order: one transaction that closes the cart, records the order and starts its saga; then its saga is driven.

Whoever places with the same key again finds the same order: the saga's row is unique by key, for ever.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from banyan.contracts.orders import OrderLine, OrderPlaced, OrderStatus
from banyan.foundation import deadlines, idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Refusal
from banyan.orders import saga
from banyan.orders.actions.links import Links, links
from banyan.orders.actions.reaching import closed
from banyan.orders.domain.cart import Line, Look
from banyan.orders.domain.number import spelled
from banyan.orders.domain.order import Order
from banyan.orders.domain.pricing import LinePrice
from banyan.orders.domain.shown import shown
from banyan.orders.saga.run import Run
from banyan.orders.saga.steps import LEASE_SECONDS, LIMIT_SECONDS, Step
from banyan.orders.storage import carts, events, orders, sagas

RUNNING_SECONDS = 2.0  # for so long others with the same key are told 409; later ones wait for the order themselves
_SPARE = 0.3  # seconds kept for telling how it went
_MOST_LOOKS = 40


@dataclass(frozen=True, slots=True)
class Means:
    """How it is paid: a provider and its token, which is no card number."""

    provider: str
    token: str


def placement(key: Key) -> str:
    """What an order is unique by: the caller, the operation and the key."""
    return sha256(f"{key.scope}\0{key.key}".encode()).hexdigest()


async def place(told: "Telling", look: Look, user_id: str | None, means: Means, *, one_click: bool = False) -> Answer:
    """Place the order of this look, all at once or not at all, and drive it: 201 when it is settled, 202 before.

    Conflict when the cart has been ordered or changed. `one_click`: the cart itself is made here, too.
    """
    ports, key, cart = told.ports, told.key, look.cart
    order_id = ports.ids.new("ord")

    async def effect(tx: Tx) -> Run | Answer:
        if kept := await idempotency.begin(tx, key, running_seconds=RUNNING_SECONDS):
            return kept
        if one_click:
            await carts.insert(tx, cart, one_click=True)
            serial: int | None = await carts.next_serial(tx)
        else:
            serial = await carts.order(tx, cart)
        if serial is None:
            raise closed(await carts.load(tx, cart.id) or cart)
        fact = _placed(ports, look, order_id, spelled(serial), user_id, means)
        order = await events.append(tx, ports.ids, None, [fact])
        await sagas.begin(
            tx,
            order_id,
            placement(key),
            provider=means.provider,
            token=means.token,
            lease=LEASE_SECONDS,
            limit=LIMIT_SECONDS,
        )
        return Run(order, Step.HOLD, token=means.token)

    try:
        placed = await ports.db.retrying(effect)
    except sagas.PlacedAlready:  # a moment ago, by another request with this key
        found = await sagas.placed_by(ports.db, placement(key))
        assert found is not None
        return await resume(told, found)
    except events.OrderedAlready:
        raise Conflict("this cart has been ordered", code="already_ordered") from None
    ports.db.wake.ring()
    return placed if isinstance(placed, Answer) else await _drive(told, placed)


async def resume(told: "Telling", order_id: str) -> Answer:
    """The order that this key placed before, as it stands; kept as the answer once it is settled."""
    return replace(await told.wait(order_id) or await told.now(order_id), replayed=True)


async def _drive(told: "Telling", run: Run) -> Answer:
    """Take the order as far as it goes in the time there is. It is placed and will end, whatever happens here."""
    answer = None
    with suppress(Refusal):
        answer = await told.follow(run) or await told.wait(run.order.id)
    with suppress(Refusal):
        answer = answer or await told.now(run.order.id)
    return answer or told.pending(shown(run.order))


class Telling:
    """How one request with a key tells of its order, and how long it may take."""

    def __init__(self, ports: Ports, key: Key, with_links: Links) -> None:
        self.ports = ports
        self.key = key
        self._links = with_links
        patience = ports.settings.checkout_seconds
        self._ends = ports.clock.monotonic() + min(patience, deadlines.remaining(patience + _SPARE) - _SPARE)
        self._kept: tuple[OrderStatus, Answer] | None = None

    @classmethod
    async def of(cls, ports: Ports, key: Key) -> "Telling":
        return cls(ports, key, await links(ports))

    async def follow(self, run: Run) -> Answer | None:
        """Take the order's steps; the answer if that settled it."""
        order = await saga.follow(self.ports, run, seconds=self._left(), settled=self._keep, for_shopper=True)
        return self._told(order)

    async def wait(self, order_id: str) -> Answer | None:
        """Until the order is settled or time is over, taking steps that are due; the answer if those settled it."""
        pause = 0.05
        for _ in range(_MOST_LOOKS):
            if await orders.settled(self.ports.db, order_id) or self._left() < pause:
                return None
            await self.ports.clock.sleep(pause)
            order = await saga.advance(self.ports, order_id, seconds=self._left(), settled=self._keep, for_shopper=True)
            if order is not None and (answer := self._told(order)):
                return answer
            pause = min(0.5, pause * 1.4)
        return None

    async def now(self, order_id: str) -> Answer:
        """The order as it stands, kept if it is settled."""
        async with self.ports.db.transaction() as tx:
            row = await orders.for_reader(tx, order_id)
            assert row is not None
            if row["status"] == OrderStatus.PROCESSING:
                return self.pending(row["shown"])
            answer = self._final(row["shown"])
            with suppress(Conflict):  # another request with this key told it first
                await idempotency.keep(tx, self.key, answer)
        return answer

    def pending(self, shown: dict[str, Any]) -> Answer:
        """It goes on by itself: look again there."""
        there = (("location", f"/v1/orders/{shown['id']}"), ("retry-after", "1"))
        return Answer(202, to_json(self._links.answer(shown)), headers=there)

    async def _keep(self, tx: Tx, order: Order) -> None:
        """Keep the answer in the transaction that settles the order."""
        answer = self._final(shown(order))
        with suppress(Conflict):
            await idempotency.keep(tx, self.key, answer)
        self._kept = (order.status, answer)

    def _told(self, order: Order) -> Answer | None:
        """The answer that was kept, unless its transaction came to nothing."""
        return self._kept[1] if self._kept and order.status is self._kept[0] else None

    def _final(self, shown: dict[str, Any]) -> Answer:
        body = to_json(self._links.answer(shown))
        return Answer(201, body, headers=(("location", f"/v1/orders/{shown['id']}"),))

    def _left(self) -> float:
        """Seconds until the request must be answered."""
        return self._ends - self.ports.clock.monotonic()


def _placed(ports: Ports, look: Look, order_id: str, number: str, user_id: str | None, means: Means) -> OrderPlaced:
    cart, price = look.cart, look.price
    assert cart.email is not None
    assert cart.address is not None
    assert look.shipping is not None
    lines = [_line(line, cost) for line, cost in zip(look.lines, price.lines, strict=True)]
    return OrderPlaced(
        order_id=order_id,
        number=number,
        cart_id=cart.id,
        user_id=user_id,
        email=cart.email,
        currency=cart.currency,
        lines=tuple(lines),
        address=cart.address,
        shipping_option=look.shipping.id,
        subtotal=price.subtotal,
        discount=price.discount,
        shipping=price.shipping,
        tax=price.tax,
        tax_included=price.tax_included,
        total=price.total,
        provider=means.provider,
        placed_at=ports.clock.now(),
    )


def _line(line: Line, cost: LinePrice) -> OrderLine:
    item = line.seen
    assert item.price is not None
    return OrderLine(
        line_id=line.id,
        sku=line.sku,
        product_id=item.product_id,
        slug=item.slug,
        name=item.name,
        options=item.options,
        image=item.image,
        quantity=line.quantity,
        unit_price=item.price,
        total=cost.total,
        tax=cost.tax,
    )
