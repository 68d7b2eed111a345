"""Signing in with an outside OpenID Connect provider (BANYAN_OIDC_ISSUER): there, back, and whose account it is.

An account is theirs by the provider's own name for them (issuer and subject), never by an address. Somebody new whose
address has an account here is linked to it only after that account has signed in and said so. The way there and back is
bound to one browser by what only that browser shows (`browser`: a digest of its secret).
"""

from banyan.contracts.users import FactorsChanged, UserRegistered
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Forbidden, Unauthenticated
from banyan.users import providers
from banyan.users.actions import granting, letters, proving, waiting
from banyan.users.actions.profile import me
from banyan.users.domain import oauth, oauth_requests, tokens
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.emails import Email, parse
from banyan.users.domain.outside import NotBelieved, Person, person
from banyan.users.storage import accounts, outside
from banyan.users.storage import letters as stored_letters

METHOD = "outside"
BACK = "/sign-in/with/oidc/back"  # the storefront's page that a provider sends browsers to
_LINKED = """Hello,

from now on you can sign in to {shop} with your account at {name} ({email}).

If it was not you, sign in at {origin}/sign-in, remove it under Account, Security, and sign out all other devices.
"""
_NOTICE_SECONDS = 86_400.0


class OutsideRefused(Unauthenticated):
    code, title = "outside_refused", "Signing in there did not work; begin again"


async def set_out(ports: Ports, browser: bytes, after: str) -> str:
    """Where the browser signs in. `after`: the page of the shop it wanted. NotFound, Unavailable."""
    known = await providers.provider(ports.settings, ports.egress, ports.clock)
    state, nonce, verifier = (tokens.random_text(ports.ids.secret()) for _ in range(3))
    sealed = await ports.keys.seal(verifier.encode(), f"outside verifier {nonce}")
    visit = outside.Visit(known.issuer, nonce, sealed, after)

    async def effect(tx: Tx) -> None:
        await outside.VISITS.keep(tx, tokens.digest(state), browser, visit)

    await ports.db.retrying(effect)
    challenge, back = oauth.challenge_of(verifier), ports.settings.origin + BACK
    return providers.way_there(known, ports.settings, state=state, nonce=nonce, challenge=challenge, back=back)


async def come_back(ports: Ports, visitor: Visitor, browser: bytes, query: str) -> tuple[Answer, str]:
    """Signed in (201, or 202 where the account asks for a code as well), and the page that was wanted.

    OutsideRefused. Conflict `outside_unlinked` where the address has an account: `link` in it is for `link_account`.
    """
    given = _given(query)
    state_hash = tokens.digest(given.get("state", ""))
    visit = await outside.VISITS.find(ports.db, state_hash, browser)
    if visit is None:
        raise OutsideRefused("this browser did not set out to sign in, or took too long")
    known = await providers.provider(ports.settings, ports.egress, ports.clock)
    if given.get("iss", None if known.says_who else visit.issuer) != visit.issuer or known.issuer != visit.issuer:
        raise OutsideRefused("another provider answers")  # a mix-up (RFC 9207), before its code goes anywhere

    async def used(tx: Tx) -> bool:
        return await outside.VISITS.use(tx, state_hash)

    if not await ports.db.retrying(used):
        raise OutsideRefused("this was answered before")
    if "error" in given or not given.get("code"):
        raise OutsideRefused("the provider did not let you in", code="outside_denied")
    try:
        someone = await _person(ports, known, visit, given["code"])
    except NotBelieved as wrong:
        raise OutsideRefused(f"the provider's answer does not hold ({wrong})") from None
    account_id = await outside.account_of(ports.db, someone.issuer, someone.subject)
    if account_id is None:
        return await _newcomer(ports, visitor, browser, someone), visit.next
    account = await accounts.by_id(ports.db, account_id)
    if account is None or not account.active:
        raise OutsideRefused("this account is closed")
    return await _let_in(ports, visitor, account), visit.next


async def link_account(ports: Ports, who: Principal, browser: bytes, token: str) -> None:
    """Who asks is this someone from now on. OutsideRefused, SignInAgain; Forbidden for another mailbox's account."""
    account = await me(ports, who)
    claim_hash = tokens.digest(token)
    claim = await outside.CLAIMS.find(ports.db, claim_hash, browser)
    if claim is None:
        raise OutsideRefused("this was used already, or is too old")
    if claim.email_canonical != account.canonical:
        raise Forbidden("sign in with the account of that address", code="outside_other_mailbox")
    await proving.must_be_recent(ports, who, account)
    shop = ports.settings
    text = _LINKED.format(shop=shop.shop_name, name=shop.oidc_name, email=claim.email, origin=shop.origin)
    letter = await letters.write(
        ports, to=account.email, subject=f"A new way to sign in to {shop.shop_name}", text=text
    )

    async def effect(tx: Tx) -> None:
        if not await outside.CLAIMS.use(tx, claim_hash):
            raise OutsideRefused("this was used already, or is too old")
        if not await outside.link(tx, account.id, claim.issuer, claim.subject, claim.email):
            raise Conflict("they sign in to another account already", code="outside_taken")
        await stored_letters.add(tx, letter, _NOTICE_SECONDS)
        tx.tell(FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)
    ports.due["post"].ring()


async def unlink_account(ports: Ports, who: Principal) -> None:
    """Nobody outside signs in to the account of who asks any more. SignInAgain."""
    account = await me(ports, who)
    await proving.must_be_recent(ports, who, account)

    async def effect(tx: Tx) -> None:
        if await outside.unlink(tx, account.id):
            tx.tell(FactorsChanged(user_id=account.id))

    await ports.db.retrying(effect)


async def _person(ports: Ports, known: providers.Provider, visit: outside.Visit, code: str) -> Person:
    verifier = (await ports.keys.open(visit.sealed_verifier, f"outside verifier {visit.nonce}")).decode()
    back = ports.settings.origin + BACK
    given = {"code": code, "verifier": verifier, "back": back}
    claims, access_token = await providers.redeem(known, ports.settings, ports.egress, ports.clock, **given)
    return person(
        claims,
        issuer=visit.issuer,
        client_id=ports.settings.oidc_client_id,
        nonce=visit.nonce,
        access_token=access_token,
        now=ports.clock.now().timestamp(),
    )


async def _newcomer(ports: Ports, visitor: Visitor, browser: bytes, someone: Person) -> Answer:
    """Somebody the shop has not seen: a new account, if their address has none."""
    email = _mailbox(someone)
    if await accounts.by_email(ports.db, email.canonical) is not None:
        raise await _claimed(ports, browser, someone, email)
    account = Account(ports.ids.new("usr"), email.raw, email.canonical, ports.clock.now(), name=someone.name)
    grant = await granting.prepare(ports, account, method=METHOD, visitor=visitor)

    async def effect(tx: Tx) -> None:
        if not await accounts.add(tx, account):
            raise Conflict("this address was taken meanwhile; begin again", code="email_taken")
        if not await outside.link(tx, account.id, someone.issuer, someone.subject, email.raw):
            raise OutsideRefused("they came in at the same time elsewhere; begin again")
        await granting.keep(tx, grant)
        tx.tell(UserRegistered(user_id=account.id))

    return await granting.once(ports, None, grant, grant.answer(), effect)


async def _let_in(ports: Ports, visitor: Visitor, account: Account) -> Answer:
    if await waiting.asks_for_code(ports.db, account):
        step = waiting.new_step(ports)

        async def hold(tx: Tx) -> None:
            await waiting.hold(tx, account, step, METHOD)

        await ports.db.retrying(hold)
        return waiting.answer(step)
    grant = await granting.prepare(ports, account, method=METHOD, visitor=visitor)

    async def effect(tx: Tx) -> None:
        if not await granting.keep(tx, grant):
            raise OutsideRefused("the account was changed meanwhile; begin again")

    return await granting.once(ports, None, grant, grant.answer(), effect)


async def _claimed(ports: Ports, browser: bytes, someone: Person, email: Email) -> Conflict:
    """Remember who came, so that the account's owner can say that it is them."""
    token = tokens.random_text(ports.ids.secret())
    claim = outside.Claim(someone.issuer, someone.subject, email.raw, email.canonical)

    async def effect(tx: Tx) -> None:
        await outside.CLAIMS.keep(tx, tokens.digest(token), browser, claim)

    await ports.db.retrying(effect)
    words = "this address has an account here: sign in to it once, and both are linked"
    return Conflict(words, code="outside_unlinked", more={"link": token})


def _mailbox(someone: Person) -> Email:
    """An address that its provider has checked; of any other anybody may claim to be the owner."""
    if someone.email is None or not someone.email_verified:
        raise OutsideRefused("the provider did not say that your address is yours", code="outside_email_unverified")
    try:
        return parse(someone.email)
    except ValueError:
        raise OutsideRefused("the provider told no address that can be mailed to") from None


def _given(query: str) -> dict[str, str]:
    """What the provider told. OutsideRefused where something is there twice."""
    try:
        pairs = oauth_requests.pairs_of(query)
    except oauth_requests.Unsafe:
        pairs = [("state", ""), ("state", "")]
    if len(dict(pairs)) != len(pairs):
        raise OutsideRefused("the provider's answer cannot be read")
    return dict(pairs)
