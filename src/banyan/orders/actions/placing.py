"""Placing orders, in rounds: one transaction closes carts, records orders and starts their sagas; then each is driven.

Whoever places with the same key again finds the same order: the saga's row is unique by key, for ever.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

from banyan.contracts.orders import OrderLine, OrderPlaced
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Refusal
from banyan.orders.actions.reaching import closed
from banyan.orders.actions.telling import Telling
from banyan.orders.domain.cart import Line, Look
from banyan.orders.domain.number import spelled
from banyan.orders.domain.order import fold
from banyan.orders.domain.pricing import LinePrice
from banyan.orders.domain.shown import shown
from banyan.orders.saga.run import Run
from banyan.orders.saga.steps import LEASE_SECONDS, LIMIT_SECONDS, Step
from banyan.orders.storage import carts, events, rounds, sagas
from banyan.orders.storage.rounds import New

RUNNING_SECONDS = 2.0  # for so long others with the same key are told 409; later ones wait for the order themselves


@dataclass(frozen=True, slots=True)
class Means:
    """How it is paid: a provider and its token, which is no card number."""

    provider: str
    token: str
    save: bool = False  # keep it for the next time: the shopper agreed


@dataclass(frozen=True, slots=True)
class Wish:
    """An order of this look, under this id. `one_click`: the cart itself is made with it."""

    look: Look
    order_id: str
    key: Key
    user_id: str | None
    means: Means
    one_click: bool = False

    @property
    def cart_id(self) -> str:
        return self.look.cart.id

    @property
    def placement(self) -> str:
        return placement(self.key)


def placement(key: Key) -> str:
    """What an order is unique by: the caller, the operation and the key."""
    return sha256(f"{key.scope}\0{key.key}".encode()).hexdigest()


async def place(told: Telling, look: Look, user_id: str | None, means: Means, *, one_click: bool = False) -> Answer:
    """Place the order of this look, all at once or not at all, and drive it: 201 when it is settled, 202 before.

    Conflict when the cart has been ordered or changed. `one_click`: the cart itself is made here, too.
    """
    ports, key = told.ports, told.key
    wish = Wish(look, ports.ids.new("ord"), key, user_id, means, one_click)
    try:
        placed: Run | Answer = await ports.together(place_many, wish)
    except sagas.PlacedAlready:  # a moment ago, by another request with this key
        found = await rounds.placed_by(ports.db, [wish.placement])
        return await resume(told, found[wish.placement])
    except events.OrderedAlready:
        raise Conflict("this cart has been ordered", code="already_ordered") from None
    return placed if isinstance(placed, Answer) else await _drive(told, placed)


async def place_many(ports: Ports, asked: Sequence[Asked[Wish]]) -> list[Run | Answer | Exception]:
    """One round: the saga of each order that is placed, or the answer that its key has, or why it is not placed.

    PlacedAlready or OrderedAlready, and nothing placed, when another process was quicker with one of them.
    """
    began = ports.clock.monotonic()
    told = await ports.db.retrying(lambda tx: _Round(ports, tx, asked, began).place())
    if any(isinstance(each, Run) for each in told):
        ports.db.wake.ring()
    return told


class _Round:
    def __init__(self, ports: Ports, tx: Tx, asked: Sequence[Asked[Wish]], began: float) -> None:
        self.ports, self.tx, self.asked, self.began = ports, tx, asked, began
        self.told: dict[int, Run | Answer | Exception] = {}

    async def place(self) -> list[Run | Answer | Exception]:
        said = await idempotency.begin_many(
            self.tx, [each.wish.key for each in self.asked], running_seconds=RUNNING_SECONDS
        )
        self.told = {place: each for place, each in enumerate(said) if each is not None}
        claimed = [place for place in range(len(self.asked)) if place not in self.told]
        serials = await self._serials(claimed)
        new = [self._new(place, serial) for place, serial in serials.items()]
        if new:
            await rounds.place(self.tx, self.ports.ids, new, lease=LEASE_SECONDS, limit=LIMIT_SECONDS)
        for place, each in zip(serials, new, strict=True):
            self.told[place] = Run.of(each.order, Step.HOLD, token=each.token, began=self.began)
        if len(self.told) < len(self.asked):
            await self._refuse([place for place in claimed if place not in self.told])
        return [self.told[place] for place in range(len(self.asked))]

    async def _serials(self, claimed: list[int]) -> dict[int, int]:
        """Serial numbers of those whose cart is closed now for their order: of a cart, one."""
        at_once = [place for place in claimed if self._wish(place).one_click]
        first = {self._wish(place).cart_id: place for place in reversed(claimed) if place not in at_once}
        closing = [(self._wish(place).look.cart, self._wish(place).placement) for place in first.values()]
        closed = await rounds.close_carts(self.tx, closing) if closing else {}
        serials = {first[cart_id]: serial for cart_id, serial in closed.items()}
        placed = await rounds.placed_by(self.tx, [self._wish(each).placement for each in at_once]) if at_once else {}
        for place in at_once:
            if self._wish(place).placement not in placed:
                await carts.insert(self.tx, self._wish(place).look.cart, one_click=True)
                serials[place] = await carts.next_serial(self.tx)
        return serials

    def _new(self, place: int, serial: int) -> New:
        wish = self._wish(place)
        order = events.sealed_anew(self.tx, self.ports.ids, fold([_placed(self.ports, wish, spelled(serial))]))
        return New(order, wish.placement, wish.means.provider, wish.means.token, self.asked[place].trace)

    async def _refuse(self, refused: list[int]) -> None:
        """Say why; the key is free again, and the request may be mended."""
        placed = await rounds.placed_by(self.tx, [self._wish(place).placement for place in refused])
        for place in refused:
            wish = self._wish(place)
            await idempotency.release(self.tx, wish.key)
            if wish.placement in placed:
                self.told[place] = sagas.PlacedAlready()
            else:
                self.told[place] = closed(await carts.load(self.tx, wish.cart_id) or wish.look.cart)

    def _wish(self, place: int) -> Wish:
        return self.asked[place].wish


async def resume(told: Telling, order_id: str) -> Answer:
    """The order that this key placed before, as it stands; kept as the answer once it is settled."""
    return replace(await told.wait(order_id) or await told.now(order_id), replayed=True)


async def _drive(told: Telling, run: Run) -> Answer:
    """Take the order as far as it goes in the time there is. It is placed and will end, whatever happens here."""
    answer = None
    with suppress(Refusal):
        answer = await told.follow(run) or await told.wait(run.order.id)
    with suppress(Refusal):
        answer = answer or await told.now(run.order.id)
    return answer or await told.pending(shown(run.order))


def _placed(ports: Ports, wish: Wish, number: str) -> OrderPlaced:
    look = wish.look
    cart, price = look.cart, look.price
    assert cart.email is not None
    assert cart.address is not None
    assert look.shipping is not None
    lines = [_line(line, cost) for line, cost in zip(look.lines, price.lines, strict=True)]
    return OrderPlaced(
        order_id=wish.order_id,
        number=number,
        cart_id=cart.id,
        user_id=wish.user_id,
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
        provider=wish.means.provider,
        placed_at=ports.clock.now(),
        present=not wish.one_click,
        save_method=wish.means.save,
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
