"""What a provider says of money beside payments: fees, payouts, disputes. From a webhook or a report, whichever comes first."""

from collections.abc import Sequence
from dataclasses import replace

from banyan.foundation.db import Tx
from banyan.payments.domain import statement
from banyan.payments.domain.statement import DisputeNews, Line
from banyan.payments.storage import disputes, statements


async def named(tx: Tx, provider: str, lines: Sequence[Line]) -> list[Line]:
    """The lines with our payments' names, where the report has only the provider's own."""
    charges = {each.charge_id for each in lines if each.charge_id and not each.payment_id}
    known = await statements.payments_of(tx, provider, charges)
    return [replace(e, payment_id=known.get(e.charge_id, "")) if not e.payment_id else e for e in lines]


async def book(tx: Tx, provider: str, lines: Sequence[Line]) -> set[str]:
    """Enter what these lines add to the ledger, each once by its name; the names of the transfers that are new."""
    return await statements.book(tx, provider, [made for line in lines for made in statement.bookings(provider, line)])


async def hear(tx: Tx, provider: str, news: Sequence[DisputeNews], told_by: str) -> set[str]:
    """How disputes stand; the payments of those that changed. Whoever calls settles their losses then."""
    charges = {each.charge_id for each in news if not each.payment_id and each.charge_id}
    known = await statements.payments_of(tx, provider, charges)
    ours = await statements.known(tx, provider, {each.payment_id for each in news if each.payment_id})
    changed = set[str]()
    for each in news:
        payment = each.payment_id if each.payment_id in ours else known.get(each.charge_id)
        if await disputes.note(tx, provider, payment, each, told_by) and payment:
            changed.add(payment)
    return changed


async def settle_losses(tx: Tx, provider: str, payment_ids: set[str]) -> set[str]:
    """What was withdrawn for disputes that are lost by now is entered as a loss, once for each withdrawal."""
    withdrawn = await disputes.lost(tx, provider, payment_ids)
    return await statements.book(tx, provider, [statement.lost(*each) for each in withdrawn])
