"""Another e-mail address: asked for by who proved themselves lately, proved by the new mailbox, undone from the old one.

Each link is bound to the account and to the address it was mailed to. Nothing changes before the new mailbox has answered;
for a week the old one takes the account back with one press, ends all sessions and cannot be taken by anybody meanwhile.
"""

from collections.abc import Awaitable, Callable

from banyan.contracts.users import EmailChanged, SessionsEnded
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, TooMany, Unauthenticated
from banyan.users.actions import guarding, letters, proving
from banyan.users.actions.profile import me
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.domain import once, tokens, views
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.emails import Email, parse
from banyan.users.domain.limits import EMAIL_CHANGE
from banyan.users.storage import accounts, links, sessions
from banyan.users.storage import email_changes as store
from banyan.users.storage import letters as stored_letters
from banyan.users.storage.email_changes import Change

CONFIRM_SECONDS = 3600
UNDO_SECONDS = 7 * 86_400
PAGE = "/email"  # the storefront's; it shows a button that POSTs the token
_CONFIRM = """Hello,

somebody asked that the account of {old} at {shop} be reached at this address. Was it you? Then press here, within an hour:

{origin}{page}?confirm={token}

If it was not you, ignore this mail: nothing has happened.
"""
_TAKEN = """Hello,

somebody asked that an account at {shop} be reached at this address, which has an account already. Nothing was changed.

If it was you, sign in with this address: {origin}/sign-in
"""
_CHANGED = """Hello,

your account at {shop} is reached at another address now: {new}

Was it not you? Then press here within seven days: the account comes back to this address, and everybody is signed out.

{origin}{page}?undo={token}
"""


class ChangeRefused(Unauthenticated):
    code, title = (
        "link_invalid",
        "This link was used already, is too old, or what it was for has changed; ask for a new one",
    )


async def ask(ports: Ports, who: Principal, visitor: Visitor, *, email: Email) -> views.Expires:
    """A letter to the new address, whether or not it has an account: who asks learns nothing of it. SignInAgain, TooMany."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    if email.canonical == account.canonical and email.raw == account.email:
        raise Invalid("this is the address you have", code="same_email")
    guarded = guarding.guards(ports, visitor, account=(EMAIL_CHANGE, account.id))
    token = once.given("email", ports.ids.secret())
    change = Change(ports.ids.new("emc"), account.id, account.email, account.canonical, email.raw, email.canonical)
    holder = await accounts.by_email(ports.db, email.canonical)
    taken = holder is not None and holder.id != account.id
    shop = ports.settings
    text = (_TAKEN if taken else _CONFIRM).format(
        old=account.email, shop=shop.shop_name, origin=shop.origin, page=PAGE, token=token
    )
    letter = await letters.write(ports, to=email.raw, subject=f"Your address at {shop.shop_name}", text=text)
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await guarding.admit(tx, guarded)
        await must_live(ports, tx, who)
        if not await guarding.charge(tx, guarded):
            raise TooMany("too many changes were asked for; try again later", retry_after=EMAIL_CHANGE.first)
        await store.add(tx, change, tokens.digest(token), CONFIRM_SECONDS)
        await stored_letters.add(tx, letter, CONFIRM_SECONDS)

    await ports.db.retrying(effect)
    ports.due["post"].ring()
    return views.Expires(expires_in=CONFIRM_SECONDS)


async def confirm(ports: Ports, *, token: str) -> None:
    """The new mailbox has answered: the address is changed, and the old one is told how to undo it. ChangeRefused, Conflict."""
    change = await store.to_confirm(ports.db, tokens.digest(token)) if once.is_one("email", token) else None
    account = await accounts.by_id(ports.db, change.account_id) if change else None
    if change is None or account is None or not account.active or account.canonical != change.old_canonical:
        raise ChangeRefused
    undo = once.given("undo", ports.ids.secret())
    shop = ports.settings
    text = _CHANGED.format(shop=shop.shop_name, new=change.new_raw, origin=shop.origin, page=PAGE, token=undo)
    subject = f"Your address at {shop.shop_name} was changed"
    letter = await letters.write(ports, to=change.old_raw, subject=subject, text=text)

    async def effect(tx: Tx) -> None:
        if not await store.confirm(tx, change, tokens.digest(undo), UNDO_SECONDS):
            raise ChangeRefused
        await _move(tx, account, parse(change.new_raw), proved=True)
        await stored_letters.add(tx, letter, UNDO_SECONDS)
        tx.tell(EmailChanged(user_id=account.id))

    await _unless_taken(ports, effect)
    await _carry(ports, account)
    ports.due["post"].ring()


async def undo(ports: Ports, *, token: str) -> None:
    """Back to the address before, and everybody signed out. The password and what was added since are forgotten: whoever
    changed the address may know them. ChangeRefused."""
    change = await store.to_undo(ports.db, tokens.digest(token)) if once.is_one("undo", token) else None
    account = await accounts.by_id(ports.db, change.account_id) if change else None
    if change is None or account is None or not account.active:
        raise ChangeRefused

    async def effect(tx: Tx) -> None:
        if not await store.undo(tx, change):
            raise ChangeRefused
        await store.undo_later(tx, change)
        await _move(tx, account, parse(change.old_raw), proved=True)
        await store.forget_since(tx, change)
        await sessions.end_all(tx, account.id, "email_restored")
        tx.tell(
            EmailChanged(user_id=account.id, undone=True),
            SessionsEnded(user_id=account.id, reason="email_restored"),
        )

    await _unless_taken(ports, effect)


async def _move(tx: Tx, account: Account, email: Email, *, proved: bool) -> None:
    if not await store.set_email(tx, account.id, account.canonical, email, proved=proved):
        raise ChangeRefused
    await links.void(tx, account.id)  # what was mailed to the address before


async def _carry(ports: Ports, account: Account) -> None:
    """Sessions go on: it was their owner who asked. Where they are kept apart, the account's epoch must not end them."""
    if ports.sessions is None:
        return
    now = ports.clock.now()
    for each in await ports.sessions.of_account(account.id, account.epoch, now, before=None, limit=100):
        await ports.sessions.carry(each.id, account.id, account.epoch + 1)


async def _unless_taken(ports: Ports, effect: Callable[[Tx], Awaitable[None]]) -> None:
    try:
        await ports.db.retrying(effect)
    except store.Taken:
        raise Conflict("there is an account with this e-mail address meanwhile", code="email_taken") from None
