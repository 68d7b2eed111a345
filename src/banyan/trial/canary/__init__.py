"""A person with a canary in every field lives in a shop, is erased, and is looked for in everything that the shop keeps."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.canary import scanning
from banyan.trial.canary.living import Life
from banyan.trial.canary.scanning import DECLARED, Search
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import proven, stock

SKU = "CANARY-1"


@dataclass(slots=True)
class Verdict:
    """Where canaries were found, before and after; `wrong` is empty when they are nowhere but where that is declared."""

    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    planted: int = 0
    bytes_read: int = 0
    seconds: float = 0.0  # from the wish to be forgotten until nothing is left
    wrong: list[str] = field(default_factory=list)

    @property
    def declared(self) -> dict[str, int]:
        return {place: hits for place, hits in self.after.items() if scanning.declared(place)}

    def lines(self) -> list[str]:
        lines = [
            f"{self.planted} canaries planted; found in {len(self.before)} places while the account was there",
            f"erased in {self.seconds:.1f} s; {self.bytes_read / 1e6:.0f} MB read afterwards",
        ]
        lines += [
            f"declared: {place}: {hits} hits. {DECLARED[scanning.declared(place)]}"
            for place, hits in self.declared.items()
        ]
        return [*lines, *(self.wrong or ["no canary is anywhere else, and every invariant holds"])]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*self.__slots__, "declared")}


async def canary_trial(
    folder: Path, *, orders: int, clock: Clock, ids: Ids, say: Callable[[str], None] = lambda _: None
) -> Verdict:
    """Run a shop of its own in `folder`; let a person live in it, with so many orders as account and as guest; erase them."""
    verdict = Verdict()
    mark = f"zq{ids.secret(6).hex()}"
    search = Search(mark)
    options = {"rate_limits": "false", "access_token_seconds": "60", "erasure_days": "0"}
    async with own_shop(folder, clock, options=("--empty",), **options) as shop:
        await stock(folder, SKU, 10 * orders + 10)
        await shop.start()
        say("the shop is open; the person signs up and buys")
        async with aiohttp.ClientSession() as http:
            life = Life(http, shop.url, folder, mark, clock=clock, ids=ids)
            await life.live(SKU, orders)
            verdict.planted = len(life.planted)
            say("looking for the person in everything")
            verdict.before = await scanning.rows(folder, search)
            verdict.before |= await asyncio.to_thread(_files, folder, search, verdict)
            say("erasing")
            verdict.seconds = await life.be_forgotten()
            metrics = await life.metrics()
        await clock.sleep(1)  # what was told of it has reached everybody
        say("looking again")
        await scanning.swept(folder)
        verdict.after = await scanning.rows(folder, search)
        if hits := search.count(metrics):
            verdict.after["/metrics"] = hits
        verdict.wrong = [f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in await proven(folder)]
    verdict.after |= await asyncio.to_thread(_files, folder, search, verdict)
    verdict.wrong += [
        f"{hits} canaries in {place}" for place, hits in verdict.after.items() if not scanning.declared(place)
    ]
    if missing := [place for place in ("users.account", "mail/", "postgres/") if not _seen(verdict.before, place)]:
        verdict.wrong.append(f"the search is blind: no canary was found in {', '.join(missing)} before the erasure")
    return verdict


def _files(folder: Path, search: Search, verdict: Verdict) -> dict[str, int]:
    found, verdict.bytes_read = scanning.files(folder, search)
    return found


def _seen(found: dict[str, int], place: str) -> bool:
    return any(place in each for each in found)
