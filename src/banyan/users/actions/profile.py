"""One's own account: reading it, changing name and preferences, changing the password."""

from datetime import datetime, timedelta
from typing import Any

from banyan.contracts.users import PasswordChanged, ProfileChanged, SessionsEnded
from banyan.foundation import idempotency
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Forbidden, Stale
from banyan.users import passwords
from banyan.users.actions import apart, guarding, letters
from banyan.users.actions.sessions import SessionEnded, must_live, must_live_apart
from banyan.users.actions.signing_in import fits
from banyan.users.actions.signing_up import for_old_shop, refuse_weak
from banyan.users.domain.accounts import FRESH_SECONDS, Account, Visitor
from banyan.users.domain.limits import PASSWORD, PASSWORD_NETWORK
from banyan.users.storage import accounts, links, sessions
from banyan.users.storage import letters as stored_letters

_CHANGED = """Hello,

the password of your account at {shop} was changed just now, and all other devices were signed out.

If it was not you, ask for a sign-in link at {origin}/sign-in and choose a new password at once.
"""
_NOTICE_SECONDS = 86_400.0


async def me(ports: Ports, who: Principal) -> Account:
    """The account of who asks. SessionEnded when it is gone."""
    account = await accounts.by_id(ports.db, who.signed_in())
    if account is None or not account.active:
        raise SessionEnded
    return account


async def change_profile(ports: Ports, account: Account, name: str | None, preferences: dict[str, Any]) -> Account:
    """Set what was given, on the version that was read. Stale when there is a newer one."""
    if name is None and not preferences:
        return account

    async def effect(tx: Tx) -> Account:
        changed = await accounts.change_profile(tx, account.id, account.version, name, preferences)
        if changed is None:
            raise Stale
        tx.tell(ProfileChanged(user_id=changed.id))
        return changed

    return await ports.db.retrying(effect)


async def change_password(
    ports: Ports, who: Principal, visitor: Visitor, key: Key | None, *, current: str | None, new: str
) -> Answer:
    """204; every other session ends and every unused link is void. Forbidden (the current one is wrong), Invalid, TooMany.

    Who has no password yet sets one without `current` within 15 minutes of signing in.
    """
    if key is not None:
        async with ports.db.transaction() as tx:  # a repetition could not name the current password any more
            if kept := await idempotency.begin(tx, key):
                return kept
    account = await me(ports, who)
    await _prove(ports, who, visitor, account, current)
    refuse_weak(new, account, "/body/new")
    hashed = await passwords.hashed(new, ports.ids.secret(16))
    legacy = None if account.roles else await for_old_shop(ports, new)
    shop = ports.settings
    letter = await letters.write(
        ports,
        to=account.email,
        subject=f"Your password at {shop.shop_name} was changed",
        text=_CHANGED.format(shop=shop.shop_name, origin=shop.origin),
    )

    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> Answer:
        await must_live(ports, tx, who)
        if not await accounts.set_password(tx, account.id, account.epoch, (passwords.CURRENT, hashed), legacy):
            raise Conflict("the account was changed meanwhile; try again")
        await links.void(tx, account.id)
        await sessions.end_all(tx, account.id, "password_changed", but=who.session_id)
        tx.tell(PasswordChanged(user_id=account.id), SessionsEnded(user_id=account.id, reason="password_changed"))
        await stored_letters.add(tx, letter, _NOTICE_SECONDS)
        return Answer(204, b"")

    answer = await idempotency.once(ports.db, key, effect)
    if ports.sessions is not None and who.session_id and not answer.replayed:
        await ports.sessions.carry(who.session_id, account.id, account.epoch + 1)
    ports.due["post"].ring()
    return answer


async def _prove(ports: Ports, who: Principal, visitor: Visitor, account: Account, current: str | None) -> None:
    """Whoever has only the access token must not be able to take the account over."""
    if account.scheme is None:
        began = await _began(ports, who, account)
        if began is None or began < ports.clock.now() - timedelta(seconds=FRESH_SECONDS):
            raise Forbidden("sign in again first: this needs a session of the last 15 minutes", code="sign_in_again")
        return
    guarded = guarding.guards(ports, visitor, account=(PASSWORD, account.canonical), network=PASSWORD_NETWORK)
    await guarding.admit(ports.db, guarded)
    if not (await fits(ports, account, current or "")).fits:
        await guarding.failed(ports, guarded)
        raise Forbidden("the current password is another one", code="wrong_password")


async def _began(ports: Ports, who: Principal, account: Account) -> datetime | None:
    """When the session that asks began; None when it is over."""
    if ports.sessions is None:
        return await sessions.began(ports.db, who.session_id, account.id)
    session = await apart.live(ports, ports.sessions, who.session_id, account.id)
    return session.created_at if session else None
