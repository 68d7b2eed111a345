"""The web addresses of an OpenCart shop that may change hands: `index.php?route=…`, what asking does, and who answers with us.

The first row that fits a request says it. What has neither a page nor a door of ours the legacy shop answers while it lives.
A GET that writes is never asked twice.
"""

from collections.abc import Iterable
from typing import Literal

from banyan.move.legacy import Page
from banyan.move.legacy.opencart.tables import CATALOG, ORDERS, USERS

Kind = Literal["read", "unsafe_read", "write"]
READ: Kind = "read"
UNSAFE: Kind = "unsafe_read"
WRITE: Kind = "write"


def page(method: str, route: str, group: str, kind: Kind, answered: str = "") -> Page:
    """`answered`: our own path, or the name of a door."""
    ours = answered.startswith("/")
    return Page(method, route, group, kind, to=answered if ours else "", door="" if ours else answered)


def split(route: str, door: str, first: str) -> Page:
    """A step of the checkout that writes to the account too."""
    return Page("POST", route, ORDERS, WRITE, door=door, also=USERS, first=first)


BROWSING: tuple[Page, ...] = (
    page("GET", "", CATALOG, READ, "/"),
    page("GET", "common/home", CATALOG, READ, "/"),
    page("GET", "product/category", CATALOG, READ, "/c/{path}"),
    page("GET", "product/product", CATALOG, READ, "/p/{product_id}"),
    page("GET", "product/search", CATALOG, READ, "/search?q={search}"),
    page("GET", "product/*", CATALOG, READ),
    page("POST", "product/*", CATALOG, WRITE),
    page("GET", "_route_", CATALOG, READ),
)
"""The shop window; `_route_`: search-friendly addresses, which the legacy shop's own table resolves."""


def shared(at: str) -> tuple[Page, ...]:
    """What both versions have; `at` stands between a page and what it is asked to do: a dot, in OpenCart 3 a slash."""
    return (
        page("POST", f"checkout/cart{at}add", ORDERS, WRITE, "cart.add"),
        page("POST", f"checkout/cart{at}edit", ORDERS, WRITE, "cart.edit"),
        page("POST", f"checkout/cart{at}remove", ORDERS, WRITE, "cart.remove"),
        page("GET", "checkout/cart", ORDERS, READ, "/cart"),
        page("GET", f"common/cart{at}info", ORDERS, READ, "cart.info"),
        page("GET", "account/account", USERS, READ, "/account"),
        page("GET", "account/edit", USERS, READ, "/account"),
        page("GET", "account/password", USERS, READ, "/account/security"),
        page("GET", "account/address", USERS, READ, "/account/addresses"),
        page("GET", "account/order", ORDERS, READ, "/account/orders"),
        page("GET", f"account/order{at}info", ORDERS, READ, "/account/orders"),
        page("GET", "account/login", USERS, UNSAFE, "/sign-in"),
        page("GET", "account/logout", USERS, UNSAFE, "logout"),
        page("GET", "account/register", USERS, UNSAFE, "/sign-up"),
        page("GET", "account/forgotten", USERS, READ, "/sign-in"),
        page("POST", f"account/wishlist{at}add", USERS, WRITE, "wishlist.add"),
        page("GET", "checkout/checkout", ORDERS, UNSAFE, "checkout"),
        page("GET", "checkout/success", ORDERS, UNSAFE, "checkout.success"),
    )


def either(methods: Iterable[str], route: str, group: str, kind: Kind, answered: str = "") -> tuple[Page, ...]:
    return tuple(page(method, route, group, kind, answered) for method in methods)


def rest() -> tuple[Page, ...]:
    """What no row before names: nothing of it is safe to ask twice."""
    return (
        *either(("GET",), "checkout/*", ORDERS, UNSAFE, "checkout"),
        *either(("POST",), "checkout/*", ORDERS, WRITE, "checkout"),
        *either(("GET",), "extension/*", ORDERS, UNSAFE, "checkout"),
        *either(("POST",), "extension/*", ORDERS, WRITE, "checkout"),
        *either(("GET",), "api/*", ORDERS, UNSAFE),
        *either(("POST",), "api/*", ORDERS, WRITE),
        *either(("GET",), "account/*", USERS, UNSAFE),
        *either(("POST",), "account/*", USERS, WRITE),
    )
