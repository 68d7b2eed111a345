"""Which page of ours shows what a legacy address shows: ids of theirs made ours, and ours the names that stand in our paths."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, quote, unquote

from banyan.contracts.moving import AskPlace, PageRule, Place
from banyan.foundation.service import Ports
from banyan.move.doors.books import Books
from banyan.move.shift.steering import rules_of
from banyan.move.storage import groups

NAMES = "_route_"
_HOLE = re.compile(r"\{(\w+)\}")
_SHOWN = {"product_id": "product/product", "path": "product/category", "category_id": "product/category"}
_LONGEST = 500

Filler = Callable[[Ports, str], Awaitable[str]]


class Places:
    """Answers gateways."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._fillers: dict[str, Filler] = {
            "product_id": self._product,
            "path": self._category,
            "category_id": self._category,
            "order_id": self._order,
        }

    async def find(self, ports: Ports, call: AskPlace) -> Place:
        """The page; one without a path where we have none. Unavailable where the service that knows does not answer."""
        rule = next((each for each in rules_of(ports) if (each.method, each.route) == (call.method, call.route)), None)
        path, _, query = call.target.partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100)) if len(query) < 8192 else {}
        if rule is None:
            return Place(path="")
        if call.route == NAMES:
            return await self._by_name(ports, given.get(NAMES) or unquote(path.strip("/")))
        return await self._filled(ports, rule, given)

    async def _filled(self, ports: Ports, rule: PageRule, given: dict[str, str]) -> Place:
        """The rule's path with its holes filled. A hole that nobody knows to fill is filled as it was asked."""
        filled = rule.to
        for hole in _HOLE.findall(rule.to):
            value = given.get(hole, "")[:_LONGEST]
            filler = self._fillers.get(hole)
            if filler is not None:
                value = await filler(ports, value)
                if not value:
                    return Place(path="")
            filled = filled.replace(f"{{{hole}}}", quote(value, safe=""))
        return Place(path=filled, moved=bool(filled) and await _final(ports, rule.group))

    async def _by_name(self, ports: Ports, name: str) -> Place:
        """`desktops/hp-lp3065`: the last part that stands for something to show says what."""
        for keyword in reversed(name.split("/")):
            found = await self._books.named(ports, keyword)
            route = _SHOWN.get(found[0]) if found else None
            if found and route:
                rule = next((each for each in rules_of(ports) if each.route == route), None)
                return await self._filled(ports, rule, {found[0]: found[1]}) if rule else Place(path="")
        return Place(path="")

    async def _product(self, ports: Ports, key: str) -> str:
        return await self._slug(ports, "products", await self._books.id(ports, "product", key))

    async def _category(self, ports: Ports, key: str) -> str:
        """Of `20_27` the last."""
        return await self._slug(ports, "categories", await self._books.id(ports, "category", key.rpartition("_")[2]))

    async def _order(self, ports: Ports, key: str) -> str:
        return await self._books.id(ports, "order", key)

    async def _slug(self, ports: Ports, kind: str, id: str) -> str:
        """The name in its address as the catalogue says it now; empty for what shoppers are not shown."""
        if not id:
            return ""
        answer = await ports.peers.http("catalog", "GET", f"/v1/{kind}/{id}")
        return str(answer.json().get("slug", "")) if answer.status == 200 else ""


async def _final(ports: Ports, group: str) -> bool:
    found = await groups.one(ports.db, group)
    return found is not None and found.state == "finalized"
