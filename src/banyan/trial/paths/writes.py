"""Paths that write: an addition to a cart, the steps before a checkout, and a whole purchase."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import orjson

from banyan.trial import load
from banyan.trial.crowd import Buyer
from banyan.trial.load import Measured, raw
from banyan.trial.paths.scene import Drive, Path, Scene

CARTS = 200
AFTERWARDS = 0.4
"""Seconds in which facts are told and heard, and a payment is captured."""
STEPS = 4
"""Requests before a checkout: a cart, a line, the ways to send it, where to."""


async def _add(scene: Scene) -> Drive:
    """One more unit into one of many carts."""
    asked = list[bytes]()
    async with scene.buyers(8) as buyer:

        async def cart(_: int) -> None:
            status, made = await buyer().call("POST", "/v1/carts", {})
            if status != 201:
                raise RuntimeError(f"a cart was not made: {status} {made}")
            body = orjson.dumps({"sku": scene.sku(), "quantity": 1})
            asked.append(raw("POST", f"/v1/carts/{made['id']}/lines", body, Authorization=f"Bearer {made['token']}"))

        await asyncio.gather(*(cart(number) for number in range(CARTS)))

    async def drive(seconds: float, connections: int) -> Measured:
        return await load.in_a_process(scene.port, connections, seconds, asked)

    return drive


async def _steps(scene: Scene) -> Drive:
    """From no cart to one that says where it goes: the time is that of all four requests."""

    async def once(buyer: Buyer, measured: Measured) -> int:
        began = scene.clock.monotonic()
        at, status, _ = await buyer.fill_a_cart(scene.sku())
        measured.times.append(scene.clock.monotonic() - began)
        return status if at else 599

    return partial(_over_and_over, scene, once)


async def _checkout(scene: Scene) -> Drive:
    """From no cart to a confirmed order, five requests; the time is that of the last, the checkout."""

    async def once(buyer: Buyer, measured: Measured) -> int:
        at, status, _ = await buyer.fill_a_cart(scene.sku())
        if not at:
            measured.times.append(0.0)
            return status or 599
        began = scene.clock.monotonic()
        payment = {"payment": {"provider": "testbank", "token": "tok_ok"}}
        status, order = await buyer.call("POST", f"{at}/checkout", payment)
        measured.times.append(scene.clock.monotonic() - began)
        return status if status == 201 and order["status"] == "confirmed" else 599

    return partial(_over_and_over, scene, once)


async def _over_and_over(
    scene: Scene, once: Callable[[Buyer, Measured], Awaitable[int]], seconds: float, connections: int
) -> Measured:
    measured, ends = Measured(seconds), scene.clock.monotonic() + seconds
    async with scene.buyers(connections) as buyer:

        async def shopper() -> None:
            while scene.clock.monotonic() < ends:
                status = await once(buyer(), measured)
                measured.statuses[status] = measured.statuses.get(status, 0) + 1

        await asyncio.gather(*(shopper() for _ in range(connections)))
    return measured


WRITES = (
    Path("add", "add to cart", _add, lasts=AFTERWARDS),
    Path("steps", "cart, line, ways to send, delivery", _steps, 16, AFTERWARDS),
    Path("checkout", "complete checkout", _checkout, 16, AFTERWARDS),
)
