"""Paths that only read: their requests are made before, and sent in turn."""

from collections.abc import Awaitable, Callable
from functools import partial

import orjson

from banyan.trial import load
from banyan.trial.load import Measured, raw
from banyan.trial.paths.scene import Drive, Path, Scene

_QUERY = "{ products(first: 20) { items { id name slug price { amount currency } } } }"
_ORDERS = 8


async def _product(scene: Scene) -> list[bytes]:
    return [raw("GET", f"/v1/products/{slug}") for slug in scene.goods.products]


async def _list(scene: Scene) -> list[bytes]:
    return [raw("GET", f"/v1/products?limit=20&category={slug}") for slug in scene.goods.categories]


async def _search(scene: Scene) -> list[bytes]:
    return [raw("GET", f"/v1/search?q={word}&limit=20") for word in _words(scene)]


async def _search_new(scene: Scene) -> list[bytes]:
    """Each asks for something that nobody has asked before, so no prepared answer helps."""
    words, first = _words(scene), 10_000_000 + int(scene.ids.fraction() * 80_000_000)
    return [raw("GET", f"/v1/search?q={word}&limit=20&price_max={first + n}") for n, word in enumerate(words * 400)]


async def _suggest(scene: Scene) -> list[bytes]:
    return [raw("GET", f"/v1/suggest?q={word[:3]}") for word in _words(scene)]


async def _account(scene: Scene) -> list[bytes]:
    return [
        raw("GET", path, Authorization=f"Bearer {token}")
        for token in scene.goods.tokens
        for path in ("/v1/me", "/v1/orders?limit=5")
    ]


async def _order_read(scene: Scene) -> list[bytes]:
    """A few orders, each read by who placed it."""
    asked = list[bytes]()
    async with scene.buyers() as buyer:
        for _ in range(_ORDERS):
            who = buyer()
            what, order = await who.buy(scene.sku())
            if "id" not in order:
                raise RuntimeError(f"an order to be read was not placed: {what} {order}")
            asked.append(raw("GET", f"/v1/orders/{order['id']}", Authorization=f"Bearer {who.token}"))
    return asked


async def _graphql(scene: Scene) -> list[bytes]:
    return [raw("POST", "/graphql", orjson.dumps({"query": _QUERY}))]


def _words(scene: Scene) -> list[str]:
    return [word for word in scene.goods.words if len(word) > 3]


async def _prepare(made: Callable[[Scene], Awaitable[list[bytes]]], scene: Scene) -> Drive:
    asked = await made(scene)

    async def drive(seconds: float, connections: int) -> Measured:
        return await load.in_a_process(scene.port, connections, seconds, asked)

    return drive


_MADE = {
    "product": ("product read", _product),
    "list": ("list of 20", _list),
    "search": ("search, 20 with facets", _search),
    "search-new": ("search, every one new", _search_new),
    "suggest": ("suggest", _suggest),
    "account": ("account and orders", _account),
    "order-read": ("order read", _order_read),
    "graphql": ("GraphQL list of 20", _graphql),
}
READS = tuple(Path(name, title, partial(_prepare, made)) for name, (title, made) in _MADE.items())


async def requests(name: str, scene: Scene) -> list[bytes]:
    """The requests of a reading path, as bytes on the wire."""
    return await _MADE[name][1](scene)
