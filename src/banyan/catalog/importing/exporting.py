"""The catalogue as a file: a row per variant, which `import_file` reads back without changing anything.

Products without variants have no row. Stock is inventory's and is not written.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal, Protocol

import orjson

from banyan.catalog.importing.cells import escaped
from banyan.catalog.importing.rows import MEDIA, STEP
from banyan.catalog.storage import importing as store
from banyan.foundation.service import Ports
from banyan.kernel.money import Money

PAGE = 500
_COLUMNS = (
    *("product", "sku", "slug", "name", "description", "brand", "categories", "options", "attributes", "images"),
    *("popularity", "status", "tax_class", "weight_g"),
)


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


async def export(
    ports: Ports,
    stream: Writable,
    format: Literal["jsonl", "csv"] = "jsonl",  # what it is called everywhere
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write every variant, products in the order of their ids; how many rows. `progress` hears rows done and in all."""
    total, currencies = await store.extent(ports.db)
    columns = (*_COLUMNS, *(f"price:{currency}" for currency in currencies))
    if format == "csv":
        stream.write(_line(columns))
    done = 0
    async for product in _products(ports):
        for variant in product["variants"]:
            row = _row(product, variant)
            stream.write(_cells(row, columns) if format == "csv" else orjson.dumps(row) + b"\n")
            done += 1
        if progress:
            progress(done, total)
    return done


async def _products(ports: Ports) -> AsyncIterator[dict[str, Any]]:
    after = ""
    while page := await store.exported(ports.db, after, PAGE):
        for product in page:
            yield product
        after = page[-1]["id"]


def _row(product: dict[str, Any], variant: dict[str, Any]) -> dict[str, Any]:
    images = [path if path.startswith(("http://", "https://")) else MEDIA + path for path in product["images"]]
    return {
        "product": product["handle"] or product["slug"],
        "sku": variant["sku"],
        "slug": product["slug"],
        "name": product["name"],
        "description": product["description"],
        "brand": product["brand"],
        "categories": product["categories"],
        "prices": {currency: Money(amount, currency).major() for currency, amount in sorted(variant["prices"].items())},
        "options": variant["options"],
        "attributes": product["attributes"],
        "images": images,
        "popularity": product["popularity"],
        "status": product["status"],
        "tax_class": product["tax_class"],
        "weight_g": variant["weight_g"],
    }


def _cells(row: dict[str, Any], columns: Sequence[str]) -> bytes:
    flat = row | {f"price:{currency}": price for currency, price in row["prices"].items()}
    flat["categories"] = _path(row["categories"])
    flat["images"] = " ".join(row["images"])
    for name in ("options", "attributes"):
        flat[name] = orjson.dumps(row[name]).decode() if row[name] else ""
    return _line([str(value) if (value := flat.get(column)) is not None else "" for column in columns])


def _path(names: Sequence[str]) -> str:
    """As people write it, unless a name has the step between names in it."""
    if any(STEP in name for name in names) or (names and names[0][:1] in ("[", "{")):
        return orjson.dumps(names).decode()
    return f" {STEP} ".join(names)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([escaped(cell) for cell in cells])
    return text.getvalue().encode()
