"""The course of the trial: calm, Stripe hangs, calm … then it is killed, comes back, and the books are read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.outage.books import Ledgers
from banyan.trial.outage.judging import AWAY, CALM, HANGS, Verdict, Wish, places
from banyan.trial.outage.seeing import Shown
from banyan.trial.outage.shopping import Turn, turn
from banyan.trial.outage.stage import Stage, stage
from banyan.trial.stocking import NOTHING, proven

_BACK = "stripe is back"
_LOOKS_EVERY = 0.5  # seconds between two looks at the breaker
_SETTLES = 90.0  # seconds within which all must have settled
_LONGER = 60.0  # … and within which the breaker opens, or closes when the provider is back
_AT_A_TIME = 1.0  # seconds of shopping until the breaker is looked at again
Say = Callable[[str], None]


async def outage_trial(
    folder: Path,
    wish: Wish,
    *,
    clock: Clock,
    ids: Ids,
    env: Mapping[str, str] = NOTHING,
    progress: Callable[..., None] = lambda *_: None,
    say: Say = lambda _: None,
) -> Verdict:
    """A shop of its own in `folder`, with Stripe's simulator beside it. `env`: settings of it that are others than usual.

    RuntimeError when something does not start.
    """
    say("starting a shop, its vault and Stripe's simulator")
    async with stage(folder, env, products=wish.products, clock=clock, ids=ids) as on, Ledgers.of(on) as ledgers:
        course = _Course(on, ledgers, wish, progress)
        verdict = await course.run(say)
        verdict.books = await ledgers.read()
    verdict.judge()
    verdict.wrong += [
        f"{each.id} {each.service}: {each.promise}: {each.rows[:3]}" for each in await proven(on.shop.data_dir)
    ]
    return verdict


class _Course:
    def __init__(self, on: Stage, ledgers: Ledgers, wish: Wish, progress: Callable[..., None]) -> None:
        self._on, self._ledgers, self._wish, self._progress = on, ledgers, wish, progress
        self._verdict, self._done = Verdict(), 0
        self._turn = partial(turn, on, looks=wish.looks, checkouts=wish.checkouts, told=self._told)

    async def run(self, say: Say) -> Verdict:
        """Turns come one about the other, so that what else this machine does meets both kinds."""
        wish, verdict, stripe = self._wish, self._verdict, self._on.stripe
        seconds = wish.warm + wish.calm + wish.rounds * (wish.calm + wish.hangs) + wish.away
        self._progress(0, round(seconds * wish.checkouts))
        await self._turn("warm", wish.warm)
        for number in range(wish.rounds):
            say(f"round {number + 1} of {wish.rounds}: calm")
            await self._shop(CALM, wish.calm)
            say(f"round {number + 1} of {wish.rounds}: Stripe hangs")
            stripe.hang()
            try:
                await self._shop_till_open(HANGS, wish.hangs)
            finally:
                stripe.go_on()
            await self._shop(_BACK, _AT_A_TIME, self._closed)
        say("calm once more")
        await self._shop(CALM, wish.calm)
        say("Stripe is killed")
        await stripe.kill()
        await self._shop_till_open(AWAY, wish.away)
        say("Stripe is back")
        await stripe.start()
        await self._shop(_BACK, _AT_A_TIME, self._closed)
        verdict.closed = places(await self._on.operator.look(), "closed")
        return verdict

    async def _shop(self, kind: str, seconds: float, until: "Callable[[], Awaitable[bool]] | None" = None) -> None:
        """A turn, longer where `until` does not hold yet; then wait until all that was begun has ended."""
        self._verdict.turns.append(await self._longer(kind, seconds, until))
        if not await self._ledgers.settled(_SETTLES):
            self._verdict.wrong.append(f"{kind}: orders or payments were still under way after {_SETTLES:.0f} s")

    async def _shop_till_open(self, kind: str, seconds: float) -> None:
        """A turn in which the breaker is looked at until it was seen open everywhere; what was begun may go on when the
        provider does."""
        opened = self._verdict.opened.setdefault(kind, set())

        async def watch() -> None:
            while opened != set(Shown.__slots__):
                opened.update(places(await self._on.operator.look(), "open"))
                await self._on.clock.sleep(_LOOKS_EVERY)

        async def seen() -> bool:
            if watching.done():
                watching.result()
            return watching.done()

        watching = asyncio.create_task(watch())
        try:
            self._verdict.turns.append(await self._longer(kind, seconds, seen))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _longer(self, kind: str, seconds: float, until: "Callable[[], Awaitable[bool]] | None") -> Turn:
        """People go on shopping, for a minute at most, until it holds: a breaker learns by their questions alone."""
        seen, ends = await self._turn(kind, seconds), self._on.clock.monotonic() + _LONGER
        while until is not None and not await until() and self._on.clock.monotonic() < ends:
            seen.join(await self._turn(kind, _AT_A_TIME))
        return seen

    async def _closed(self) -> bool:
        return (await self._on.operator.look()).all("closed")

    def _told(self) -> None:
        self._done += 1
        self._progress(self._done)
