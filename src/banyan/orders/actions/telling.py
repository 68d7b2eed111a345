"""How a request with a key tells of its order: settled if that is known in time, as it stands otherwise."""

from contextlib import suppress
from typing import Any

from pydantic_core import to_json

from banyan.contracts.orders import OrderStatus
from banyan.foundation import deadlines, idempotency
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.orders import saga
from banyan.orders.actions import confirming
from banyan.orders.domain.order import Order
from banyan.orders.domain.shown import shown
from banyan.orders.saga.links import Links, links
from banyan.orders.saga.run import Run
from banyan.orders.storage import orders

_SPARE = 0.3  # seconds kept for telling how it went
_MOST_LOOKS = 40


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
        return self._told(order) or (await self.pending(shown(order)) if order.waits else None)

    async def wait(self, order_id: str) -> Answer | None:
        """Until the order is settled or time is over, taking steps that are due; the answer if those settled it."""
        pause = 0.05
        for _ in range(_MOST_LOOKS):
            if await orders.rests(self.ports.db, order_id) or self._left() < pause:
                return None
            await self.ports.clock.sleep(pause)
            order = await saga.advance(self.ports, order_id, seconds=self._left(), settled=self._keep, for_shopper=True)
            if order is not None and (answer := self._told(order)):
                return answer
            if order is not None and order.waits:
                return await self.pending(shown(order))
            pause = min(0.5, pause * 1.4)
        return None

    async def now(self, order_id: str) -> Answer:
        """The order as it stands, kept if it is settled."""
        async with self.ports.db.transaction() as tx:
            row = await orders.for_reader(tx, order_id)
            assert row is not None
            if row["status"] == OrderStatus.PROCESSING:
                so_far = orders.as_shown(tx, order_id, row)
            else:
                answer = self._final(orders.as_shown(tx, order_id, row))
                with suppress(Conflict):  # another request with this key told it first
                    await idempotency.keep(tx, self.key, answer)
                return answer
        return await self.pending(so_far)

    async def pending(self, shown: dict[str, Any]) -> Answer:
        """It goes on by itself, or when its shopper has confirmed the payment: look again there."""
        there = (("location", f"/v1/orders/{shown['id']}"), ("retry-after", "1"))
        action = await confirming.where(self.ports, shown)
        return Answer(202, to_json(self._links.answer(shown, action)), headers=there)

    def _keep(self, order: Order, shown: dict[str, Any]) -> tuple[Key, Answer]:
        """What is kept in the transaction that settles the order."""
        answer = self._final(shown)
        self._kept = (order.status, answer)
        return self.key, answer

    def _told(self, order: Order) -> Answer | None:
        """The answer that was kept, unless its transaction came to nothing."""
        return self._kept[1] if self._kept and order.status is self._kept[0] else None

    def _final(self, shown: dict[str, Any]) -> Answer:
        body = to_json(self._links.answer(shown))
        return Answer(201, body, headers=(("location", f"/v1/orders/{shown['id']}"),))

    def _left(self) -> float:
        """Seconds until the request must be answered."""
        return self._ends - self.ports.clock.monotonic()
