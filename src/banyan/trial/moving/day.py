"""The day itself: examined, copied, verified, and then each group goes over and back while shoppers shop."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo.shoppers import Ledger, Shoppers, quantile
from banyan.trial.moving.books import Books
from banyan.trial.moving.evidence import GROUPS, Evidence, Handed, Wish
from banyan.trial.moving.looking import look_for_everything
from banyan.trial.moving.stage import Say, Stage, stage

_TRIES = 30  # of one change of hands; a gate that is shut just now is waited for


async def moving_day(folder: Path, wish: Wish, *, clock: Clock, ids: Ids, say: Say = lambda _: None) -> Evidence:
    """The whole of it; Evidence holds whatever came of it."""
    evidence = Evidence(max_pause=wish.max_pause)
    async with stage(folder, wish.size, clock=clock, ids=ids, say=say) as on, http_session() as http:
        say(f"A legacy shop is open at {on.old_url}; ours stands in front of it at {on.shop.url}")
        customers = range(1, min(wish.shoppers, wish.size.customers) + 1)
        shoppers = Shoppers(on.shop.url, customers, clock=clock, ids=ids, products=wish.size.products)
        before = await asyncio.to_thread(Books.of, on.mariadb, wish.size.orders)
        evidence.p95_before_ms = await _page_views(on.old_url, http, clock, ids, wish)
        await shoppers.sign_in(http)
        shopping = True
        traffic = asyncio.create_task(
            shoppers.shop(http, writes=wish.writes, reads=wish.reads, going_on=lambda: shopping)
        )
        try:
            await _move_in(on, wish, shoppers.ledger, evidence)
        finally:
            shopping = False
            await traffic
        evidence.p95_after_ms = await _page_views(on.shop.url, http, clock, ids, wish)
        await look_for_everything(on, http, before, shoppers.ledger, evidence)
    return evidence


async def _move_in(on: Stage, wish: Wish, ledger: Ledger, evidence: Evidence) -> None:
    status, diagnosis = await on.move("doctor")
    if status:
        evidence.told.append(f"doctor: {str(diagnosis)[:300]}")
    for words in (("prepare", "all"), ("copy", "all"), ("verify", "all")):
        status, told = await on.move(*words)
        if status:
            evidence.told.append(f"{' '.join(words)}: {str(told)[:500]}")
            return
    await on.clock.sleep(wish.quiet_seconds)
    rounds = [group for group in GROUPS if group in wish.groups]
    last = max((GROUPS.index(group) for group in rounds), default=-1)
    first = [group for group in GROUPS[: last + 1] if group not in rounds and wish.everything]
    over = [("cutover", group) for group in rounds]
    back = [("revert", group) for group in reversed(rounds)]
    then = [("cutover", group) for group in (GROUPS[last + 1 :] if wish.everything else ())]
    turns = [*(("cutover", group) for group in first), *(over + back) * wish.rounds, *over, *then]
    for what, group in turns:
        if not await _turn(on, wish, ledger, evidence, what, group):
            return  # what follows stands on it


async def _turn(on: Stage, wish: Wish, ledger: Ledger, evidence: Evidence, what: str, group: str) -> bool:
    """One change of hands, and some time of traffic after it. False when it never came about."""
    told: Any = {}
    for _ in range(_TRIES):
        began = on.clock.monotonic()
        _, told = await on.move(what, group, "--max-pause", str(wish.max_pause))
        if told.get("outcome") in ("done", "aborted"):
            slowest = ledger.slowest(began, on.clock.monotonic())
            handed = Handed(group, what, told["outcome"], told["pause_ms"], slowest * 1000, told.get("why", ""))
            evidence.hands.append(handed)
            on.say(f"  {what} {group}: {handed.outcome}, writes waited {handed.pause_ms:.0f} ms {handed.why}".rstrip())
            if handed.outcome == "done":
                await on.clock.sleep(wish.quiet_seconds)
                return True
        else:
            on.say(f"  not yet: {str(told.get('error', told))[:300]}")
        await on.clock.sleep(1.0)
    evidence.told.append(f"{what} {group}: {str(told)[:500]}")
    return False


async def _page_views(base: str, http: aiohttp.ClientSession, clock: Clock, ids: Ids, wish: Wish) -> float:
    """p95 in milliseconds of a few seconds of page views."""
    shoppers = Shoppers(base, [1], clock=clock, ids=ids, products=wish.size.products)
    until = clock.monotonic() + 4
    await shoppers.view(http, reads=wish.reads, going_on=lambda: clock.monotonic() < until)
    return quantile([took for _, took in shoppers.ledger.reads], 0.95) * 1000


def http_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())
