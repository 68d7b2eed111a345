"""Orders of the demo's legacy shop: what they come to, their rows, and those of some years."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from banyan.kernel.ids import Ids
from banyan.move.demo.stocking.people import at_home, called
from banyan.move.demo.stocking.putting import COUNTRY, GROUP, LANGUAGE, STORE, Putting

SHIPPING, FREE_FROM = Decimal("4.90"), Decimal(50)
TAX = Decimal("0.19")
_CENT = Decimal("0.01")


def shipping(worth: Decimal) -> Decimal:
    """Of goods that are worth so much."""
    return SHIPPING if worth < FREE_FROM else Decimal(0)


def amounts(lines: Iterable[tuple[Decimal, int]]) -> dict[str, Decimal]:
    """What an order of these (price, count) comes to, in the order in which it is shown; tax is rounded line by line."""
    worths = [price * count for price, count in lines]
    worth = sum(worths, Decimal(0))
    sent = shipping(worth)
    tax = sum(((each * TAX).quantize(_CENT, ROUND_HALF_UP) for each in (*worths, sent)), Decimal(0))
    return {"sub_total": worth, "shipping": sent, "tax": tax, "total": worth + sent + tax}


def total_rows(order: int, amounts: Mapping[str, Decimal]) -> list[dict[str, Any]]:
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
        for place, (code, value) in enumerate(amounts.items(), 1)
    ]


def order_row(order: int, customer: int, at: datetime, total: Decimal, status: int, origin: str) -> dict[str, Any]:
    """An `order` row of one of the demo's customers."""
    first, last = called(customer)
    city, postcode = at_home(customer)
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


def history(put: Putting, ids: Ids, now: datetime, origin: str, *, count: int, customers: int, products: int) -> None:
    orders, lines, totals, told = [], [], [], []
    for n in range(1, count + 1):
        customer = 1 + int(ids.fraction() * customers)
        at = now - timedelta(days=int(ids.fraction() * 700), seconds=int(ids.fraction() * 86_400))
        price, units = Decimal(int(500 + ids.fraction() * 9500)) / 100, 1 + int(ids.fraction() * 3)
        sums = amounts([(price, units)])
        product = 1 + int(ids.fraction() * products)
        status = (5, 5, 5, 3, 7, 11)[int(ids.fraction() * 6)]
        orders.append(order_row(n, customer, at, sums["total"], status, origin))
        lines.append(
            {
                "order_id": n,
                "product_id": product,
                "name": f"Product {product}",
                "model": f"OLD-{product}",
                "quantity": units,
                "price": price,
                "total": price * units,
                "tax": (price * TAX).quantize(Decimal("0.0001")),
            }
        )
        totals += total_rows(n, sums)
        told += [
            {"order_id": n, "order_status_id": each, "notify": 0, "comment": "", "date_added": at}
            for each in (1, status)
        ]
    put.rows("order", orders)
    put.rows("order_product", lines)
    put.rows("order_total", totals)
    put.rows("order_history", told)
