"""What the real orders, customers and carts of installed shops are as records."""

from banyan.contracts.users import Address
from banyan.kernel.money import Money
from banyan.move.legacy import Ref
from banyan.move.legacy.opencart.sessions import session
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf

GERMANY = Address(
    name="Zoë Müller",
    line1="1 Main & High St",
    line2="Müller & Söhne GmbH",
    city="Berlin",
    region="Berlin",
    postal_code="10115",
    country="DE",
)


def test_an_order_of_opencart_4_in_euros(installed4: Shelf) -> None:
    """Kept in dollars: 2,535.20 at 0.78460002."""
    installed4.deliver()
    found = installed4.one("order", 3)
    assert (found.total, found.subtotal, found.shipping) == (
        Money(198912, "EUR"),
        Money(164844, "EUR"),
        Money(392, "EUR"),
    )
    assert found.tax == Money(628 + 33047, "EUR")
    assert found.adjustment == Money(1, "EUR")
    assert [(each.line_id, each.quantity, each.unit_price, each.tax) for each in found.lines] == [
        ("3-1", 1, Money(7924, "EUR"), Money(1742, "EUR")),
        ("3-2", 2, Money(78460, "EUR"), Money(31698, "EUR")),
    ]
    assert [each.status for each in found.history] == ["Voided", "Pending"]
    assert (found.status, found.legacy_status, found.paid) == ("processing", "Pending", False)
    assert (found.payment_method, found.shipping_option) == ("Cash On Delivery", "flat.flat")
    assert found.user_id is None


def test_a_checkout_that_was_left_is_no_order(installed4: Shelf) -> None:
    assert installed4.read(Ref("order", "5")) == ()


def test_an_order_that_lost_its_status_is_gone(installed4: Shelf) -> None:
    rows = dict(installed4.rows(Ref("order", "1")))
    row = rows["order"][0]
    values = list(row.values)
    values[row.table.place["order_status_id"]] = b"0"
    rows["order"] = (Row(row.table, tuple(values)),)
    found = installed4.adapter.record(Ref("order", "1"), rows, installed4.stock, 2)
    assert isinstance(found, tuple)
    assert found[0].removed is True  # type: ignore[union-attr]


def test_an_order_of_opencart_3_with_its_plain_ways(installed3: Shelf) -> None:
    installed3.deliver()
    found = installed3.one("order", 2)
    assert found.total == Money(124359, "EUR")
    assert (found.payment_method, found.shipping_option) == ("Cash On Delivery", "flat.flat")
    assert found.address == GERMANY.model_copy(update={"phone": "+49 30 1"})
    red = found.lines[0]
    assert red.options == {"Select": "Red"}
    assert red.sku in {variant.sku for variant in installed3.one("product", 30).variants}


def test_a_customer_of_each_version(installed3: Shelf, installed4: Shelf) -> None:
    for shelf, scheme in ((installed3, "sha1-salted-escaped"), (installed4, "bcrypt")):
        found = shelf.one("customer", 1)
        assert (found.name, found.password_scheme, found.closed) == ("Zoë Müller <x>", scheme, False)
        assert [(each.address, each.is_default) for each in found.addresses] == [(GERMANY, True)]


def test_options_make_variants_and_others_are_told(installed4: Shelf) -> None:
    installed4.deliver()
    cinema = installed4.one("product", 42)
    assert [each.options for each in cinema.variants[:2]] == [
        {"Radio": "Small", "Select": "Red"},
        {"Radio": "Small", "Select": "Blue"},
    ]
    assert cinema.attributes["Option File"] == "file, required"
    assert cinema.attributes["Option Checkbox"].startswith("checkbox, required: ")
    assert len({each.sku for each in cinema.variants}) == len(cinema.variants) == 12
    stock = {each.id: each for each in installed4.read(Ref("stock", "42"))}  # type: ignore[union-attr]
    assert stock.keys() == {each.sku for each in cinema.variants}


def test_a_guests_cart_is_found_by_its_session(installed4: Shelf) -> None:
    installed4.deliver()
    found = installed4.one("cart", "s427526fa60a91e491f49f02e9e")
    assert (found.token, found.user_id) == ("427526fa60a91e491f49f02e9e", None)
    assert [(line.sku, line.quantity) for line in found.lines] == [("Product 16", 1)]
    emptied = installed4.adapter.record(Ref("cart", "s1"), {}, installed4.stock, 2)
    assert isinstance(emptied, tuple)
    assert emptied[0].removed is True  # type: ignore[union-attr]


def test_sessions_say_who_is_signed_in(installed4: Shelf, installed3: Shelf) -> None:
    found = [session(row) for shelf in (installed4, installed3) for row in shelf.all["session"]]
    assert {each.currency for each in found} <= {"USD", "EUR", "GBP", ""}
    assert {each.customer for each in found} <= {None, "1"}


def test_the_address_in_a_shops_links_is_ours_too(installed4: Shelf, installed3: Shelf) -> None:
    assert installed4.one("product", 47).slug == installed3.one("product", 47).slug == "hp-lp3065"
