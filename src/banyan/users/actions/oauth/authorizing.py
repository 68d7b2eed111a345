"""`/oauth/authorize`: whether a shopper's browser goes back to an application with a code, and what must be asked before.

The storefront asks in the shopper's name and shows what is answered here: pages for signing in and for consent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from banyan.contracts.users import PERMISSIONS
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden, Malformed
from banyan.users.actions import apart
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.domain import oauth_requests, tokens
from banyan.users.domain.oauth import Client, Refused
from banyan.users.domain.oauth_requests import Asked, Unsafe
from banyan.users.storage import accounts, oauth_clients, oauth_grants, sessions

Decision = Literal["allow", "deny"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the browser does next. `go`: to the address `to`. `sign_in`: then ask again with the query `to`; `again` when
    somebody is signed in already. `consent`: say whether `client` may have `scopes`."""

    kind: Literal["go", "sign_in", "consent"]
    to: str = ""
    again: bool = False
    client: Client | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """The session of the browser that asks."""

    session_id: str
    account_id: str
    method: str
    at: datetime


async def authorize(ports: Ports, who: Principal, query: str, decision: Decision | None) -> Outcome:
    """Malformed where it is not sure whose request it is and where answers go: nobody is sent anywhere then.

    Every other refusal is told to the application, at its own address (RFC 6749 §4.1.2.1), by `go`.
    """
    if who.scopes is not None:
        raise Forbidden("a shopper agrees to this in person", code="insufficient_scope")
    try:
        pairs = oauth_requests.pairs_of(query)
        client_id, redirect_uri = oauth_requests.named(pairs)
        client = await oauth_clients.by_id(ports.db, client_id) if client_id.isprintable() else None
        if client is None or not client.active:
            raise Unsafe("no application of this name is known here")
        if not client.sends_to(redirect_uri):
            raise Unsafe("this application has no such address")
    except Unsafe as unsafe:
        raise Malformed(str(unsafe), code="authorization_unsafe") from None
    issuer = ports.settings.origin
    try:
        asked = oauth_requests.read(pairs, client, issuer)
        return await _answer(ports, who, client, asked, query, decision)
    except Refused as refused:
        told = {"error": refused.error, "error_description": refused.description}
        state = oauth_requests.state_of(pairs)
        return Outcome("go", oauth_requests.answer(redirect_uri, issuer, **told, state=state))


async def _answer(
    ports: Ports, who: Principal, client: Client, asked: Asked, query: str, decision: Decision | None
) -> Outcome:
    quietly = "none" in asked.prompts
    signed_in = await _signed_in(ports, who)
    if signed_in is None or _too_old(ports, asked, signed_in):
        if quietly:
            raise Refused("login_required", "the shopper has to sign in")
        after = oauth_requests.once_signed_in(query, ports.clock.now().timestamp())
        return Outcome("sign_in", after, again=who.user_id is not None)
    if decision == "deny":
        raise Refused("access_denied", "the shopper said no")
    scopes = frozenset(each for each in asked.scopes if each not in PERMISSIONS or who.may(each))
    if not scopes:
        raise Refused("access_denied", "the shopper has none of these permissions")
    if decision is None and not await _agreed(ports, client, asked, signed_in, scopes):
        if quietly:
            raise Refused("consent_required", "the shopper has to agree")
        return Outcome("consent", client=client, scopes=scopes)
    code = await _give(ports, who, client, asked, signed_in, scopes, remember=decision == "allow")
    issuer = ports.settings.origin
    return Outcome("go", oauth_requests.answer(asked.redirect_uri, issuer, code=code, state=asked.state))


async def _signed_in(ports: Ports, who: Principal) -> _SignedIn | None:
    """None for a guest, and for a session that is over."""
    if who.user_id is None or who.session_id is None:
        return None
    if ports.sessions is not None:
        kept = await apart.live(ports, ports.sessions, who.session_id, who.user_id)
        return _SignedIn(kept.id, who.user_id, kept.method, kept.created_at) if kept else None
    row = await sessions.by_id(ports.db, who.session_id, who.user_id)
    return _SignedIn(row.id, who.user_id, row.method, row.created_at) if row else None


def _too_old(ports: Ports, asked: Asked, signed_in: _SignedIn) -> bool:
    """Whether the shopper has to show anew who they are."""
    if asked.prompts & {"login", "select_account"} or asked.max_age == 0:
        return asked.after is None or signed_in.at.timestamp() < asked.after
    return asked.max_age is not None and ports.clock.now() - signed_in.at > timedelta(seconds=asked.max_age)


async def _agreed(ports: Ports, client: Client, asked: Asked, signed_in: _SignedIn, scopes: frozenset[str]) -> bool:
    """Whether nothing has to be asked."""
    if "consent" in asked.prompts or not client.sure_at(asked.redirect_uri):
        return False
    return client.first_party or scopes <= await oauth_clients.consented(ports.db, signed_in.account_id, client.id)


async def _give(
    ports: Ports,
    who: Principal,
    client: Client,
    asked: Asked,
    signed_in: _SignedIn,
    scopes: frozenset[str],
    *,
    remember: bool,
) -> str:
    """A code for what was agreed to, and the consent kept. SessionEnded."""
    code = tokens.code(ports.ids.secret())
    account = await accounts.by_id(ports.db, signed_in.account_id)
    assert account is not None  # its session lives
    kept = oauth_grants.Code(
        client_id=client.id,
        account_id=account.id,
        session_id=signed_in.session_id,
        epoch=account.epoch,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        scopes=scopes,
        nonce=asked.nonce,
        method=signed_in.method,
        signed_in_at=signed_in.at,
    )
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        if remember:
            await oauth_clients.consent(tx, account.id, client.id, scopes)
        await oauth_grants.add_code(tx, tokens.digest(code), kept)

    await ports.db.retrying(effect)
    return code
