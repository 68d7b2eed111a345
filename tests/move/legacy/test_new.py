"""What began with us, as the legacy shop gets it: whole orders, customers, products, carts, and what it has no place for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import (
    BrandRecord,
    CartLineRecord,
    CartRecord,
    CategoryRecord,
    Customer,
    CustomerAddress,
    HistoryRecord,
    OrderLineRecord,
    OrderRecord,
    ProductRecord,
    StockRecord,
    VariantRecord,
)
from banyan.contracts.users import Address
from banyan.kernel.money import Money
from banyan.move.legacy import Ref
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOME = Address(name="Ada Lovelace", line1="12 High & Low St", city="Berlin", postal_code="10115", country="DE")
ARGON = "$argon2id$v=19$m=19456,t=2,p=1$6rtKqD0sHi/Aj5KQtmBW2A$MHmdXTnxEz814BYIWpR3bZ8GizmcmtEUoDIeQZ+CJGE"

BCRYPT = "$2y$10$abcdefghijklmnopqrstuu5s0dZrbcrNf1m8kpXmyTO1nZ8c7Q4bC"


@pytest.fixture(scope="module", params=["installed4", "installed3"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found: Shelf = request.getfixturevalue(request.param)
    found.deliver()
    return found


def order(shelf: Shelf, number: str, **more: Any) -> OrderRecord:
    """Two lines, one of them a variant, in euros, which are not the shop's own currency."""

    def eur(amount: int) -> Money:
        return Money(amount, "EUR")

    def line(place: int, sku: str, product: str, quantity: int, each: int, tax: int, **rest: Any) -> OrderLineRecord:
        return OrderLineRecord(
            line_id=f"lin_{place}",
            sku=sku,
            product_id=shelf.id("product", product),
            name=f"Thing {place}",
            quantity=quantity,
            unit_price=eur(each),
            total=eur(each * quantity),
            tax=eur(tax),
            **rest,
        )

    red = shelf.stock.names.held("sku", "30:226=15")
    lines = (line(1, red, "30", 3, 1999, 1139, options={"Select": "Red"}), line(2, "Product 16", "43", 1, 105, 20))
    said = {
        "id": f"ord_{number}",
        "version": 1,
        "number": number,
        "user_id": shelf.id("customer", "1"),
        "email": "ada@example.com",
        "lines": lines,
        "address": HOME,
        "shipping_option": "express",
        "subtotal": eur(6102),
        "discount": eur(500),
        "shipping": eur(490),
        "tax": eur(1159),
        "adjustment": eur(-1),
        "total": eur(7250),
        "status": "confirmed",
        "legacy_status": "",
        "paid": True,
        "payment_method": "Card",
        "payment_reference": "pay_1",
        "history": (HistoryRecord(status="Processing", comment="Paid <at once>", at=WHEN),),
        "placed_at": WHEN,
        **more,
    }
    return OrderRecord(**said)


def reread(shelf: Shelf, ref: Ref, rows: dict[str, tuple[Row, ...]]) -> Any:
    found = shelf.adapter.record(ref, rows, shelf.stock, 1)
    assert isinstance(found, tuple), found
    return found[0]


def test_an_order_placed_with_us_is_whole_in_the_legacy_shop(shelf: Shelf) -> None:
    placed = order(shelf, "B-0000017")
    ref = shelf.adapter.ref(placed, shelf.stock)
    assert ref is not None
    rows = shelf.write(ref, placed, {})
    (head,) = rows["order"]
    assert (head["currency_code"], head["currency_id"], head["order_status_id"]) == (b"EUR", b"3", b"2")
    assert head["order_id"] == ref.key.encode()
    assert head["shipping_address_1"] == b"12 High &amp; Low St"
    assert head["shipping_country"] == b"Germany"
    assert {row["order_id"] for found in rows.values() for row in found} == {ref.key.encode()}
    assert len({row["order_product_id"] for row in rows["order_product"]}) == 2
    (option,) = rows["order_option"]
    assert (option["product_option_id"], option["product_option_value_id"], option["value"]) == (b"226", b"15", b"Red")
    codes = [(row.text("code"), row.int("sort_order")) for row in rows["order_total"]]
    assert codes == [
        ("sub_total", 1),
        ("shipping", 3),
        ("coupon", 4),
        ("tax", 5),
        ("banyan_adjustment", 8),
        ("total", 9),
    ]
    rate = head.decimal("currency_value")
    shown = {row.text("code"): (row.decimal("value") * rate).quantize(Decimal("0.01")) for row in rows["order_total"]}
    assert shown["total"] == Decimal("72.50") == (head.decimal("total") * rate).quantize(Decimal("0.01"))
    assert shown["coupon"] == Decimal("-5.00")
    assert rows["order_history"][0]["comment"] == b"Paid &lt;at once&gt;"


def test_an_order_placed_with_us_reads_back_as_it_was(shelf: Shelf) -> None:
    placed = order(shelf, "B-0000025")
    ref = shelf.adapter.ref(placed, shelf.stock)
    assert ref is not None
    found = reread(shelf, ref, shelf.write(ref, placed, {}))
    lines = tuple(
        line.model_copy(update={"line_id": f"{ref.key}-{place}"}) for place, line in enumerate(placed.lines, 1)
    )
    assert found == placed.model_copy(update={"lines": lines, "legacy_status": "Processing"})


MONEY = st.integers(0, 10**8)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    currency=st.sampled_from(["USD", "EUR", "GBP"]),
    lines=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5),
    shipping=st.integers(0, 10**5),
    discount=st.integers(0, 100),
    adjustment=st.integers(-50, 50),
    included=st.booleans(),
)
def test_every_amount_comes_back_to_the_minor_unit(
    shelf: Shelf,
    currency: str,
    lines: list[tuple[int, int, int]],
    shipping: int,
    discount: int,
    adjustment: int,
    included: bool,
) -> None:
    def money(amount: int) -> Money:
        return Money(amount, currency)

    def line(place: int, quantity: int, each: int, tax: int) -> OrderLineRecord:
        tax = min(tax, each * quantity) if included else tax
        return OrderLineRecord(
            line_id=f"l{place}",
            sku="Product 16",
            product_id=None,
            name="Thing",
            quantity=quantity,
            unit_price=money(each),
            total=money(each * quantity),
            tax=money(tax),
        )

    made = tuple(line(place, *each) for place, each in enumerate(lines))
    goods, taxed = sum(each.total.amount for each in made), sum(each.tax.amount for each in made)
    discount = min(discount, goods - taxed if included else goods)
    total = goods - discount + shipping + (0 if included else taxed) + adjustment
    placed = order(shelf, "B-0000033").model_copy(
        update={
            "lines": made,
            "subtotal": money(goods),
            "discount": money(discount),
            "shipping": money(shipping),
            "tax": money(taxed),
            "adjustment": money(adjustment),
            "total": money(total),
            "tax_included": included,
        }
    )
    ref = shelf.adapter.ref(placed, shelf.stock)
    assert ref is not None
    found = reread(shelf, ref, shelf.write(ref, placed, {}))
    for field in ("subtotal", "discount", "shipping", "tax", "adjustment", "total", "tax_included"):
        assert getattr(found, field) == getattr(placed, field), field
    assert [(each.quantity, each.unit_price, each.total, each.tax) for each in found.lines] == [
        (each.quantity, each.unit_price, each.total, each.tax) for each in made
    ]


@pytest.mark.parametrize(("scheme", "hashed"), [("argon2id", ARGON), ("bcrypt", BCRYPT)])
def test_a_customer_who_signed_up_with_us_can_be_one_there(shelf: Shelf, scheme: str, hashed: str) -> None:
    new = Customer(
        id="usr_new",
        version=1,
        email="ada@example.com",
        name="Ada Lovelace",
        phone="+49 30 1",
        password_scheme=scheme,
        password_hash=hashed,
        addresses=(CustomerAddress(id="adr_1", address=HOME, is_default=True),),
        created_at=WHEN,
    )
    ref = shelf.adapter.ref(new, shelf.stock)
    assert ref is not None
    rows = shelf.write(ref, new, {})
    (row,) = rows["customer"]
    assert (row["firstname"], row["lastname"], row["status"]) == (b"Ada", b"Lovelace", b"1")
    assert rows["address"][0]["customer_id"] == row["customer_id"]
    lost = shelf.adapter.lost(ref, new, {}, shelf.stock)
    if shelf.adapter.name == "opencart4":  # PHP's password_verify checks both
        assert row["password"] == hashed.encode()
        assert lost == ()
    else:
        assert row["password"] == b"!"
        assert [each.split(":")[0] for each in lost] == ["password_scheme", "password_hash"]


def test_a_password_that_is_still_the_old_one_keeps_its_old_hash(shelf: Shelf) -> None:
    before = shelf.one("customer", 1)
    wanted = before.model_copy(update={"name": "Somebody Else"})
    row = shelf.write(Ref("customer", "1"), wanted)["customer"][0]
    assert row["password"] == shelf.rows(Ref("customer", "1"))["customer"][0]["password"]


def test_a_product_of_one_variant_can_be_sold_there_too(shelf: Shelf) -> None:
    new = ProductRecord(
        id="prd_new",
        version=1,
        name="Mug & Spoon",
        description="Holds tea.\n\nAnd a spoon.",
        slug="mug-and-spoon",
        brand_id=shelf.id("brand", "8"),
        category_id=shelf.id("category", "20"),
        variants=(
            VariantRecord(id="var_new", sku=f"MUG-{shelf.adapter.name}", prices=(Money(1299, "USD"),), weight_g=350),
        ),
        created_at=WHEN,
    )
    ref = shelf.adapter.ref(new, shelf.stock)
    assert ref is not None
    rows = shelf.write(ref, new, {})
    assert shelf.adapter.lost(ref, new, rows, shelf.stock) == ()
    found = reread(shelf, ref, rows)
    assert found.variants[0].id == "var_new"
    assert found.variants[0].prices[0] == Money(1299, "USD")  # other currencies follow the rates there
    assert (found.variants[0].sku, found.variants[0].weight_g) == (new.variants[0].sku, 350)


@pytest.mark.parametrize("kind", [CategoryRecord, BrandRecord])
def test_a_new_category_or_brand_is_one_there(shelf: Shelf, kind: type[CategoryRecord | BrandRecord]) -> None:
    new = kind(id=f"{kind.__name__}_new", version=1, name="Garden & Home")
    ref = shelf.adapter.ref(new, shelf.stock)
    assert ref is not None
    rows = shelf.write(ref, new, {})
    assert any(row["name"] == b"Garden &amp; Home" for found in rows.values() for row in found if "name" in row)
    assert shelf.adapter.lost(ref, new, {}, shelf.stock) == ()


def test_a_customers_cart_goes_back_into_the_one_cart_they_have_there(shelf: Shelf) -> None:
    blue = shelf.stock.names.held("sku", "30:226=16")
    user = shelf.id("customer", "1")
    new = CartRecord(
        id=f"crt_{shelf.adapter.name}",
        version=1,
        user_id=user,
        lines=(CartLineRecord(sku=blue, quantity=2), CartLineRecord(sku="Product 16", quantity=1)),
    )
    ref = shelf.adapter.ref(new, shelf.stock)
    assert ref == Ref("cart", "c1")
    rows = shelf.write(ref, new, {})["cart"]
    assert [(row["product_id"], row["option"], row["quantity"]) for row in rows] == [
        (b"30", b'{"226": "16"}', b"2"),
        (b"43", b"[]", b"1"),
    ]
    emptier = new.model_copy(update={"lines": new.lines[1:]})
    assert [row["product_id"] for row in shelf.write(ref, emptier, {"cart": rows})["cart"]] == [b"43"]
    assert shelf.write(ref, new.model_copy(update={"removed": True}), {"cart": rows}) == {"cart": ()}


def test_a_guests_cart_that_began_with_us_has_no_place_there(shelf: Shelf) -> None:
    new = CartRecord(id="crt_guest", version=1, lines=(CartLineRecord(sku="Product 16", quantity=1),))
    assert shelf.adapter.ref(new, shelf.stock) is None


def test_stock_finds_its_product_by_the_sku(shelf: Shelf) -> None:
    sku = shelf.stock.names.held("sku", "30:226=16")
    assert shelf.adapter.ref(StockRecord(id=sku, version=1, on_hand=1), shelf.stock) == Ref("stock", "30")
    assert shelf.adapter.ref(StockRecord(id="nobody's", version=1, on_hand=1), shelf.stock) is None
