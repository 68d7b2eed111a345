"""Operations in three phases: commit the intent, ask the provider with no transaction open, commit the result."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from banyan.contracts.payments import PaymentState, RefundFailed
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.payments import domain
from banyan.payments.actions.settle import Misfit, settle
from banyan.payments.domain import Charge, Evidence, Standing
from banyan.payments.providers import SECONDS, Desk, Errand, Provider, Rejected, Unclear
from banyan.payments.storage import operations, payments
from banyan.payments.storage.operations import Job

_log = logging.getLogger(__name__)
LEASE = SECONDS + 2.0  # seconds for which who wrote an intent is left alone with it
RUNNING = 20.0  # seconds after which an Idempotency-Key of a crashed request may be used again
HELD = 60.0  # seconds between looks at what contradicts us: an operator is needed

Intent = tuple[Standing, Job | None]


async def in_phases(desk: Desk, ports: Ports, intend: Callable[[Tx], Awaitable[Intent]]) -> Standing:
    """Commit an intent, carry it out, and say how the payment stands then."""
    known, job = await ports.db.retrying(intend)
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
    except Unclear as why:
        return await put_off(ports, job, str(why))
    except Rejected as no:
        return await _rejected(desk, ports, job, no.reason)
    return await conclude(ports, job, seen)


async def ask(desk: Desk, ports: Ports, job: Job) -> Evidence:
    known, operation = job.payment, job.operation
    errand = Errand(known.id, operation.reference, job.amount, known.token, known.charge_id)

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

    return await desk.ask(ports, known.provider, question)


async def conclude(ports: Ports, job: Job, seen: Evidence, failure: str | None = None) -> Standing:
    """Commit what the provider said. An operation it leaves open has failed with `failure`, or is looked at again."""
    async with ports.db.transaction() as tx:
        known = await payments.lock(tx, job.payment.id)
        assert known is not None
        try:
            now, more = await settle(tx, ports.ids, known, seen)
        except Misfit as why:
            return await _hold(tx, known, job, str(why))
        if failure is not None:
            now = await _fail(tx, now, job, failure)
        pause = domain.pause(job.operation.attempts, ports.ids.fraction())
        waits = await operations.put_off(tx, job.operation, f"the provider has it {seen.state}", pause)
    if more or waits:
        ports.due["settle"].ring()
    return now


async def put_off(ports: Ports, job: Job, why: str) -> Standing:
    """There was no clear answer: the operation is `unknown`, and looked at again soon."""
    pause = domain.pause(job.operation.attempts, ports.ids.fraction())
    async with ports.db.transaction() as tx:
        now = await payments.lock(tx, job.payment.id)
        assert now is not None
        waits = await operations.put_off(tx, job.operation, why, pause)
        if waits and now.state is PaymentState.CREATED:
            now = replace(now, state=PaymentState.UNKNOWN)
            await payments.save(tx, now)
    ports.due["settle"].ring()
    return now


async def _rejected(desk: Desk, ports: Ports, job: Job, reason: str) -> Standing:
    """The provider will not. For a charge that is an end; for the rest its book tells how the charge stands instead."""
    known = job.payment
    if job.operation.kind == "authorize":
        return await conclude(ports, job, Evidence(known.id, "", known.amount, Charge.DECLINED, reason=reason))
    try:
        seen = await desk.ask(ports, known.provider, lambda provider: provider.look_up(ports, known.id))
    except (Unclear, Rejected) as why:
        return await put_off(ports, job, f"{reason}, then {why}")
    if seen is None:
        return await put_off(ports, job, f"{reason}, and the provider has no such charge")
    return await conclude(ports, job, seen, failure=None if job.operation.kind == "void" else reason)


async def _fail(tx: Tx, now: Standing, job: Job, reason: str) -> Standing:
    """End a capture or refund that the provider refused for good; a refund's money is free again."""
    operation = job.operation
    if not await operations.end(tx, operation.id, "failed", reason, epoch=operation.epoch):
        return now
    _log.error("refused by the provider", extra={"payment": now.id, "asked": operation.kind, "why": reason})
    if operation.kind == "refund":
        now = replace(now, refunding=now.refunding - operation.amount)
        refund_id = operation.refund_id or operation.id
        tx.tell(RefundFailed(payment_id=now.id, order_id=now.order_id, refund_id=refund_id, reason=reason))
    else:
        now = replace(now, reason=reason)
    await payments.save(tx, now)
    return now


async def _hold(tx: Tx, known: Standing, job: Job, why: str) -> Standing:
    """The provider's book contradicts what was asked: nothing is believed, and somebody must look (F16)."""
    _log.error("payment held: the provider's answer does not fit", extra={"payment": known.id, "why": why})
    state = PaymentState.UNKNOWN if known.state is PaymentState.CREATED else known.state
    now = replace(known, state=state, reason=f"held: {why}"[:200])
    await payments.save(tx, now)
    await operations.put_off(tx, job.operation, f"held: {why}", HELD)
    return now
