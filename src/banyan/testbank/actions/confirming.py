"""3-D Secure in small: the holder of a card says on the bank's own page whether a charge is theirs."""

import hmac

from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.testbank import domain, storage
from banyan.testbank.actions import showing
from banyan.testbank.actions.secrets import confirm_secret

REFUSED = "authentication_failed"


async def waiting(ports: Ports, charge_id: str, secret: str) -> Row:
    """The charge that this page is about, whatever became of it. NotFound where the address was not made here."""
    row = await storage.by_id(ports.db, charge_id)
    if row is None or not hmac.compare_digest(secret, confirm_secret(ports.settings, charge_id)):
        raise NotFound("there is nothing to confirm here", code="no_such_charge")
    return row


async def confirm(ports: Ports, charge_id: str, secret: str, *, yes: bool) -> str:
    """Hold the money, or decline; the address that leads back to the merchant. Decided once: pressed again, it is as it is."""
    row = await waiting(ports, charge_id, secret)
    state = "authorized" if yes else "declined"
    async with ports.db.transaction() as tx:
        now = await storage.confirm(tx, charge_id, state, None if yes else REFUSED)
        if now is not None:
            moved = domain.movements("charge", 0, int(now["approved"]))
            await storage.enter(tx, f"charge {now['merchant_key']}", charge_id, now["currency"], moved)
            await storage.queue_webhook(tx, *showing.event(ports, showing.shown(now, ()), state))
    ports.due["webhooks"].ring()
    return str(row["return_url"])
