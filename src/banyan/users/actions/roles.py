"""Who may do what: reading accounts, giving roles, and the first operator."""

from banyan.contracts.users import ROLES, RolesChanged, SessionsEnded, UserRegistered
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Stale
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.domain import tokens, views
from banyan.users.domain.accounts import OPERATOR, OPERATOR_LINK_SECONDS, Account, permissions
from banyan.users.domain.emails import Email, parse
from banyan.users.storage import accounts, factors, links, sessions

CONSOLE_SIGN_IN = "/console/sign-in"


class LastOperator(Conflict):
    code, title = "last_operator", "There must be an operator; appoint another one first"


async def users(
    ports: Ports, who: Principal, *, email: Email | None, after: str | None, limit: int
) -> tuple[list[Account], bool]:
    """Accounts in the order they were made, and whether there are more."""
    found = await accounts.after(ports.db, after, email.canonical if email else None, limit + 1)
    return found[:limit], len(found) > limit


async def user(ports: Ports, who: Principal, user_id: str) -> Account:
    """One account: one's own, or anybody's with users:read. Forbidden before it says whether there is one."""
    if who.signed_in() != user_id:
        who.must("users:read")
    found = await accounts.by_id(ports.db, user_id)
    if found is None:
        raise NotFound("there is no such user")
    return found


def all_roles() -> list[views.RoleView]:
    """All roles and what they permit."""
    return [views.RoleView(role=role, permissions=permissions([role])) for role in sorted(ROLES)]


async def set_roles(
    ports: Ports, who: Principal, user_id: str, wanted: list[str], *, version: int | None = None
) -> Account:
    """Give exactly these roles; the user's sessions end. Needs users:write, now and not only when the token was made.

    LastOperator, Forbidden, NotFound; Stale when a version is given and it is another by now.
    """
    chosen = sorted(set(wanted))
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> Account:
        await accounts.lock_operators(tx)
        await must_live(ports, tx, who)
        changed = await accounts.set_roles(tx, user_id, chosen, actor_id=who.signed_in(), version=version)
        if changed is None:
            return await _unchanged(tx, who, user_id, chosen, version)
        await sessions.end_all(tx, user_id, "roles_changed")
        await links.void(tx, user_id)
        tx.tell(
            RolesChanged(user_id=user_id, roles=changed.roles),
            SessionsEnded(user_id=user_id, reason="roles_changed"),
        )
        return changed

    return await ports.db.retrying(effect)


async def _unchanged(tx: Tx, who: Principal, account_id: str, chosen: list[str], version: int | None) -> Account:
    """Why nothing was changed; the account when it has these roles already."""
    actor = await accounts.by_id(tx, who.signed_in())
    if actor is None or "users:write" not in permissions(actor.roles):
        raise Forbidden("this needs the permission users:write, which you have no more")
    account = await accounts.by_id(tx, account_id)
    if account is None or not account.active:
        raise NotFound("there is no such user")
    if version is not None and account.version != version:
        raise Stale
    if sorted(account.roles) != chosen:
        raise LastOperator
    return account


async def create_operator(ports: Ports, email: str) -> str:
    """Make this address an operator; the path of a one-time sign-in link that works for 30 minutes.

    An account that exists without the role loses its password, its passkeys and its sessions: whoever made it did not have
    to show that the address is theirs. Invalid when it is no e-mail address, Conflict when its account is closed.
    """
    try:
        address = parse(email)
    except ValueError as wrong:
        raise Invalid(str(wrong), code="email_invalid") from None
    account = Account(ports.ids.new("usr"), address.raw, address.canonical, ports.clock.now(), roles=(OPERATOR,))
    token = tokens.link_token(ports.ids.secret())

    async def effect(tx: Tx) -> None:
        if await accounts.add(tx, account):
            tx.tell(
                UserRegistered(user_id=account.id),
                RolesChanged(user_id=account.id, roles=account.roles),
            )
        operator = await accounts.by_email(tx, address.canonical)
        assert operator is not None
        if not operator.active:
            raise Conflict("this account is closed", code="account_closed")
        if await accounts.appoint(tx, operator.id):
            await sessions.end_all(tx, operator.id, "roles_changed")
            await factors.forget(tx, operator.id)
            await links.void(tx, operator.id)
            tx.tell(
                RolesChanged(user_id=operator.id, roles=(*operator.roles, OPERATOR)),
                SessionsEnded(user_id=operator.id, reason="roles_changed"),
            )
        await links.add(tx, tokens.digest(token), operator.id, operator.canonical, "operator", OPERATOR_LINK_SECONDS)

    await ports.db.retrying(effect)
    return f"{CONSOLE_SIGN_IN}?token={token}"
