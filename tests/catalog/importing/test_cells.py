"""A cell that a spreadsheet would run is made harmless, and comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.importing.cells import Header, escaped, unescaped

risky = st.one_of(st.text(), st.text("=+-@\t\r\n'＝＋－＠ a", max_size=8))


@given(risky)
def test_no_cell_begins_like_a_formula_and_each_comes_back(text: str) -> None:
    cell = escaped(text)
    assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert unescaped(cell) == text


@given(st.lists(risky.filter(lambda text: "\0" not in text), min_size=2, max_size=5))
def test_cells_survive_a_csv_file(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([escaped(text) for text in texts])
    [cells] = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert [unescaped(cell) for cell in cells] == texts


@pytest.mark.parametrize("text", ["plain", "", "it's", "'quoted'", "5-4", "''"])
def test_harmless_cells_stay_as_they_are(text: str) -> None:
    assert escaped(text) == unescaped(text) == text


def test_columns_are_known_by_name_and_grouped_by_prefix() -> None:
    header = Header(["SKU", " Name ", "option:Colour", "attribute:Screen size", "price:USD", "Price", "Colour", ""])
    row = header.row(["a", "=1+1", "Moss", "5", "9.99", "8.99", "ignored", ""])
    assert row == {
        "sku": "a",
        "name": "=1+1",
        "options": {"Colour": "Moss"},
        "attributes": {"Screen size": "5"},
        "prices": {"USD": "9.99"},
        "price": "8.99",
    }
    assert header.ignored == ["Colour"]


def test_json_in_a_cell_is_read_where_it_may_be() -> None:
    header = Header(["sku", "options", "categories", "name", "option:Size"])
    row = header.row(["a", '{"Colour": "Moss"}', '["A > B"]', "[x]", "M"])
    assert row["options"] == {"Colour": "Moss", "Size": "M"}
    assert row["categories"] == ["A > B"]
    assert row["name"] == "[x]"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["colour", "size"], "names no column"),
        (["sku", "SKU"], "twice"),
        ([], "names no column"),
        (["x"] * 501, "at most"),
    ],
)
def test_a_header_that_cannot_be_one(cells: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Header(cells)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["a", "b", "c"], "3 cells in 2 columns"),
        (["a", "{broken"], "JSON in this cell is broken"),
    ],
)
def test_a_row_that_does_not_fit_its_header(cells: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Header(["sku", "options"]).row(cells)
