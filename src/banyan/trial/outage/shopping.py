"""People who look and people who buy, both when they want to: an open loop, so that a slow answer keeps nobody from asking."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banyan.trial.crowd import Buyer
from banyan.trial.outage.stage import Stage

_CARD = "4242424242424242"
_PLACES = ("product", "category", "search", "cart")
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class Bought:
    """One checkout: its order, what the shop answered at once, and after how many seconds."""

    order: str
    answered: str
    seconds: float


@dataclass(slots=True)
class Turn:
    """`looks`: seconds of each answer to who only looks, from when it was wanted; `failed`: those that were refused or
    had none, by place; `refused`: checkouts that made no order, by what was said."""

    kind: str
    looks: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    bought: list[Bought] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def join(self, other: "Turn") -> None:
        """Go on with what another one saw."""
        self.looks += other.looks
        self.failed += other.failed
        self.bought += other.bought
        self.refused += other.refused


async def turn(
    on: Stage,
    kind: str,
    seconds: float,
    *,
    looks: float,
    checkouts: float,
    told: Callable[[], None] = lambda: None,
) -> Turn:
    """So many looks and checkouts a second for so long. Whoever has begun goes on to the end; `told` of each checkout."""
    seen = Turn(kind)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as http:
        places = _places(on, await _a_cart(on, http))

        async def look(wanted: float, number: int) -> None:
            path, headers = places[number % len(places)](number)
            try:
                async with http.get(on.shop.url + path, headers=headers) as answer:
                    await answer.read()
                    wrong = str(answer.status) if answer.status >= 400 else ""
            except (aiohttp.ClientError, TimeoutError) as error:
                wrong = type(error).__name__
            seen.looks.append(on.clock.monotonic() - wanted)
            if wrong:
                seen.failed[f"{_PLACES[number % len(_PLACES)]} {wrong}"] += 1

        async def buy(_: float, __: int) -> None:
            await _buy(on, http, seen)
            told()

        await asyncio.gather(_at_a_rate(on, looks, seconds, look), _at_a_rate(on, checkouts, seconds, buy))
    return seen


async def _at_a_rate(on: Stage, rate: float, seconds: float, act: Callable[[float, int], Awaitable[None]]) -> None:
    """`act` when it is wanted, whether or not earlier ones are done; it is told when that was."""
    began, going = on.clock.monotonic(), list[asyncio.Future[None]]()
    for number in range(round(rate * seconds)):
        wanted = began + number / rate
        if (early := wanted - on.clock.monotonic()) > 0:
            await on.clock.sleep(early)
        going.append(asyncio.ensure_future(act(wanted, number)))
    await asyncio.gather(*going)


def _places(on: Stage, cart: tuple[str, str]) -> list[Callable[[int], tuple[str, dict[str, str]]]]:
    """Where people look, in turn, as `_PLACES` has them: the path and the headers of the n-th look."""
    things, (path, token) = on.goods, cart
    return [
        lambda n: (f"/p/{things.products[n % len(things.products)]}", {}),
        lambda n: (f"/c/{things.categories[n % len(things.categories)]}", {}),
        lambda n: (f"/search?q={things.words[n % len(things.words)]}", {}),
        lambda _: (path, {"Authorization": f"Bearer {token}"}),
    ]


async def _a_cart(on: Stage, http: aiohttp.ClientSession) -> tuple[str, str]:
    """(Its path, who may see it.)"""
    buyer = Buyer(http, on.shop.url, clock=on.clock, ids=on.ids)
    path, status, got = await buyer.fill_a_cart(_sku(on))
    if not path:
        raise RuntimeError(f"no cart can be filled: {status} {str(got)[:200]}")
    return path, buyer.token


async def _buy(on: Stage, http: aiohttp.ClientSession, seen: Turn) -> None:
    """From a card and a cart to an order. No provider is named: the card is good with each, and the shop chooses."""
    buyer = Buyer(http, on.shop.url, clock=on.clock, ids=on.ids)
    token, (path, status, got) = await asyncio.gather(_a_card(on, http), buyer.fill_a_cart(_sku(on)))
    if not path or not token:
        seen.refused[_why(status, got) if not path else "the vault takes no card"] += 1
        return
    began = on.clock.monotonic()
    status, got = await buyer.call("POST", f"{path}/checkout", {"payment": {"token": token}})
    taken = on.clock.monotonic() - began
    if 200 <= status < 300:
        seen.bought.append(Bought(got["id"], got["status"], taken))
    else:
        seen.refused[_why(status, got)] += 1


async def _a_card(on: Stage, http: aiohttp.ClientSession) -> str:
    card = {"number": _CARD, "exp_month": 12, "exp_year": on.clock.now().year + 3, "cvc": "123"}
    try:
        async with http.post(on.cards, json=card) as answer:
            return str((await answer.json())["token"]) if answer.status == 201 else ""
    except (aiohttp.ClientError, TimeoutError):
        return ""


def _sku(on: Stage) -> str:
    return on.goods.skus[int(len(on.goods.skus) * on.ids.fraction())]


def _why(status: int, got: Any) -> str:
    return f"{status} {got.get('code', '') if isinstance(got, dict) else ''}".rstrip()
