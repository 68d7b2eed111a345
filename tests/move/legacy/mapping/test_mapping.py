"""A shop nobody knows is read by its mapping file, is written back byte for byte, and a faulty file names every fault's line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.contracts.legacy import Customer, OrderRecord, ProductRecord, StockRecord
from banyan.kernel.money import Money
from banyan.move.legacy import Ref, Refused, Rows, Stock, Unwritable
from banyan.move.legacy.mapping import MappedShop, WrongMapping, read
from banyan.move.rows import Column, Row, Table, Values

MILL = Path(__file__).with_name("mill.yaml")


def table(name: str, key: str, **columns: str) -> Table:
    made = [
        Column(each, kind.partition("(")[0], kind, "utf8mb4" if "char" in kind or kind == "text" else None, None, False)
        for each, kind in columns.items()
    ]
    return Table(f"pm_{name}", tuple(made), (key,), "InnoDB", key)


TABLES = {
    "shelves": table("shelves", "shelf", shelf="int(11)", title="varchar(60)", inside="int(11)"),
    "articles": table(
        "articles",
        "article",
        article="int(11)",
        title="varchar(90)",
        body="text",
        shelf="int(11)",
        live="tinyint(1)",
        born="int(11)",
        grain="varchar(20)",
        code="varchar(30)",
        price="decimal(9,3)",
        grams="int(11)",
        pieces="int(11)",
    ),
    "people": table(
        "people",
        "person",
        person="int(11)",
        mail="varchar(80)",
        first="varchar(40)",
        last="varchar(40)",
        secret="varchar(40)",
        active="tinyint(1)",
        joined="datetime",
    ),
    "places": table(
        "places",
        "place",
        place="int(11)",
        person="int(11)",
        who="varchar(60)",
        street="varchar(60)",
        town="varchar(60)",
        zip="varchar(10)",
        land="varchar(30)",
        main="tinyint(1)",
    ),
    "sales": table(
        "sales",
        "sale",
        sale="int(11)",
        mail="varchar(80)",
        person="int(11)",
        cents="int(11)",
        post="int(11)",
        state="varchar(8)",
        at="datetime",
    ),
    "sale_lines": table(
        "sale_lines",
        "line",
        line="int(11)",
        sale="int(11)",
        code="varchar(30)",
        title="varchar(90)",
        pieces="int(11)",
        each_cents="int(11)",
    ),
}


def row(name: str, *values: str | bytes | None) -> Row:
    made: Values = tuple(each.encode() if isinstance(each, str) else each for each in values)
    return Row(TABLES[name], made)


@pytest.fixture
def shop() -> MappedShop:
    return read(MILL)


@pytest.fixture
def stock() -> Stock:
    counts: dict[str, int] = {}

    def number(kind: str, id_: str) -> str:
        if id_.startswith(f"{kind}:"):
            return id_.partition(":")[2]
        return str(counts.setdefault(id_, 9_000 + len(counts)))

    settings = {"time_zone": "Europe/Berlin"}
    return Stock({}, TABLES, lambda kind, key: f"{kind}:{key}", number, lambda name: 1, "EUR", settings)


ARTICLE = row("articles", "7", "Ledger &amp; Co", "thick", "3", "1", "1230768000", "", "LED-7", "12.345", "900", "-2")
PERSON = row(
    "people",
    "5",
    "Ada@Example.com",
    "Ada",
    "van der Berg",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "1",
    "2020-07-01 12:00:00",
)
PLACE = row("places", "50", "5", "Ada", "Weg 1", "Köln", "50667", "Deutschland", "1")
SALE = row("sales", "9", "ada@example.com", "5", "3090", "590", "sent", "2021-01-02 03:04:05")
LINE = row("sale_lines", "90", "9", "LED-7", "Ledger", "2", "1250")

AGGREGATES: dict[Ref, Rows] = {
    Ref("product", "7"): {"articles": [ARTICLE]},
    Ref("stock", "7"): {"articles": [ARTICLE]},
    Ref("customer", "5"): {"people": [PERSON], "places": [PLACE]},
    Ref("order", "9"): {"sales": [SALE], "sale_lines": [LINE]},
    Ref("category", "3"): {"shelves": [row("shelves", "3", "Books", "0")]},
}


def only(shop: MappedShop, ref: Ref, rows: Rows, stock: Stock) -> object:
    made = shop.record(ref, rows, stock, 4)
    assert not isinstance(made, Refused), made
    (record,) = made
    return record


def test_rows_become_the_records_that_the_file_describes(shop: MappedShop, stock: Stock) -> None:
    product = only(shop, Ref("product", "7"), AGGREGATES[Ref("product", "7")], stock)
    assert isinstance(product, ProductRecord)
    assert (product.name, product.category_id, product.status) == ("Ledger & Co", "category:3", "published")
    assert product.created_at == datetime(2009, 1, 1, tzinfo=UTC)
    assert (product.variants[0].sku, product.variants[0].prices) == ("LED-7", (Money(1235, "EUR"),))
    units = only(shop, Ref("stock", "7"), AGGREGATES[Ref("stock", "7")], stock)
    assert isinstance(units, StockRecord)
    assert (units.id, units.on_hand) == ("LED-7", -2)
    person = only(shop, Ref("customer", "5"), AGGREGATES[Ref("customer", "5")], stock)
    assert isinstance(person, Customer)
    assert (person.name, person.password_scheme, person.closed) == ("Ada van der Berg", "md5", False)
    assert person.created_at == datetime(2020, 7, 1, 10, tzinfo=UTC)
    assert (person.addresses[0].address.country, person.addresses[0].is_default) == ("DE", True)
    order = only(shop, Ref("order", "9"), AGGREGATES[Ref("order", "9")], stock)
    assert isinstance(order, OrderRecord)
    assert (order.total.amount, order.subtotal.amount, order.adjustment.amount) == (3090, 2500, 0)
    assert (order.status, order.paid, order.number, order.user_id) == ("fulfilled", True, "9", "customer:5")


@pytest.mark.parametrize("ref", AGGREGATES, ids=str)
def test_what_was_read_is_written_back_without_changing_a_byte(shop: MappedShop, stock: Stock, ref: Ref) -> None:
    rows = AGGREGATES[ref]
    record = only(shop, ref, rows, stock)
    assert shop.rows(ref, record, rows, stock) == {
        name: tuple(each.values for each in found) for name, found in rows.items()
    }  # type: ignore[arg-type]


@given(
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).map(str.strip).filter(bool)
)
def test_a_changed_field_changes_its_column_alone_and_reads_back(name: str) -> None:
    shop, rows = read(MILL), AGGREGATES[Ref("product", "7")]
    stock = Stock(
        {}, TABLES, lambda kind, key: f"{kind}:{key}", lambda kind, id_: id_.partition(":")[2], lambda _: 1, "EUR"
    )
    record = only(shop, Ref("product", "7"), rows, stock)
    assert isinstance(record, ProductRecord)
    changed = record.model_copy(update={"name": name})
    written = shop.rows(Ref("product", "7"), changed, rows, stock)
    (after,) = written["articles"]
    assert after[:1] + after[2:] == ARTICLE.values[:1] + ARTICLE.values[2:]
    assert only(shop, Ref("product", "7"), {"articles": [Row(TABLES["articles"], after)]}, stock) == changed


def test_what_is_born_here_gets_rows_of_its_own_there(shop: MappedShop, stock: Stock) -> None:
    person = only(shop, Ref("customer", "5"), AGGREGATES[Ref("customer", "5")], stock)
    assert isinstance(person, Customer)
    fresh = person.model_copy(
        update={
            "id": "usr_new",
            "email": "new@example.com",
            "addresses": (person.addresses[0].model_copy(update={"id": "adr_new"}),),
        }
    )
    ref = shop.ref(fresh, stock)
    assert ref == Ref("customer", "9000")
    written = shop.rows(ref, fresh, {"people": [], "places": []}, stock)
    assert written["people"][0][:4] == (b"9000", b"new@example.com", b"Ada", b"van der Berg")
    assert written["places"][0][:2] == (b"9001", b"9000")


def test_a_word_that_the_legacy_shop_does_not_have_is_refused_before_anything_is_written(
    shop: MappedShop, stock: Stock
) -> None:
    order = only(shop, Ref("order", "9"), AGGREGATES[Ref("order", "9")], stock)
    assert isinstance(order, OrderRecord)
    with pytest.raises(Unwritable, match="no word for status refunded"):
        shop.rows(
            Ref("order", "9"), order.model_copy(update={"status": "refunded"}), AGGREGATES[Ref("order", "9")], stock
        )


def test_a_value_that_is_none_of_the_listed_is_refused_with_its_line(shop: MappedShop, stock: Stock) -> None:
    odd = row("sales", "9", "a@b.c", "5", "1", "0", "lost", "2021-01-02 03:04:05")
    answer = shop.record(Ref("order", "9"), {"sales": [odd], "sale_lines": []}, stock, 1)
    assert isinstance(answer, Refused)
    assert "'lost' is none of open, sent, dead (line 68)" in answer.why


def test_tables_and_columns_that_the_shop_does_not_have_are_named(shop: MappedShop) -> None:
    assert shop.wrong(TABLES) == []
    less = {**TABLES, "shelves": table("shelves", "shelf", shelf="int(11)", title="varchar(60)")}
    del less["places"]
    assert shop.wrong(less) == [
        "13: category.parent_id: shelves has no column inside",
        "49: customer.addresses: the shop has no table places",
    ]


FAULTY = {
    "shop: x\ncurrency: euro\nrecords: []": [(2, "three capital letters"), (3, "records is a list")],
    "shop: x\ncurrency: EUR\nrecords:\n  - kind: prodcut\n": [(4, "did you mean product?")],
    "shop: x\ncurrency: EUR\nrecords:\n  - kind: brand\n    group: g\n    table: t\n    key: k\n    fields:\n      nam: n": [
        (4, "a brand needs name"),
        (9, "nam is no field here; did you mean name?"),
    ],
    "shop: x\ncurrency: EUR\nrecords:\n  - kind: brand\n    group: g\n    table: t\n    key: k\n    fields:\n"
    "      name: {column: n, as: amount}": [(9, "not as amount")],
    "shop: [": [(1, "this is no YAML")],
    "": [(1, "begins with")],
}


@pytest.mark.parametrize("text", FAULTY)
def test_every_fault_of_a_file_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    with pytest.raises(WrongMapping) as caught:
        read(path)
    told = [(fault.line, fault.what) for fault in caught.value.faults]
    for line, what in FAULTY[text]:
        assert any(at == line and what in said for at, said in told), told
    assert all(each.startswith(str(path)) for each in str(caught.value).splitlines())


@given(st.text(max_size=300))
def test_whatever_stands_in_a_file_it_is_read_or_refused_with_lines(text: str) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8", errors="replace") as file:
        file.write(text)
        file.flush()
        with pytest.raises(WrongMapping):
            read(Path(file.name))
