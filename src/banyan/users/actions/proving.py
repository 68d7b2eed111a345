"""How well a session's owner has proved themselves, how lately, and what that permits."""

from datetime import datetime, timedelta

from banyan.foundation.auth import Principal
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden
from banyan.users.actions import apart
from banyan.users.domain.accounts import Account
from banyan.users.domain.factors import RECENT_SECONDS, WRITES
from banyan.users.storage import factors, sessions


class SignInAgain(Forbidden):
    code, title = "sign_in_again", "Prove that it is you first: this needs a sign-in of the last ten minutes"


def must_be_strong(ports: Ports, account: Account) -> bool:
    """Whether what this account may do needs a second factor: its roles change things, and the shop asks for it."""
    return ports.settings.needs_operator_factor and not WRITES.isdisjoint(account.roles)


async def roles_in(ports: Ports, account: Account, session_id: str, *, strong: bool | None) -> tuple[str, ...]:
    """The roles that count in this session: none while a second factor is needed and missing."""
    if not must_be_strong(ports, account):
        return account.roles
    if strong is None:
        strong, _ = await factors.proof(ports.db, session_id, account.id)
    return account.roles if strong else ()


async def must_be_recent(ports: Ports, who: Principal, account: Account) -> None:
    """SignInAgain when it is too long ago, or was too weak: whoever works here and has a factor adds none without it."""
    if not await is_recent(ports, who, account):
        raise SignInAgain


async def is_recent(ports: Ports, who: Principal, account: Account) -> bool:
    strong, proved_at = await factors.proof(ports.db, who.session_id or "", account.id)
    session = await _session(ports, who, account)
    if session is None:
        return False
    began, method = session
    latest = max(began, proved_at) if proved_at else began
    if latest < ports.clock.now() - timedelta(seconds=RECENT_SECONDS):
        return False
    if strong or not account.roles or method == "operator_link":
        return True
    return not (await factors.read(ports.db, account.id)).second


async def _session(ports: Ports, who: Principal, account: Account) -> tuple[datetime, str] | None:
    """When the session that asks began, and how; None when it is over."""
    if ports.sessions is not None:
        kept = await apart.live(ports, ports.sessions, who.session_id, account.id)
        return (kept.created_at, kept.method) if kept else None
    row = await sessions.by_id(ports.db, who.session_id or "", account.id)
    return (row.created_at, row.method) if row else None
