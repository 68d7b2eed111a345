"""The second law of the way back: what was changed with us is what the legacy shop's rows say afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.legacy import CustomerAddress, HistoryRecord, StockRecord
from banyan.contracts.users import Address
from banyan.kernel.money import Money
from banyan.move.legacy import Ref
from tests.move.legacy.conftest import Shelf

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What the fields of a shop are made of, with what OpenCart escapes and three bytes of UTF-8 cannot hold.
LETTERS = st.sampled_from("abcXYZ äßéŁ東 '\"&<>;#0123456789-.,()😀")
WORDS = st.text(LETTERS, min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
NAMES = st.text(LETTERS, min_size=1, max_size=6).map(lambda text: " ".join(text.split())).filter(bool)
COUNTRIES = st.sampled_from(["DE", "GB", "US", "FR", "JP"])
ADDRESSES = st.builds(
    Address,
    name=NAMES,
    line1=WORDS,
    line2=st.just("") | WORDS,
    city=WORDS,
    region=st.just(""),
    postal_code=st.text("0123456789 AB", max_size=8).map(str.strip),
    country=COUNTRIES,
)


@pytest.fixture(scope="module", params=["installed4", "installed3"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found: Shelf = request.getfixturevalue(request.param)
    return found


def holds(shelf: Shelf, ref: Ref, wanted: Any) -> Any:
    """Write it, read it back, and check that nothing of it was lost."""
    assert shelf.adapter.lost(ref, wanted, shelf.rows(ref), shelf.stock) == ()
    written = shelf.write(ref, wanted)
    found = shelf.adapter.record(ref, written, shelf.stock, wanted.version)
    assert isinstance(found, tuple)
    return next(each for each in found if each.id == wanted.id)


@QUICK
@given(name=NAMES, phone=st.just("") | NAMES, newsletter=st.booleans(), places=st.lists(ADDRESSES, max_size=3))
def test_a_changed_customer_is_the_same_customer_there(
    shelf: Shelf, name: str, phone: str, newsletter: bool, places: list[Address]
) -> None:
    before = shelf.one("customer", 1)
    book = [*before.addresses, *(CustomerAddress(id=f"adr_new{n}", address=each) for n, each in enumerate(places))]
    wanted = before.model_copy(
        update={"name": name, "phone": phone, "newsletter": newsletter, "addresses": tuple(book)}
    )
    assert holds(shelf, Ref("customer", "1"), wanted) == wanted


@QUICK
@given(address=ADDRESSES, default=st.booleans())
def test_a_changed_address_is_the_same_address_there(shelf: Shelf, address: Address, default: bool) -> None:
    before = shelf.one("customer", 1)
    wanted = before.model_copy(
        update={"addresses": (CustomerAddress(id=before.addresses[0].id, address=address, is_default=default),)}
    )
    assert holds(shelf, Ref("customer", "1"), wanted) == wanted


def test_an_address_that_is_gone_with_us_is_gone_there(shelf: Shelf) -> None:
    wanted = shelf.one("customer", 1).model_copy(update={"addresses": ()})
    assert holds(shelf, Ref("customer", "1"), wanted) == wanted
    assert shelf.write(Ref("customer", "1"), wanted).get("address", ()) == ()


def test_a_customer_who_is_closed_with_us_is_off_there(shelf: Shelf) -> None:
    wanted = shelf.one("customer", 1).model_copy(update={"closed": True})
    row = shelf.write(Ref("customer", "1"), wanted)["customer"][0]
    assert row["status"] == b"0"


@QUICK
@given(name=WORDS, description=st.lists(WORDS, max_size=3).map("\n\n".join), cents=st.integers(1, 10**9))
def test_a_changed_product_is_the_same_product_there(shelf: Shelf, name: str, description: str, cents: int) -> None:
    before = shelf.one("product", 43)
    (variant,) = before.variants
    prices = (Money(cents, "USD"), *variant.prices[1:])
    wanted = before.model_copy(
        update={
            "name": name,
            "description": description,
            "variants": (variant.model_copy(update={"prices": prices, "weight_g": cents % 10_000}),),
        }
    )
    ref = Ref("product", "43")
    lost = shelf.adapter.lost(ref, wanted, shelf.rows(ref), shelf.stock)
    assert [each for each in lost if not each.startswith("variants")] == []
    found = shelf.adapter.record(ref, shelf.write(ref, wanted), shelf.stock, 1)[0]  # type: ignore[index]
    assert (found.name, found.description) == (name, description)  # type: ignore[union-attr]
    assert found.variants[0].prices[0] == prices[0]  # type: ignore[union-attr]
    assert found.variants[0].weight_g == cents % 10_000  # type: ignore[union-attr]


@QUICK
@given(shift=st.integers(-50_00, 50_00), large=st.integers(0, 50_00))
def test_prices_of_variants_go_to_the_product_and_to_its_options(shelf: Shelf, shift: int, large: int) -> None:
    before = shelf.one("product", 35)
    assert len(before.variants) == 3

    def priced(place: int, amount: int) -> tuple[Money, ...]:
        return (Money(amount + shift + (large if place == 2 else 0), "USD"), *before.variants[place].prices[1:])

    wanted = [
        each.model_copy(update={"prices": priced(place, each.prices[0].amount)})
        for place, each in enumerate(before.variants)
    ]
    record = before.model_copy(update={"variants": tuple(wanted)})
    found = shelf.adapter.record(Ref("product", "35"), shelf.write(Ref("product", "35"), record), shelf.stock, 1)
    assert isinstance(found, tuple)
    read = found[0].variants  # type: ignore[union-attr]
    assert [each.prices[0] for each in read] == [each.prices[0] for each in wanted]


@QUICK
@given(sold=st.integers(-500, 500))
def test_units_move_in_everything_that_counts_them(shelf: Shelf, sold: int) -> None:
    ref = Ref("stock", "30")
    read = shelf.read(ref)
    assert isinstance(read, tuple)
    blue = next(each for each in read if isinstance(each, StockRecord) and each.id.endswith("Blue"))
    wanted = blue.model_copy(update={"on_hand": blue.on_hand - sold})
    assert holds(shelf, ref, wanted) == wanted
    rows = shelf.write(ref, wanted)
    was = shelf.rows(ref)["product"][0].int("quantity")
    assert rows["product"][0].int("quantity") == was - sold


@pytest.mark.parametrize("status", ["confirmed", "fulfilled", "cancelled", "refunded", "payment_failed"])
def test_what_became_of_an_order_is_in_its_status_and_history(shelf: Shelf, status: str) -> None:
    before = shelf.one("order", 2)
    told = HistoryRecord(
        status=shelf.adapter.shop(shelf.stock).statuses.name(  # type: ignore[attr-defined]
            shelf.adapter.shop(shelf.stock).statuses.id_for(status)  # type: ignore[attr-defined]
        ),
        comment="sent & <gone>",
        at=before.placed_at + timedelta(hours=3),
        told=True,
    )
    wanted = before.model_copy(update={"status": status, "legacy_status": "", "history": (*before.history, told)})
    ref = Ref("order", "2")
    found = shelf.adapter.record(ref, shelf.write(ref, wanted), shelf.stock, 1)
    assert isinstance(found, tuple)
    assert (found[0].status, found[0].history) == (status, wanted.history)  # type: ignore[union-attr]
    untouched = {
        name: rows for name, rows in shelf.write(ref, wanted).items() if name not in ("order", "order_history")
    }
    assert untouched == {name: rows for name, rows in shelf.rows(ref).items() if name in untouched}


@QUICK
@given(address=ADDRESSES)
def test_an_order_that_goes_elsewhere_goes_there(shelf: Shelf, address: Address) -> None:
    before = shelf.one("order", 1)
    wanted = before.model_copy(update={"address": address, "email": "other@example.com"})
    found = holds(shelf, Ref("order", "1"), wanted)
    assert found == wanted


@pytest.mark.parametrize(("kind", "table"), [("category", "category_description"), ("brand", "manufacturer")])
def test_a_renamed_category_or_brand_is_renamed_there(shelf: Shelf, kind: str, table: str) -> None:
    ref = shelf.refs(kind)[2]
    wanted = shelf.one(kind, ref.key).model_copy(update={"name": 'Lamps & "Light" 😀'})
    written = shelf.write(ref, wanted)
    assert b"Lamps &amp; &quot;Light&quot;" in (written[table][0]["name"] or b"")


def test_a_category_that_moves_has_its_new_path(shelf: Shelf) -> None:
    laptops, desktops = "18", "20"
    wanted = shelf.one("category", laptops).model_copy(update={"parent_id": shelf.id("category", desktops)})
    written = shelf.write(Ref("category", laptops), wanted)
    assert written["category"][0]["parent_id"] == desktops.encode()
    assert [(row.int("path_id"), row.int("level")) for row in written["category_path"]] == [(20, 0), (18, 1)]


def test_a_time_the_shop_cannot_tell_apart_is_said_to_be_lost(shelf: Shelf) -> None:
    """The second half past two of an autumn night in Berlin."""
    before = shelf.one("order", 1)
    night = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    shelf.stock.settings = {"time_zone": "Europe/Berlin"}
    try:
        before = shelf.one("order", 1)
        told = HistoryRecord(status="Shipped", at=night)
        wanted = before.model_copy(update={"history": (*before.history, told)})
        lost = shelf.adapter.lost(Ref("order", "1"), wanted, shelf.rows(Ref("order", "1")), shelf.stock)
        assert len(lost) == 1
        assert lost[0].startswith("history: ")
        summer = wanted.model_copy(
            update={"history": (*before.history, told.model_copy(update={"at": night - timedelta(hours=1)}))}
        )
        assert shelf.adapter.lost(Ref("order", "1"), summer, shelf.rows(Ref("order", "1")), shelf.stock) == ()
    finally:
        shelf.stock.settings = {"time_zone": "UTC"}


def test_a_name_that_is_too_long_there_is_cut_and_said_to_be(shelf: Shelf) -> None:
    wanted = shelf.one("customer", 1).model_copy(update={"name": "Ann " + "&" * 40})
    ref = Ref("customer", "1")
    assert shelf.write(ref, wanted)["customer"][0]["lastname"] == b"&amp;" * 6
    (lost,) = shelf.adapter.lost(ref, wanted, shelf.rows(ref), shelf.stock)
    assert lost.startswith("name: ")
