"""A little clean shop, and an adapter that knows it; written by hand for the tests of doctor and plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Page, Use, View

CLEAN = """
CREATE TABLE customer (customer_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(96) NOT NULL, name VARCHAR(64),
    joined DATETIME NOT NULL);
CREATE TABLE product (product_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, sku VARCHAR(64) NOT NULL, name VARCHAR(255),
    price DECIMAL(15,4) NOT NULL);
CREATE TABLE orders (order_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL,
    total DECIMAL(15,4) NOT NULL, placed DATETIME NOT NULL);
CREATE TABLE order_line (order_id INT UNSIGNED NOT NULL, line INT NOT NULL, product_id INT UNSIGNED NOT NULL,
    PRIMARY KEY (order_id, line));
INSERT INTO customer VALUES (1, 'zoë@example.com', 'Zoë 😀', '2024-03-01 10:00:00'), (2, 'bo@example.com', 'Bo “Ä” Spaß', NOW());
INSERT INTO product VALUES (1, 'LAMP-1', 'Crème brûlée lamp – «\u00a0nouveau\u00a0»', 10), (2, 'LAMP-2', NULL, 3.5);
INSERT INTO orders VALUES (1, 1, 13.5, NOW());
INSERT INTO order_line VALUES (1, 1, 1), (1, 2, 2)
"""


@dataclass
class Little:
    """Knows the four tables of the clean shop; `more` and `ignored` as a test wants them."""

    more: Mapping[str, Use] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ("catalog", "users", "orders")
    pages: tuple[Page, ...] = (
        Page("GET", "product/product", "catalog", "read"),
        Page("POST", "checkout/*", "orders", "write"),
        Page("GET", "checkout/confirm", "orders", "unsafe_read"),
    )

    uses: Mapping[str, Use] = field(init=False)

    def __post_init__(self) -> None:
        self.uses = {
            "customer": Use("customer", "users", (View("customer", "users", "customer_id"),)),
            "product": Use(
                "product", "catalog", (View("product", "catalog", "product_id"), View("stock", "orders", "product_id"))
            ),
            "orders": Use("orders", "orders", (View("order", "orders", "order_id"),)),
            "order_line": Use("order_line", "orders", (View("order", "orders", "order_id"),)),
            **self.more,
        }

    def prefix(self, tables: Iterable[str]) -> str:
        return ""


def run(server: MariaDb, database: str | None, script: str) -> None:
    """Run statements, one after each `;` at a line's end. Bodies of triggers are written on one line."""
    with server.connect(database) as con, con.cursor() as cursor:
        cursor.execute("SET sql_mode = 'ALLOW_INVALID_DATES'")
        for statement in script.split(";\n"):
            if statement.strip(" ;\n"):
                cursor.execute(statement.strip(" \n"))
