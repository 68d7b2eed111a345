"""The four ports of a simulated process: clock, database, peers and bus, each with points where others may go first."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from banyan.contracts import Call
from banyan.foundation import loopback
from banyan.foundation.bus import Take
from banyan.foundation.db import Db, Tx
from banyan.foundation.envelope import Envelope
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.foundation.wake import Wake
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import DeadlinePassed, Unavailable
from banyan.trial.sim.faults import Fate, Plan
from banyan.trial.sim.turnstile import Turnstile

Answer = TypeVar("Answer", bound=BaseModel)


class SimClock(VirtualClock):
    """Virtual time; sleeping is the turnstile's matter."""

    turnstile: Turnstile

    async def sleep(self, seconds: float) -> None:
        await self.turnstile.sleep(seconds)


class SimDb(Db):
    """The real database, with a point before each transaction and one after it."""

    turnstile: Turnstile

    @asynccontextmanager
    async def transaction(self, *, seconds: float | None = None) -> AsyncIterator[Tx]:
        await self.turnstile.point("before a transaction")
        self.turnstile.open_transactions += 1
        try:
            async with super().transaction(seconds=30.0) as tx:
                yield tx
        finally:
            self.turnstile.open_transactions -= 1
        await self.turnstile.point("after a commit")


class SimPeers(Peers):
    """Calls that may be lost on the way there, on the way back, or arrive twice."""

    turnstile: Turnstile
    plan: Plan

    async def ask(self, call: Call[Answer]) -> Answer:
        local = self.local(call.OWNER)
        assert local is not None
        assert local.ports is not None
        name = f"{call.OWNER}.{type(call).__name__}"
        fate = await self._departs(name)
        answer: Answer = await local.calls[type(call)](local.ports, call)
        if fate is Fate.TWICE:
            answer = await local.calls[type(call)](local.ports, call)
        await self._returns(name, fate)
        return answer

    async def http(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        local = self.local(service)
        assert local is not None
        fate = await self._departs(f"{method} {service}")
        answer = await loopback.request(local.app, method, path, headers=headers or {}, body=body)
        if fate is Fate.TWICE:
            answer = await loopback.request(local.app, method, path, headers=headers or {}, body=body)
        await self._returns(f"{method} {service}", fate)
        return answer

    async def _departs(self, name: str) -> Fate:
        await self.turnstile.point(f"before {name}")
        fate = self.plan.fate() if self.turnstile.playing else Fate.FINE
        if fate is Fate.REQUEST_LOST:
            raise Unavailable(f"simulated: {name} was not reached")
        return fate

    async def _returns(self, name: str, fate: Fate) -> None:
        await self.turnstile.point(f"after {name}")
        if fate is Fate.ANSWER_LOST:
            raise DeadlinePassed(f"simulated: the answer of {name} was lost")


@dataclass(slots=True, eq=False)
class _Pending:
    envelope: Envelope
    not_before: float
    again: bool  # a second delivery: comes whenever it likes


@dataclass(slots=True)
class SimBus:
    """A bus outside the process: it keeps what it was given, delivers at least once, and late when the plan says so."""

    turnstile: Turnstile
    plan: Plan
    name: str = "simulated"
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    pending: dict[str, list[_Pending]] = field(default_factory=dict)
    bells: dict[str, Wake] = field(default_factory=dict)

    def join(self, group: str, topics: frozenset[str]) -> None:
        self.groups[group] = topics
        self.pending.setdefault(group, [])

    async def publish(self, batch: Sequence[Envelope]) -> None:
        await self.turnstile.point("before publishing")
        now = self.turnstile.clock.monotonic()
        for group, topics in self.groups.items():
            for envelope in batch:
                if envelope.topic not in topics:
                    continue
                self.pending[group].append(_Pending(envelope, now + self.plan.delay(), False))
                self.bell_of(group).ring()
                if self.plan.doubled():
                    self.pending[group].append(_Pending(envelope, now + 60 * self.plan.chance.fraction(), True))
        await self.turnstile.point("after publishing")

    async def deliver(self, group: str, topics: frozenset[str], take: Take) -> int:
        """Hand over one event that may come now: the first of a stream, or a second delivery of any."""
        now = self.turnstile.clock.monotonic()
        first: dict[str, _Pending] = {}
        for each in self.pending[group]:
            if not each.again:
                first.setdefault(each.envelope.key, each)
        able = [p for p in self.pending[group] if p.not_before <= now and (p.again or first[p.envelope.key] is p)]
        if not able:
            return 0
        chosen = able[int(self.plan.chance.fraction() * len(able))]
        await take([chosen.envelope])
        await self.turnstile.point("before an event is noted as delivered")
        self.pending[group].remove(chosen)
        return 1

    def empty(self) -> bool:
        return not any(self.pending.values())

    async def follow(self, topics: frozenset[str], after: str | None, take: Take) -> str:
        return after or "0.0"

    def knows(self, position: str) -> bool:
        return True

    def bell(self, topics: frozenset[str]) -> Wake:
        return Wake()

    def bell_of(self, group: str) -> Wake:
        """Rung when something for this group was published."""
        return self.bells.setdefault(group, Wake())

    async def lag(self, group: str, topics: frozenset[str]) -> int:
        return len(self.pending.get(group, ()))

    async def forget_old(self, days: int = 7) -> int:
        return 0

    async def close(self) -> None: ...
