"""Files of products, read as a stream: CSV or JSON Lines, gzipped or not, UTF-8 with or without a mark, never whole.

What one row can take of memory is bounded, whatever the file holds.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import IO, Any

import orjson

from banyan.catalog.importing.cells import FIELDS, Header
from banyan.kernel.refusals import Invalid

LONGEST_LINE = 1_000_000
"""Bytes; a longer line is refused and skipped."""
_LONGEST_RECORD = 4 * LONGEST_LINE
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it stands in the file. `number` is its line in JSON Lines, its row as a spreadsheet counts in CSV."""

    number: int
    values: dict[str, Any] | None
    fault: str = ""


@dataclass(slots=True)
class Source:
    """Rows of one file, and how far it has been read."""

    rows: Iterator[Raw]
    size: int  # bytes on disk
    ignored: list[str] = field(default_factory=list)  # names of fields that mean nothing here
    _file: IO[bytes] | None = None

    def done(self) -> int:
        """Bytes of the file on disk that have been read."""
        return self._file.tell() if self._file is not None else 0


def digest(path: Path) -> str:
    """A digest of the whole file."""
    found = blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The rows of a file. Its content says what it is, not its name. Invalid when it is no file of products."""
    with path.open("rb") as file:
        zipped = file.peek(2)[:2] == b"\x1f\x8b"
        inner: IO[bytes] = gzip.GzipFile(fileobj=file) if zipped else file  # type: ignore[assignment]
        source = Source(iter(()), path.stat().st_size, _file=file)
        source.rows = _rows(inner, source.ignored)
        yield source


def _rows(file: IO[bytes], ignored: list[str]) -> Iterator[Raw]:
    last = 0
    try:
        lines = _lines(file)
        first = next(lines, b"")
        if first is not None and first.startswith(_WIDE):
            raise Invalid("the file is in UTF-16; save it as UTF-8", code="not_utf8")
        if first is None:
            raise Invalid(f"the first line is longer than {LONGEST_LINE} bytes", code="not_products")
        first = first.removeprefix(_BOM)
        start = first.lstrip()[:1]
        if start == b"[":
            raise Invalid("this is one JSON list; write one object per line (JSON Lines)", code="not_products")
        reading = _json_lines if start == b"{" else _csv
        for raw in reading(chain([first], lines), ignored):
            last = raw.number
            yield raw
    except _DAMAGED as error:
        raise Invalid(f"the file is damaged after row {last}: {error}", code="file_damaged") from error


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Lines with their ends; None for one that is too long, which is skipped."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        while not line.endswith(b"\n") and (line := file.readline(LONGEST_LINE)):
            pass
        yield None


def _json_lines(lines: Iterator[bytes | None], ignored: list[str]) -> Iterator[Raw]:
    unknown: set[str] = set()
    for number, line in enumerate(lines, 1):
        if line is None:
            yield Raw(number, None, f"the line is longer than {LONGEST_LINE} bytes")
            continue
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as wrong:
            yield Raw(number, None, f"not JSON: {str(wrong)[:80]}")
            continue
        if not isinstance(values, dict):
            yield Raw(number, None, "not a JSON object")
            continue
        for name in values.keys() - FIELDS - unknown if len(unknown) < 50 else ():
            unknown.add(name)
            ignored.append(name[:100])
        yield Raw(number, values)


def _csv(lines: Iterator[bytes | None], ignored: list[str]) -> Iterator[Raw]:
    text = _Text(lines)
    reader = csv.reader(text, delimiter=text.delimiter())
    try:
        header = Header(next(reader, []))
    except (ValueError, csv.Error) as wrong:
        raise Invalid(f"not a file of products: {wrong}", code="not_products") from None
    ignored.extend(header.ignored)
    number = 1
    while True:
        number += 1
        text.begin()
        try:
            cells = next(reader, None)
            if cells is None:
                return
            if any(cells):
                yield Raw(number, header.row(cells))
        except csv.Error as wrong:
            # Where rows begin is anybody's guess from here on, and a guess would put nonsense into the shop.
            why = f"row {number} has no clear end ({wrong}): is a quotation mark not closed?"
            raise Invalid(why, code="not_csv") from None
        except ValueError as wrong:
            yield Raw(number, None, str(wrong)[:200])


class _Text(Iterator[str]):
    """Lines as text for the CSV reader, which would read on for ever inside a quotation."""

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._size = 0
        self._first: str | None = next(self, "")

    def delimiter(self) -> str:
        """What stands between the columns of the first line: a comma, unless there is none."""
        first = self._first or ""
        return next((char for char in (",", ";", "\t") if char in first), ",")

    def begin(self) -> None:
        """The next line begins a record."""
        self._size = 0

    def __next__(self) -> str:
        if (first := getattr(self, "_first", None)) is not None:
            self._first = None
            return str(first)
        line = next(self._lines)
        self._size += LONGEST_LINE if line is None else len(line)
        if line is None or self._size > _LONGEST_RECORD:
            raise csv.Error("too long")
        # What is no UTF-8 becomes lone surrogates, which no field of a row may hold.
        return line.decode("utf-8", "surrogateescape")
