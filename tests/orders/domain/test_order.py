"""Whatever facts come in whatever order: only those that NEXT allows are accepted, and the sums stay right."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from banyan.contracts import Event
from banyan.contracts.inventory import Shortage
from banyan.contracts.orders import (
    OrderCancelled,
    OrderCompensated,
    OrderConfirmed,
    OrderFulfilled,
    OrderLine,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentFailed,
    OrderPlaced,
    OrderRefunded,
    OrderRejected,
    OrderStatus,
    OrderStockHeld,
)
from banyan.contracts.users import Address
from banyan.orders.domain.order import ENDED, NEXT, Illegal, Order, PaymentStatus, apply, fold
from banyan.orders.domain.shown import OrderShown, shown
from banyan.orders.domain.upcast import upcast
from tests.orders.world import ADDRESS, eur

ID = "ord_1"


def line(name: str, quantity: int) -> OrderLine:
    return OrderLine(
        line_id=name, sku=name, product_id="prd", slug=name, name=name, quantity=quantity,
        unit_price=eur(100), total=eur(100 * quantity), tax=eur(16 * quantity),
    )  # fmt: skip


def placed(**more: Any) -> OrderPlaced:
    return OrderPlaced(
        order_id=ID, number="B-1", cart_id="crt", user_id=None, email="a@b.de", currency="EUR",
        lines=(line("one", 3), line("two", 1)), address=Address(**ADDRESS), shipping_option="standard",
        subtotal=eur(400), discount=eur(0), shipping=eur(0), tax=eur(64), tax_included=True, total=eur(400),
        provider="testbank", placed_at=datetime(2026, 1, 1, tzinfo=UTC), **more,
    )  # fmt: skip


HELD = OrderStockHeld(order_id=ID, reservation_id="rsv", parcels=())
CONFIRMED = OrderConfirmed(order_id=ID, number="B-1", email="a@b.de", total=eur(400))
AUTHORIZED = OrderPaymentAuthorized(order_id=ID, payment_id="pay", amount=eur(400))
CAPTURED = OrderPaymentCaptured(order_id=ID, payment_id="pay", amount=eur(400))
FACTS: tuple[Event, ...] = (
    placed(),
    HELD,
    AUTHORIZED,
    CONFIRMED,
    CAPTURED,
    OrderRejected(order_id=ID, reason="out_of_stock", short=(Shortage(sku="one", wanted=3, available=2),)),
    OrderPaymentFailed(order_id=ID, reason="declined"),
    OrderCancelled(order_id=ID, reason="", by="guest"),
    OrderCompensated(order_id=ID),
)


class Life(RuleBasedStateMachine):
    """An order that is told anything at all, beside the plainest possible book of it."""

    def __init__(self) -> None:
        super().__init__()
        self.order: Order = fold([placed()])
        self.facts: list[Event] = [placed()]
        self.sent = {"one": 0, "two": 0}
        self.back = 0

    def tell(self, fact: Event) -> bool:
        try:
            self.order = apply(self.order, fact)
        except Illegal:
            return False
        self.facts.append(fact)
        return True

    @rule(fact=st.sampled_from(FACTS))
    def anything(self, fact: Event) -> None:
        before = self.order.status
        if self.tell(fact):
            assert self.order.status in NEXT[before][type(fact)]

    @rule(one=st.integers(0, 4), two=st.integers(0, 2), complete=st.booleans())
    def fulfil(self, one: int, two: int, complete: bool) -> None:
        lines = {name: units for name, units in (("one", one), ("two", two)) if units}
        whole = {"one": one + self.sent["one"], "two": two + self.sent["two"]}
        before = self.order.status
        fact = OrderFulfilled(order_id=ID, parcel_id="prc", lines=lines, complete=complete)
        fits = (
            before is OrderStatus.CONFIRMED
            and bool(lines)
            and whole["one"] <= 3
            and whole["two"] <= 1
            and complete is (whole == {"one": 3, "two": 1})
        )
        assert self.tell(fact) is fits
        if fits:
            self.sent = whole
            assert self.order.status is (OrderStatus.FULFILLED if complete else OrderStatus.CONFIRMED)

    @precondition(lambda self: OrderRefunded in NEXT[self.order.status])
    @rule(amount=st.integers(-1, 450), lie=st.booleans())
    def refund(self, amount: int, lie: bool) -> None:
        together = self.back + amount + lie
        fact = OrderRefunded(
            order_id=ID, refund_id=f"rfd_{len(self.facts)}", amount=eur(amount), refunded=eur(together), reason=""
        )
        assert self.tell(fact) is (amount > 0 and not lie and together <= 400)
        self.back = together if self.facts[-1] is fact else self.back

    @invariant()
    def it_is_what_its_facts_say(self) -> None:
        assert self.order == fold(self.facts)
        assert self.order.version == len(self.facts)
        assert self.order.refunded == eur(self.back)
        assert self.order.left() == {
            name: whole - self.sent[name] for name, whole in (("one", 3), ("two", 1)) if whole > self.sent[name]
        }
        kinds = [type(fact) for fact in self.facts]
        assert kinds.index(OrderStockHeld) < kinds.index(AUTHORIZED.__class__) if self.order.authorized else True
        assert self.order.authorized or not self.order.confirmed
        assert not (OrderCancelled in kinds and OrderFulfilled in kinds)
        assert self.order.compensated <= (self.order.status in ENDED)
        assert shown(self.order)["status"] == self.order.status
        assert OrderShown.model_validate(shown(self.order)).model_dump(mode="json") == shown(self.order)


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase


def test_the_end_is_the_end() -> None:
    """Terminal stays terminal: from an ended state nothing leads to another one."""
    for status in (*ENDED, OrderStatus.FULFILLED):
        assert {after for afters in NEXT[status].values() for after in afters} == {status}


def test_only_placing_begins_an_order() -> None:
    for fact in FACTS[1:]:
        with pytest.raises(Illegal):
            apply(None, fact)
    with pytest.raises(ValueError, match="without facts"):
        fold([])


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ((), PaymentStatus.PENDING),
        ((HELD, AUTHORIZED), PaymentStatus.AUTHORIZED),
        ((HELD, AUTHORIZED, CONFIRMED, CAPTURED), PaymentStatus.CAPTURED),
        ((OrderPaymentFailed(order_id=ID, reason="x"),), PaymentStatus.FAILED),
        ((OrderRejected(order_id=ID, reason="x"),), PaymentStatus.VOIDED),
        ((HELD, AUTHORIZED, CONFIRMED, FACTS[7]), PaymentStatus.AUTHORIZED),
        ((HELD, AUTHORIZED, CONFIRMED, FACTS[7], FACTS[8]), PaymentStatus.VOIDED),
    ],
)
def test_how_far_the_money_is(facts: tuple[Event, ...], status: PaymentStatus) -> None:
    assert fold([placed(), *facts]).payment_status is status


@pytest.mark.parametrize(
    ("amount", "status"), [(1, "partially_refunded"), (399, "partially_refunded"), (400, "refunded")]
)
def test_how_much_went_back(amount: int, status: str) -> None:
    refund = OrderRefunded(order_id=ID, refund_id="r", amount=eur(amount), refunded=eur(amount), reason="")
    assert fold([placed(), HELD, AUTHORIZED, CONFIRMED, CAPTURED, refund]).payment_status == status


def test_old_facts_are_read_as_if_written_today() -> None:
    upcasts = {
        ("orders.Toy", 1): lambda data: {"name": f"{data['first']} {data['last']}"},
        ("orders.Toy", 2): lambda data: {**data, "polite": True},
    }
    shapes = {"orders.Toy": 3}
    old = {"first": "Ada", "last": "Byron"}
    assert upcast("orders.Toy", 1, old, upcasts, shapes) == {"name": "Ada Byron", "polite": True}
    assert upcast("orders.Toy", 3, old, upcasts, shapes) is old
    assert old == {"first": "Ada", "last": "Byron"}
    with pytest.raises(ValueError, match="shape 4"):
        upcast("orders.Toy", 4, old, upcasts, shapes)
    assert upcast("orders.OrderPlaced", 1, old) is old
