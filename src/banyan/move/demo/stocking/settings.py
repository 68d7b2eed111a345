"""The tables of the demo's legacy shop that have one or two rows: languages, currencies, settings, statuses."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from banyan.move.demo.stocking.putting import COUNTRY, GROUP, LANGUAGE, STORE

_STATUSES = {1: "Pending", 2: "Processing", 3: "Shipped", 5: "Complete", 7: "Canceled", 11: "Refunded", 16: "Voided"}


Rows = tuple[str, list[dict[str, Any]]]
"""A table's name and its rows."""


def settings(now: datetime, origin: str) -> Iterator[Rows]:
    """Table by table."""
    yield from _shop(now, origin)
    yield from _places_and_measures()
    yield "store", [{"store_id": 1, "name": "Outlet", "url": origin + "/outlet/"}]


def _shop(now: datetime, origin: str) -> Iterator[Rows]:
    """What it speaks, what it charges in, what it is called."""
    yield (
        "language",
        [
            {
                "language_id": LANGUAGE,
                "name": "English",
                "code": "en-gb",
                "locale": "en-gb",
                "extension": "",
                "status": 1,
            }
        ],
    )
    yield (
        "currency",
        [
            {
                "currency_id": 1,
                "title": "Euro",
                "code": "EUR",
                "symbol_left": "",
                "symbol_right": "€",
                "decimal_place": 2,
                "value": 1.0,
                "status": 1,
                "date_modified": now,
            }
        ],
    )
    chosen = {
        "config_currency": "EUR",
        "config_language": "en-gb",
        "config_language_catalog": "en-gb",
        "config_customer_group_id": str(GROUP),
        "config_order_status_id": "1",
        "config_processing_status": '["2","3"]',
        "config_complete_status": '["5"]',
        "config_timezone": "UTC",
        "config_url": origin + "/",
        "config_name": "The old shop",
    }
    yield (
        "setting",
        [
            {"store_id": STORE, "code": "config", "key": key, "value": value, "serialized": int(value[:1] == "[")}
            for key, value in chosen.items()
        ],
    )


def _places_and_measures() -> Iterator[Rows]:
    yield "customer_group", [{"customer_group_id": GROUP, "approval": 0, "sort_order": 1}]
    yield (
        "customer_group_description",
        [{"customer_group_id": GROUP, "language_id": LANGUAGE, "name": "Default", "description": ""}],
    )
    yield (
        "country",
        [
            {"country_id": COUNTRY, "iso_code_2": "DE", "iso_code_3": "DEU", "address_format_id": 1, "status": 1},
            {"country_id": 14, "iso_code_2": "AT", "iso_code_3": "AUT", "address_format_id": 1, "status": 1},
        ],
    )
    yield (
        "country_description",
        [
            {"country_id": COUNTRY, "language_id": LANGUAGE, "name": "Germany"},
            {"country_id": 14, "language_id": LANGUAGE, "name": "Austria"},
        ],
    )
    yield (
        "order_status",
        [{"order_status_id": n, "language_id": LANGUAGE, "name": name} for n, name in _STATUSES.items()],
    )
    yield "stock_status", [{"stock_status_id": 5, "language_id": LANGUAGE, "name": "Out Of Stock"}]
    yield "weight_class", [{"weight_class_id": 1, "value": Decimal(1)}]
    yield (
        "weight_class_description",
        [{"weight_class_id": 1, "language_id": LANGUAGE, "title": "Kilogram", "unit": "kg"}],
    )
    yield "length_class", [{"length_class_id": 1, "value": Decimal(1)}]
    yield "tax_class", [{"tax_class_id": 9, "title": "Taxable Goods", "description": ""}]
    yield "statistics", [{"code": "order_sale", "value": Decimal(0)}, {"code": "order_processing", "value": Decimal(0)}]
