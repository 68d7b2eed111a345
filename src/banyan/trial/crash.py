"""Kill the shop in the middle of checkouts, again and again: nothing acknowledged is lost, and everything ends."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.crowd import UNFINISHED, Buyer
from banyan.trial.own_shop import OwnShop

# What shoppers pay with: mostly well, and every kind of trouble.
TOKENS = ("tok_ok",) * 12 + ("tok_declined", "tok_timeout", "tok_slow", "tok_5xx")


@dataclass(slots=True)
class Outcome:
    """`acknowledged` orders by id, and what became of each; `wrong` must stay empty."""

    statuses: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    kills: int = 0
    power_cuts: int = 0  # kills that took the database server along
    restarts: list[float] = field(default_factory=list)  # seconds each
    wrong: list[str] = field(default_factory=list)


async def crash_trial(
    shop: OwnShop,
    sku: str,
    *,
    checkouts: int,
    kills: int,
    parallel: int,
    clock: Clock,
    ids: Ids,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Run `checkouts` while the shop is killed `kills` times, at points spread by `ids`; then see that all is well.

    Every other time the database server is killed with it.
    """
    outcome = Outcome()
    todo = iter(range(checkouts))
    done = 0
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:

        async def shoppers() -> None:
            nonlocal done
            for _ in todo:
                await _shop_once(outcome, Buyer(http, shop.url, clock=clock, ids=ids), sku, ids)
                done += 1
                progress(done)

        async def killer() -> None:
            for number in range(1, kills + 1):
                while done < checkouts * number / (kills + 1):
                    await clock.sleep(0.01)
                await clock.sleep(ids.fraction() * 0.2)
                power_cut = number % 2 == 0
                await shop.kill(database=power_cut)
                outcome.kills += 1
                outcome.power_cuts += power_cut
                outcome.restarts.append(await shop.start())

        await asyncio.gather(killer(), *(shoppers() for _ in range(parallel)))
    return outcome


async def _shop_once(outcome: Outcome, buyer: Buyer, sku: str, ids: Ids) -> None:
    """One shopper, who never gives up on an order that the shop has acknowledged."""
    token = TOKENS[int(ids.fraction() * len(TOKENS))]
    at = ""
    while not at:
        at, status, got = await buyer.fill_a_cart(sku)
        if not at and 400 <= status < 500 and status != 404:
            outcome.wrong.append(f"a cart was refused: {status} {str(got)[:200]}")
            return
    key, payment = ids.new("key"), {"payment": {"provider": "testbank", "token": token}}
    status = 0
    while not 200 <= status < 300:
        status, order = await buyer.call("POST", f"{at}/checkout", payment, key)
        if 400 <= status < 500:
            outcome.wrong.append(f"a checkout was refused: {status} {str(order)[:200]}")
            return
    outcome.acknowledged += 1
    await _follow(outcome, buyer, order, token)


async def _follow(outcome: Outcome, buyer: Buyer, order: dict[str, Any], token: str) -> None:
    """An acknowledged order is found again, and ends as its way of paying says."""
    id, status = order["id"], order["status"]
    for _ in range(600):
        code, found = await buyer.call("GET", f"/v1/orders/{id}")
        if code == 404:
            outcome.wrong.append(f"{id} was acknowledged and is lost")
            return
        if code == 200:
            status = found["status"]
            if status not in UNFINISHED:
                break
        await asyncio.sleep(0.2)
    outcome.statuses[status] += 1
    expected = "payment_failed" if token == "tok_declined" else "confirmed"
    if status != expected:
        outcome.wrong.append(f"{id}, paid with {token}, ended {status}")
