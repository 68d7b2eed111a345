"""What gateways are told: read from the groups' rows, and told within a tenth of a second of a change."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from banyan.contracts import Contract
from banyan.contracts.moving import GroupSteering, PageRule, Renew, Steering
from banyan.foundation import deadlines
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.move.legacy import adapter
from banyan.move.storage import groups, shift
from banyan.move.storage.groups import Group

LEASE = 2.0  # seconds
BELL = "steering"  # ports.due[BELL], rung by whoever changes a group in this process: gateways then hear of it at once
SESSIONS = {"opencart4": "OCSESSID", "opencart3": "OCSESSID"}  # kind of shop → its session's cookie
_QUICK, _SLOW = 0.02, 0.1  # seconds between looks, while something changes hands and else


class Steerer:
    """Answers gateway workers; one for each process."""

    def __init__(self) -> None:
        self._mark = ""
        self._waiting = 0
        self._news = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._rules: tuple[PageRule, ...] | None = None

    async def renew(self, ports: Ports, call: Renew) -> Steering:
        """Keep what the worker reports, and tell it where to send what; see the contract."""
        async with ports.db.transaction() as tx:
            if call.leaving:
                await shift.leave(tx, call.worker)
            elif await shift.report(
                tx, call.worker, call.beat, epochs=call.epochs, held=call.held, seconds=LEASE, slowest=call.slowest
            ):
                await shift.count(tx, call.worker, call.counted)
            if call.samples:
                await shift.keep_samples(tx, call.samples)
            steered = steered_of((await groups.read(tx)).values())
        if call.wait and digest(steered) == call.seen:
            await self._wait(ports, call.seen, call.wait)
            steered = steered_of((await groups.read(ports.db)).values())
        if self._rules is None:
            self._rules = rules_of(ports)
        rules_mark = digest(self._rules)
        return Steering(
            mark=digest(steered),
            groups=steered,
            rules_mark=rules_mark,
            rules=None if call.rules_mark == rules_mark else self._rules,
            session_cookie=SESSIONS.get(ports.settings.legacy_shop, ""),
            lease_seconds=LEASE,
        )

    async def _wait(self, ports: Ports, seen: str, seconds: float) -> None:
        """Until the groups are not as `seen` any more, or time is over. All who wait share one that looks."""
        self._waiting += 1
        if self._watch is None or self._watch.done():
            self._mark = seen
            self._watch = asyncio.create_task(self._look(ports), name="move steering")
        try:
            if self._mark == seen:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._news.wait()
        finally:
            self._waiting -= 1

    async def _look(self, ports: Ports) -> None:
        """Ends by itself when nobody waits. Where it cannot read, those who wait will find that out for themselves."""
        deadlines.forget()
        with contextlib.suppress(Refusal):
            while self._waiting:
                steered = steered_of((await groups.read(ports.db)).values())
                if digest(steered) != self._mark:
                    self._mark = digest(steered)
                    self._news.set()
                    self._news = asyncio.Event()
                await ports.due[BELL].wait(_QUICK if any(each.changing for each in steered) else _SLOW)


def steered_of(found: Iterable[Group]) -> tuple[GroupSteering, ...]:
    return tuple(
        GroupSteering(
            name=each.name,
            owner="new" if each.owner == "new" else "legacy",
            epoch=each.epoch,
            changing=each.step is not None or each.state in ("cutting_over", "reverting"),
            holding=each.holding,
            weight=each.weight,
            shadow=each.shadow,
            final=each.state == "finalized",
            dual=each.mode == "dual" and each.owner == "legacy",
        )
        for each in found
    )


def rules_of(ports: Ports) -> tuple[PageRule, ...]:
    """The pages of this kind of shop, as gateways know them. Addresses that the shop made itself are found in its own table."""
    return rules_for(ports.settings.legacy_shop)


def rules_for(shop: str) -> tuple[PageRule, ...]:
    """As `rules_of`, of a kind of shop; none where there is no legacy shop."""
    if not shop:
        return ()
    kind = adapter(shop)
    by_name = "{_route_}" if "seo_url" in kind.uses else ""
    return tuple(
        PageRule(
            method=page.method,
            route=page.route,
            group=page.group,
            kind=page.kind,
            to=page.to or (by_name if page.route == "_route_" else ""),
            door=page.door,
            also=page.also,
            first=page.first,
        )
        for page in kind.pages
    )


def digest(parts: Sequence[Contract]) -> str:
    """The same for the same state, in every process."""
    made = blake2b(digest_size=8)
    for part in parts:
        made.update(part.model_dump_json().encode() + b"\n")
    return made.hexdigest()
