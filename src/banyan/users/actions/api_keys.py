"""API keys: made and shown once, rotated with an overlap, revoked; and who stands behind one when it is used."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from banyan.contracts.users import ApiKeyMade, ApiKeyRevoked, AskApiKey, HeldKey, KeyHolder
from banyan.foundation import api_keys as looks
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid, NotFound, Unauthenticated
from banyan.users.actions.granting import sealed_once
from banyan.users.actions.proving import must_be_recent
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.domain import views
from banyan.users.domain.accounts import Account, permissions
from banyan.users.domain.api_keys import MOST, ApiKey, beyond
from banyan.users.storage import accounts, api_keys

_ALL = "users:write"  # who gives roles sees and ends everybody's keys


async def api_keys_of(
    ports: Ports, who: Principal, before: str | None, limit: int
) -> tuple[list[views.ApiKeyView], bool]:
    """One's own keys, or everybody's for who gives roles; the newest first, and whether there are more."""
    owner = None if who.may(_ALL) else who.signed_in()
    found, now = await api_keys.after(ports.db, owner, before, limit + 1), ports.clock.now()
    return [views.of_api_key(each, now) for each in found[:limit]], len(found) > limit


async def make_api_key(
    ports: Ports, who: Principal, key: Key | None, *, name: str, scopes: Sequence[str], days: int
) -> Answer:
    """201 with the key, which is shown this once. Invalid for scopes that its maker has not; Conflict beyond 50 keys.

    Needs a sign-in of the last minutes (`sign_in_again`).
    """
    maker = await _maker(ports, who)
    if wrong := beyond(scopes, who.permissions):
        words = f"a key cannot be given {', '.join(wrong)} by you"
        raise Invalid(words, errors=[Fault("/body/scopes", "scope_beyond", words)])
    made, secret = _new(ports, maker.id, name, scopes, ports.clock.now() + timedelta(days=days))

    async def effect(tx: Tx) -> None:
        await _keep(tx, ports, who, made, secret)
        tx.tell(_fact(made))

    return await sealed_once(ports, key, _shown(made, secret, ports.clock.now()), effect)


async def rotate_api_key(ports: Ports, who: Principal, key: Key | None, key_id: str, *, overlap: int) -> Answer:
    """201 with a new key like this one, for as long as it was given; the old one works `overlap` seconds more.

    NotFound for what is none of one's own, Conflict for a key that works no more or was rotated already.
    """
    maker = await _maker(ports, who)
    now = ports.clock.now()
    async with ports.db.transaction() as tx:
        old = await _own(tx, who, key_id, others=False)
    made, secret = _new(ports, maker.id, old.name, old.scopes, now + (old.expires_at - old.created_at))

    async def effect(tx: Tx) -> None:
        old = await _own(tx, who, key_id, others=False)
        if old.state(now) != "active" or old.replaced_by is not None:
            raise Conflict("this key works no more, or has a successor already", code="key_ended")
        await _keep(tx, ports, who, made, secret, rotating=True)
        await api_keys.replace(tx, old.id, made.id, now + timedelta(seconds=overlap))
        tx.tell(_fact(made, replaces=old.id))

    return await sealed_once(ports, key, _shown(made, secret, now), effect)


async def revoke_api_key(ports: Ports, who: Principal, key_id: str) -> None:
    """It works no more, here at once and elsewhere within 30 seconds. One's own, or anybody's for who gives roles.

    NotFound for another's; nothing more happens when it had ended.
    """

    async def effect(tx: Tx) -> None:
        found = await _own(tx, who, key_id, others=True)
        if await api_keys.revoke(tx, key_id):
            tx.tell(ApiKeyRevoked(user_id=found.account_id, key_id=key_id, by=who.signed_in()))

    await ports.db.retrying(effect)


async def answer_api_key(ports: Ports, asked: AskApiKey) -> HeldKey:
    """Who stands behind a key, with what they may do at this moment."""
    row = await api_keys.holder(ports.db, asked.digest)
    if row is None:
        return HeldKey(holder=None)
    if row["long_ago"]:

        async def note(tx: Tx) -> None:
            await api_keys.used(tx, row["id"])

        await ports.db.retrying(note)
    may = tuple(permissions(row["roles"]))
    return HeldKey(
        holder=KeyHolder(key_id=row["id"], user_id=row["account_id"], scopes=tuple(row["scopes"]), permissions=may)
    )


async def _maker(ports: Ports, who: Principal) -> Account:
    account = await accounts.by_id(ports.db, who.signed_in())
    if account is None or not account.active:
        raise Unauthenticated
    await must_be_recent(ports, who, account)
    await must_live_apart(ports, who)
    return account


def _new(ports: Ports, account_id: str, name: str, scopes: Sequence[str], expires_at: datetime) -> tuple[ApiKey, str]:
    secret = looks.make(ports.ids.secret())
    given = tuple(sorted(set(scopes)))
    return ApiKey(ports.ids.new("apk"), account_id, name, secret[-4:], given, ports.clock.now(), expires_at), secret


async def _keep(tx: Tx, ports: Ports, who: Principal, made: ApiKey, secret: str, *, rotating: bool = False) -> None:
    await accounts.lock(tx, made.account_id)
    await must_live(ports, tx, who)
    if not await api_keys.add(tx, made, looks.digest(secret), most=MOST + rotating):
        raise Conflict(f"there are {MOST} keys already; revoke one first", code="too_many_keys")


async def _own(tx: Tx, who: Principal, key_id: str, *, others: bool) -> ApiKey:
    found = await api_keys.locked(tx, key_id)
    if found is None or (found.account_id != who.signed_in() and not (others and who.may(_ALL))):
        raise NotFound("you have no such key")
    return found


def _shown(made: ApiKey, secret: str, now: datetime) -> Answer:
    shown = views.MadeApiKey(**dict(views.of_api_key(made, now)), key=secret)
    return Answer(201, shown.model_dump_json().encode())


def _fact(made: ApiKey, replaces: str | None = None) -> ApiKeyMade:
    return ApiKeyMade(
        user_id=made.account_id,
        key_id=made.id,
        name=made.name,
        scopes=made.scopes,
        expires_at=made.expires_at.isoformat().replace("+00:00", "Z"),
        replaces=replaces,
    )
