"""Sessions: which are alive, and their end."""

from banyan.contracts.users import SessionsEnded
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Unauthenticated
from banyan.users.actions import apart
from banyan.users.domain import views
from banyan.users.storage import sessions


class SessionEnded(Unauthenticated):
    code, title = "session_ended", "This session has ended; sign in again"


async def my_sessions(
    ports: Ports, who: Principal, before: str | None, limit: int
) -> tuple[list[views.SessionView], bool]:
    """Live sessions of who asks, the newest first, and whether there are more."""
    if ports.sessions is None:
        found = await sessions.of_account(ports.db, who.signed_in(), before, limit + 1)
    else:
        found = await apart.of_account(ports, ports.sessions, who.signed_in(), before, limit + 1)
    return [views.of_session(each, who.session_id) for each in found[:limit]], len(found) > limit


async def sign_out(ports: Ports, who: Principal) -> None:
    """End the session that asks; nothing more happens when it had ended."""
    user_id = who.signed_in()
    await _end(ports, user_id, who.session_id or "")


async def end_session(ports: Ports, who: Principal, session_id: str) -> None:
    """End one of one's own sessions. NotFound when it is none of them, or had ended."""
    if not await _end(ports, who.signed_in(), session_id):
        raise NotFound("you have no such session")


async def must_live_apart(ports: Ports, who: Principal) -> None:
    """What `must_live` is where sessions are kept apart; asked before the transaction, for it asks elsewhere."""
    store = ports.sessions
    if store is not None and await apart.live(ports, store, who.session_id, who.signed_in()) is None:
        raise SessionEnded


async def must_live(ports: Ports, tx: Tx, who: Principal) -> None:
    """SessionEnded for an access token whose session is over: not enough for what cannot be taken back."""
    if ports.sessions is None and not await sessions.is_live(tx, who.session_id, who.signed_in()):
        raise SessionEnded


async def _end(ports: Ports, user_id: str, session_id: str) -> bool:
    if ports.sessions is not None:
        return await apart.end(ports, ports.sessions, session_id, user_id, "signed_out")

    async def effect(tx: Tx) -> bool:
        ended = await sessions.end(tx, session_id, user_id, "signed_out")
        if ended:
            tx.tell(SessionsEnded(user_id=user_id, reason="signed_out"))
        return ended

    return await ports.db.retrying(effect)
