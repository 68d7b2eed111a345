"""What lies in the demo's legacy shop before the move: products, customers with passwords, and orders of some years."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymysql

from banyan.kernel.ids import Ids
from banyan.move.demo.stocking.catalogue import catalogue
from banyan.move.demo.stocking.orders import history
from banyan.move.demo.stocking.people import PASSWORD, people
from banyan.move.demo.stocking.putting import COUNTRY, GROUP, LANGUAGE, Putting
from banyan.move.demo.stocking.settings import settings
from banyan.move.demo.tables import statements

__all__ = ["COUNTRY", "GROUP", "LANGUAGE", "PASSWORD", "Size", "fill"]


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
    put = Putting(con)
    for name, rows in settings(now, origin):
        put.rows(name, rows)
    catalogue(put, ids, now, size.products)
    people(put, ids, now, size.customers)
    history(put, ids, now, origin, count=size.orders, customers=size.customers, products=size.products)
    con.commit()
