"""Refresh: each refresh token gets the next pair once; one that comes again ends its whole family (RFC 9700 §4.14.2).

A client whose answer was lost may ask again: with the same `Idempotency-Key` it gave the first time, within a minute, and
only until the token it then missed is used. It gets the very same refresh token, so a family never forks. Whoever
repeats a used token without that key, or later, is taken for a thief, or for the one who was robbed.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256

from banyan.contracts.users import SessionsEnded
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.sessions import Sessions
from banyan.kernel.refusals import Unauthenticated
from banyan.users.actions import apart, keys
from banyan.users.domain import tokens, views
from banyan.users.domain.accounts import Account
from banyan.users.domain.oauth import Refused
from banyan.users.storage import accounts, oauth_grants, sessions
from banyan.users.storage.sessions import Presented


class RefreshRefused(Unauthenticated):
    code, title = "refresh_token_invalid", "This refresh token is not valid; sign in again"


class RefreshReused(RefreshRefused):
    code, title = "refresh_token_reused", "This refresh token was used before; its session is ended, sign in again"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A new pair of tokens. `again`: it was given before and its answer lost."""

    tokens: views.Tokens = field(repr=False)
    again: bool
    scopes: frozenset[str] = frozenset()  # of a third party


async def refresh(
    ports: Ports, token: str, retry_key: str | None, client_id: str = tokens.CLIENT, scopes: Collection[str] = ()
) -> Refreshed:
    """Exchange a refresh token of this client. RefreshRefused, or RefreshReused when that ended its session.

    `scopes`: those that a third party's next access token is to have, of those it was given; none named: all.
    """
    given = await _given(ports, token) if tokens.is_refresh(token) else None
    if not tokens.is_refresh(token) or (given.client_id if given else tokens.CLIENT) != client_id:
        raise RefreshRefused
    if given and not given.scopes.issuperset(scopes):
        raise Refused("invalid_scope", "this is more than was agreed to")
    wanted = frozenset(scopes) or given.scopes if given else None
    seed, used_with = ports.ids.secret(), sha256(retry_key.encode()).digest() if retry_key else None

    async def effect(tx: Tx) -> "tuple[Presented, Account, str] | RefreshRefused":
        """Refusals are returned, not raised: ending the family must be committed."""
        shown = await sessions.presented(tx, tokens.digest(token), tokens.RETRY_SECONDS)
        account = await accounts.by_id(tx, shown.account_id) if shown else None
        if shown is None or account is None or not account.active or not shown.live:
            return RefreshRefused()
        if not shown.used:
            following = tokens.successor(token, seed)
            await sessions.use(tx, tokens.digest(token), tokens.digest(following), seed=seed, used_with=used_with)
            return shown, account, following
        if used_with and used_with == shown.used_with and shown.seed and shown.recent and shown.next_unused:
            return shown, account, tokens.successor(token, shown.seed)
        await sessions.end(tx, shown.session_id, account.id, "refresh_token_reused")
        tx.tell(SessionsEnded(user_id=account.id, reason="refresh_token_reused"))
        return RefreshReused()

    if ports.sessions is not None:
        return await _apart(ports, ports.sessions, token, seed, used_with, client_id, wanted)
    outcome = await ports.db.retrying(effect)
    if isinstance(outcome, RefreshRefused):
        raise outcome
    shown, account, following = outcome
    return await _pair(ports, account, shown.session_id, following, client_id, wanted, again=shown.used)


async def _given(ports: Ports, token: str) -> oauth_grants.Granted | None:
    """The third party that this token's session was given to; None for the shop's own, and for a token nobody knows."""
    if ports.sessions is None:
        owner = await sessions.owner(ports.db, tokens.digest(token))
        return await oauth_grants.of_session(ports.db, owner[0]) if owner else None
    shown = await ports.sessions.presented(tokens.digest(token))
    return await oauth_grants.of_session(ports.db, shown.session.id) if shown else None


async def _pair(
    ports: Ports,
    account: Account,
    session_id: str,
    following: str,
    client_id: str,
    scopes: frozenset[str] | None,
    *,
    again: bool,
) -> Refreshed:
    client = (client_id, scopes) if scopes is not None else ()
    pair = views.Tokens(
        access_token=await keys.access_token(ports, account, session_id, *client),
        expires_in=ports.settings.access_token_seconds,
        refresh_token=following,
        session_id=session_id,
    )
    return Refreshed(pair, again=again, scopes=scopes or frozenset())


async def _apart(
    ports: Ports,
    store: Sessions,
    token: str,
    seed: bytes,
    used_with: bytes | None,
    client_id: str,
    scopes: frozenset[str] | None,
) -> Refreshed:
    """The same where sessions are kept apart from the users database."""
    outcome = await apart.exchange(ports, store, token, seed, used_with)
    if isinstance(outcome, str):
        raise RefreshReused if outcome == "reused" else RefreshRefused
    following = outcome.following
    return await _pair(ports, outcome.account, outcome.session_id, following, client_id, scopes, again=outcome.again)


async def revoke(ports: Ports, token: str, client_id: str = tokens.CLIENT) -> None:
    """End the session of a refresh token (RFC 7009); a token nobody knows is revoked already. Refused: another's token."""
    given = await _given(ports, token) if tokens.is_refresh(token) else None
    if given is not None and given.client_id != client_id:
        raise Refused("unauthorized_client", "this token was given to another client")
    if given is None and client_id != tokens.CLIENT:
        return  # nobody's, or the shop's own: none of this client's

    async def effect(tx: Tx) -> None:
        owner = await sessions.owner(tx, tokens.digest(token))
        if owner and await sessions.end(tx, *owner, "signed_out"):
            tx.tell(SessionsEnded(user_id=owner[1], reason="signed_out"))

    if not tokens.is_refresh(token):
        return
    if ports.sessions is not None:
        await apart.revoke(ports, ports.sessions, token)
    else:
        await ports.db.retrying(effect)
