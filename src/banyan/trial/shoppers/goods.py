"""What shoppers look for and buy: a catalogue of any size made for the purpose, and what a running shop has."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from banyan.catalog import importing
from banyan.contracts.inventory import SetStock, StockCount
from banyan.kernel.ids import Ids
from banyan.trial.shoppers.shopper import Goods
from banyan.trial.stocking import opened

PASSWORD = "a long walk through the market"
HOT = "HOT-1"
_KINDS = (
    "Kettle Lamp Chair Jacket Backpack Bicycle Desk Keyboard".split()  # noqa: SIM905 - a list of words
    + "Pan Blanket Tent Boots Bottle Clock Shelf Rug".split()  # noqa: SIM905
)
_MAKES = "Northwind Alder Copper Harbour Meridian Juniper Slate Willow Ember Granite Fjord Linden".split()  # noqa: SIM905
_LOOKS = ["black", "white", "oak", "blue", "green", "walnut", "grey", "red", "brass", "amber", "linen", "cobalt"]
_LINES = ["Classic", "Studio", "Pocket", "Summit", "Atlas", "Nova", "Terra", "Loft", "Breeze", "Quartz"]
_BATCH = 500


def rows(products: int) -> Iterator[Mapping[str, Any]]:
    """Rows of an import: so many products of two variants each, in 16 categories; the same for the same number."""
    for number in range(products):
        kind, make = _KINDS[number % 16], _MAKES[number // 16 % 12]
        line, look = _LINES[number // 192 % 10], _LOOKS[number // 7 % 12]
        for variant, size in enumerate(("regular", "large")):
            yield {
                "sku": f"L{number:06d}-{variant}",
                "product": f"L{number:06d}",
                "name": f"{make} {line} {kind} {number}",
                "brand": make,
                "categories": ["Load", f"{kind}s"],
                "description": f"A {look} {kind.lower()} of the {line} line by {make}. " * 4,
                "price": {"amount": 990 + number * 37 % 60_000 + variant * 500, "currency": "EUR"},
                "options": {"size": size},
            }


async def fill(folder: Path, products: int, *, hot: int = 0, note: Callable[[str], None] = lambda _: None) -> None:
    """Put the catalogue into the shop of this data folder, each SKU with a million units, and `hot` units of HOT."""
    async with opened(folder, "catalog", "inventory") as here:
        made = list(rows(products))
        note(f"putting in {products:,} products")
        extra = [
            {"sku": HOT, "name": "The one thing everybody wants", "price": made[0]["price"], "categories": ["Load"]}
        ]
        await importing.import_rows(here.shop.ports["catalog"], [*made, *extra] if hot else made)
        counts = [StockCount(sku=row["sku"], on_hand=1_000_000) for row in made]
        counts += [StockCount(sku=HOT, on_hand=hot)] if hot else []
        for first in range(0, len(counts), _BATCH):
            await here.shop.peers.ask(SetStock(counts=tuple(counts[first : first + _BATCH])))


async def of_shop(url: str, ids: Ids, *, members: int, most: int = 2000, hot: str = "") -> Goods:
    """What the shop at this address has, and `members` freshly signed up. RuntimeError when there is nothing to buy."""
    products, categories = list[Any](), list[str]()
    async with _session(url) as http:
        cursor = ""
        while len(products) < most:
            got = await _json(http, f"/v1/products?limit=100{cursor and f'&cursor={cursor}'}")
            products += got["items"]
            cursor = got.get("next_cursor") or ""
            if not cursor:
                break
        categories = [each["slug"] for each in (await _json(http, "/v1/categories"))["items"]]
        skus = list[str]()
        for product in products[:200]:
            shown = await _json(http, f"/v1/products/{product['slug']}")
            skus += [each["sku"] for each in shown["variants"] if each.get("in_stock", True)]
        if not skus:
            raise RuntimeError("there is nothing to buy in this shop")
        words = sorted({word.lower() for each in products for word in each["name"].split() if word.isalpha()})
        tokens = [await _member(http, ids) for _ in range(members)]
    return Goods([each["slug"] for each in products], categories, words[:400], skus, hot or skus[0], tokens)


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=30)) as http:
        yield http


async def _json(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as answer:
        answer.raise_for_status()
        return await answer.json()


async def _member(http: aiohttp.ClientSession, ids: Ids) -> str:
    """Sign somebody up; the access token."""
    who = {"email": f"{ids.new('member')}@example.com", "password": PASSWORD}
    async with http.post("/v1/users", json=who, headers={"Idempotency-Key": ids.new("key")}) as answer:
        got = await answer.json()
        if answer.status != 201:
            raise RuntimeError(f"nobody can sign up here: {answer.status} {got.get('code')}")
        return str(got["access_token"])
