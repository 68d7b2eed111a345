"""Sessions that are kept apart from the users database (BANYAN_SESSIONS_URL), and so in none of its transactions.

The same promises as with rows: a family never forks, and a reused token ends it. The store's own conditions keep the first;
the end comes before the fact that tells of it, and a fact that was not told is told later (`tell_ends`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from banyan.contracts.users import SessionsEnded
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.sessions import Presented, Session, Sessions
from banyan.kernel.refusals import Unavailable
from banyan.users.domain import tokens
from banyan.users.domain.accounts import SESSION_SECONDS, Account
from banyan.users.domain.accounts import Session as Shown
from banyan.users.storage import accounts

_TRIES = 8


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How a refresh went: `following` is the next token, given `again` or for the first time."""

    account: Account
    session_id: str
    following: str
    again: bool


Refusal = Literal["unknown", "reused"]


async def begin(
    ports: Ports,
    store: Sessions,
    account: Account,
    session_id: str,
    *,
    method: str,
    user_agent: str,
    token: str,
    seconds: float = SESSION_SECONDS,
) -> None:
    """Before the transaction that lets someone in: a session whose token nobody has yet. `drop` it if nobody gets it."""
    now = ports.clock.now()
    expires = now + timedelta(seconds=seconds)
    session = Session(session_id, account.id, account.epoch, method, user_agent, now, now, expires)
    await store.begin(session, tokens.digest(token))


async def exchange(
    ports: Ports, store: Sessions, token: str, seed: bytes, used_with: bytes | None
) -> Exchanged | Refusal:
    """Exchange a refresh token, as actions.refreshing does with rows. Unavailable when too many come with one at once."""
    this = tokens.digest(token)
    for _ in range(_TRIES):
        shown = await store.presented(this)
        account = await accounts.by_id(ports.db, shown.session.account_id) if shown else None
        if shown is None or account is None or not account.active or not _lives(ports, shown, account):
            return "unknown"
        session, now = shown.session, ports.clock.now()
        if shown.used_at is None:
            following = tokens.successor(token, seed)
            taken = await store.use(shown, this, tokens.digest(following), seed=seed, used_with=used_with, now=now)
            if taken:
                return Exchanged(account, session.id, following, again=False)
            continue  # another was quicker with it, or ended it: look again
        recent = shown.used_at > now - timedelta(seconds=tokens.RETRY_SECONDS)
        if used_with and used_with == shown.used_with and shown.seed and recent and shown.next_unused:
            return Exchanged(account, session.id, tokens.successor(token, shown.seed), again=True)
        await end(ports, store, session.id, account.id, "refresh_token_reused")
        return "reused"
    raise Unavailable("too many came with one refresh token at once", retry_after=1)


async def end(ports: Ports, store: Sessions, session_id: str, account_id: str, reason: str) -> bool:
    """End a session, then tell; False when it is none of this account's, or had ended."""
    account = await accounts.by_id(ports.db, account_id)
    now = ports.clock.now()
    if account is None or await store.live(session_id, account_id, account.epoch, now) is None:
        return False
    if not await store.end(session_id, account_id, reason, now):
        return False
    await _tell(ports, store, session_id, account_id, reason)
    return True


async def revoke(ports: Ports, store: Sessions, token: str) -> None:
    shown = await store.presented(tokens.digest(token))
    if shown is not None:
        await end(ports, store, shown.session.id, shown.session.account_id, "signed_out")


async def live(ports: Ports, store: Sessions, session_id: str | None, account_id: str) -> Session | None:
    account = await accounts.by_id(ports.db, account_id)
    if account is None or not account.active or session_id is None:
        return None
    return await store.live(session_id, account_id, account.epoch, ports.clock.now())


async def of_account(ports: Ports, store: Sessions, user_id: str, before: str | None, limit: int) -> list[Shown]:
    """Live sessions as rows of the users database would show them."""
    account = await accounts.by_id(ports.db, user_id)
    if account is None:
        return []
    found = await store.of_account(user_id, account.epoch, ports.clock.now(), before=before, limit=limit)
    return [Shown(**{name: getattr(each, name) for name in Shown.__dataclass_fields__}) for each in found]


async def tell_ends(ports: Ports, store: Sessions) -> int:
    """Tell of ends that a crash kept from being told; how many."""
    found = await store.untold()
    for each in found:
        await _tell(ports, store, each.id, each.account_id, each.reason)
    return len(found)


async def _tell(ports: Ports, store: Sessions, session_id: str, account_id: str, reason: str) -> None:
    async def effect(tx: Tx) -> None:
        tx.tell(SessionsEnded(user_id=account_id, reason=reason))

    await ports.db.retrying(effect)
    await store.told(session_id)


def _lives(ports: Ports, shown: Presented, account: Account) -> bool:
    session = shown.session
    return not shown.ended and session.expires_at > ports.clock.now() and session.epoch >= account.epoch
