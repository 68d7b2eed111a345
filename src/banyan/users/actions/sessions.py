"""Sessions: which are alive, and their end."""

from banyan.contracts.users import SessionsEnded
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Unauthenticated
from banyan.users.actions import apart
from banyan.users.domain import views
from banyan.users.storage import oauth_clients, sessions

_AT_ONCE = 50


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
    given = await oauth_clients.names(ports.db, [each.id for each in found[:limit]])
    return [views.of_session(each, who.session_id, given.get(each.id)) for each in found[:limit]], len(found) > limit


async def sign_out(ports: Ports, who: Principal) -> None:
    """End the session that asks; nothing more happens when it had ended."""
    await end_one(ports, who.signed_in(), who.session_id or "", "signed_out")


async def end_session(ports: Ports, who: Principal, session_id: str) -> None:
    """End one of one's own sessions. NotFound when it is none of them, or had ended."""
    if not await end_one(ports, who.signed_in(), session_id, "signed_out"):
        raise NotFound("you have no such session")


async def end_others(ports: Ports, who: Principal) -> None:
    """End all of one's own sessions but the one that asks, those given to other applications among them. SessionEnded."""
    user_id = who.signed_in()
    await must_live_apart(ports, who)
    store = ports.sessions
    if store is not None:
        last: str | None = None
        while found := await apart.of_account(ports, store, user_id, last, _AT_ONCE):
            for each in found:
                if each.id != who.session_id:
                    await apart.end(ports, store, each.id, user_id, "signed_out")
            last = found[-1].id
        return

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        if await sessions.end_all(tx, user_id, "signed_out", but=who.session_id):
            tx.tell(SessionsEnded(user_id=user_id, reason="signed_out"))

    await ports.db.retrying(effect)


async def must_live_apart(ports: Ports, who: Principal) -> None:
    """What `must_live` is where sessions are kept apart; asked before the transaction, for it asks elsewhere."""
    store = ports.sessions
    if store is not None and await apart.live(ports, store, who.session_id, who.signed_in()) is None:
        raise SessionEnded


async def must_live(ports: Ports, tx: Tx, who: Principal) -> None:
    """SessionEnded for an access token whose session is over: not enough for what cannot be taken back."""
    if ports.sessions is None and not await sessions.is_live(tx, who.session_id, who.signed_in()):
        raise SessionEnded


async def lives(ports: Ports, session_id: str | None, user_id: str) -> bool:
    """Whether this session of this account is not over."""
    if ports.sessions is not None:
        return await apart.live(ports, ports.sessions, session_id, user_id) is not None
    return await sessions.is_live(ports.db, session_id, user_id)


async def end_one(ports: Ports, user_id: str, session_id: str, reason: str) -> bool:
    """End a session and tell; False when it is none of this account's, or had ended."""
    if ports.sessions is not None:
        return await apart.end(ports, ports.sessions, session_id, user_id, reason)

    async def effect(tx: Tx) -> bool:
        ended = await sessions.end(tx, session_id, user_id, reason)
        if ended:
            tx.tell(SessionsEnded(user_id=user_id, reason=reason))
        return ended

    return await ports.db.retrying(effect)
