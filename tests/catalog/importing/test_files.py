"""Files are read row by row, whatever they hold: what is broken is one refused row, or one clear refusal."""

import contextlib
import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.catalog.importing.files import LONGEST_LINE, Raw, digest, opened
from banyan.kernel.refusals import Invalid

Written = Callable[[bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(body: bytes) -> Path:
        (tmp_path / "file").write_bytes(body)
        return tmp_path / "file"

    return write


def rows(path: Path) -> list[Raw]:
    with opened(path) as source:
        return list(source.rows)


CSV = b'sku,name,option:Colour\nA-1,Kettle,Copper\n\nA-2,"Two\nlines",\n'
JSONL = b'{"sku": "A-1", "name": "Kettle"}\n\n{"sku": "A-2"}'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_csv_and_json_lines_gzipped_or_not_with_a_mark_or_without(
    written: Written, mark: bytes, pack: Callable[[bytes], bytes]
) -> None:
    assert rows(written(pack(mark + CSV))) == [
        Raw(2, {"sku": "A-1", "name": "Kettle", "options": {"Colour": "Copper"}}),
        Raw(4, {"sku": "A-2", "name": "Two\nlines"}),
    ]
    assert rows(written(pack(mark + JSONL))) == [Raw(1, {"sku": "A-1", "name": "Kettle"}), Raw(3, {"sku": "A-2"})]


@pytest.mark.parametrize("between", [b";", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_csv_as_spreadsheets_elsewhere_write_it(written: Written, between: bytes, end: bytes) -> None:
    body = end.join([between.join([b"sku", b"name"]), between.join([b"A-1", b'"Pots; pans\tand, lids"'])]) + end
    assert rows(written(body)) == [Raw(2, {"sku": "A-1", "name": "Pots; pans\tand, lids"})]


def test_a_broken_row_stops_no_other(written: Written) -> None:
    body = b'{"sku": 1}\n{broken\n[1]\n"x"\n' + b"[" * 5000 + b"\n" + b"x" * (LONGEST_LINE + 5) + b'\n{"sku": 2}\n'
    found = rows(written(body))
    assert [raw.number for raw in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [raw.number for raw in found if raw.values is not None] == [1, 7]
    assert all(raw.fault for raw in found if raw.values is None)


def test_bytes_that_are_no_utf8_stay_recognisable(written: Written) -> None:
    [raw] = rows(written(b"sku,name\nA-1,Caf\xe9\n"))
    assert raw.values == {"sku": "A-1", "name": "Caf\udce9"}
    [raw] = rows(written(b'{"name": "ok"}\n{"name": "Caf\xe9"}\n'))[1:]
    assert raw.values is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_products"),
        (b"a,b\n1,2\n", "not_products"),
        (b"sku,sku\n", "not_products"),
        (b'[{"sku": 1}]', "not_products"),
        (b"x" * (LONGEST_LINE + 5), "not_products"),
        ("sku,name\n".encode("utf-16"), "not_utf8"),
        (b"PK\x03\x04\x00\x00", "not_products"),
        (b'sku,name\nA-1,"' + b"never closed\n" * 400_000, "not_csv"),
        (b"sku,name\n" + b'A-1,"' + b"x" * (LONGEST_LINE + 5), "not_csv"),
        (b"sku,name\n" + b'"a\n",' * 1_500_000, "not_csv"),
    ],
    ids=["empty", "no column", "twice", "one list", "one line", "utf-16", "zip", "open quote", "long line", "no end"],
)
def test_what_is_no_file_of_products_is_refused(written: Written, body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rows(written(body))
    assert refused.value.code == code


def test_a_damaged_file_says_after_which_row(written: Written) -> None:
    body = gzip.compress(b"".join(b'{"sku": "%d"}\n' % number for number in range(50_000)))
    for broken in (body[: len(body) // 2], body[:5000] + b"\0" * 500 + body[5500:]):
        with pytest.raises(Invalid, match="damaged after row"), opened(written(broken)) as source:
            assert sum(raw.values is not None for raw in source.rows) > 0


def test_memory_does_not_grow_with_the_file(written: Written) -> None:
    def peak(body: bytes) -> int:
        path = written(gzip.compress(body))
        tracemalloc.start()
        with opened(path) as source, contextlib.suppress(Invalid):
            for _ in source.rows:
                pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    row = b'{"sku": "A-1", "name": "Kettle"}\n'
    assert peak(row * 50_000) < peak(row * 1_000) + 300_000
    assert peak(b"sku,name\n" + b'A-1,"' + b"x" * 30_000_000) < 20 * LONGEST_LINE


def test_how_far_a_file_is_read_is_told_in_bytes_on_disk(written: Written) -> None:
    path = written(gzip.compress(b"".join(b'{"sku": "%d"}\n' % (number**7) for number in range(50_000))))
    with opened(path) as source:
        places = [source.done() for _ in source.rows]
    assert source.size == path.stat().st_size == places[-1]
    assert places == sorted(places)
    assert digest(path) == digest(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=300),
    start=st.sampled_from([b"", b"sku,name\n", b'{"sku": 1}\n', b"\x1f\x8b", b"\xef\xbb\xbf"]),
)
def test_no_file_is_too_strange(tmp_path: Path, body: bytes, start: bytes) -> None:
    path = tmp_path / "strange"
    path.write_bytes(start + body)
    try:
        numbers = [raw.number for raw in rows(path)]
    except Invalid:
        return
    assert numbers == sorted(set(numbers))
