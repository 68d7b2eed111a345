"""A queue as a folder, for laptops and tests: whoever has a message puts a file `*.json` there."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from banyan.foundation.queue import Delivery
from banyan.kernel.clock import Clock

_BATCH = 10
_LOOK_SECONDS = 1.0


class FolderQueue:
    """One reader only. Messages come in the order of their files' names; write beside and rename to put one whole."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.name = folder.name
        self._folder = folder
        self._clock = clock
        self._came = Counter[str]()

    async def receive(self) -> Sequence[Delivery]:
        found = await asyncio.to_thread(self._read)
        if not found:
            await self._clock.sleep(_LOOK_SECONDS)
        self._came.update(name for name, _ in found)
        return [Delivery(name, body, name, self._came[name]) for name, body in found]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            del self._came[each.handle]
            await asyncio.to_thread((self._folder / each.handle).unlink, missing_ok=True)

    async def sets_aside(self) -> bool:
        return False

    async def close(self) -> None:
        pass

    def _read(self) -> list[tuple[str, str]]:
        """The next files; those that came least go first, so that one which cannot be handled holds up no other."""
        names = sorted((each.name for each in self._folder.glob("*.json")), key=lambda name: (self._came[name], name))
        return [(name, (self._folder / name).read_text("utf-8", errors="replace")) for name in names[:_BATCH]]
