"""What a page says that a shopper would miss: status, name, price, availability; so that two shops' pages can be compared.

Pure. Layout, order and words around the facts are left out on purpose: the two sides are not meant to look alike.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import orjson

Facts = dict[str, Any]
"""Fact → what the page says of it; None where it does not say."""

NAMED = frozenset(("product/product", "product/category", "product/manufacturer.info", "_route_"))
PRICED = frozenset(("product/product",))
MOST_LEAVES = 2000
_PRICE = re.compile(r"(?<![\w.,])(?:[$€£¥]|[A-Z]{3}\s?)?\s?(\d[\d.,' \u00a0\u202f]*\d|\d)\s?(?:[$€£¥]|[A-Z]{3}\b)?")
_MONEY = re.compile(r"[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY|PLN|SEK|CZK)\b")
_THERE = re.compile(r"availability\s*:?\s*([^\n<]{1,40})", re.IGNORECASE)
_SOLD_OUT = re.compile(r"out of stock|sold out|pre-?order|\b0\b", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def facts(route: str, status: int, kind: str, body: bytes) -> Facts:
    """The facts of an answer. `kind`: its Content-Type. JSON gives each of its leaves by path."""
    found: Facts = {"status": f"{status // 100}xx"}
    if status >= 300:
        return found
    if "json" in kind:
        return found | _leaves(body)
    page = _Page()
    page.feed(body.decode("utf-8", "replace"))
    if route in NAMED:
        found["name"] = page.name()
    if route in PRICED:
        found["price"], found["available"] = page.price(), page.available()
    return found


def differing(first: Facts, second: Facts, ours: Facts) -> tuple[set[str], set[str]]:
    """Facts in which ours differs from both answers of the legacy shop, and those that differ but are noise: the legacy
    shop itself said two things of them. Ours may say more than it was asked for in JSON; a fact it lacks differs."""
    wrong, noise = set[str](), set[str]()
    for name in first.keys() | second.keys():
        said = (first.get(name), second.get(name))
        if ours.get(name) in said:
            continue
        (wrong if said[0] == said[1] else noise).add(name)
    return wrong, noise


class _Page(HTMLParser):
    """Reads a page of either shop: what search engines are told first, then where shop themes put it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._texts: dict[str, list[str]] = {"h1": [], "h2": [], "price": [], "script": [], "all": []}
        self._depth_of_price = 0
        self._linked = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _EMPTY:
            return
        self._open.append(tag)
        classes = (given.get("class") or "").split()
        if not self._depth_of_price and ("price-new" in classes or given.get("id") == "price"):
            self._depth_of_price = len(self._open)
        self._linked = tag == "script" and given.get("type") == "application/ld+json"
        if tag in ("h1", "h2"):
            self._texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if len(self._open) < self._depth_of_price:
            self._depth_of_price = 0
        self._linked = False
        if tag in _BLOCKS:
            self._texts["all"].append("\n")

    def handle_data(self, data: str) -> None:
        if self._linked:
            self._texts["script"].append(data)
        if not self._open or self._open[-1] in ("script", "style"):
            return
        self._texts["all"].append(data)
        for tag in ("h1", "h2"):
            if tag in self._open and self._texts[tag]:
                self._texts[tag][-1] += data
        if self._depth_of_price:
            self._texts["price"].append(data)

    def name(self) -> str | None:
        return _tidy(self._texts["h1"][0]) if self._texts["h1"] else None

    def price(self) -> str | None:
        """The number alone: currencies' signs are placed in every way there is."""
        offers = _offers(self._texts["script"])
        if offers:
            return min(
                map(_plain, (str(each["price"]) for each in offers if "price" in each)), key=Decimal, default=None
            )
        for text in ("".join(self._texts["price"]), *(each for each in self._texts["h2"] if _MONEY.search(each))):
            if found := _PRICE.search(text):
                return _plain(found[1])
        return None

    def available(self) -> bool | None:
        offers = _offers(self._texts["script"])
        if offers:
            return any("InStock" in str(each.get("availability", "")) for each in offers)
        found = _THERE.search("".join(self._texts["all"]))
        return None if found is None else not _SOLD_OUT.search(found[1])


def _offers(scripts: Iterable[str]) -> list[Mapping[str, Any]]:
    """The offers of a schema.org/Product, where the page tells search engines of one."""
    try:
        said = orjson.loads("".join(scripts))
    except orjson.JSONDecodeError:
        return []
    offers = said.get("offers", []) if isinstance(said, dict) else []
    return [each for each in (offers if isinstance(offers, list) else [offers]) if isinstance(each, dict)]


def _plain(number: str) -> str:
    """`1.234,50`, `1,234.50` and `1 234.5` are `1234.5`."""
    digits = re.sub(r"[\s'\u00a0\u202f]", "", number)
    point = max(digits.rfind("."), digits.rfind(","))
    whole, part = (digits[:point], digits[point + 1 :]) if point >= 0 and len(digits) - point - 1 != 3 else (digits, "")
    whole = re.sub(r"[.,]", "", whole) or "0"
    return format(Decimal(f"{whole}.{part or 0}").normalize(), "f")


def _leaves(body: bytes) -> Facts:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"json": None}
    found: Facts = {}
    waiting: list[tuple[str, Any]] = [("", said)]
    while waiting and len(found) < MOST_LEAVES:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}/{name}", each) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}/{place}", each) for place, each in enumerate(value)]
        else:
            found[path] = value
    return found


def _tidy(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


_EMPTY = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_BLOCKS = frozenset(["li", "p", "div", "td", "tr", "h1", "h2", "h3", "ul", "dd", "dt"])
