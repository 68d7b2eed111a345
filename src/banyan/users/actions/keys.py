"""Signing keys: made at first need, rotated by age, published before they sign and until nothing they signed is alive."""

from collections.abc import Collection
from typing import Any

from joserfc.jwk import RSAKey
from pydantic_core import to_json

from banyan.contracts.users import AskKeys, KeySet
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Unavailable
from banyan.users import signing
from banyan.users.actions import proving
from banyan.users.domain import tokens
from banyan.users.domain.accounts import Account
from banyan.users.storage import signing_keys

AGE_SECONDS = 30 * 86_400.0
NOTICE_SECONDS = 900.0  # a new key is published so long before it signs; checkers believe a key set for 300 s
OVERLAP_SECONDS = 1200.0  # the longest life of an access token (900 s), leeway and clocks that differ
_LOOK_SECONDS = 3600.0


async def access_token(
    ports: Ports,
    account: Account,
    session_id: str,
    client_id: str | None = None,
    scopes: Collection[str] = (),
    *,
    strong: bool | None = None,
) -> str:
    """An access token for this session, with the permissions of the account's roles as they are now.

    `strong`: whether the session has a second factor, None where that is to be looked up. For a third party (`client_id`)
    only with those among `scopes`, which were no more than the session that agreed to them had.
    """
    roles = await proving.roles_in(ports, account, session_id, strong=True if client_id else strong)
    said = tokens.claims(
        issuer=ports.settings.origin,
        user_id=account.id,
        session_id=session_id,
        roles=roles,
        token_id=ports.ids.new("tok"),
        now=ports.clock.now(),
        seconds=ports.settings.access_token_seconds,
    )
    return await signed(ports, said if client_id is None else tokens.narrowed(said, client_id, scopes))


async def signed(ports: Ports, claims: dict[str, Any], *, kind: str = "at+jwt") -> str:
    """A token that says so, by the key that signs now."""
    return signing.sign(await _signing_key(ports), claims, kind=kind)


async def key_set(ports: Ports) -> bytes:
    """The JSON Web Key Set (RFC 7517) that access tokens are checked with."""
    await _sealed_key(ports)  # so that whoever asks first gets a set that holds
    return to_json({"keys": await signing_keys.published(ports.db)})


async def answer_keys(ports: Ports, _: AskKeys) -> KeySet:
    return KeySet(jwks=(await key_set(ports)).decode())


async def rotate_when_due(ports: Ports) -> float:
    """The chore: a first key if there is none, a new one when the newest is 30 days old, and the end of retired ones."""
    await _sealed_key(ports)
    await _rotate(ports, AGE_SECONDS)

    async def forget(tx: Tx) -> None:
        await signing_keys.forget_retired(tx)

    await ports.db.retrying(forget)
    return _LOOK_SECONDS


async def rotate_keys(ports: Ports) -> str:
    """Add a new key now, whatever the newest one's age; its kid. It signs in 15 minutes, and nobody notices.

    Conflict when a new key is waiting to sign already.
    """
    await _sealed_key(ports)
    kid = await _rotate(ports, 0.0)
    if kid is None:
        raise Conflict("a new key is published already and waits to sign", code="rotation_under_way")
    return kid


async def replace_keys(ports: Ports) -> str:
    """For a key that leaked, or that cannot be opened any more: end all keys at once, sign with a new one; its kid.

    Every access token ends with them, here at once and elsewhere within five minutes; refresh tokens go on.
    """
    kid = ports.ids.new("key")
    private, public = await signing.make(kid)
    sealed = await signing.seal(ports.keys, kid, private)

    async def effect(tx: Tx) -> None:
        await signing_keys.revoke_all(tx)
        await signing_keys.add(tx, kid, sealed, public, after=0)

    await ports.db.retrying(effect)
    return kid


async def _signing_key(ports: Ports) -> RSAKey:
    sealed = await _sealed_key(ports)
    return await signing.open_sealed(ports.keys, sealed.kid, sealed.sealed)


async def _sealed_key(ports: Ports) -> signing_keys.SealedKey:
    """The key that signs now; made if there is none. Of two who make one at once, one is kept."""
    if found := await signing_keys.signing(ports.db):
        return found
    kid = ports.ids.new("key")
    private, public = await signing.make(kid)
    sealed = await signing.seal(ports.keys, kid, private)

    async def effect(tx: Tx) -> None:
        await signing_keys.add(tx, kid, sealed, public, after=0)

    await ports.db.retrying(effect)
    if found := await signing_keys.signing(ports.db):
        return found
    raise Unavailable("no key may sign at this moment", retry_after=1)


async def _rotate(ports: Ports, age_seconds: float) -> str | None:
    """Publish a new key if the newest has signed for so long; its kid. Of two who do so at once, one does."""
    if not await signing_keys.due(ports.db, age_seconds):
        return None
    kid = ports.ids.new("key")
    private, public = await signing.make(kid)
    sealed = await signing.seal(ports.keys, kid, private)

    async def effect(tx: Tx) -> bool:
        if not await signing_keys.retire(tx, after=NOTICE_SECONDS, overlap=OVERLAP_SECONDS, age_seconds=age_seconds):
            return False
        return await signing_keys.add(tx, kid, sealed, public, after=NOTICE_SECONDS)

    return kid if await ports.db.retrying(effect) else None
