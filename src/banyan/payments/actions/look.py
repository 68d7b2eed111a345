"""The poller: whatever was asked and not clearly answered is looked at until it is, without any webhook."""

import asyncio
import logging
from dataclasses import replace

from banyan.foundation.service import Ports
from banyan.payments import domain
from banyan.payments.actions.carry_out import Result, carry_out, errand_of, note
from banyan.payments.domain import Job
from banyan.payments.providers import SECONDS, Desk, Errand, Provider, Rejected, Unclear
from banyan.payments.storage import operations

_log = logging.getLogger(__name__)
AT_ONCE = 8
LEASE = 2 * SECONDS + 2.0  # a look and what follows from it
IDLE = 1.0  # seconds; other processes' intents do not ring here


async def look(desk: Desk, provider: str, ports: Ports) -> float:
    """Settle what is due of one provider; seconds until something may be due again. Others do not wait for this one."""
    jobs = await operations.claim_due(ports.db, provider, AT_ONCE, LEASE, domain.PATIENCE)
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
    return IDLE if left is None else max(0.0, left)


async def _finish(desk: Desk, ports: Ports, job: Job) -> None:
    """One operation. What may have been done is looked for first; only what was not is asked again.

    Captures, voids and refunds are asked again by their reference at once: the provider does them once. No capture is
    asked for when the money is to be voided, and no authorization: then the void decides, by whichever came first.
    """
    known, kind = job.payment, job.operation.kind
    if kind == "authorize" or (kind == "capture" and known.void_wanted):
        try:
            seen = await desk.ask(ports, known.provider, lambda provider: provider.look_up(ports, errand_of(job)))
        except (Unclear, Rejected) as why:
            await note(ports, Result(job, why=str(why)))
            return
        if seen is not None:
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
    errand = Errand(known.id, f"{known.id}.give-up", known.amount, known.token, None, known.amount)

    async def refuse(provider: Provider) -> domain.Evidence:
        return await provider.void(ports, errand)

    try:
        seen = await desk.ask(ports, known.provider, refuse)
    except (Unclear, Rejected) as why:
        await note(ports, Result(job, why=str(why)))
        return
    await note(ports, Result(job, replace(seen, reason="not_authorized_in_time")))
