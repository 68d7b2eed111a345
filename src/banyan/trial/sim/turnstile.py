"""One actor at a time: who goes next is the seed's choice, and time moves only when everyone waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from banyan.foundation.wake import Wake
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds

MOST_STEPS = 60_000


class Crash(BaseException):
    """The process dies here. No handler of the services may catch it."""


class Wedged(Exception):
    """Nobody can go on, or it never ends: a liveness fault."""


@dataclass(slots=True, eq=False)
class Actor:
    """One line of work: a shopper, a relay, a chore. `inside` says whether it stands within the shop's process now."""

    name: str
    work: Coroutine[Any, Any, None]
    inside: bool = True
    task: "asyncio.Task[None] | None" = None
    gate: "asyncio.Future[None] | None" = None
    wake_at: float | None = None
    bell: Wake | None = None
    where: str = "the start"
    done: bool = False


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


@dataclass(slots=True)
class Turnstile:
    """The scheduler. `on_point` is asked at each point and may raise Crash."""

    clock: VirtualClock
    chance: SeededIds
    on_point: Callable[[str], None]
    actors: list[Actor] = field(default_factory=list)
    steps: int = 0
    crashed: bool = False
    open_transactions: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def spawn(self, name: str, work: Coroutine[Any, Any, None], *, inside: bool = True) -> None:
        self.actors.append(Actor(name, work, inside))

    async def point(self, where: str) -> None:
        """Let others go first, perhaps. Outside an actor (the stage being set) this does nothing."""
        actor = _current.get()
        if actor is None:
            return
        if self.open_transactions:
            raise AssertionError(f"{where}: an outside call inside a transaction")
        if actor.inside:
            self.on_point(where)
        await self._park(actor, where, None, None)

    async def sleep(self, seconds: float, bell: Wake | None = None) -> None:
        """Until the virtual time has come, or the bell rings."""
        actor = _current.get()
        if actor is not None:
            await self._park(actor, f"sleeping {seconds:.3f}", self.clock.monotonic() + seconds, bell)

    async def run(self, finished: Callable[[], bool], restart: Callable[[], Awaitable[None]]) -> None:
        """Let actors go, one at a time, until `finished`; `restart` runs after each crash. What an actor raises is raised."""
        while not finished():
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Wedged(f"no end after {MOST_STEPS} steps: {self.who_waits()}")
            actor = self._next()
            await self._turn(actor)
            if actor.done and actor.task is not None:
                await actor.task
            if self.crashed:
                await self.kill()
                self.crashed = False
                await restart()

    async def kill(self) -> None:
        """The process is gone: everyone inside it dies where they stand. Clients outside learn of it and live."""
        for actor in [each for each in self.actors if each.inside and not each.done]:
            if actor.gate is not None:
                actor.gate.set_exception(Crash())
                actor.gate = None
                await self._settled()
            elif actor.task is None:
                actor.work.close()
                actor.done = True
        self.actors = [each for each in self.actors if not each.done]

    async def end(self) -> None:
        """Everyone goes home; for the end of a run, also a failed one."""
        for actor in self.actors:
            if actor.task is None:
                actor.work.close()
            elif not actor.done:
                actor.task.cancel()
        await asyncio.gather(*(each.task for each in self.actors if each.task), return_exceptions=True)

    def inside(self, yes: bool) -> None:
        """The running actor steps into the shop's process (a request is served), or out of it again."""
        actor = _current.get()
        if actor is not None:
            actor.inside = yes

    def who_waits(self) -> str:
        return "; ".join(f"{actor.name} at {actor.where}" for actor in self.actors if not actor.done)

    def _next(self) -> Actor:
        self.actors = [actor for actor in self.actors if not actor.done]
        now = self.clock.monotonic()
        ready = [a for a in self.actors if a.wake_at is None or a.wake_at <= now or (a.bell and a.bell.rung)]
        if not ready:
            if not self.actors:
                raise Wedged("nobody is left and it is not finished")
            self.clock.advance(min(a.wake_at for a in self.actors if a.wake_at is not None) - now + 1e-6)
            return self._next()
        return ready[int(self.chance.fraction() * len(ready))]

    async def _turn(self, actor: Actor) -> None:
        self._idle.clear()
        if actor.bell is not None:
            actor.bell.still()
        actor.wake_at, actor.bell = None, None
        if actor.task is None:
            actor.task = asyncio.create_task(self._body(actor), name=actor.name)
        else:
            assert actor.gate is not None
            actor.gate.set_result(None)
            actor.gate = None
        await self._settled()

    async def _settled(self) -> None:
        """Until the one who was let go stands at a point again, or is done. Real I/O happens in here."""
        await self._idle.wait()
        self._idle.clear()

    async def _body(self, actor: Actor) -> None:
        _current.set(actor)
        try:
            await actor.work
        except Crash:
            self.crashed = True
        finally:
            actor.done = True
            self._idle.set()

    async def _park(self, actor: Actor, where: str, wake_at: float | None, bell: Wake | None) -> None:
        actor.gate = asyncio.get_running_loop().create_future()
        actor.where, actor.wake_at, actor.bell = where, wake_at, bell
        self._idle.set()
        await actor.gate
