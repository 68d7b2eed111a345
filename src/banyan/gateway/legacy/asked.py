"""Whose an address is, and which page of the legacy shop it asks for. Pure: it looks at nothing but method, path and query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from banyan.contracts.moving import PageRule

# The first part of every path that the storefront has; all others below `/` are the legacy shop's.
STOREFRONT = frozenset(
    [
        *("static", "c", "p", "search", "cart", "checkout", "orders", "buy-now"),
        *("sign-in", "sign-up", "sign-out", "account", "email", "oauth"),
    ]
)
SHARED = frozenset(("favicon.ico", "robots.txt"))  # both have them: who owns the home page answers
MAX_LEGACY_BODY = 128_000_000  # bytes; what a legacy admin uploads
NAMES = "_route_"  # the route of addresses that the shop made itself: `/hp-lp3065`
HOME = "common/home"
_ASSETS = frozenset(("image", "catalog", "extension", "css", "js", "img", "fonts", "download"))
_ALIASES = {"/orders": "/account/orders", "/buy-now": "/cart"}
SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page of the legacy shop.

    `kind`: as in PageRule; `asset` is a file, `unknown_read` a GET that nobody described: it goes to the legacy shop, and
    since it may write it is never asked twice. `homeward`: a page of our storefront about what the legacy shop may still
    own, as the cart is while the catalogue is ours already; `rule` is the legacy page for the same.
    """

    kind: Literal["read", "unsafe_read", "write", "asset", "unknown_read", "homeward"]
    route: str
    rule: PageRule | None = None

    @property
    def group(self) -> str:
        return self.rule.group if self.rule else ""

    @property
    def writes(self) -> bool:
        return self.kind in ("write", "unsafe_read")

    @property
    def repeatable(self) -> bool:
        return self.kind in ("read", "asset")


class Pages:
    """The rules, found by method and route: the exact one, else the longest that ends in `*`."""

    def __init__(self, rules: Sequence[PageRule] = ()) -> None:
        self._exact: dict[tuple[str, str], PageRule] = {}
        self._open: list[PageRule] = []
        for rule in rules:
            if rule.route.endswith("*"):
                self._open.append(rule)
            else:
                self._exact[rule.method, rule.route] = rule
        self._open.sort(key=lambda rule: len(rule.route), reverse=True)
        self._home = _homes(rules)

    def find(self, method: str, route: str) -> PageRule | None:
        method = "GET" if method == "HEAD" else method
        found = self._exact.get((method, route))
        if found is not None:
            return found
        return next((each for each in self._open if each.method == method and route.startswith(each.route[:-1])), None)

    def asked(self, method: str, path: str, query: bytes) -> Asked | None:
        """What is asked for; None for a page of the storefront's own."""
        first = path.split("/", 2)[1]
        if first in STOREFRONT:
            home = self._homeward(path)
            return Asked("homeward", path, home) if home else None
        if first in SHARED or (first in _ASSETS and "." in path.rsplit("/", 1)[-1]):
            return Asked("asset" if method in SAFE else "write", path)
        route = route_of(path, query)
        rule = self.find(method, route) if route else None
        if rule is not None:
            return Asked(rule.kind, route, rule)
        if method not in SAFE:
            return Asked("write", route)
        return Asked("unknown_read", route)

    def _homeward(self, path: str) -> PageRule | None:
        """The legacy page for one of our own, or for the nearest above it."""
        while path:
            if path in self._home:
                return self._home[path]
            path = path.rpartition("/")[0]
        return None


def _homes(rules: Iterable[PageRule]) -> dict[str, PageRule]:
    """Our own paths → the legacy pages that they stand for."""
    found: dict[str, PageRule] = {}
    for rule in rules:
        if rule.method == "GET" and rule.to not in ("", "/") and "{" not in rule.to:
            found.setdefault(rule.to, rule)
        if rule.method == "GET" and rule.route == "checkout/checkout":
            found["/checkout"] = rule
    for path, same in _ALIASES.items():
        if same in found:
            found.setdefault(path, found[same])
    return found


def route_of(path: str, query: bytes) -> str:
    """The `route` that the legacy shop would see (PHP takes the last of its name); empty for a path that has none."""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {}
    route = given.get("route", "")
    if route:
        return route.replace("|", ".")  # OpenCart 4.0 wrote methods so
    if path not in ("/", "/index.php"):
        return "" if path.endswith(".php") or "." in path.rsplit("/", 1)[-1] or _below_admin(path) else NAMES
    return NAMES if given.get(NAMES) else HOME


def longest_body(path: str, ours: int) -> int:
    """How many bytes a body may have, where a legacy shop stands behind us; `ours` is the limit of what it does not own."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    below_ours = first in STOREFRONT or first in (
        "v1",
        "graphql",
        "console",
        "oauth",
        "webhooks",
        ".well-known",
        "internal",
    )
    return ours if below_ours else MAX_LEGACY_BODY


def _below_admin(path: str) -> bool:
    return path.startswith("/admin")
