"""Real OpenCart databases as the adapters see them: rows by aggregate, reference tables, ids."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from banyan.contracts.legacy import Record
from banyan.move.demo.mariadb import PASSWORD, USER, MariaDb
from banyan.move.legacy import Adapter, Ref, Refused, Rows, Stock
from banyan.move.legacy.opencart3 import OpenCart3
from banyan.move.legacy.opencart4 import OpenCart4
from banyan.move.rows import Row, Table, Values, unpack
from banyan.move.source import Source, read_tables, select
from tests.move.conftest import LEGACY

Written = dict[str, tuple[Values, ...]]


class Shelf:
    """A whole legacy shop in memory, and the ids it was given."""

    def __init__(self, adapter: Adapter, tables: dict[str, Table], rows: dict[str, list[Row]]) -> None:
        self.adapter, self.tables, self.all = adapter, tables, rows
        self._ids: dict[tuple[str, str], str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._next = 900_000
        self.by_ref: dict[Ref, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for name, use in adapter.uses.items():
            for view in use.views:
                for row in rows.get(name, ()):
                    if key := _key(view.key, row):
                        self.by_ref[Ref(view.kind, key)][name].append(row)
        reference = {name: rows[name] for name, use in adapter.uses.items() if use.reference and name in rows}
        self.stock = Stock(
            reference=reference,
            tables=tables,
            id=self.id,
            key=self.key,
            next=self.next,
            currency=adapter.currency(reference),
            settings={"time_zone": "UTC"},
        )

    def id(self, kind: str, key: str) -> str:
        if held := self.stock.names.held(kind, key):
            return held  # names are identities too
        if (kind, key) not in self._ids:
            self.same(kind, key, f"{kind}_{len(self._ids)}")
        return self._ids[kind, key]

    def same(self, kind: str, key: str, id: str) -> None:
        self._ids[kind, key], self._keys[kind, id] = id, key

    def key(self, kind: str, id: str) -> str:
        if (kind, id) not in self._keys:
            self.same(kind, str(self.next(kind)), id)
        return self._keys[kind, id]

    def next(self, table: str) -> int:
        self._next += 1
        return self._next

    def refs(self, kind: str) -> list[Ref]:
        """As the mover delivers them: in the order of their numbers."""
        found = [ref for ref in self.by_ref if ref.kind == kind]
        return sorted(found, key=lambda ref: (len(ref.key), ref.key))

    def rows(self, ref: Ref) -> Rows:
        return {name: tuple(found) for name, found in self.by_ref[ref].items()} if ref in self.by_ref else {}

    def read(self, ref: Ref) -> tuple[Record, ...] | Refused:
        return self.adapter.record(ref, self.rows(ref), self.stock, 1)

    def one(self, kind: str, key: object) -> Any:
        found = self.read(Ref(kind, str(key)))
        assert not isinstance(found, Refused), found
        return found[0]

    def write(self, ref: Ref, record: Record, rows: Rows | None = None) -> dict[str, tuple[Row, ...]]:
        """The rows that the way back makes."""
        written = self.adapter.rows(ref, record, self.rows(ref) if rows is None else rows, self.stock)
        return self.as_rows(written)

    def as_rows(self, written: Any) -> dict[str, tuple[Row, ...]]:
        return {name: tuple(Row(self.tables[name], values) for values in found) for name, found in written.items()}

    def deliver(self) -> dict[str, list[Record | Refused]]:
        """Every aggregate once, kind by kind, as a first delivery does."""
        told: dict[str, list[Record | Refused]] = {}
        for kind in ("category", "brand", "product", "stock", "customer", "order", "cart"):
            told[kind] = []
            for ref in self.refs(kind):
                found = self.read(ref)
                told[kind].extend([found] if isinstance(found, Refused) else found)
        return told


def _key(key: str | Callable[[Row], str | None], row: Row) -> str | None:
    if callable(key):
        return key(row)
    value = row[key]
    return None if value in (None, b"", b"0") else value.decode()


def load(adapter: Adapter, url: str) -> Shelf:
    """Read a whole database."""
    with Source(url).connect() as con:
        tables = read_tables(con)
        prefix = adapter.prefix(tables)
        bare = {name[len(prefix) :]: table for name, table in tables.items() if name.startswith(prefix)}
        rows = {}
        for name in adapter.uses:
            if name in bare:
                images = con.images(f"SELECT {select(bare[name])} FROM `{bare[name].name}`")
                rows[name] = [Row(bare[name], unpack(image)) for some in images for image in some]
    return Shelf(adapter, bare, rows)


@pytest.fixture(scope="session")
def installed4(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Shelf:
    """OpenCart 4.1 as its installer left it, with a few real orders."""
    return load(OpenCart4(), mariadb.url(legacy_database("opencart-4.1")))


@pytest.fixture(scope="session")
def installed3(mariadb: MariaDb, legacy_database: Callable[[str], str]) -> Shelf:
    """OpenCart 3.0 as its installer left it, with a few real orders."""
    return load(OpenCart3(), mariadb.url(legacy_database("opencart-3.0")))


@pytest.fixture(scope="session", params=[1, 2])
def traded(
    request: pytest.FixtureRequest,
    mariadb: MariaDb,
    legacy_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Shelf, dict[str, Any], dict[str, list[Record | Refused]]]:
    """A shop that has traded for years, small: with the list of what is wrong in it, delivered once."""
    pytest.importorskip("bcrypt", reason="the generator makes real hashes")
    name = legacy_database("opencart-4.1")
    manifest = tmp_path_factory.mktemp("shop") / "manifest.json"
    generate(mariadb.port, name, manifest, seed=request.param)
    shelf = load(OpenCart4(), mariadb.url(name))
    return shelf, json.loads(manifest.read_text()), shelf.deliver()


def generate(port: int, database: str, manifest: Path, *, seed: int) -> None:
    program = LEGACY / "generate.py"
    asked: Sequence[object] = ("--port", port, "--user", USER, "--password", PASSWORD, "--db", database, "--seed", seed)
    sizes: Sequence[object] = ("--products", 900, "--categories", 60, "--customers", 900, "--orders", 1200)
    command = [sys.executable, program, *asked, *sizes, "--manifest", manifest]
    subprocess.run([str(each) for each in command], check=True)
