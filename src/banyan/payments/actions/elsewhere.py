"""A payment goes on to another provider: only from one that was definitely not asked, and only with a token good there, too."""

import logging
from dataclasses import replace

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.payments.domain import Job, routing
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import accounts, attempts

_log = logging.getLogger(__name__)


async def elsewhere(desk: Desk, ports: Ports, job: Job, why: str, seconds: float) -> Job | None:
    """The same payment at the next provider that can use its token, taken for `seconds`; None where it stays.

    Only after the very first question, which was definitely not asked: what was asked before may have been done.
    """
    known = job.payment
    if job.operation.kind != "authorize" or job.operation.attempts != 1 or known.void_wanted:
        return None
    ranked = desk.for_cards(ports, known.amount)
    if not routing.others(known.token, known.provider, ranked, ()):
        return None

    async def effect(tx: Tx) -> Job | None:
        account = (await accounts.lock(tx, [known.id]))[known.id]
        operation = account.asked[job.operation.id]
        if account.now != known or not operation.open or operation.epoch != job.operation.epoch:
            return None
        left = {row["provider"] for row in await attempts.of_payment(tx, known.id)}
        others = routing.others(known.token, known.provider, ranked, left)
        if not others:
            return None
        account.now = replace(known, provider=others[0])
        again = account.reopen(operation, seconds)
        await accounts.write(tx, [account])
        await attempts.note(tx, known.id, known.provider, why)
        return Job(account.now, again)

    again = await ports.db.retrying(effect)
    if again is not None:
        extra = {"payment": known.id, "left": known.provider, "now": again.payment.provider, "why": why}
        _log.warning("a payment goes to another provider", extra=extra)
    return again
