"""What is exported can be imported: into the same shop it changes nothing, into another it makes the same shop."""

import csv
import io
from pathlib import Path
from typing import Any, Literal

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.catalog import importing
from banyan.catalog.domain.naming import is_line, is_prose
from tests.catalog.conftest import OpenCounter
from tests.catalog.counter import CATALOGUE, Counter

NASTY = [
    '=cmd|" /C calc"!A0',
    "+1",
    "-1",
    "@SUM(A1)",
    "'=quoted",
    "a,b;c d",
    'say "hi"',
    "＝1",
    "日本",
    "[list]",
    "{map}",
]
ROWS: list[dict[str, Any]] = [
    {
        "product": f"nasty {number}",
        "sku": text if text in ("+1", "-1") else f"N-{number}-{size}",
        "name": text,
        "description": f"{text}\nsecond line",
        "brand": text,
        "categories": [text, f"{text} > {text}"],
        "prices": {"EUR": "19.99", "JPY": 2500, "KWD": "1.005"},
        "options": {text: size},
        "attributes": {"weight_g": number, "note": text, "new": True},
        "images": ["media:demo/a.svg", "https://example.com/a,b.jpg?x=1&y=2"],
        "status": ("published", "draft", "archived")[number % 3],
        "tax_class": "reduced",
        "popularity": number,
    }
    for number, text in enumerate(NASTY)
    for size in ("S", "M")
    if text not in ("+1", "-1") or size == "S"
]
Format = Literal["jsonl", "csv"]


async def exported(counter: Counter, format: Format) -> bytes:
    stream = io.BytesIO()
    said: list[tuple[int, int]] = []
    count = await importing.export(counter.ports, stream, format, lambda done, of: said.append((done, of)))
    assert not said or said[-1] == (count, count)
    return stream.getvalue()


@pytest.mark.parametrize("format", ["jsonl", "csv"])
async def test_an_export_is_an_import_that_changes_nothing(
    open_counter: OpenCounter,
    tmp_path: Path,
    format: Format,
) -> None:
    counter = await open_counter()
    report = await counter.take(*ROWS)
    assert (report.added, report.refused) == (len(ROWS), 0), report.refusals
    await counter.product("HAND-1", name="By hand")
    before = await counter.rows_of(*CATALOGUE)
    file = tmp_path / "export"
    file.write_bytes(await exported(counter, format))
    again = await importing.import_file(counter.ports, file)
    assert (again.unchanged, again.refused, again.ignored) == (len(ROWS) + 1, 0, []), again.refusals
    assert await counter.rows_of(*CATALOGUE) == before

    other = await open_counter()
    assert (await importing.import_file(other.ports, file)).added == len(ROWS) + 1
    copy = await exported(other, "jsonl")
    assert sorted(copy.splitlines()) == sorted((await exported(counter, "jsonl")).splitlines())
    assert await other.broken() == []


async def test_no_cell_of_an_export_is_a_formula(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    await counter.take(*ROWS)
    text = (await exported(counter, "csv")).decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")] == []
    assert any("cmd|" in cell for cell in cells)


async def test_an_empty_shop_is_an_empty_file(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    assert await exported(counter, "jsonl") == b""
    assert (await exported(counter, "csv")).count(b"\r\n") == 1


names = (
    st.text(min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda text: bool(text) and is_line(text) and not has_c1(text))
)
prose = st.text(max_size=60).filter(lambda text: is_prose(text) and not has_c1(text))


def has_c1(text: str) -> bool:
    return any("\x80" <= char <= "\x9f" for char in text)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=names, brand=names, text=prose, option=names, path=st.lists(names, min_size=1, max_size=3))
async def test_any_text_survives_the_way_out_and_in(
    counter: Counter, tmp_path: Path, name: str, brand: str, text: str, option: str, path: list[str]
) -> None:
    row = {
        "sku": "ANY-1",
        "name": name,
        "brand": brand,
        "description": text,
        "options": {option: option},
        "categories": path,
        "price": 1,
    }
    await counter.take(row)
    await counter.take(row)
    for format in ("csv", "jsonl"):
        file = tmp_path / "any"
        file.write_bytes(await exported(counter, format))
        report = await importing.import_file(counter.ports, file)
        assert (report.unchanged, report.rows) == (1, 1), (report, file.read_bytes())


async def test_json_lines_say_what_is_meant(open_counter: OpenCounter) -> None:
    counter = await open_counter()
    await counter.take({"sku": "J-1", "name": "Mug", "price": "9.90", "categories": "Home > Mugs", "weight_g": 300})
    [row] = map(orjson.loads, (await exported(counter, "jsonl")).splitlines())
    assert row == {
        "product": "mug",
        "sku": "J-1",
        "slug": "mug",
        "name": "Mug",
        "description": "",
        "brand": None,
        "categories": ["Home", "Mugs"],
        "prices": {"EUR": "9.90"},
        "options": {},
        "attributes": {},
        "images": [],
        "popularity": 0,
        "status": "published",
        "tax_class": "standard",
        "weight_g": 300,
    }
