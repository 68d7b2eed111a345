"""Operations in three phases: commit the intent, ask the provider with no transaction open, commit the result.

Intents and results of many are committed together; each asks its provider by itself, and waits for nobody's answer.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from banyan.contracts.payments import PaymentState, RefundFailed
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.payments import domain
from banyan.payments.actions.elsewhere import elsewhere
from banyan.payments.actions.rounds import Intent, Wish
from banyan.payments.actions.settle import Misfit, settle
from banyan.payments.domain import Account, Charge, Evidence, Job, Operation, Standing
from banyan.payments.providers import Errand, NotAsked, Provider, Rejected, Unclear
from banyan.payments.providers.desk import Desk
from banyan.payments.providers.line import LONGEST
from banyan.payments.storage import accounts

_log = logging.getLogger(__name__)
LEASE = LONGEST + 2.0  # seconds for which who wrote an intent is left alone with it
RUNNING = 20.0  # seconds after which an Idempotency-Key of a crashed request may be used again
HELD = 60.0  # seconds between looks at what contradicts us: an operator is needed


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: what the provider's book says, or `why` nothing is known.

    `failure`: in the provider's words, why an operation that the evidence leaves open will not be done.
    """

    job: Job
    seen: Evidence | None = None
    why: str = ""
    failure: str | None = None


async def in_phases(
    desk: Desk,
    ports: Ports,
    intend: Callable[[Ports, Sequence[Asked[Wish]]], Awaitable[Sequence[Intent | Exception]]],
    wish: Wish,
) -> Standing:
    """Commit an intent, carry it out, and say how the payment stands then."""
    known, job = await ports.together(intend, wish)
    return known if job is None else await carry_out(desk, ports, job)


async def in_phases_once(
    desk: Desk,
    ports: Ports,
    key: Key,
    intend: Callable[[Tx], Awaitable[Intent]],
    tell: Callable[[Tx, Standing], Awaitable[Answer]],
) -> Answer:
    """The same for an Idempotency-Key: a crash on the way leaves the intent, which is then found and not made again."""

    async def begin(tx: Tx) -> Answer | Intent:
        return await idempotency.begin(tx, key, running_seconds=RUNNING) or await intend(tx)

    begun = await ports.db.retrying(begin)
    if isinstance(begun, Answer):
        return begun
    known, job = begun
    if job is not None:
        known = await carry_out(desk, ports, job)
    async with ports.db.transaction() as tx:
        answer = await tell(tx, known)
        await idempotency.keep(tx, key, answer)
    return answer


async def carry_out(desk: Desk, ports: Ports, job: Job) -> Standing:
    """Phases two and three. Whatever goes wrong, the operation stays open and is looked at again."""
    try:
        seen = await ask(desk, ports, job)
    except NotAsked as why:
        if (again := await elsewhere(desk, ports, job, str(why), LEASE)) is not None:
            return await carry_out(desk, ports, again)
        return await note(ports, Result(job, why=str(why)))
    except Unclear as why:
        return await note(ports, Result(job, why=str(why)))
    except Rejected as no:
        return await _rejected(desk, ports, job, no.reason)
    return await note(ports, Result(job, seen))


async def ask(desk: Desk, ports: Ports, job: Job) -> Evidence:
    known, operation, errand = job.payment, job.operation, errand_of(job)

    def question(provider: Provider) -> Awaitable[Evidence]:
        match operation.kind:
            case "authorize":
                return provider.authorize(ports, errand)
            case "capture":
                return provider.capture(ports, errand)
            case "void":
                return provider.void(ports, errand)
            case "refund":
                return provider.refund(ports, errand)

    return await desk.ask(ports, known.provider, operation.kind, question)


def errand_of(job: Job) -> Errand:
    known = job.payment
    return Errand(
        *(known.id, job.operation.reference, job.amount, known.token, known.charge_id, known.amount),
        return_url=known.return_url,
        customer=known.user_id,
        save=known.save,
    )


async def _rejected(desk: Desk, ports: Ports, job: Job, reason: str) -> Standing:
    """The provider will not. For a charge that is an end; for the rest its book tells how the charge stands instead."""
    known = job.payment
    if job.operation.kind == "authorize":
        return await note(ports, Result(job, Evidence(known.id, "", known.amount, Charge.DECLINED, reason=reason)))
    try:
        seen = await desk.ask(
            ports, known.provider, "look_up", lambda provider: provider.look_up(ports, errand_of(job))
        )
    except (Unclear, Rejected) as why:
        return await note(ports, Result(job, why=f"{reason}, then {why}"))
    if seen is None:
        return await note(ports, Result(job, why=f"{reason}, and the provider has no such charge"))
    return await note(ports, Result(job, seen, failure=None if job.operation.kind == "void" else reason))


async def note(ports: Ports, result: Result) -> Standing:
    """Commit what came of a job, with what came of others meanwhile; the payment after it."""
    return await ports.together(_note_all, result)


async def _note_all(ports: Ports, asked: Sequence[Asked[Result]]) -> list[Standing | Exception]:
    """Most payments still are as their jobs knew them: those are written at once. The others are held and read first."""
    told: dict[int, Standing] = {}
    first: dict[str, int] = {}
    for place, each in enumerate(asked):
        if _is_plain(each.wish):
            first.setdefault(each.wish.job.payment.id, place)
    if first:
        told |= await _assume(ports, {place: asked[place] for place in first.values()})
    if rest := {place: each for place, each in enumerate(asked) if place not in told}:
        told |= await _hold_and_note(ports, rest)
    return [told[place] for place in range(len(asked))]


def _is_plain(result: Result) -> bool:
    """Whether a payment and this one operation of it are all that the result can concern."""
    return (
        result.job.operation.kind in ("authorize", "capture")
        and not result.job.payment.void_wanted
        and result.failure is None
        and not (result.seen and result.seen.refunds)
    )


async def _assume(ports: Ports, asked: dict[int, Asked[Result]]) -> dict[int, Standing]:
    async def effect() -> dict[int, tuple[Standing, bool]]:
        known = {place: Account(each.wish.job.payment, [each.wish.job.operation]) for place, each in asked.items()}
        ends = {place: _conclude(ports, known[place], asked[place]) for place in known}
        in_order = sorted(known.values(), key=lambda account: account.now.id)
        sure = await accounts.write_as_assumed(ports.db, ports.ids, in_order)
        return {place: end for place, end in ends.items() if known[place].now.id in sure}

    return _rung(ports, asked, await ports.db.alone(effect))


async def _hold_and_note(ports: Ports, asked: dict[int, Asked[Result]]) -> dict[int, Standing]:
    async def effect(tx: Tx) -> dict[int, tuple[Standing, bool]]:
        held = await accounts.lock(tx, {each.wish.job.payment.id for each in asked.values()})
        ends = {place: _conclude(ports, held[each.wish.job.payment.id], each) for place, each in asked.items()}
        await accounts.write(tx, held.values())
        return ends

    return _rung(ports, asked, await ports.db.retrying(effect))


def _rung(ports: Ports, asked: dict[int, Asked[Result]], ends: dict[int, tuple[Standing, bool]]) -> dict[int, Standing]:
    for place, (_, more) in ends.items():
        if more:
            ring(ports, asked[place].wish.job.payment.provider)
    return {place: known for place, (known, _) in ends.items()}


def ring(ports: Ports, provider: str) -> None:
    """There is something to look at."""
    ports.due[f"settle {provider}"].ring()


def _conclude(ports: Ports, account: Account, asked: Asked[Result]) -> tuple[Standing, bool]:
    """What the provider said. An operation it leaves open has failed, or is looked at again: then there is more to do."""
    result, job = asked.wish, asked.wish.job
    account.trace = job.operation.trace or asked.trace
    pause = domain.pause(job.operation.attempts, ports.ids.fraction())
    if result.seen is None:
        if account.put_off(job.operation, result.why, pause) and account.now.state is PaymentState.CREATED:
            account.now = replace(account.now, state=PaymentState.UNKNOWN)
        return account.now, True
    try:
        more = settle(ports.ids, account, result.seen)
    except Misfit as why:
        _hold(account, job, str(why))
        return account.now, False
    if result.failure is not None:
        _fail(account, job.operation, result.failure)
    if account.now.state is PaymentState.REQUIRES_ACTION:
        pause = domain.CONFIRM_LOOK
    waits = account.put_off(job.operation, f"the provider has it {result.seen.state}", pause)
    return account.now, bool(more or waits)


def _fail(account: Account, operation: Operation, reason: str) -> None:
    """End a capture or refund that the provider refused for good; a refund's money is free again."""
    if not account.end(operation.id, "failed", reason, epoch=operation.epoch):
        return
    now = account.now
    _log.error("refused by the provider", extra={"payment": now.id, "asked": operation.kind, "why": reason})
    if operation.kind == "refund":
        account.now = replace(now, refunding=now.refunding - operation.amount)
        refund_id = operation.refund_id or operation.id
        account.tell(RefundFailed(payment_id=now.id, order_id=now.order_id, refund_id=refund_id, reason=reason))
    else:
        account.now = replace(now, reason=reason)


def _hold(account: Account, job: Job, why: str) -> None:
    """The provider's book contradicts what was asked: nothing is believed, and somebody must look (F16)."""
    known = account.now
    _log.error("payment held: the provider's answer does not fit", extra={"payment": known.id, "why": why})
    state = PaymentState.UNKNOWN if known.state is PaymentState.CREATED else known.state
    account.now = replace(known, state=state, reason=f"held: {why}"[:200])
    account.put_off(job.operation, f"held: {why}", HELD)
