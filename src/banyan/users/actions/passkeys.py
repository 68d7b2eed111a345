"""Passkeys: made, used to sign in or up, listed, named and taken away. Challenges count once, for one purpose and browser."""

import logging
from typing import Any

from banyan.contracts.users import FactorsChanged, UserRegistered
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, NotFound, TooMany, Unauthenticated
from banyan.users import ceremonies
from banyan.users.actions import factors, granting, guarding, proving
from banyan.users.actions.profile import me
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.actions.signing_up import EmailTaken
from banyan.users.ceremonies import NotProven, Party
from banyan.users.domain import once, tokens, views
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.emails import Email
from banyan.users.domain.factors import CEREMONY_SECONDS, MOST_PASSKEYS, Passkey, device_words
from banyan.users.domain.limits import CEREMONY_NETWORK, TAKEN_NETWORK
from banyan.users.storage import accounts
from banyan.users.storage import factors as stored
from banyan.users.storage import passkeys as store
from banyan.users.storage.passkeys import Ceremony

_log = logging.getLogger(__name__)
Credential = dict[str, Any]


class PasskeyRefused(Unauthenticated):
    code, title = "passkey_refused", "This passkey was not accepted; try again, or sign in another way"


async def ask_sign_in(ports: Ports, visitor: Visitor) -> views.Ceremony:
    """A challenge for whoever it is: the answer names the account. TooMany."""
    await _admit(ports, visitor)
    challenge = ports.ids.secret()
    asked = ceremonies.ask_to_prove(_party(ports), challenge, known=[])
    return await _begin(ports, "sign_in", challenge, asked)


async def sign_in(ports: Ports, visitor: Visitor, *, ceremony: str, credential: Credential) -> Answer:
    """201 with tokens. A passkey is both factors: something one has, and the finger or code that opens it. PasskeyRefused."""
    begun = await _take(ports, ceremony, "sign_in")
    passkey, count, synced = await _proven(ports, begun, credential)
    account = await accounts.by_id(ports.db, passkey.account_id)
    if account is None or not account.active:
        raise PasskeyRefused
    grant = await granting.prepare(ports, account, method="passkey", visitor=visitor, strong=True)

    async def effect(tx: Tx) -> None:
        if not await store.used(tx, passkey, count, synced=synced) or not await granting.keep(tx, grant):
            raise PasskeyRefused

    return await granting.once(ports, None, grant, grant.answer(), effect)


async def ask_sign_up(ports: Ports, visitor: Visitor, *, email: Email, name: str) -> views.Ceremony:
    """A challenge for a new account's first passkey. EmailTaken, which a network may learn only so often; TooMany."""
    guarded = guarding.guards(ports, visitor, network=TAKEN_NETWORK)
    await guarding.admit(ports.db, guarded)
    await _admit(ports, visitor)
    if await accounts.by_email(ports.db, email.canonical):
        await guarding.failed(ports, guarded)
        raise EmailTaken
    user_id, challenge = ports.ids.new("usr"), ports.ids.secret()
    facts = {"user_id": user_id, "email": email.raw, "canonical": email.canonical, "name": name}
    asked = ceremonies.ask_to_make(_party(ports), challenge, user_id=user_id, email=email.raw, name=name, known=[])
    return await _begin(ports, "sign_up", challenge, asked, facts=facts)


async def sign_up(ports: Ports, visitor: Visitor, *, ceremony: str, credential: Credential) -> Answer:
    """201 with an account that has a passkey and no password, signed in. PasskeyRefused, EmailTaken."""
    begun = await _take(ports, ceremony, "sign_up")
    facts = begun.facts
    now = ports.clock.now()
    account = Account(facts["user_id"], facts["email"], facts["canonical"], now, name=facts["name"])
    passkey = _made(ports, begun, credential, account.id, device_words(visitor.user_agent))
    grant = await granting.prepare(ports, account, method="passkey", visitor=visitor, strong=True)
    signed_up = views.SignedUp.model_validate({**dict(views.of_account(account)), **grant.tokens()})

    async def effect(tx: Tx) -> None:
        if not await accounts.add(tx, account):
            raise EmailTaken
        if not await store.add(tx, passkey) or not await granting.keep(tx, grant):
            raise PasskeyRefused
        tx.tell(UserRegistered(user_id=account.id))

    return await granting.once(ports, None, grant, Answer(201, signed_up.model_dump_json().encode()), effect)


async def ask_add(ports: Ports, who: Principal) -> views.Ceremony:
    """A challenge for one more passkey of who asks. SignInAgain."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    known = await store.of_account(ports.db, account.id)
    _must_have_room(known)
    challenge = ports.ids.secret()
    asked = ceremonies.ask_to_make(
        _party(ports),
        challenge,
        user_id=account.id,
        email=account.email,
        name=account.name,
        known=[each.credential_id for each in known],
    )
    return await _begin(ports, "add", challenge, asked, who=who)


async def add(
    ports: Ports, who: Principal, visitor: Visitor, *, ceremony: str, credential: Credential, name: str
) -> views.PasskeyView:
    """Keep one more passkey, and tell the owner by mail; the session is a strong one now. PasskeyRefused, SignInAgain."""
    account = await me(ports, who)
    begun = await _take(ports, ceremony, "add", who)
    await proving.must_be_recent(ports, who, account)
    passkey = _made(ports, begun, credential, account.id, name or device_words(visitor.user_agent))
    letter = await factors.notice(ports, account, f"a passkey, “{passkey.name}”, was added to")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        await accounts.lock(tx, account.id)
        _must_have_room(await store.of_account(tx, account.id))
        if not await store.add(tx, passkey):
            raise PasskeyRefused
        await stored.prove(tx, who.session_id or "", account.id, strong=True)
        await factors.tell(tx, letter, FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()
    return view(passkey)


async def ask_proof(ports: Ports, who: Principal) -> views.Ceremony:
    """A challenge for who is signed in, to do so again."""
    account = await me(ports, who)
    known = await store.of_account(ports.db, account.id)
    challenge = ports.ids.secret()
    asked = ceremonies.ask_to_prove(_party(ports), challenge, known=[each.credential_id for each in known])
    return await _begin(ports, "prove", challenge, asked, who=who)


async def prove(ports: Ports, who: Principal, *, ceremony: str, credential: Credential) -> None:
    """It is still them, and the session is a strong one. PasskeyRefused."""
    account = await me(ports, who)
    begun = await _take(ports, ceremony, "prove", who)
    passkey, count, synced = await _proven(ports, begun, credential)
    if passkey.account_id != account.id:
        raise PasskeyRefused
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        if not await store.used(tx, passkey, count, synced=synced):
            raise PasskeyRefused
        await stored.prove(tx, who.session_id or "", account.id, strong=True)

    await ports.db.retrying(effect)


async def mine(ports: Ports, who: Principal) -> list[views.PasskeyView]:
    return [view(each) for each in await store.of_account(ports.db, who.signed_in())]


async def rename(ports: Ports, who: Principal, passkey_id: str, name: str) -> views.PasskeyView:
    """NotFound when it is none of one's own."""

    async def effect(tx: Tx) -> Passkey | None:
        return await store.rename(tx, passkey_id, who.signed_in(), name)

    renamed = await ports.db.retrying(effect)
    if renamed is None:
        raise NotFound("you have no such passkey")
    return view(renamed)


async def remove(ports: Ports, who: Principal, passkey_id: str) -> None:
    """NotFound, SignInAgain, LastFactor. What it signed in stays signed in; its owner is told by mail."""
    account = await me(ports, who)
    if passkey_id not in [each.id for each in await store.of_account(ports.db, account.id)]:
        raise NotFound("you have no such passkey")
    await proving.must_be_recent(ports, who, account)
    letter = await factors.notice(ports, account, "a passkey was removed from")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        await accounts.lock(tx, account.id)
        factors.must_stay(ports, account, (await stored.read(tx, account.id)).without_passkey())
        if not await store.remove(tx, passkey_id, account.id):
            raise NotFound("you have no such passkey")
        await factors.tell(tx, letter, FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()


def view(passkey: Passkey) -> views.PasskeyView:
    return views.PasskeyView(**{name: getattr(passkey, name) for name in views.PasskeyView.model_fields})


async def _admit(ports: Ports, visitor: Visitor) -> None:
    """Each challenge is a row, and strangers ask for it."""
    guarded = guarding.guards(ports, visitor, network=CEREMONY_NETWORK)

    async def effect(tx: Tx) -> bool:
        return await guarding.charge(tx, guarded)

    await guarding.admit(ports.db, guarded)
    if guarded and not await ports.db.retrying(effect):
        raise TooMany("too many attempts; try again in a moment", retry_after=CEREMONY_NETWORK.first)


async def _begin(
    ports: Ports,
    purpose: str,
    challenge: bytes,
    asked: dict[str, Any],
    *,
    who: Principal | None = None,
    facts: dict[str, Any] | None = None,
) -> views.Ceremony:
    given = once.given("ceremony", ports.ids.secret())
    whose = {"account_id": who.user_id, "session_id": who.session_id} if who else {}

    async def effect(tx: Tx) -> None:
        await store.begin(tx, tokens.digest(given), purpose, challenge, CEREMONY_SECONDS, facts=facts, **whose)

    await ports.db.retrying(effect)
    return views.Ceremony(ceremony=given, expires_in=CEREMONY_SECONDS, public_key=asked)


async def _take(ports: Ports, ceremony: str, purpose: str, who: Principal | None = None) -> Ceremony:
    """The challenge that was being waited for, gone with this try. PasskeyRefused for another's, or another purpose."""
    if not once.is_one("ceremony", ceremony):
        raise PasskeyRefused

    async def effect(tx: Tx) -> Ceremony | None:
        return await store.take(tx, tokens.digest(ceremony), purpose)

    begun = await ports.db.retrying(effect)
    whose = (who.user_id, who.session_id) if who else (None, None)
    if begun is None or (begun.account_id, begun.session_id) != whose:
        raise PasskeyRefused
    return begun


async def _proven(ports: Ports, begun: Ceremony, credential: Credential) -> tuple[Passkey, int, bool]:
    """The passkey whose holder answered, and what its counter says now."""
    try:
        credential_id, handle = ceremonies.presented(credential)
        passkey = await store.by_credential(ports.db, credential_id)
        if passkey is None or (handle or passkey.account_id) != passkey.account_id:
            raise NotProven("nobody's, or another's")
        count, synced = ceremonies.proved(
            _party(ports),
            begun.challenge,
            credential,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
        )
    except NotProven as why:
        _log.info("a passkey was refused: %s", str(why)[:200])
        raise PasskeyRefused from None
    return passkey, count, synced


def _made(ports: Ports, begun: Ceremony, credential: Credential, account_id: str, name: str) -> Passkey:
    try:
        made = ceremonies.made(_party(ports), begun.challenge, credential)
    except NotProven as why:
        _log.info("a new passkey was refused: %s", str(why)[:200])
        raise PasskeyRefused from None
    return Passkey(
        id=ports.ids.new("pky"),
        account_id=account_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=name,
        synced=made.synced,
        transports=(*ceremonies.transports(credential),),
        created_at=ports.clock.now(),
    )


def _must_have_room(known: list[Passkey]) -> None:
    if len(known) >= MOST_PASSKEYS:
        raise Conflict(f"an account has at most {MOST_PASSKEYS} passkeys; remove one first", code="too_many_passkeys")


def _party(ports: Ports) -> Party:
    return ceremonies.party(ports.settings.origin, ports.settings.shop_name)
