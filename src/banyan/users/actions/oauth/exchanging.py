"""`/oauth/token`: a code becomes a session of its client, once; and clients that act for themselves (RFC 6749 §4.1.3, §4.4)."""

from collections.abc import Collection
from dataclasses import dataclass, field

from banyan.contracts.users import PERMISSIONS
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.users.actions import granting, keys
from banyan.users.actions.sessions import end_one, lives
from banyan.users.domain import oauth, tokens
from banyan.users.domain.accounts import SESSION_SECONDS, Account, Visitor
from banyan.users.domain.oauth import Client, Refused
from banyan.users.storage import accounts, oauth_grants
from banyan.users.storage.oauth_grants import Code, Granted

METHOD = "oauth"


@dataclass(frozen=True, slots=True)
class Issued:
    """What a client gets. Without `offline_access` no refresh token, and a session as long as its access token."""

    access_token: str = field(repr=False)
    expires_in: int
    scopes: frozenset[str]
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)


async def exchange(
    ports: Ports, visitor: Visitor, client: Client, *, code: str, redirect_uri: str, verifier: str
) -> Issued:
    """Tokens for a code. Refused; a code that comes again also ends the session that came of it (RFC 6749 §4.1.2)."""
    code_hash = tokens.digest(code)
    kept = await oauth_grants.code(ports.db, code_hash) if tokens.is_code(code) else None
    if kept is None or kept.client_id != client.id:
        raise _refused()
    if kept.family_id is not None:
        await end_one(ports, kept.account_id, kept.family_id, "authorization_code_reused")
        raise _refused()
    account = await _entitled(ports, kept, redirect_uri, verifier)
    offline = oauth.OFFLINE in kept.scopes and oauth.REFRESH in client.grants
    grant = await granting.prepare(
        ports,
        account,
        method=METHOD,
        visitor=visitor,
        client=(client.id, kept.scopes),
        lives=SESSION_SECONDS if offline else ports.settings.access_token_seconds,
    )

    async def effect(tx: Tx) -> None:
        if not await oauth_grants.use_code(tx, code_hash, grant.session_id) or not await granting.keep(tx, grant):
            raise _refused()
        await oauth_grants.give(tx, Granted(grant.session_id, account.id, client.id, kept.scopes), grant.lives)

    try:
        await ports.db.retrying(effect)
    except Refused:
        await granting.drop(ports, grant)
        if (again := await oauth_grants.code(ports.db, code_hash)) and again.family_id:  # two came with it at once
            await end_one(ports, account.id, again.family_id, "authorization_code_reused")
        raise
    return Issued(
        access_token=grant.access_token,
        expires_in=grant.seconds,
        scopes=kept.scopes,
        refresh_token=grant.refresh_token if offline else None,
        id_token=await _id_token(ports, client, kept, grant) if "openid" in kept.scopes else None,
    )


async def act_for_itself(ports: Ports, client: Client, scopes: Collection[str]) -> Issued:
    """An access token of a confidential client for what it may do itself; with no `scopes` for all of it. Refused."""
    if oauth.CREDENTIALS not in client.grants or not client.confidential:
        raise Refused("unauthorized_client", "this client does not act for itself")
    own = client.scopes & (PERMISSIONS | {oauth.INTROSPECT})
    if not own.issuperset(scopes) or not own:
        raise Refused("invalid_scope", "this client may not ask for one of these scopes")
    wanted = frozenset(scopes) or own
    said = tokens.claims(
        issuer=ports.settings.origin,
        user_id=client.id,
        session_id="",
        roles=(),
        token_id=ports.ids.new("tok"),
        now=ports.clock.now(),
        seconds=ports.settings.access_token_seconds,
    )
    token = await keys.signed(ports, tokens.of_client(said, client.id, wanted))
    return Issued(token, ports.settings.access_token_seconds, wanted)


async def _entitled(ports: Ports, kept: Code, redirect_uri: str, verifier: str) -> Account:
    """The account a code speaks for, as long as nothing it rests on has changed. Refused."""
    account = await accounts.by_id(ports.db, kept.account_id)
    if account is None or not account.active or account.epoch != kept.epoch or not kept.live:
        raise _refused()
    if redirect_uri != kept.redirect_uri or not oauth.proves(verifier, kept.challenge):
        raise _refused()
    if not await lives(ports, kept.session_id, account.id):
        raise _refused()
    return account


async def _id_token(ports: Ports, client: Client, kept: Code, grant: granting.Grant) -> str:
    said = tokens.id_claims(
        issuer=ports.settings.origin,
        user_id=kept.account_id,
        session_id=grant.session_id,
        client_id=client.id,
        nonce=kept.nonce,
        access_token=grant.access_token,
        signed_in_at=kept.signed_in_at,
        method=kept.method,
        now=ports.clock.now(),
        seconds=grant.seconds,
    )
    return await keys.signed(ports, said, kind="JWT")


def _refused() -> Refused:
    """One text for all reasons: whoever tries codes learns nothing."""
    return Refused("invalid_grant", "this code is not valid, or was not given for this")
