"""The poller: whatever was asked and not clearly answered is looked at until it is, without any webhook."""

import asyncio
import logging
from dataclasses import replace

from banyan.contracts.payments import Payment, PaymentState, SettlePayment
from banyan.foundation.service import Ports
from banyan.payments import domain
from banyan.payments.actions import show
from banyan.payments.actions.carry_out import Result, carry_out, errand_of, note
from banyan.payments.domain import Job
from banyan.payments.providers import Provider, Rejected, Unclear
from banyan.payments.providers.desk import Desk
from banyan.payments.providers.line import LONGEST
from banyan.payments.storage import operations, payments

_log = logging.getLogger(__name__)
AT_ONCE = 8
LEASE = 2 * LONGEST + 2.0  # a look and what follows from it
IDLE = 1.0  # seconds; other processes' intents do not ring here
UNUSED = 30.0  # seconds, for a provider that this shop does not deal with (any more)


async def look(desk: Desk, provider: str, ports: Ports) -> float:
    """Settle what is due of one provider; seconds until something may be due again. Others do not wait for this one."""
    jobs = await operations.claim_due(ports.db, provider, AT_ONCE, LEASE, domain.PATIENCE, domain.CONFIRM_SECONDS)
    ends = await asyncio.gather(*(_finish(desk, ports, job) for job in jobs), return_exceptions=True)
    for job, end in zip(jobs, ends, strict=True):
        if isinstance(end, Exception):  # its lease ends, and it is tried again
            extra = {
                "payment": job.payment.id,
                "asked": job.operation.kind,
                "why": f"{type(end).__name__}: {end}"[:300],
            }
            _log.error("an operation could not be finished", extra=extra)
    left = await operations.next_look(ports.db, provider, IDLE)
    if left is not None:
        return max(0.0, left)
    return IDLE if provider in desk.offered(ports.settings) else UNUSED


async def settle_payment(desk: Desk, ports: Ports, call: SettlePayment) -> Payment:
    """The order's payment after a look at it now, where it is open: its shopper came back from the provider.

    Whoever asks, however often and with whatever: only what the provider says counts.
    """
    job = await operations.claim_of(ports.db, call.order_id, LEASE)
    if job is not None:
        await _finish(desk, ports, job)
    known = await payments.of_orders(ports.db, [call.order_id])
    return show.found(known.get(call.order_id)).told()


async def _finish(desk: Desk, ports: Ports, job: Job) -> None:
    """One operation. What may have been done is looked for first; only what was not is asked again.

    Captures, voids and refunds are asked again by their reference at once: the provider does them once. No capture is
    asked for when the money is to be voided, and no authorization: then the void decides, by whichever came first.
    """
    known, kind = job.payment, job.operation.kind
    if kind == "authorize" or (kind == "capture" and known.void_wanted):
        try:
            seen = await desk.ask(
                ports, known.provider, "look_up", lambda provider: provider.look_up(ports, errand_of(job))
            )
        except (Unclear, Rejected) as why:
            await note(ports, Result(job, why=str(why)))
            return
        unconfirmed = seen is not None and seen.state is domain.Charge.ACTION and job.old
        if seen is not None and not unconfirmed:
            await note(ports, Result(job, seen))
            return
        if known.void_wanted:
            await note(ports, Result(job, why="waits for its void"))
            return
        if job.old:
            await _give_up(desk, ports, job)
            return
    await carry_out(desk, ports, job)


async def _give_up(desk: Desk, ports: Ports, job: Job) -> None:
    """An authorization that does not come about: the provider is told to refuse it for good, then it is declined."""
    known = job.payment
    waited = known.state is PaymentState.REQUIRES_ACTION
    errand = replace(errand_of(job), reference=f"{known.id}.give-up")

    async def refuse(provider: Provider) -> domain.Evidence:
        return await provider.void(ports, errand)

    try:
        seen = await desk.ask(ports, known.provider, "void", refuse)
    except (Unclear, Rejected) as why:
        await note(ports, Result(job, why=str(why)))
        return
    await note(
        ports, Result(job, replace(seen, reason="not_confirmed_in_time" if waited else "not_authorized_in_time"))
    )
