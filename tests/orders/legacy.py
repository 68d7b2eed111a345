"""Records of a legacy shop as tests make them: plain ones by hand, and any that such a shop may have."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from typing import Any

from hypothesis import strategies as st

from banyan.contracts.legacy import (
    CartLineRecord,
    CartRecord,
    Fate,
    HistoryRecord,
    OrderLineRecord,
    OrderRecord,
    OrdersHandOver,
    OrdersTake,
)
from banyan.contracts.users import Address
from banyan.kernel.ids import spell
from banyan.kernel.money import Money
from tests.orders.world import ADDRESS, World, eur

number = count(100).__next__
PLACED = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)


def id_of(prefix: str, number: int) -> str:
    return f"{prefix}_{spell(number, 26)}"


def line(sku: str = "MUG", quantity: int = 2, price: int = 1000, **more: Any) -> OrderLineRecord:
    given: dict[str, Any] = {
        "line_id": f"lin_{sku}", "sku": sku, "product_id": f"prd_{sku}", "name": f"Old {sku}", "quantity": quantity,
        "unit_price": eur(price), "total": eur(price * quantity), "tax": eur(price * quantity // 5),
    }  # fmt: skip
    return OrderLineRecord(**{**given, **more})


def order(serial: int, version: int = 1, **more: Any) -> OrderRecord:
    """A paid order of two mugs: 20.00 − 1.00 + 5.00 + 4.80 tax − 0.01 rounding."""
    given: dict[str, Any] = {
        "id": id_of("ord", serial), "version": version, "number": f"{serial}", "user_id": "usr_ada",
        "email": "Ada@Example.com", "lines": (line(),), "address": Address(**ADDRESS), "shipping_option": "flat.flat",
        "subtotal": eur(2000), "discount": eur(100), "shipping": eur(500), "tax": eur(480), "adjustment": eur(-1),
        "total": eur(2879), "status": "confirmed", "legacy_status": "Processing", "paid": True,
        "payment_method": "Bank Transfer", "payment_reference": "TX-1",
        "history": (
            HistoryRecord(status="Pending", comment="thank you", at=PLACED, told=True),
            HistoryRecord(status="Processing", comment="rang twice, rude", at=PLACED + timedelta(hours=1)),
        ),
        "placed_at": PLACED,
    }  # fmt: skip
    return OrderRecord(**{**given, **more})


def cart(
    number: int, version: int = 1, *, user: str | None = "usr_ada", token: str | None = None, **skus: int
) -> CartRecord:
    lines = tuple(CartLineRecord(sku=sku, quantity=quantity) for sku, quantity in skus.items())
    return CartRecord(id=id_of("crt", number), version=version, user_id=user, token=token, lines=lines)


async def take(world: World, *records: Any, again: bool = False) -> list[Fate]:
    return list((await world.shop.peers.ask(OrdersTake(records=records, again=again))).fates)


async def taken(world: World, *records: Any) -> None:
    fates = await take(world, *records)
    assert {fate.outcome for fate in fates} == {"taken"}, fates


async def handed(world: World, kind: str, *ids: str) -> dict[str, Any]:
    records = (await world.shop.peers.ask(OrdersHandOver(kind=kind, ids=ids))).records
    return {record.id: record for record in records}


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_AMOUNT = st.integers(-(10**9), 10**9)
_STATUS = st.sampled_from(["processing", "confirmed", "fulfilled", "cancelled", "refunded", "payment_failed"])
_TIME = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30)).flatmap(
    lambda when: st.sampled_from([UTC, timezone(timedelta(hours=-7))]).map(lambda zone: when.replace(tzinfo=zone))
)

_NOTE = st.builds(HistoryRecord, status=_TEXT, comment=_TEXT, at=_TIME, told=st.booleans())


@st.composite
def orders(draw: st.DrawFn, number: int, version: int = 1) -> OrderRecord:
    """Any order that adds up, however strange."""
    currency = draw(st.sampled_from(["EUR", "JPY"]))
    money = _AMOUNT.map(lambda amount: Money(amount, currency))
    subtotal, discount, shipping, tax, adjustment = (draw(money) for _ in range(5))
    included = draw(st.booleans())
    total = subtotal - discount + shipping + adjustment
    lines = [
        OrderLineRecord(
            line_id=f"{place}", sku=draw(_TEXT), product_id=draw(st.none() | _TEXT), name=draw(_TEXT),
            options=draw(st.dictionaries(_TEXT, _TEXT, max_size=2)), quantity=draw(st.integers(-3, 10**6)),
            unit_price=draw(money), total=draw(money), tax=draw(money),
        )
        for place in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    return OrderRecord(
        id=id_of("ord", number), version=version, number=f"n{number}", user_id=draw(st.none() | st.just("usr_any")),
        email=draw(_TEXT), lines=tuple(lines), shipping_option=draw(_TEXT), subtotal=subtotal, discount=discount,
        address=Address(name=draw(_TEXT), line1="", city="", postal_code="", country=draw(st.sampled_from(["DE", "", "ZZ9"]))),
        shipping=shipping, tax=tax, adjustment=adjustment, total=total if included else total + tax,
        tax_included=included, refunded=draw(st.none() | money), status=draw(_STATUS), legacy_status=draw(_TEXT),
        paid=draw(st.booleans()), payment_method=draw(_TEXT), payment_reference=draw(_TEXT),
        history=tuple(draw(st.lists(_NOTE, max_size=2))),
        placed_at=draw(_TIME),
    )  # fmt: skip
