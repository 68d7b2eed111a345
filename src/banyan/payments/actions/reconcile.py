"""Reconcile: a provider's report beside our ledger, line by line, until nothing is unexplained.

What it told of by itself is booked, what we asked for is compared. The same report once more changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, NotFound, Refusal
from banyan.payments.actions import booking
from banyan.payments.domain import comparing, statement
from banyan.payments.domain.comparing import Difference, Differs, Ours
from banyan.payments.domain.statement import ASKED_FOR, Line, Moved, Statement
from banyan.payments.providers import Unclear
from banyan.payments.providers.desk import Desk
from banyan.payments.providers.statements import Reporter, Unreadable, reporter_of
from banyan.payments.storage import reconciliations, statements
from banyan.payments.storage.reconciliations import Total

_log = logging.getLogger(__name__)
AT_ONCE = 500  # lines
LONGEST = timedelta(days=92)
READY = timedelta(hours=4)  # after midnight (UTC) a day's report is complete at every provider
AGAIN, IDLE = 900.0, 3600.0  # seconds until the nightly one is tried again, or looks whether it is time
OVERLAP = timedelta(days=1)  # that is read once more: lines come late


@dataclass(slots=True)
class _Found:
    lines: int = 0
    new: int = 0
    booked: int = 0
    differences: dict[str, Difference] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # lines
    same: set[str] = field(default_factory=set)  # subjects that agree
    disputed: set[str] = field(default_factory=set)  # payments
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, sums: dict[str, tuple[int, int]]) -> None:
        for currency, (ours, theirs) in sums.items():
            before = self.sums.get(currency, (0, 0))
            self.sums[currency] = before[0] + ours, before[1] + theirs


async def by_api(desk: Desk, ports: Ports, provider: str, since: datetime, until: datetime, who: str) -> dict[str, Any]:
    """Read the provider's own report of this time, and compare. Invalid for a time that cannot be; Unavailable (503) when
    the provider does not tell."""
    reporter = _reporter(desk, ports, provider)
    if not since < until <= since + LONGEST:
        raise Invalid("a report is of at most 92 days", code="period")
    try:
        told = await reporter.fetch(ports, since, until)
    except Unclear as why:
        raise Refusal(f"{provider} does not tell: {why}", code="no_report", status=503) from why
    return await compare(ports, provider, told, since, until, source="api", who=who)


async def by_file(desk: Desk, ports: Ports, provider: str, text: str, who: str) -> dict[str, Any]:
    """Compare with a report that somebody downloaded, as the provider publishes it. Invalid for any other file."""
    reporter = _reporter(desk, ports, provider)
    try:
        told = reporter.read(text)
    except Unreadable as why:
        raise Invalid(f"this is no report of {provider}: {why}", code="report_unreadable") from None
    if not told.lines:
        raise Invalid("there is nothing in this report", code="report_empty")
    since, until = min(each.at for each in told.lines), max(each.at for each in told.lines)
    return await compare(ports, provider, told, since, until + timedelta(seconds=1), source="csv", who=who)


def _reporter(desk: Desk, ports: Ports, provider: str) -> Reporter:
    """NotFound for one that this shop does not deal with, or that has no report."""
    reporter = reporter_of(provider) if provider in desk.offered(ports.settings) else None
    if reporter is None:
        raise NotFound("there is no report of such a provider", code="no_such_provider")
    return reporter


async def compare(
    ports: Ports, provider: str, told: Statement, since: datetime, until: datetime, *, source: str, who: str
) -> dict[str, Any]:
    """Compare a report with the ledger; the run with its totals."""
    run, found = ports.ids.new("rec"), _Found()
    async with ports.db.transaction() as tx:
        await reconciliations.begin(tx, run, provider, source, since, until, who)
        changed = await booking.hear(tx, provider, told.disputes, "report")
    lines = sorted(told.lines, key=lambda each: (each.at, each.id))
    for place in range(0, len(lines), AT_ONCE):
        async with ports.db.transaction() as tx:
            await statements.turn(tx, provider)
            await _take(ports, tx, provider, run, lines[place : place + AT_ONCE], found)
    async with ports.db.transaction(seconds=60) as tx:
        await statements.turn(tx, provider)
        found.booked += len(await booking.settle_losses(tx, provider, changed | found.disputed))
        await _miss(tx, provider, told, since, until, found)
        await _conclude(ports, tx, provider, run, found)
    made = await reconciliations.find(ports.db, run)
    assert made is not None
    open_ones = sum(each["unexplained"] for each in made["totals"])
    level = logging.WARNING if open_ones else logging.INFO
    _log.log(level, "reconciled", extra={"provider": provider, "lines": found.lines, "unexplained": open_ones})
    return made


async def _take(ports: Ports, tx: Tx, provider: str, run: str, lines: Sequence[Line], found: _Found) -> None:
    """Some lines: what is new of them is noted, booked and compared."""
    lines = await booking.named(tx, provider, lines)
    new, kept = await statements.keep(tx, provider, lines, run)
    found.lines, found.new = found.lines + len(lines), found.new + len(new)
    found.seen += [each.id for each in lines]
    found.disputed |= {each.payment_id for each in lines if each.kind is Moved.DISPUTE and each.payment_id}
    for each in lines:  # a line stays what it was when it was first told
        amount, fee, _ = kept[each.id]
        if (amount, fee) != (each.amount, each.fee):
            found.differences[f"{each.id}.changed"] = Difference(
                f"{each.id}.changed",
                Differs.AMOUNT,
                amount.currency,
                amount.amount - fee,
                each.net,
                each.at,
                each.payment_id,
            )
    waiting = [each for each in lines if kept[each.id][2] is None]
    links = await _booked(tx, provider, waiting, found)
    links |= await _compared(tx, provider, [each for each in waiting if each.kind in ASKED_FOR], found)
    await statements.link(tx, provider, links)
    found.add(await statements.sums(tx, provider, [each.id for each in lines]))


async def _booked(tx: Tx, provider: str, lines: Sequence[Line], found: _Found) -> dict[str, str]:
    """Lines that are booked because they are told: their transfers, which a webhook may have made before."""
    found.booked += len(await booking.book(tx, provider, lines))
    told = {statement.name_of(provider, each.id): each for each in lines if each.kind not in ASKED_FOR}
    there = await statements.booked(tx, told)
    links = {}
    for name, line in told.items():
        ours = there.get(name)
        if ours is None and line.amount.amount == 0:
            found.same.add(line.id)
        elif ours is None:
            found.differences[line.id] = _only_theirs(line)
        else:
            links[line.id] = name
            if ours != line.amount:
                found.differences[line.id] = replace(_only_theirs(line), kind=Differs.AMOUNT, ours=ours.amount)
            else:
                found.same |= {line.id, name}
    return links


async def _compared(tx: Tx, provider: str, lines: Sequence[Line], found: _Found) -> dict[str, str]:
    """Lines of what we asked for: the transfers that they are."""
    payments = {each.payment_id for each in lines if each.payment_id}
    ours = await statements.ours(tx, provider, payments)
    still_open = await statements.open_ones(tx, payments)
    links: dict[str, str] = {}
    for line in lines:
        mine = ours.get(line.payment_id, [])
        end = comparing.compare(line, mine, open_yet=line.payment_id in still_open)
        taken = end if isinstance(end, Ours) else None
        if isinstance(end, Difference):
            found.differences[line.id] = end
            if end.kind is Differs.AMOUNT:
                taken = next(each for each in mine if each.amount.amount == end.ours and not each.taken)
        else:
            found.same |= {line.id, end.id}
        if taken:
            links[line.id] = taken.id
            mine[mine.index(taken)] = replace(taken, taken=True)
    return links


async def _miss(tx: Tx, provider: str, told: Statement, since: datetime, until: datetime, found: _Found) -> None:
    """What we have in this time and they have not."""
    reporter = reporter_of(provider)
    grace = reporter.grace if reporter else timedelta()
    for ours, made_at in await statements.unseen(tx, provider, since, until, told.silent):
        kind = Differs.TIMING if made_at >= until - grace else Differs.OURS_ONLY
        currency, amount = ours.amount.currency, ours.amount.amount
        found.differences[ours.id] = Difference(ours.id, kind, currency, amount, 0, made_at, ours.payment_id)
        found.add({currency: (amount, 0)})


async def _conclude(ports: Ports, tx: Tx, provider: str, run: str, found: _Found) -> None:
    await reconciliations.close(tx, provider, found.same)
    for each in await reconciliations.still_open(tx, provider, found.seen):  # found by an earlier run
        found.differences.setdefault(each.subject, each)
    differences = [(ports.ids.new("dif"), each) for each in found.differences.values()]
    await reconciliations.differ(tx, provider, run, differences)
    known = await reconciliations.explained(tx, provider, found.differences)
    timing, unexplained = dict.fromkeys(found.sums, 0), dict.fromkeys(found.sums, 0)
    for each in found.differences.values():
        where = timing if each.kind is Differs.TIMING else unexplained
        if each.subject not in known:
            where[each.currency] = where.get(each.currency, 0) + abs(each.ours - each.theirs)
    totals = [
        Total(currency, *found.sums.get(currency, (0, 0)), timing.get(currency, 0), unexplained.get(currency, 0))
        for currency in sorted(found.sums.keys() | timing.keys() | unexplained.keys())
    ]
    await reconciliations.end(tx, run, lines=found.lines, new=found.new, booked=found.booked, totals=totals)


def _only_theirs(line: Line) -> Difference:
    return Difference(
        line.id, Differs.THEIRS_ONLY, line.amount.currency, 0, line.amount.amount, line.at, line.payment_id
    )


async def explain(ports: Ports, id: str, who: str, why: str) -> dict[str, Any]:
    """Say why a difference is as it should be: it is no longer unexplained. NotFound for none; Conflict when it was before."""
    async with ports.db.transaction() as tx:
        known = await reconciliations.find_difference(tx, id)
        if known is None:
            raise NotFound("there is no such difference", code="no_such_difference")
        if not await reconciliations.explain(tx, id, who, why):
            raise Conflict(f"this was explained before, by {known['who']}", code="explained")
        known = await reconciliations.find_difference(tx, id)
    assert known is not None
    return known


async def nightly(desk: Desk, provider: str, ports: Ports) -> float:
    """Compare the days that are over and were not compared yet; seconds until the next look."""
    if provider not in desk.offered(ports.settings) or reporter_of(provider) is None:
        return IDLE
    now = ports.clock.now().astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = await reconciliations.covered(ports.db, provider) or midnight - OVERLAP
    if now < midnight + READY or since >= midnight:
        return IDLE
    try:
        await by_api(desk, ports, provider, max(since - OVERLAP, midnight - LONGEST), midnight, "")
    except Refusal as why:
        _log.error("a provider's report could not be read", extra={"provider": provider, "why": why.detail})
        return AGAIN
    return IDLE
