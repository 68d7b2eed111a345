"""The moments of a change of hands at which a process can end: the beginning of each step, and after each thing done in it.

A moment is `STEP`, or `STEP EFFECT`: `row` after a commit on the move database, `told` after a service answered, `fence`
after the legacy fence was moved; `row2`, `fence2` after the second of these in the step.
"""

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from banyan.foundation.db import Db, Tx
from banyan.foundation.peers import Peers
from banyan.move.source import Connection, Source
from banyan.move.way_back.ground import Ground

AFTER_COMMIT = {"cutover": ("C12", "C13"), "revert": ("R12", "R13")}
COMMITS = {"cutover": "C11 row2", "revert": "R11 row2"}
_MOST = {"row": 2, "told": 1, "fence": 2}
_MOVES = ("LOCK TABLES", "UNLOCK TABLES", "UPDATE banyan_fence")
_ENDS = {"C13": ("row",), "gone back": ("row",)}
"""Steps after which whoever works goes on with other things: what else is done there is not of the change of hands."""


def arrived(what: str, moment: str) -> bool:
    """Whether a turn that ends at this moment is decided: only going on is left."""
    return moment == COMMITS[what] or moment.split()[0] in AFTER_COMMIT[what]


@dataclass(slots=True)
class Moments:
    """Tells each moment as it passes, and ends the process at one of them as `kill -9` does."""

    tell: Callable[[str], None]
    last: str = ""
    _step: str = ""
    _seen: Counter[str] = field(default_factory=Counter)

    def begin(self, last: str) -> None:
        self.last, self._step = last, ""
        self._seen.clear()

    def crossed(self, step: str) -> None:
        self._step = step
        self._seen.clear()
        self._pass(step)

    def did(self, effect: str) -> None:
        step = self._step
        self._seen[effect] += 1
        nth = self._seen[effect]
        if step and nth <= _MOST[effect] and effect in _ENDS.get(step, (effect,)):
            self._pass(f"{step} {effect}" + (str(nth) if nth > 1 else ""))

    def _pass(self, moment: str) -> None:
        self.tell(moment)
        if moment == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(self, ground: Ground) -> Ground:
        """The same ground, told of what is done on it."""
        db, peers = _Db(ground.ports.db, self), _Peers(ground.ports.peers, self)
        ports = replace(ground.ports, db=cast(Db, db), peers=cast(Peers, peers))
        return replace(ground, ports=ports, source=cast(Source, _Source(ground.source, self)))


class _Through:
    """Another object, but for what is told of here."""

    def __init__(self, of: Any, moments: Moments) -> None:
        self._of, self._moments = of, moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


class _Db(_Through):
    @asynccontextmanager
    async def transaction(self, **given: Any) -> AsyncIterator[Tx]:
        async with self._of.transaction(**given) as tx:
            yield tx
        self._moments.did("row")


class _Peers(_Through):
    async def ask(self, call: Any) -> Any:
        answer = await self._of.ask(call)
        self._moments.did("told")
        return answer


class _Source(_Through):
    def connect(self, **session: object) -> Connection:
        return cast(Connection, _Connection(self._of.connect(**session), self._moments))


class _Connection(_Through):
    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._of.close()

    def execute(self, sql: str, *args: object) -> int:
        done: int = self._of.execute(sql, *args)
        if sql.startswith(_MOVES):
            self._moments.did("fence")
        return done
