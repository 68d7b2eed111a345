"""What is over is forgotten: old sessions, links and counts."""

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.users.actions import apart
from banyan.users.storage import (
    api_keys,
    email_changes,
    factors,
    links,
    oauth_grants,
    outside,
    passkeys,
    sessions,
    throttles,
)

KEEP_DAYS = 30
_LOOK_SECONDS = 600.0


async def sweep(ports: Ports) -> float:
    """The chore. Sessions stay for a month after their end, so that a reused refresh token is still known as one."""

    async def effect(tx: Tx) -> int:
        await links.forget_old(tx)
        await throttles.forget_old(tx)
        await passkeys.forget_old(tx)
        await factors.forget_old(tx)
        await email_changes.forget_old(tx)
        await oauth_grants.forget_old(tx, KEEP_DAYS)
        await outside.forget_old(tx)
        await api_keys.forget_old(tx, KEEP_DAYS)
        return await sessions.forget_old(tx, KEEP_DAYS)

    told = await apart.tell_ends(ports, ports.sessions) if ports.sessions is not None else 0
    return 1.0 if await ports.db.retrying(effect) or told else _LOOK_SECONDS
