"""Codes of an authenticator app, recovery codes, proving oneself again, and what of it must not be taken away."""

import io

import segno

from banyan.contracts import Event
from banyan.contracts.users import FactorsChanged
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Forbidden, NotFound
from banyan.users.actions import guarding, letters, proving
from banyan.users.actions.profile import me
from banyan.users.actions.sessions import SessionEnded, lives, must_live, must_live_apart
from banyan.users.actions.signing_in import fits
from banyan.users.domain import totp, views
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.factors import Factors
from banyan.users.domain.limits import CODE, CODE_NETWORK, PASSWORD, PASSWORD_NETWORK
from banyan.users.storage import accounts
from banyan.users.storage import factors as store
from banyan.users.storage import letters as stored_letters
from banyan.users.storage.letters import Letter

_NOTICE_SECONDS = 86_400.0
_TEXT = """Hello,

{what} your account at {shop} just now.

If it was not you, sign in at {origin}/sign-in, remove what you do not know under “Security”, and sign out other devices.
"""


class LastFactor(Conflict):
    code, title = "last_factor", "Without this you could not come in any more; add another way first"


class WrongCode(Forbidden):
    code, title = "wrong_code", "This code does not fit, or was used already; wait for the next one"


async def mine(ports: Ports, who: Principal) -> views.FactorsView:
    """SessionEnded for an access token that outlives its session."""
    account = await me(ports, who)
    if not await lives(ports, who.session_id, account.id):
        raise SessionEnded
    found = await store.read(ports.db, account.id)
    strong, _ = await store.proof(ports.db, who.session_id or "", account.id)
    return views.FactorsView(
        **{name: getattr(found, name) for name in Factors.__dataclass_fields__},
        factor_needed=proving.must_be_strong(ports, account) and not strong,
        recent=await proving.is_recent(ports, who, account),
    )


async def begin_totp(ports: Ports, who: Principal) -> views.TotpBegun:
    """A new secret for an app; it counts for nothing until a code of it is confirmed. SignInAgain, Conflict."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    secret = ports.ids.secret(totp.SECRET_BYTES)
    sealed = await ports.keys.seal(secret, _context(account.id))

    async def effect(tx: Tx) -> None:
        if not await store.begin_totp(tx, account.id, sealed):
            raise Conflict("an app gives codes for this account already; remove it first", code="totp_in_force")

    await ports.db.retrying(effect)
    uri = totp.uri(secret, shop=ports.settings.shop_name, email=account.email)
    return views.TotpBegun(uri=uri, qr_svg=_qr(uri), secret=totp.spelled(secret))


async def confirm_totp(ports: Ports, who: Principal, code: str) -> views.RecoveryCodes:
    """From now on a password or a link asks for a code as well; ten recovery codes, shown this once. WrongCode, TooMany."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    kept = await store.totp(ports.db, account.id)
    if kept is None or kept.confirmed:
        raise Conflict("begin with an app first", code="totp_not_begun")
    guarded = guarding.guards(ports, Visitor(), account=(CODE, account.id))
    await guarding.admit(ports.db, guarded)
    secret = await ports.keys.open(kept.sealed, _context(account.id))
    step = totp.step_of(secret, totp.typed(code), ports.clock.now().timestamp(), 0)
    if step is None:
        await guarding.failed(ports, guarded)
        raise WrongCode
    codes = _new_codes(ports)
    letter = await notice(ports, account, "codes of an authenticator app were turned on for")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        if not await store.confirm_totp(tx, account.id, kept.sealed, step):
            raise Conflict("another app was begun meanwhile; begin again", code="totp_not_begun")
        await store.set_recovery_codes(tx, account.id, _digests(account.id, codes))
        await store.prove(tx, who.session_id or "", account.id, strong=True)
        await tell(tx, letter, FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()
    return views.RecoveryCodes(recovery_codes=codes)


async def remove_totp(ports: Ports, who: Principal) -> None:
    """No codes any more, recovery codes neither. NotFound, SignInAgain, LastFactor."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    letter = await notice(ports, account, "codes of an authenticator app were turned off for")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        await accounts.lock(tx, account.id)
        must_stay(ports, account, (await store.read(tx, account.id)).without_totp())
        if not await store.remove_totp(tx, account.id):
            raise NotFound("no app gives codes for this account")
        await tell(tx, letter, FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()


async def renew_recovery_codes(ports: Ports, who: Principal) -> views.RecoveryCodes:
    """Ten new ones, shown this once; the old ones are void. Conflict without an app, SignInAgain."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)
    codes = _new_codes(ports)
    letter = await notice(ports, account, "new recovery codes were made for")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        await accounts.lock(tx, account.id)
        if not (await store.read(tx, account.id)).totp:
            raise Conflict("recovery codes stand in for an app's codes; set up an app first", code="totp_not_begun")
        await store.set_recovery_codes(tx, account.id, _digests(account.id, codes))
        await tell(tx, letter, FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()
    return views.RecoveryCodes(recovery_codes=codes)


async def prove(ports: Ports, who: Principal, visitor: Visitor, *, password: str | None, code: str | None) -> None:
    """It is still them: by the password, or by a code where the account asks for codes. Forbidden, WrongCode, TooMany."""
    account = await me(ports, who)
    found = await store.read(ports.db, account.id)
    if found.totp or password is None:
        await must_fit(ports, account, visitor, code or "")
    else:
        guarded = guarding.guards(ports, visitor, account=(PASSWORD, account.canonical), network=PASSWORD_NETWORK)
        await guarding.admit(ports.db, guarded)
        if not (await fits(ports, account, password)).fits:
            await guarding.failed(ports, guarded)
            raise Forbidden("the password is another one", code="wrong_password")
    await must_live_apart(ports, who)

    async def effect(tx: Tx) -> None:
        await must_live(ports, tx, who)
        await store.prove(tx, who.session_id or "", account.id, strong=found.totp)

    await ports.db.retrying(effect)


async def must_fit(ports: Ports, account: Account, visitor: Visitor, code: str) -> None:
    """Use a code up: an app's, or a recovery code. WrongCode; TooMany after five that do not fit, whoever guesses."""
    guarded = guarding.guards(ports, visitor, account=(CODE, account.id), network=CODE_NETWORK)
    await guarding.admit(ports.db, guarded)
    kept = await store.totp(ports.db, account.id)
    plain = totp.typed(code)
    step = None
    if kept is not None and kept.confirmed:
        secret = await ports.keys.open(kept.sealed, _context(account.id))
        step = totp.step_of(secret, plain, ports.clock.now().timestamp(), kept.last_step)

    async def effect(tx: Tx) -> bool:
        used = False
        if step is not None:
            used = await store.use_step(tx, account.id, step)
        elif totp.is_recovery(plain):
            used = await store.use_recovery_code(tx, account.id, totp.recovery_digest(account.id, plain))
        if used:
            await guarding.passed(tx, CODE, account.id)
        return used

    if not await ports.db.retrying(effect):
        await guarding.failed(ports, guarded)
        raise WrongCode


def must_stay(ports: Ports, account: Account, left: Factors) -> None:
    """LastFactor when what would be left lets nobody in, or not with what the account's roles need."""
    if not left.way_in:
        raise LastFactor
    if proving.must_be_strong(ports, account) and not left.second:
        raise LastFactor("your role needs a passkey or an app's codes; add another before you remove this")


async def notice(ports: Ports, account: Account, what: str) -> Letter:
    """The letter that tells an owner of a change, for the case that it was not theirs."""
    shop = ports.settings
    text = _TEXT.format(what=what[:1].upper() + what[1:], shop=shop.shop_name, origin=shop.origin)
    return await letters.write(ports, to=account.email, subject=f"Your account at {shop.shop_name}", text=text)


async def tell(tx: Tx, letter: Letter, fact: Event) -> None:
    await stored_letters.add(tx, letter, _NOTICE_SECONDS)
    tx.tell(fact)


def _new_codes(ports: Ports) -> list[str]:
    return [totp.recovery_code(ports.ids.secret(totp.RECOVERY_BYTES)) for _ in range(totp.RECOVERY_CODES)]


def _digests(account_id: str, codes: list[str]) -> list[bytes]:
    return [totp.recovery_digest(account_id, each) for each in codes]


def _qr(uri: str) -> str:
    """The address as a QR code, an SVG to be put into a page."""
    drawn = io.BytesIO()
    code = segno.make(uri, error="m")
    code.save(drawn, kind="svg", xmldecl=False, omitsize=True, border=2, dark="#000", light="#fff")
    return drawn.getvalue().decode()


def _context(account_id: str) -> str:
    return f"users totp {account_id}"
