"""Banyan itself, as `banyan up` starts it, with the same goods."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from typing import Any

import orjson
from bench.peers import goods
from bench.peers.asked import Ask, Skipped, Wrong, get, post
from bench.peers.ground import Ground, postmaster, settle
from bench.peers.shop import Running
from bench.peers.wire import Talk

from banyan.catalog import importing
from banyan.contracts.inventory import SetStock, StockCount
from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import OwnShop, own_shop
from banyan.trial.stocking import opened

CARTS = 200
_MOST_NEW = 5000  # searches a second that nobody has asked before: more than one machine does
ADDRESS = {"name": "A Buyer", "line1": "1 High Street", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}


class Ours:
    name = "banyan"
    shares_postgres = False
    remark = "search comes with facets, and the checkout authorizes and captures a payment"

    def __init__(self, workers: int = 2, seconds: float = 6.0) -> None:
        self.version = f"{workers} process{'es' if workers > 1 else ''}"
        self._options = ("--empty", "--workers", str(workers))
        self._new = int(seconds * _MOST_NEW / len(goods.WORDS)) + 1
        self._round = 0

    async def install(self, ground: Ground) -> None:
        """It is here; data of an earlier run may be another version's."""
        shutil.rmtree(ground.folder, ignore_errors=True)

    async def fill(self, ground: Ground, server: str) -> None:
        async with self._shop(ground) as shop:
            await shop.start()
            async with opened(shop.data_dir, "catalog", "inventory") as here:
                await importing.import_rows(here.shop.ports["catalog"], _rows())
                counts = [StockCount(sku=row["sku"], on_hand=goods.UNITS) for row in _rows()]
                for first in range(0, len(counts), 500):
                    await here.shop.peers.ask(SetStock(counts=tuple(counts[first : first + 500])))
                assert here.server is not None
                await settle(here.server.url)
            await asyncio.sleep(2)

    @contextlib.asynccontextmanager
    async def running(self, ground: Ground, server: str) -> AsyncIterator[Running]:
        async with self._shop(ground) as shop:
            await shop.start()
            self._round += 1
            yield Running(shop.port, [shop.pid], postmaster(shop.data_dir), {"round": self._round})

    def _shop(self, ground: Ground) -> contextlib.AbstractAsyncContextManager[OwnShop]:
        # The comparison's shoppers all come from one address.
        return own_shop(ground.folder / "shop", SystemClock(), options=self._options, rate_limits="false")

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        talk = Talk(running.port)
        listed: Any = (await talk.ask("GET", "/v1/categories")).json()
        adds = []
        for number in range(CARTS):
            cart = await _cart(talk)
            line = orjson.dumps({"sku": goods.products()[number].sku("Small"), "quantity": 1})
            path, token = f"/v1/carts/{cart['id']}/lines", f"Bearer {cart['token']}"
            adds.append(post(path, line, goods.products()[number].sku("Small"), cart["id"], Authorization=token))
        talk.close()
        bounds = range(self._round * 1_000_000, self._round * 1_000_000 + self._new)
        return {
            "product read": [
                get(f"/v1/products/{each.slug}", f'"name":"{each.name}"', f'"amount":{each.cents}')
                for each in goods.products()
            ],
            "list of 20": [
                get(
                    f"/v1/products?limit={goods.PAGE}&category={each['slug']}",
                    '"amount":',
                    each='"slug":"',
                    count=goods.PAGE,
                )
                for each in listed["items"]
            ],
            "text search, 20": [_search(word, "") for word in goods.WORDS],
            "search never asked before": [
                _search(word, f"&price_max={90_000_000 + bound}") for bound in bounds for word in goods.WORDS
            ],
            "add to cart": adds,
        }


async def purchase(talk: Talk, buyer: str, told: dict[str, Any]) -> None:
    """Five requests: a cart, a line, ways to send it, the delivery, the checkout with payment."""
    product = goods.wanted_by(buyer)
    cart = await _cart(talk)
    at, mine = f"/v1/carts/{cart['id']}", {"Authorization": f"Bearer {cart['token']}"}
    await talk.ask("POST", f"{at}/lines", {"sku": product.sku("Small"), "quantity": 1}, **mine)
    ways: Any = (await talk.ask("GET", f"{at}/shipping-options", **mine)).json()
    delivery = {"email": f"{buyer}@example.com", "address": ADDRESS, "shipping_option": ways["items"][0]["id"]}
    await talk.ask("PUT", f"{at}/delivery", delivery, **mine)
    payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
    answer = await talk.ask("POST", f"{at}/checkout", payment, **mine, Idempotency_Key=buyer)
    order: Any = answer.json()
    if answer.status != 201 or order["status"] != "confirmed" or not order["number"]:
        raise Wrong(f"no order: {answer.status} {answer.body[:160]!r}")


async def _cart(talk: Talk) -> Any:
    answer = await talk.ask("POST", "/v1/carts", {})
    if answer.status != 201:
        raise Skipped(f"made no cart: {answer.status} {answer.body[:100]!r}")
    return answer.json()


def _search(word: str, more: str) -> Ask:
    path = f"/v1/search?q={word.lower()}&limit={goods.PAGE}{more}"
    return get(path, f'"name":"{word} ', '"amount":', each='"slug":"', count=goods.PAGE)


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "sku": each.sku(size),
            "product": each.sku(size)[:-2],
            "name": each.name,
            "slug": each.slug,
            "description": each.description,
            "categories": [each.category],
            "price": {"amount": each.price(size), "currency": "EUR"},
            "options": {"Size": size},
        }
        for each in goods.products()
        for size in goods.SIZES
    ]
