"""Rows that no shop should have: each is a record, or is refused in words, and goes back as it was."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from banyan.move.legacy import Ref, Refused, Unwritable
from banyan.move.rows import Row
from tests.move.legacy.conftest import Shelf

KINDS = {
    "customer": "1",
    "order": "2",
    "product": "30",
    "stock": "30",
    "category": "20",
    "brand": "8",
    "cart": None,
}
ODD = st.one_of(
    st.none(),
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"",
            b"0",
            b"-1",
            b"99999999999999999999",
            b"9999999999999.9999",
            b"nan",
            b"1e400",
            b"0000-00-00 00:00:00",
            b"2024-02-00 00:00:00",
            b"9999-12-31 23:59:59",
            b"0001-01-01 00:00:00",
            b"\xff\xfe",
            b"\x00",
            b"&#0;&#xD800;&#99999999;",
            b"[[[[",
            b'{"code": {"a": []}}',
            b"[1, 2]",
            b"$2y$10$",
            b"XXX",
            b"xx",
        ]
    ),
)


@pytest.fixture(scope="module", params=["installed4", "installed3"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found: Shelf = request.getfixturevalue(request.param)
    return found


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_whatever_stands_in_a_row_it_is_read_or_refused(shelf: Shelf, data: st.DataObject, kind: str) -> None:
    ref = Ref(kind, KINDS[kind] or (shelf.refs(kind) or [Ref(kind, "c1")])[0].key)
    assume(shelf.rows(ref))
    rows = {name: [*found] for name, found in shelf.rows(ref).items()}
    name = data.draw(st.sampled_from(sorted(name for name, found in rows.items() if found)))
    place = data.draw(st.integers(0, len(rows[name]) - 1))
    table = rows[name][place].table
    values = list(rows[name][place].values)
    for column in data.draw(st.lists(st.sampled_from(table.columns), min_size=1, max_size=3)):
        values[table.place[column.name]] = data.draw(ODD)
    rows[name][place] = Row(table, tuple(values))
    check(shelf, ref, {each: tuple(found) for each, found in rows.items()})


def check(shelf: Shelf, ref: Ref, rows: Any) -> None:
    found = shelf.adapter.record(ref, rows, shelf.stock, 1)
    if isinstance(found, Refused):
        assert found.ref == ref
        assert found.why
        return
    before = {name: tuple(row.values for row in each) for name, each in rows.items()}
    for record in found:
        assert dict(shelf.adapter.rows(ref, record, rows, shelf.stock)) == before


def test_what_was_never_taken_over_is_not_written_over(shelf: Shelf) -> None:
    ref = Ref("customer", "1")
    good = shelf.one("customer", 1)
    row = shelf.rows(ref)["customer"][0]
    values = list(row.values)
    values[row.table.place["firstname"]] = b"\xff"
    with pytest.raises(Unwritable, match="never taken over"):
        shelf.adapter.rows(ref, good, {"customer": (Row(row.table, tuple(values)),)}, shelf.stock)
