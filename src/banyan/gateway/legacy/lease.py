"""This worker's lease on routing: renewed twice a second, and at once when something changes hands.

What happens when it runs out, because move or its database cannot be reached: the worker goes on serving by the last
steering it heard, so that a shop does not stop with its mover. Writes of groups that were then changing hands are held,
since their owner may be another by now. A worker that had not heard of the change goes on asking the last owner it knew;
that side's database refuses it (the fence there, the tenure here): an error for the shopper, never a write on two sides.
"""

import asyncio
import contextlib
import logging

from banyan.contracts.moving import GroupSteering, Renew, Sample, Steering
from banyan.foundation import deadlines
from banyan.foundation.peers import Peers
from banyan.gateway.legacy.asked import Pages
from banyan.gateway.legacy.gates import Gates
from banyan.gateway.legacy.tally import Tally
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Refusal

EVERY = 0.5  # seconds between renewals while nothing changes
_AGAIN = 0.1  # seconds until a renewal that failed is tried again
_PATIENCE = 1.5  # seconds for an answer, beyond what it may wait
_MOST_SAMPLES = 50  # per renewal
_log = logging.getLogger(__name__)


class Lease:
    """What this worker knows of who answers what, and until when it may be sure of it."""

    def __init__(self, peers: Peers, clock: Clock, worker: str, **bounds: float) -> None:
        """`bounds`: `places` and `seconds` of the queue for held writes, see Gates."""
        self._peers = peers
        self._clock = clock
        self._worker = worker
        self._beat = 0
        self._until, self._lasts = float("-inf"), 4 * EVERY
        self._steering: Steering | None = None
        self._groups: dict[str, GroupSteering] = {}
        self._samples: list[Sample] = []
        self._task: asyncio.Task[None] | None = None
        self.pages = Pages()
        self.tally = Tally()
        self.gates = Gates(self.closed, **bounds)  # type: ignore[arg-type]

    @property
    def over(self) -> bool:
        """Whether the owner of a group may have changed without this worker having heard of it."""
        return self._clock.monotonic() >= self._until

    @property
    def known(self) -> bool:
        """Whether the mover ever said anything."""
        return self._steering is not None

    @property
    def all_final(self) -> bool:
        return bool(self._groups) and all(each.final for each in self._groups.values())

    @property
    def session_cookie(self) -> str:
        """By which the legacy shop knows its shoppers; empty where it does not."""
        return self._steering.session_cookie if self._steering else ""

    def group(self, name: str) -> GroupSteering | None:
        return self._groups.get(name)

    def closed(self, name: str) -> bool:
        """Whether writes of this group wait. Until the mover has said who owns what, all do."""
        if self._steering is None:
            return True
        group = self._groups.get(name)
        return group is not None and (group.holding or (group.changing and self.over))

    def sample(self, group: str, route: str, target: str) -> None:
        """Let the mover ask this again; what is too much is not asked."""
        if len(self._samples) < _MOST_SAMPLES:
            self._samples.append(Sample(group=group, route=route, target=target))

    async def start(self) -> None:
        """Hear once where to send what, then keep listening. Does not fail where move is away: it goes on trying."""
        await self._try(0.0)
        self._task = asyncio.create_task(self._keep(), name="gateway lease")

    async def close(self) -> None:
        """Stop, and say so: nobody need wait for this worker's lease to run out."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(Exception):  # whatever is wrong there, the lease runs out by itself
            async with asyncio.timeout(_PATIENCE):
                await self._ask(0.0, leaving=True)

    async def _keep(self) -> None:
        deadlines.forget()
        while True:
            asked = asyncio.create_task(self._try(min(EVERY, self._lasts / 4)))
            bell = asyncio.create_task(self.gates.drained.wait(EVERY + _PATIENCE))
            try:
                await asyncio.wait([asked, bell], return_when=asyncio.FIRST_COMPLETED)
                if asked.done() and not asked.result():
                    await self._clock.sleep(_AGAIN)
                elif (
                    not asked.done()
                ):  # the last held write was answered: say so, and hear nothing that was said before
                    await _ended(asked)
                    await self._try(0.0)
            finally:
                await _ended(asked, bell)

    async def _try(self, wait: float) -> bool:
        try:
            async with asyncio.timeout(wait + _PATIENCE):
                await self._renew(wait)
        except (Refusal, TimeoutError) as error:
            if not self.over:
                _log.info("a lease was not renewed", extra={"why": str(error) or "no answer in time"})
            return False
        except Exception as error:  # an answer nobody foresaw must not end the listening
            _log.warning("a lease was not renewed", extra={"why": f"{type(error).__name__}: {error}"[:300]})
            return False
        return True

    async def _renew(self, wait: float) -> None:
        began = self._clock.monotonic()
        steering = await self._ask(wait)
        self._lasts = steering.lease_seconds
        self._until = began + self._lasts
        self._take(steering)

    async def _ask(self, wait: float, *, leaving: bool = False) -> Steering:
        self._beat += 1
        samples, self._samples = self._samples, []
        now = self._steering
        return await self._peers.ask(
            Renew(
                worker=self._worker,
                beat=self._beat,
                seen=now.mark if now else "",
                epochs={name: group.epoch for name, group in self._groups.items()},
                held=self._held(),
                slowest=self.gates.slowest(),
                rules_mark=now.rules_mark if now else "",
                counted=self.tally.told(),
                samples=tuple(samples),
                wait=wait,
                leaving=leaving,
            )
        )

    def _held(self) -> dict[str, int]:
        """Groups that nothing of is under way here any more, each with the epoch of that hold."""
        return {
            name: group.epoch
            for name, group in self._groups.items()
            if group.holding and not self.gates.in_flight[name]
        }

    def _take(self, steering: Steering) -> None:
        """Steer by this from now on. Answers come one after the other, so none is older than the last."""
        if steering.rules is not None:
            self.pages = Pages(steering.rules)
        self._steering = steering
        self._groups = {group.name: group for group in steering.groups}
        self.gates.look_again()


async def _ended(*tasks: "asyncio.Task[bool]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
