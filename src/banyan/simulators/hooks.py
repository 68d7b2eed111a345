"""Webhooks of a played provider: each is sent until it is taken, as the clock says; or twice, late, in the wrong order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Refusal

Post = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Send headers and body to the shop; its status."""


@dataclass(slots=True)
class Hook:
    id: str
    body: bytes
    made_at: datetime
    due: datetime
    attempts: int = 0
    taken: bool = False


class Hooks:
    """`waits`: seconds before the second, third … attempt; after the last it is given up."""

    def __init__(
        self, clock: Clock, sign: Callable[[Hook], Mapping[str, str]], post: Post, waits: Sequence[float]
    ) -> None:
        self._clock, self._sign, self._post, self._waits = clock, sign, post, waits
        self.told: list[Hook] = []
        self.held = False  # none is sent
        self.twice = False
        self.backwards = False  # the newest first

    def tell(self, event_id: str, body: bytes) -> None:
        now = self._clock.now()
        self.told.append(Hook(event_id, body, now, now))

    @property
    def waiting(self) -> list[Hook]:
        """Those not taken and not given up."""
        return [each for each in self.told if not each.taken and each.attempts <= len(self._waits)]

    async def deliver(self) -> int:
        """Send all that are due, each once (or twice); how many were taken."""
        if self.held:
            return 0
        now = self._clock.now()
        due = [each for each in self.waiting if each.due <= now]
        return sum([await self._send(each) for each in (reversed(due) if self.backwards else due)])

    async def _send(self, hook: Hook) -> int:
        for _ in range(2 if self.twice else 1):
            try:
                status = await self._post({"content-type": "application/json", **self._sign(hook)}, hook.body)
            except (Refusal, OSError):
                status = 0
            hook.taken = hook.taken or 200 <= status < 300
        hook.attempts += 1
        if not hook.taken and hook.attempts <= len(self._waits):
            hook.due = self._clock.now() + timedelta(seconds=self._waits[hook.attempts - 1])
        return hook.taken
