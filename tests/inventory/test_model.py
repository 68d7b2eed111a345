"""Whatever is asked in whatever order, inventory and a model of a few lines agree, and every promise holds after it."""

from collections import defaultdict

import pytest

from banyan.contracts.inventory import HoldOutcome
from banyan.inventory import actions
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Conflict
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor

SKUS = ("a", "b", "c")


class Model:
    """Stock as one would keep it on paper: units per SKU, who holds what until when."""

    def __init__(self) -> None:
        self.on_hand: dict[str, int] = dict.fromkeys(SKUS, 0)
        self.held: dict[str, tuple[dict[str, int], float]] = {}  # by cart: units, end
        self.promised: dict[str, dict[str, int]] = {}
        self.sold: dict[str, dict[str, int]] = {}
        self.released: set[str] = set()

    def free(self, now: float, cart: str = "") -> dict[str, int]:
        """Units that this cart can have now."""
        left = defaultdict[str, int](int, self.on_hand)
        holds = [units for owner, (units, end) in self.held.items() if owner != cart and end > now]
        for units in (*holds, *self.promised.values()):
            for sku, quantity in units.items():
                left[sku] -= quantity
        return dict(left)

    def hold(self, cart: str, order: str | None, wanted: dict[str, int], now: float, seconds: int) -> bool:
        if order and (order in self.released or order in self.promised or order in self.sold):
            return order not in self.released
        free = self.free(now, cart)
        if any(free[sku] < quantity for sku, quantity in wanted.items()):
            self.released |= {order} if order else set()  # refused for good
            return False
        self.held = {
            owner: (units, end)
            for owner, (units, end) in self.held.items()
            if owner != cart and (end > now or not set(units) & set(wanted))
        }
        if order:
            self.promised[order] = wanted
        else:
            self.held[cart] = (wanted, now + seconds)
        return True

    def sell(self, order: str) -> bool | None:
        if order not in self.promised:
            return False if order in self.sold else None
        self.sold[order] = self.promised.pop(order)
        for sku, quantity in self.sold[order].items():
            self.on_hand[sku] -= quantity
        return True

    def release(self, order: str) -> bool:
        back = self.sold.pop(order, {})
        for sku, quantity in back.items():
            self.on_hand[sku] += quantity
        self.released.add(order)
        return bool(self.promised.pop(order, back))

    def count(self, sku: str, on_hand: int, now: float) -> bool | None:
        if self.on_hand[sku] == on_hand:
            return False
        if on_hand < self.on_hand[sku] - self.free(now)[sku]:
            return None
        self.on_hand[sku] = on_hand
        return True


async def asked_to_sell(floor: Floor, order: str) -> bool | None:
    try:
        return await floor.sell(order)
    except Conflict:
        return None


async def asked_to_count(floor: Floor, sku: str, on_hand: int) -> bool | None:
    try:
        return await floor.count(sku, on_hand)
    except Conflict:
        return None


@pytest.mark.parametrize("seed", range(4))
async def test_a_model_on_paper_agrees_with_every_answer(open_floor: OpenFloor, seed: int) -> None:
    clock = VirtualClock()
    floor, model, chance = await open_floor(clock), Model(), SeededIds(clock, seed)

    def pick(count: int) -> int:
        return int(chance.fraction() * count)

    for sku in SKUS:
        await floor.count(sku, 12)
        model.on_hand[sku] = 12
    for _ in range(120):
        now, cart, order = clock.monotonic(), f"crt_{pick(5)}", f"ord_{pick(14)}"
        match pick(9):
            case 0 | 1 | 2 | 3:
                wanted = {sku: 1 + pick(4) for sku in SKUS if pick(2)} or {"a": 1}
                took_over, seconds = order if pick(2) else None, 30 + pick(90)
                answer = await floor.hold(cart, took_over, seconds, **wanted)
                assert (answer.outcome is HoldOutcome.HELD) == model.hold(cart, took_over, wanted, now, seconds)
            case 4:
                assert await asked_to_sell(floor, order) == model.sell(order)
            case 5:
                assert await floor.release(order) == model.release(order)
            case 6:
                clock.advance(pick(60))
            case 7:
                await actions.sweep(floor.ports)
            case _:
                sku, on_hand = SKUS[pick(3)], pick(16)
                assert await asked_to_count(floor, sku, on_hand) == model.count(sku, on_hand, now)
        free = model.free(clock.monotonic())
        assert {sku: await floor.available(sku) for sku in SKUS} == free
        assert {sku: (await floor.level(sku))[0] for sku in SKUS} == model.on_hand
        assert await floor.broken() == []
