"""What lies in the demo's legacy shop before the move: products, customers with passwords, and orders of some years."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pymysql

from banyan.kernel.ids import Ids
from banyan.move.demo.tables import PREFIX, statements

PASSWORD = "banyan and fig"
"""Every customer's of the demo."""
# bcrypt of it, as PHP's password_hash writes: made once, because making one takes a quarter of a second.
PASSWORD_HASH = "$2y$10$6FeM9QGBUC/Vmki7dxliLun5jWvujlfHIel5GoiGAbVKGtyWwsvnO"
LANGUAGE, GROUP, STORE, COUNTRY = 1, 1, 0, 222
SHIPPING = Decimal("4.90")
TAX = Decimal("0.19")

_KINDS = {
    "Kitchen": ("Kettle", "Teapot", "Pan", "Knife", "Mug", "Whisk"),
    "Garden": ("Spade", "Rake", "Watering Can", "Gloves", "Hose", "Planter"),
    "Desk": ("Lamp", "Notebook", "Pen Holder", "Chair", "Tray", "Clock"),
    "Outdoors": ("Tent", "Backpack", "Bottle", "Torch", "Blanket", "Stove"),
    "Bath": ("Towel", "Mirror", "Basket", "Brush", "Soap & Dish", "Mat"),
}
_MAKES = ("Alder", "Birch", "Cedar & Sons", "Douglas", "Elm")
_STYLES = ("Classic", "Nordic", "Compact", "Heavy-Duty", "Handmade", "Foldable")
_NAMES = ("Ada", "Björn", "Chloé", "Dmitri", "Eyüp", "Fatima", "Grażyna", "Hugo", "Ines", "Jürgen", "Kaya", "Liam")
_FAMILIES = ("Abel", "Brandt", "Córdoba", "Dvořák", "Evans", "Fischer", "García", "Hansen", "Ito", "Jansen", "O'Brien")
_CITIES = (("Berlin", "10115"), ("Leipzig", "04103"), ("Köln", "50667"), ("München", "80331"), ("Kiel", "24103"))
_STATUSES = {1: "Pending", 2: "Processing", 3: "Shipped", 5: "Complete", 7: "Canceled", 11: "Refunded", 16: "Voided"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is."""

    products: int = 180
    customers: int = 300
    orders: int = 600


def fill(con: "pymysql.Connection[Any]", *, ids: Ids, now: datetime, origin: str, size: Size) -> None:
    """Make the tables and fill them. `now` is the shop's wall clock; `origin` is where its pages are."""
    with con.cursor() as cursor:
        for statement in statements():
            cursor.execute(statement)
    put = _Putting(con)
    for name, rows in _settings(now, origin):
        put.rows(name, rows)
    _catalogue(put, ids, now, size)
    _people(put, ids, now, size)
    _history(put, ids, now, size, origin)
    con.commit()


class _Putting:
    def __init__(self, con: "pymysql.Connection[Any]") -> None:
        self._con = con

    def rows(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows that have the same columns."""
        if not rows:
            return
        columns = list(rows[0])
        names = ", ".join(f"`{name}`" for name in columns)
        slots = ", ".join(["%s"] * len(columns))
        with self._con.cursor() as cursor:
            for begin in range(0, len(rows), 500):
                cursor.executemany(
                    f"INSERT INTO `{PREFIX}{table}` ({names}) VALUES ({slots})",
                    [tuple(row[name] for name in columns) for row in rows[begin : begin + 500]],
                )


def _settings(now: datetime, origin: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The tables a shop has one or two rows of."""
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
    yield "store", [{"store_id": 1, "name": "Outlet", "url": origin + "/outlet/"}]


def _catalogue(put: _Putting, ids: Ids, now: datetime, size: Size) -> None:
    categories = list(_KINDS)
    put.rows(
        "category",
        [{"category_id": n, "image": "", "parent_id": 0, "sort_order": n, "status": 1} for n in _numbers(categories)],
    )
    put.rows("category_description", [_described("category", n, name) for n, name in enumerate(categories, 1)])
    put.rows("category_path", [{"category_id": n, "path_id": n, "level": 0} for n in _numbers(categories)])
    put.rows("category_to_store", [{"category_id": n, "store_id": STORE} for n in _numbers(categories)])
    put.rows("manufacturer", [{"manufacturer_id": n, "name": _html(name)} for n, name in enumerate(_MAKES, 1)])
    put.rows("manufacturer_to_store", [{"manufacturer_id": n, "store_id": STORE} for n in _numbers(_MAKES)])
    products, words, places = [], [], []
    for n in range(1, size.products + 1):
        category = n % len(categories)
        kind = _KINDS[categories[category]][n // len(categories) % 6]
        make, style = _MAKES[n % len(_MAKES)], _STYLES[n // 30 % len(_STYLES)]
        name = f"{style} {kind} No. {n}"
        products.append(
            {
                "product_id": n,
                "model": f"{kind[:3].upper().strip()}-{n:04d}",
                "sku": "",
                "quantity": 1000 + int(ids.fraction() * 9000),
                "stock_status_id": 5,
                "image": "",
                "manufacturer_id": n % len(_MAKES) + 1,
                "price": Decimal(int(500 + ids.fraction() * 19_500)) / 100,
                "tax_class_id": 9,
                "date_available": (now - timedelta(days=900)).date(),
                "weight": Decimal(int(1 + ids.fraction() * 40)) / 10,
                "weight_class_id": 1,
                "subtract": 1,
                "minimum": 1,
                "status": 1,
                "date_added": now - timedelta(days=900 - n),
                "date_modified": now - timedelta(days=10),
            }
        )
        words.append(_described("product", n, name, f"<p>A {style.lower()} {kind.lower()} by {make}.</p>"))
        places.append({"product_id": n, "category_id": category + 1})
    put.rows("product", products)
    put.rows("product_description", words)
    put.rows("product_to_category", places)
    put.rows("product_to_store", [{"product_id": row["product_id"], "store_id": STORE} for row in products])


def _people(put: _Putting, ids: Ids, now: datetime, size: Size) -> None:
    customers, addresses = [], []
    for n in range(1, size.customers + 1):
        first, last = _NAMES[n % len(_NAMES)], _FAMILIES[n // len(_NAMES) % len(_FAMILIES)]
        city, postcode = _CITIES[n % len(_CITIES)]
        customers.append(
            {
                "customer_id": n,
                "customer_group_id": GROUP,
                "store_id": STORE,
                "language_id": LANGUAGE,
                "firstname": first,
                "lastname": last,
                "email": f"shopper{n}@example.com",
                "telephone": "",
                "password": PASSWORD_HASH,
                "custom_field": "",
                "newsletter": n % 3 == 0,
                "status": 1,
                "date_added": now - timedelta(days=int(ids.fraction() * 800)),
            }
        )
        addresses.append(
            {
                "customer_id": n,
                "firstname": first,
                "lastname": last,
                "company": "",
                "address_1": f"High Street {n}",
                "address_2": "",
                "city": city,
                "postcode": postcode,
                "country_id": COUNTRY,
                "zone_id": 0,
                "custom_field": "",
                "default": 1,
            }
        )
    put.rows("customer", customers)
    put.rows("address", addresses)


def _history(put: _Putting, ids: Ids, now: datetime, size: Size, origin: str) -> None:
    orders, lines, totals, told = [], [], [], []
    for n in range(1, size.orders + 1):
        customer = 1 + int(ids.fraction() * size.customers)
        at = now - timedelta(days=int(ids.fraction() * 700), seconds=int(ids.fraction() * 86_400))
        price, count = Decimal(int(500 + ids.fraction() * 9500)) / 100, 1 + int(ids.fraction() * 3)
        product = 1 + int(ids.fraction() * size.products)
        status = (5, 5, 5, 3, 7, 11)[int(ids.fraction() * 6)]
        orders.append(order_row(n, customer, at, amounts(price * count)["total"], status, origin))
        lines.append(
            {
                "order_id": n,
                "product_id": product,
                "name": f"Product {product}",
                "model": f"OLD-{product}",
                "quantity": count,
                "price": price,
                "total": price * count,
                "tax": (price * TAX).quantize(Decimal("0.0001")),
            }
        )
        totals += total_rows(n, price * count)
        told += [
            {"order_id": n, "order_status_id": each, "notify": 0, "comment": "", "date_added": at}
            for each in (1, status)
        ]
    put.rows("order", orders)
    put.rows("order_product", lines)
    put.rows("order_total", totals)
    put.rows("order_history", told)


def amounts(subtotal: Decimal) -> dict[str, Decimal]:
    """What an order of these goods comes to, in the order in which it is shown."""
    tax = ((subtotal + SHIPPING) * TAX).quantize(Decimal("0.01"))
    return {"sub_total": subtotal, "shipping": SHIPPING, "tax": tax, "total": subtotal + SHIPPING + tax}


def total_rows(order: int, subtotal: Decimal) -> list[dict[str, Any]]:
    """The `order_total` rows of an order."""
    titles = {"sub_total": "Sub-Total", "shipping": "Flat Shipping Rate", "tax": "VAT 19%", "total": "Total"}
    return [
        {
            "order_id": order,
            "extension": "opencart",
            "code": code,
            "title": titles[code],
            "value": value,
            "sort_order": place,
        }
        for place, (code, value) in enumerate(amounts(subtotal).items(), 1)
    ]


def order_row(order: int, customer: int, at: datetime, total: Decimal, status: int, origin: str) -> dict[str, Any]:
    """An `order` row of one of the demo's customers."""
    first, last = _NAMES[customer % len(_NAMES)], _FAMILIES[customer // len(_NAMES) % len(_FAMILIES)]
    city, postcode = _CITIES[customer % len(_CITIES)]
    return {
        "order_id": order,
        "invoice_prefix": "INV-",
        "transaction_id": "",
        "store_id": STORE,
        "store_name": "The old shop",
        "store_url": origin + "/",
        "customer_id": customer,
        "customer_group_id": GROUP,
        "firstname": first,
        "lastname": last,
        "email": f"shopper{customer}@example.com",
        "telephone": "",
        "custom_field": "",
        "payment_method": '{"name":"Cash On Delivery","code":"cod.cod"}',
        "shipping_address_id": 0,
        "shipping_firstname": first,
        "shipping_lastname": last,
        "shipping_company": "",
        "shipping_address_1": f"High Street {customer}",
        "shipping_address_2": "",
        "shipping_city": city,
        "shipping_postcode": postcode,
        "shipping_country": "Germany",
        "shipping_country_id": COUNTRY,
        "shipping_zone": "",
        "shipping_method": '{"name":"Flat Shipping Rate","code":"flat.flat","cost":"4.90","tax_class_id":"9"}',
        "comment": "",
        "total": total,
        "order_status_id": status,
        "commission": Decimal(0),
        "language_id": LANGUAGE,
        "language_code": "en-gb",
        "currency_id": 1,
        "currency_code": "EUR",
        "currency_value": Decimal(1),
        "ip": "127.0.0.1",
        "date_added": at,
        "date_modified": at,
    }


def _described(what: str, number: int, name: str, text: str = "") -> dict[str, Any]:
    escaped = _html(name)
    row: dict[str, Any] = {f"{what}_id": number, "language_id": LANGUAGE, "name": escaped, "description": _html(text)}
    return row | {"meta_title": escaped, "meta_description": "", "meta_keyword": ""}


def _html(text: str) -> str:
    """As OpenCart stores what is typed into it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _numbers(of: Sequence[object]) -> range:
    return range(1, len(of) + 1)
