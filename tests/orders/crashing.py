"""Ports with a boundary before and after each transaction and each call, where a test lets something happen."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from banyan.contracts import Call
from banyan.foundation.db import Db, Tx
from banyan.foundation.gathering import Gatherings
from banyan.foundation.service import Ports


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Boundaries:
    """Counts boundaries; `happens` is called at the chosen one (by number or by name), before whatever follows it."""

    at: int | str
    happens: Callable[[], Awaitable[None]]
    seen: int = 0

    async def cross(self, where: str) -> None:
        self.seen += 1
        if self.at in (self.seen, where):
            await self.happens()


async def crash() -> None:
    raise Crash


class _Db(Db):
    boundaries: Boundaries

    @asynccontextmanager
    async def transaction(self, *, seconds: float | None = None) -> AsyncIterator[Tx]:
        await self.boundaries.cross("before a transaction")
        async with super().transaction(seconds=seconds) as tx:
            yield tx
        await self.boundaries.cross("after a commit")


class _Peers:
    def __init__(self, ports: Ports, boundaries: Boundaries) -> None:
        self._ports = ports
        self._boundaries = boundaries

    async def ask(self, call: Call[Any]) -> Any:
        await self._boundaries.cross(f"before {type(call).__name__}")
        answer = await self._ports.peers.ask(call)
        await self._boundaries.cross(f"after {type(call).__name__}")
        return answer


def bounded(ports: Ports, at: int | str, happens: Callable[[], Awaitable[None]] = crash) -> tuple[Ports, Boundaries]:
    """The same ports, with something that happens at one of their boundaries."""
    boundaries = Boundaries(at, happens)
    db = _Db(ports.db._pool, clock=ports.clock, ids=ports.ids)
    db.boundaries, db.subjects = boundaries, ports.db.subjects
    alone = Gatherings(alone=True)  # who crashes takes nobody along
    return replace(ports, db=db, peers=_Peers(ports, boundaries), gatherings=alone), boundaries  # type: ignore[arg-type]
