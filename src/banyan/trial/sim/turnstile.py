"""One actor at a time: who goes next is the seed's choice, and time moves only when everyone waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar, copy_context
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
    """A line of work: a shopper, a relay, a chore, or a task that one of them started.

    `inside` says whether it stands within the shop's process now. It is parked while it has a gate.
    """

    name: str
    work: Coroutine[Any, Any, Any]
    inside: bool = True
    task: "asyncio.Task[Any] | None" = None
    gate: "asyncio.Future[None] | None" = None
    wake_at: float | None = None
    bell: Wake | None = None
    where: str = "the start"
    done: bool = False
    children: "list[Actor]" = field(default_factory=list)

    def still(self) -> bool:
        """Whether it does nothing now: not begun, at a point, done, or waiting for tasks of its own."""
        return self.done or self.gate is not None or self.task is None or any(not c.done for c in self.children)


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

    @property
    def playing(self) -> bool:
        """Whether an actor is on; the setting of the stage is not part of the play."""
        return _current.get() is not None

    async def point(self, where: str) -> None:
        """Let others go first, perhaps. Outside an actor (the stage being set) this does nothing."""
        actor = _current.get()
        if actor is None:
            return
        if self.open_transactions:
            raise AssertionError(f"{where}: an outside call inside a transaction")
        if actor.inside:
            try:
                self.on_point(where)
            except Crash:
                self.crashed = True
                raise
        await self._park(actor, where, None, None)

    async def sleep(self, seconds: float, bell: Wake | None = None) -> None:
        """Until the virtual time has come, or the bell rings."""
        actor = _current.get()
        if actor is not None:
            await self._park(actor, f"sleeping {seconds:.3f}", self.clock.monotonic() + seconds, bell)

    async def run(self, finished: Callable[[], bool], restart: Callable[[], Awaitable[None]]) -> None:
        """Let actors go, one at a time, until `finished`; `restart` runs after each crash. What an actor raises is raised."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(self._task)
        try:
            while not finished():
                self.steps += 1
                if self.steps > MOST_STEPS:
                    raise Wedged(f"no end after {MOST_STEPS} steps: {self.who_waits()}")
                actor = self._next()
                await self._turn(actor)
                if actor.done and actor.task is not None and not self.crashed:
                    await actor.task
                if self.crashed:
                    await self.kill()
                    self.crashed = False
                    await restart()
        finally:
            loop.set_task_factory(None)

    async def kill(self) -> None:
        """The process is gone: everyone inside it dies where they stand. Clients outside learn of it and live."""
        while doomed := next((a for a in self.actors if a.inside and not a.done and a.gate), None):
            assert doomed.gate is not None
            gate, doomed.gate = doomed.gate, None
            self._idle.clear()
            gate.set_exception(Crash())
            await self._idle.wait()
        for actor in self.actors:
            if actor.inside and actor.task is None:
                actor.work.close()
                actor.done = True
        self.actors = [actor for actor in self.actors if not actor.done]

    async def end(self) -> None:
        """Everyone goes home; for the end of a run, also a failed one."""
        tasks = [actor.task for actor in self.actors if actor.task is not None]
        for actor in self.actors:
            if actor.task is None:
                actor.work.close()
            elif not actor.done:
                actor.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        waiting = [actor for actor in self.actors if actor.gate is not None or actor.task is None]
        ready = [a for a in waiting if a.wake_at is None or a.wake_at <= now or (a.bell and a.bell.rung)]
        if not ready:
            if not waiting:
                raise Wedged("nobody is left and it is not finished")
            self.clock.advance(max(0.0, min(a.wake_at for a in waiting if a.wake_at is not None) - now) + 1e-6)
            return self._next()
        return ready[int(self.chance.fraction() * len(ready))]

    async def _turn(self, actor: Actor) -> None:
        """Let one go until everybody stands still again. Real I/O happens in here."""
        self._idle.clear()
        if actor.bell is not None:
            actor.bell.still()
        actor.wake_at, actor.bell = None, None
        if actor.task is None:
            _begin(actor, asyncio.get_running_loop(), self._ended)
        else:
            assert actor.gate is not None
            gate, actor.gate = actor.gate, None
            gate.set_result(None)
        await self._idle.wait()

    def _task(self, loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
        """How tasks are made while a run goes on: those an actor starts are actors too, and stand in its shoes."""
        parent = _current.get()
        if parent is None:
            return asyncio.Task(work, loop=loop, **more)
        child = Actor(f"{parent.name} › {len(parent.children)}", work, parent.inside)
        parent.children.append(child)
        self.actors.append(child)
        return _begin(child, loop, self._ended)

    def _ended(self, actor: Actor) -> None:
        actor.done = True
        self._look()

    def _look(self) -> None:
        if all(actor.still() for actor in self.actors):
            self._idle.set()

    async def _park(self, actor: Actor, where: str, wake_at: float | None, bell: Wake | None) -> None:
        actor.gate = gate = asyncio.get_running_loop().create_future()
        actor.where, actor.wake_at, actor.bell = where, wake_at, bell
        self._look()
        await gate


def _begin(actor: Actor, loop: asyncio.AbstractEventLoop, ended: Callable[[Actor], None]) -> "asyncio.Task[Any]":
    """Start an actor's task, in a context that knows whose it is."""
    context = copy_context()
    context.run(_current.set, actor)
    actor.task = asyncio.Task(actor.work, loop=loop, name=actor.name, context=context)

    def at_the_end(task: "asyncio.Task[Any]") -> None:
        if not task.cancelled():
            task.exception()  # looked at, so that a Crash is not reported as forgotten
        ended(actor)

    actor.task.add_done_callback(at_the_end)
    return actor.task
