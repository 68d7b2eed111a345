"""What a token is worth (RFC 7662), and who it speaks for (OpenID Connect Core §5.3)."""

from typing import Any

from banyan.foundation.auth import Principal
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unauthenticated
from banyan.users.actions.sessions import SessionEnded, lives
from banyan.users.domain import oauth, tokens
from banyan.users.domain.oauth import Client, Refused
from banyan.users.storage import accounts, oauth_clients, oauth_grants, sessions

_TOLD = ("iss", "aud", "sub", "sid", "client_id", "scope", "iat", "exp", "jti")
_NOTHING: dict[str, Any] = {"active": False}


async def introspect(ports: Ports, client: Client, token: str) -> dict[str, Any]:
    """What a client's own token says while it holds; another client's only for who may introspect. A session that was
    ended ends its tokens here at once. Refused for a client without a secret."""
    if not client.confidential:
        raise Refused("invalid_client", "only clients that keep a secret may ask this", 401)
    found = await (_refresh(ports, token) if tokens.is_refresh(token) else _access(ports, token))
    if found is None or (found["client_id"] != client.id and oauth.INTROSPECT not in client.scopes):
        return _NOTHING
    return {"active": True, **found}


async def _access(ports: Ports, token: str) -> dict[str, Any] | None:
    try:
        claims = await ports.authority.claims(token)
    except Unauthenticated:
        return None
    session_id, sub = claims.get("sid"), claims["sub"]
    if session_id and not await lives(ports, session_id, sub):
        return None
    if not session_id:
        acting = await oauth_clients.by_id(ports.db, sub)
        if acting is None or not acting.active:
            return None
    return {"token_type": "Bearer", **{name: claims[name] for name in _TOLD if name in claims}}


async def _refresh(ports: Ports, token: str) -> dict[str, Any] | None:
    """What there is to say of a refresh token; nothing of the shop's own ones."""
    token_hash = tokens.digest(token)
    if ports.sessions is not None:
        shown = await ports.sessions.presented(token_hash)
        if shown is None or shown.used_at is not None:
            return None
        session_id, account_id, until = shown.session.id, shown.session.account_id, shown.session.expires_at
        if not await lives(ports, session_id, account_id):
            return None
    elif (kept := await sessions.refreshable(ports.db, token_hash)) is not None:
        session_id, account_id, until = kept
    else:
        return None
    given = await oauth_grants.of_session(ports.db, session_id)
    if given is None:
        return None
    scope = " ".join(sorted(given.scopes))
    told = {"iss": ports.settings.origin, "sub": account_id, "sid": session_id, "client_id": given.client_id}
    return {**told, "scope": scope, "exp": int(until.timestamp())}


async def user_info(ports: Ports, who: Principal) -> dict[str, Any]:
    """Who is signed in, as far as the token's scopes tell. SessionEnded."""
    user_id = who.signed_in()
    account = await accounts.by_id(ports.db, user_id)
    if account is None or not account.active or not await lives(ports, who.session_id, user_id):
        raise SessionEnded
    scopes = {"profile", "email"} if who.scopes is None else who.scopes
    proved = await accounts.is_proved(ports.db, user_id)
    return {"sub": user_id, **tokens.about(scopes, name=account.name, email=account.email, proved=proved)}
