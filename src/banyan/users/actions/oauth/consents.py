"""What someone agreed to: which applications may act for them, and the end of it."""

from datetime import datetime

from banyan.contracts.users import SessionsEnded
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.users.actions import apart
from banyan.users.domain.oauth import Client
from banyan.users.storage import oauth_clients, oauth_grants, sessions

_REASON = "consent_withdrawn"


async def my_consents(ports: Ports, who: Principal) -> list[tuple[Client, frozenset[str], datetime]]:
    """The applications that who asks agreed to, the last first: which, to what, and when."""
    return await oauth_clients.consents(ports.db, who.signed_in())


async def withdraw_consent(ports: Ports, who: Principal, client_id: str) -> None:
    """The application is asked about again, and its sessions end: what it holds is refused within minutes. NotFound."""
    user_id = who.signed_in()

    async def effect(tx: Tx) -> bool:
        withdrawn = await oauth_clients.withdraw(tx, user_id, client_id)
        await oauth_grants.void_codes(tx, client_id, [user_id])
        ended = 0
        if ports.sessions is None:
            for each in await oauth_grants.of_client(tx, client_id, user_id):
                ended += await sessions.end(tx, each.session_id, user_id, _REASON)
        if ended:
            tx.tell(SessionsEnded(user_id=user_id, reason=_REASON))
        return withdrawn or ended > 0

    found = await ports.db.retrying(effect)
    if ports.sessions is not None:
        for each in await oauth_grants.of_client(ports.db, client_id, user_id):
            found = await apart.end(ports, ports.sessions, each.session_id, user_id, _REASON) or found
    if not found:
        raise NotFound("you agreed to no such application")
