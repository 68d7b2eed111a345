"""The demo's legacy web shop: OpenCart's URLs, tables and habits in a small program, one statement committing at a time.

It is what a move has to cope with: no transactions, a session of JSON in a table, stock counted down when an order is placed,
an order that a GET inserts. Started as a process of its own: `python -m banyan.move.demo.old_shop --port 8080 --database …`.
"""

import argparse
import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import bcrypt
import orjson
import pymysql
from pymysql.cursors import DictCursor

from banyan.kernel.clock import Clock, SystemClock
from banyan.kernel.ids import Ids, SystemIds
from banyan.move.demo import old_pages, stocking
from banyan.move.demo.tables import PREFIX

COOKIE = "OCSESSID"
_THREADS = 8


@dataclass(slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @classmethod
    def page(cls, html: str) -> "Answer":
        return cls(body=html.encode())

    @classmethod
    def data(cls, value: object) -> "Answer":
        return cls(body=orjson.dumps(value), kind="application/json")


@dataclass(slots=True)
class Visit:
    """One request: what was asked, by which session, and a connection that commits each statement by itself."""

    con: "pymysql.Connection[DictCursor]"
    clock: Clock
    query: dict[str, str]
    form: dict[str, str]
    id: str
    session: dict[str, Any]

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with self.con.cursor() as cursor:
            cursor.execute(sql.replace("{", f"`{PREFIX}").replace("}", "`"), values)
            return list(cursor.fetchall())

    def row(self, sql: str, *values: object) -> dict[str, Any] | None:
        return next(iter(self.rows(sql, *values)), None)

    def add(self, table: str, **values: object) -> int:
        """Insert a row; its auto-increment value."""
        names = ", ".join(f"`{name}`" for name in values)
        with self.con.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO `{PREFIX}{table}` ({names}) VALUES ({', '.join(['%s'] * len(values))})",
                tuple(values.values()),
            )
            return int(cursor.lastrowid)

    @property
    def now(self) -> Any:
        return self.clock.now().replace(tzinfo=None, microsecond=0)

    @property
    def customer(self) -> int:
        return int(self.session.get("customer_id", 0))

    def typed(self, name: str, length: int) -> str:
        """A field of the form as OpenCart stores it: escaped, and cut where the column ends."""
        return escape(self.form.get(name, "").strip(), quote=False).replace('"', "&quot;")[:length]


Handler = Callable[[Visit], Answer]


class OldShop:
    """An ASGI application."""

    def __init__(self, database_url: str, *, clock: Clock, ids: Ids) -> None:
        parts = urlsplit(database_url)
        self._login: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": parts.username,
            "password": unquote_plus(parts.password or ""),
            "database": parts.path.strip("/"),
        }
        self._clock = clock
        self._ids = ids
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(_THREADS, "php")

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, scope, body)
        headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers + answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    def _answer(self, scope: Any, body: bytes) -> Answer:
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if scope["path"] not in ("/", "/index.php"):
            return Answer(404, b"not found", "text/plain")
        route = query.get("route", "common/home")
        handler = ROUTES.get((scope["method"].replace("HEAD", "GET"), route))
        if handler is None:
            return Answer(404, b"not found", "text/plain")
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), True).items()}
        visit = self._visit(scope, query, form)
        try:
            before, fresh = json.dumps(visit.session), not visit.session
            answer = handler(visit)
            if fresh or json.dumps(visit.session) != before:
                self._keep(visit)
            if fresh:
                answer.headers.append((b"set-cookie", f"{COOKIE}={visit.id}; path=/; SameSite=Lax".encode()))
            return answer
        except pymysql.MySQLError as error:
            # As a PHP shop does: a page with the fault in it. 45000 is what a fence says.
            return Answer(503 if error.args and error.args[0] == 1644 else 500, str(error).encode(), "text/plain")

    def _visit(self, scope: Any, query: dict[str, str], form: dict[str, str]) -> Visit:
        if getattr(self._own, "con", None) is None:
            self._own.con = pymysql.connect(
                **self._login,
                charset="utf8mb4",
                autocommit=True,
                cursorclass=DictCursor,
                init_command="SET sql_mode=''",
            )
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        named = dict(each.strip().partition("=")[::2] for each in cookies.split(";") if "=" in each)
        visit = Visit(self._own.con, self._clock, query, form, named.get(COOKIE, ""), {})
        kept = visit.row("SELECT data FROM {session} WHERE session_id = %s", visit.id) if visit.id else None
        if kept is None:
            visit.id = self._ids.secret(13).hex()
        else:
            visit.session = json.loads(kept["data"] or "{}")
        return visit

    def _keep(self, visit: Visit) -> None:
        visit.session.setdefault("language", "en-gb")
        visit.rows(
            "REPLACE INTO {session} (session_id, data, expire) VALUES (%s, %s, %s)",
            visit.id,
            json.dumps(visit.session),
            visit.now + timedelta(days=1),
        )


def _menu(visit: Visit) -> list[dict[str, Any]]:
    """Each category with a count of its own, as such shops do: a query for each on every page."""
    listed = visit.rows(
        "SELECT c.category_id, d.name FROM {category} c JOIN {category_description} d USING (category_id)"
    )
    for each in listed:
        counted = visit.row(
            "SELECT count(*) AS n FROM {product_to_category} WHERE category_id = %s", each["category_id"]
        )
        each["count"] = counted["n"] if counted else 0
    return listed


_LISTED = """SELECT p.product_id, p.model, p.price, p.quantity, d.name, d.description FROM {product} p
JOIN {product_description} d USING (product_id) """


def home(visit: Visit) -> Answer:
    return Answer.page(
        old_pages.listing("The old shop", _menu(visit), visit.rows(_LISTED + "ORDER BY product_id DESC LIMIT 12"))
    )


def category(visit: Visit) -> Answer:
    number = visit.query.get("path", "0").rpartition("_")[2]
    found = visit.rows(
        _LISTED + "JOIN {product_to_category} USING (product_id) WHERE category_id = %s LIMIT 20", number
    )
    return Answer.page(old_pages.listing("Category", _menu(visit), found))


def search(visit: Visit) -> Answer:
    found = visit.rows(_LISTED + "WHERE d.name LIKE %s LIMIT 20", f"%{visit.query.get('search', '')}%")
    return Answer.page(old_pages.listing("Search", _menu(visit), found))


def product(visit: Visit) -> Answer:
    found = visit.row(_LISTED + "WHERE p.product_id = %s", visit.query.get("product_id", "0"))
    if found is None:
        return Answer(404, old_pages.listing("Product not found!", _menu(visit), []).encode())
    return Answer.page(old_pages.product(_menu(visit), found))


def _whose(visit: Visit) -> tuple[str, tuple[object, ...]]:
    if visit.customer:
        return "customer_id = %s", (visit.customer,)
    return "customer_id = 0 AND session_id = %s", (visit.id,)


def _cart(visit: Visit) -> list[dict[str, Any]]:
    where, values = _whose(visit)
    return visit.rows(
        "SELECT cart_id, product_id, c.quantity, p.price, p.model, d.name FROM {cart} c JOIN {product} p USING (product_id)"
        f" JOIN {{product_description}} d USING (product_id) WHERE {where} ORDER BY cart_id",
        *values,
    )


def cart(visit: Visit) -> Answer:
    return Answer.page(old_pages.cart(_cart(visit)))


def cart_add(visit: Visit) -> Answer:
    wanted = visit.row(_LISTED + "WHERE p.product_id = %s", visit.form.get("product_id", "0"))
    if wanted is None:
        return Answer.data({"error": {"warning": "Product not found!"}})
    where, values = _whose(visit)
    count = max(1, int(visit.form.get("quantity") or 1))
    had = visit.row(f"SELECT cart_id FROM {{cart}} WHERE {where} AND product_id = %s", *values, wanted["product_id"])
    if had:
        visit.rows("UPDATE {cart} SET quantity = quantity + %s WHERE cart_id = %s", count, had["cart_id"])
    else:
        visit.add(
            "cart",
            store_id=0,
            customer_id=visit.customer,
            session_id=visit.id,
            product_id=wanted["product_id"],
            subscription_plan_id=0,
            option="[]",
            quantity=count,
            date_added=visit.now,
        )
    return Answer.data({"success": f"You have added {wanted['name']} to your cart!"})


def cart_edit(visit: Visit) -> Answer:
    where, values = _whose(visit)
    count = int(visit.form.get("quantity") or 0)
    if count > 0:
        visit.rows(
            f"UPDATE {{cart}} SET quantity = %s WHERE cart_id = %s AND {where}",
            count,
            visit.form.get("key", 0),
            *values,
        )
    else:
        visit.rows(f"DELETE FROM {{cart}} WHERE cart_id = %s AND {where}", visit.form.get("key", 0), *values)
    return Answer.data({"success": "You have modified your cart!"})


def cart_remove(visit: Visit) -> Answer:
    where, values = _whose(visit)
    visit.rows(f"DELETE FROM {{cart}} WHERE cart_id = %s AND {where}", visit.form.get("key", 0), *values)
    return Answer.data({"success": "You have removed an item from your cart!"})


def register(visit: Visit) -> Answer:
    email = visit.typed("email", 96)
    if visit.row("SELECT customer_id FROM {customer} WHERE LCASE(email) = %s", email.lower()):
        return Answer.data({"error": {"warning": "Warning: E-Mail Address is already registered!"}})
    hashed = bcrypt.hashpw(unescape(visit.typed("password", 72)).encode(), bcrypt.gensalt(4, b"2a")).decode()
    customer = visit.add(
        "customer",
        customer_group_id=stocking.GROUP,
        store_id=0,
        language_id=stocking.LANGUAGE,
        firstname=visit.typed("firstname", 32),
        lastname=visit.typed("lastname", 32),
        email=email,
        telephone=visit.typed("telephone", 32),
        password=hashed.replace("$2a$", "$2y$", 1),
        custom_field="[]",
        newsletter=0,
        status=1,
        date_added=visit.now,
    )
    visit.session["customer_id"] = customer
    return Answer.data({"redirect": "index.php?route=account/success"})


def login(visit: Visit) -> Answer:
    email = visit.form.get("email", "").strip().lower()
    known = visit.row("SELECT customer_id, password FROM {customer} WHERE LCASE(email) = %s AND status = 1", email)
    typed = visit.form.get("password", "").encode()[:72]
    if known is None or not bcrypt.checkpw(typed, known["password"].replace("$2y$", "$2b$", 1).encode()):
        return Answer.data({"error": {"warning": "Warning: No match for E-Mail Address and/or Password."}})
    visit.session["customer_id"] = known["customer_id"]
    visit.rows("UPDATE {cart} SET customer_id = %s WHERE customer_id = 0 AND session_id = %s", visit.customer, visit.id)
    return Answer.data({"redirect": "index.php?route=account/account"})


def account(visit: Visit) -> Answer:
    known = visit.row("SELECT firstname, lastname, email FROM {customer} WHERE customer_id = %s", visit.customer)
    if known is None:
        return Answer(302, headers=[(b"location", b"/index.php?route=account/login")])
    kept = visit.rows("SELECT * FROM {address} WHERE customer_id = %s ORDER BY address_id", visit.customer)
    return Answer.page(old_pages.account(known, kept))


def sign_in_page(_: Visit) -> Answer:
    return Answer.page(old_pages.sign_in())


def address_save(visit: Visit) -> Answer:
    if not visit.customer:
        return Answer.data({"redirect": "index.php?route=account/login"})
    made = visit.add(
        "address",
        customer_id=visit.customer,
        firstname=visit.typed("firstname", 32),
        lastname=visit.typed("lastname", 32),
        company=visit.typed("company", 60),
        address_1=visit.typed("address_1", 128),
        address_2=visit.typed("address_2", 128),
        city=visit.typed("city", 128),
        postcode=visit.typed("postcode", 10),
        country_id=int(visit.form.get("country_id") or stocking.COUNTRY),
        zone_id=0,
        custom_field="[]",
        default=0,
    )
    return Answer.data({"success": "Your address has been successfully inserted", "address_id": made})


def account_edit(visit: Visit) -> Answer:
    if not visit.customer:
        return Answer.data({"redirect": "index.php?route=account/login"})
    visit.rows(
        "UPDATE {customer} SET firstname = %s, lastname = %s, telephone = %s WHERE customer_id = %s",
        visit.typed("firstname", 32),
        visit.typed("lastname", 32),
        visit.typed("telephone", 32),
        visit.customer,
    )
    return Answer.data({"success": "Success: Your account has been successfully updated."})


def confirm(visit: Visit) -> Answer:
    """The order row is made here, by a GET, and made anew each time it is looked at."""
    lines = _cart(visit)
    if not lines or not visit.customer:
        return Answer.data({"error": {"warning": "Your cart is empty, or you are not signed in."}})
    subtotal = sum((line["price"] * line["quantity"] for line in lines), Decimal(0))
    row = stocking.order_row(0, visit.customer, visit.now, stocking.amounts(subtotal)["total"], 0, "http://old")
    row["comment"] = escape(str(visit.session.get("comment", "")), quote=False)
    del row["order_id"]
    order = visit.add("order", **row)
    for line in lines:
        visit.add(
            "order_product",
            order_id=order,
            product_id=line["product_id"],
            name=line["name"],
            model=line["model"],
            quantity=line["quantity"],
            price=line["price"],
            total=line["price"] * line["quantity"],
            tax=line["price"] * stocking.TAX,
        )
    for total in stocking.total_rows(order, subtotal):
        visit.add("order_total", **total)
    visit.session["order_id"] = order
    return Answer.page(old_pages.confirm(lines, stocking.amounts(subtotal)))


def comment(visit: Visit) -> Answer:
    visit.session["comment"] = visit.form.get("comment", "")
    return Answer.data({"success": "Success: Your comment has been saved!"})


def place(visit: Visit) -> Answer:
    order = int(visit.session.pop("order_id", 0))
    if not order:
        return Answer.data({"error": "The order has expired."})
    visit.rows("UPDATE {order} SET order_status_id = 1, date_modified = %s WHERE order_id = %s", visit.now, order)
    for line in visit.rows("SELECT product_id, quantity FROM {order_product} WHERE order_id = %s", order):
        visit.rows(
            "UPDATE {product} SET quantity = quantity - %s WHERE product_id = %s AND subtract = 1",
            line["quantity"],
            line["product_id"],
        )
    visit.add("order_history", order_id=order, order_status_id=1, notify=1, comment="", date_added=visit.now)
    visit.session["placed"] = order
    return Answer.data({"redirect": "index.php?route=checkout/success", "order_id": order})


def success(visit: Visit) -> Answer:
    where, values = _whose(visit)
    visit.rows(f"DELETE FROM {{cart}} WHERE {where}", *values)
    return Answer.page(old_pages.thanks(int(visit.session.get("placed", 0))))


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "common/home"): home,
    ("GET", "product/category"): category,
    ("GET", "product/search"): search,
    ("GET", "product/product"): product,
    ("GET", "checkout/cart"): cart,
    ("POST", "checkout/cart.add"): cart_add,
    ("POST", "checkout/cart.edit"): cart_edit,
    ("POST", "checkout/cart.remove"): cart_remove,
    ("GET", "account/login"): sign_in_page,
    ("POST", "account/register.register"): register,
    ("POST", "account/login.login"): login,
    ("GET", "account/account"): account,
    ("POST", "account/address.save"): address_save,
    ("POST", "account/edit.save"): account_edit,
    ("GET", "checkout/confirm.confirm"): confirm,
    ("POST", "checkout/payment_method.comment"): comment,
    ("POST", "extension/opencart/payment/cod.confirm"): place,
    ("GET", "checkout/success"): success,
}


def main() -> None:
    """Serve until the process is told to end."""
    from granian.constants import Interfaces
    from granian.server.embed import Server

    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, required=True)
    given.add_argument("--database", required=True, help="mysql://user:password@host:port/database")
    options = given.parse_args()
    clock = SystemClock()
    app = OldShop(options.database, clock=clock, ids=SystemIds(clock))
    server = Server(
        app, address="127.0.0.1", port=options.port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    asyncio.run(server.serve())


if __name__ == "__main__":
    main()
