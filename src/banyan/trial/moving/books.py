"""What each side holds, as far as shoppers were promised anything: addresses, names, orders, stock."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp

from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.trial.moving.stage import DATABASE

_OURS = re.compile(r"Banyan (B-[0-9A-Z]+)")
_AT_ONCE = 4  # sign-ins: a password check is made to be slow
_ORDERS = """
SELECT o.order_id, o.customer_id, o.total, o.user_agent, t.value, count(h.order_history_id)
FROM oc_order o LEFT JOIN oc_order_total t ON t.order_id = o.order_id AND t.code = 'total'
LEFT JOIN oc_order_history h ON h.order_id = o.order_id
WHERE o.order_status_id > 0 AND o.order_id > %s GROUP BY o.order_id, t.value"""


@dataclass(slots=True)
class Books:
    """`orders`: number → the totals under it in minor units; `counted`: customer → their orders; `stock` by product, and
    by which SKU we know it. Only orders since the beginning are here."""

    lines: Counter[str] = field(default_factory=Counter)  # first lines of addresses
    names: dict[int, str] = field(default_factory=dict)  # last names by customer
    orders: dict[str, list[int]] = field(default_factory=dict)
    counted: Counter[int] = field(default_factory=Counter)
    stock: dict[int, int] = field(default_factory=dict)
    skus: dict[str, int] = field(default_factory=dict)
    older: int = 0  # the last order's number before anybody shopped
    odd: list[str] = field(default_factory=list)  # orders that are not whole

    @classmethod
    def of(cls, mariadb: MariaDb, older: int, database: str = DATABASE) -> "Books":
        """The legacy shop's. `older`: orders up to this number were there before anybody shopped."""
        books = cls(older=older)
        with mariadb.connect(database) as con, con.cursor() as cursor:
            cursor.execute("SELECT address_1 FROM oc_address")
            books.lines.update(str(row[0]) for row in cursor.fetchall())
            cursor.execute("SELECT customer_id, lastname FROM oc_customer")
            books.names = {int(row[0]): str(row[1]) for row in cursor.fetchall()}
            cursor.execute("SELECT product_id, model, quantity FROM oc_product")
            for product, model, quantity in cursor.fetchall():
                books.stock[int(product)], books.skus[str(model)] = int(quantity), int(product)
            cursor.execute(_ORDERS, (older,))
            for number, customer, total, agent, shown, told in cursor.fetchall():
                ours = _OURS.match(agent or "")
                books._add(ours[1] if ours else str(number), int(customer), _minor(total))
                if shown is None or _minor(shown) != _minor(total) or not told:
                    books.odd.append(f"order {number} of the legacy shop: total {total}, shown {shown}, {told} notes")
        return books

    @classmethod
    async def of_ours(
        cls, http: aiohttp.ClientSession, base: str, customers: Iterable[int], older: int, skus: dict[str, int]
    ) -> "Books":
        """What shoppers see with us, signed in with the passwords of the legacy shop."""
        books = cls(skus=skus)
        todo = iter(customers)

        async def one_after_another() -> None:
            for customer in todo:
                await books._see(http, base, customer, older)

        await asyncio.gather(*(one_after_another() for _ in range(_AT_ONCE)))
        for some in _parts(list(skus), 50):
            query = "&".join(f"sku={each}" for each in some)
            async with http.get(f"{base}/v1/stock?{query}&limit=100") as answer:
                for each in (await answer.json()).get("items", ()):
                    books.stock[skus[each["sku"]]] = each["available"]
        return books

    async def _see(self, http: aiohttp.ClientSession, base: str, customer: int, older: int) -> None:
        body = {"email": f"shopper{customer}@example.com", "password": stocking.PASSWORD}
        async with http.post(f"{base}/v1/sessions", json=body) as answer:
            signed_in = await answer.json()
        headers = {"Authorization": f"Bearer {signed_in.get('access_token', '')}"}
        async with http.get(f"{base}/v1/me", headers=headers) as answer:
            self.names[customer] = (await answer.json()).get("name", "").rpartition(" ")[2]
        self.lines.update(each["line1"] for each in await _all(http, f"{base}/v1/me/addresses", headers))
        for order in await _all(http, f"{base}/v1/orders", headers):
            if not order["number"].isdecimal() or int(order["number"]) > older:
                self._add(order["number"], customer, order["total"]["amount"])

    def _add(self, number: str, customer: int, total: int) -> None:
        self.orders.setdefault(number, []).append(total)
        self.counted[customer] += 1


async def _all(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        async with http.get(f"{url}?limit=100" + (f"&cursor={cursor}" if cursor else ""), headers=headers) as answer:
            page = await answer.json()
        found += page.get("items", ())
        cursor = page.get("next_cursor")
    return found


def _minor(amount: Decimal) -> int:
    return int((amount * 100).to_integral_exact())


def _parts(some: Sequence[str], most: int) -> Iterable[Sequence[str]]:
    return (some[begin : begin + most] for begin in range(0, len(some), most))
