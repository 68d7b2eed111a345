"""One-time links: mailed to whoever has an account, and redeemed once by POST (a mail scanner's GET uses nothing up).

The mail holds a code as well, for the browser that asked: the answer gives it an `attempt`, without which a code is nothing.
The link itself works on any device, which is shown who asked for it before it presses the button.
"""

from banyan.contracts.users import FactorsChanged, PasswordChanged
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import TooMany, Unauthenticated
from banyan.users.actions import granting, guarding, letters, waiting
from banyan.users.actions.granting import Grant
from banyan.users.domain import once, tokens, views
from banyan.users.domain.accounts import LINK_SECONDS, Account, Visitor
from banyan.users.domain.emails import Email
from banyan.users.domain.factors import device_words
from banyan.users.domain.limits import CODE_NETWORK, LINK, LINK_NETWORK
from banyan.users.storage import accounts, factors, links, passkeys, sessions, throttles
from banyan.users.storage import letters as stored_letters

SIGN_IN_PATH = "/sign-in"  # the storefront's page; it shows a button that POSTs the token
_METHODS = {"sign_in": "link", "operator": "operator_link"}
_TEXT = """Hello,

with this link you sign in to {shop}. It works once, for {minutes} minutes:

{url}

Or type this code where you asked for it: {code}

It was asked for with {device}. If you did not ask for it, ignore this mail: nothing has happened.
"""


class LinkRefused(Unauthenticated):
    code, title = "link_invalid", "This link was used already or is too old; ask for a new one"


async def send_link(ports: Ports, visitor: Visitor, key: Key | None, *, email: Email) -> Answer:
    """202, whether or not there is such an account, at the same pace: a letter is written either way. TooMany."""
    guarded = guarding.guards(ports, visitor, account=(LINK, email.canonical), network=LINK_NETWORK)
    account = await accounts.by_email(ports.db, email.canonical)
    known = account is not None and account.active
    token = tokens.link_token(ports.ids.secret())
    attempt, code = once.given("attempt", ports.ids.secret()), once.mailed_code(ports.ids.secret(16))
    device = device_words(visitor.user_agent)
    text = _TEXT.format(
        shop=ports.settings.shop_name,
        minutes=LINK_SECONDS // 60,
        url=f"{ports.settings.origin}{SIGN_IN_PATH}?token={token}",
        code=code,
        device=device,
    )
    to = account.email if account else email.raw
    letter = await letters.write(ports, to=to, subject=f"Sign in to {ports.settings.shop_name}", text=text)

    async def effect(tx: Tx) -> Answer:
        await guarding.admit(tx, guarded)
        if not await guarding.charge(tx, guarded):
            raise TooMany("too many links were asked for; try again later", retry_after=LINK.first)
        if account is not None and known:
            await links.add(
                tx,
                tokens.digest(token),
                account.id,
                account.canonical,
                "sign_in",
                LINK_SECONDS,
                asked_by=device,
                attempt=tokens.digest(attempt),
                code_hash=once.code_digest(attempt, code),
            )
        # Nobody's letter is stale from the start: it takes the time of one, and is never sent.
        await stored_letters.add(tx, letter, LINK_SECONDS if known else 0)
        return Answer(202, views.LinkSent(expires_in=LINK_SECONDS, attempt=attempt).model_dump_json().encode())

    answer = await idempotency.once(ports.db, key, effect)
    ports.due["post"].ring()
    return answer


async def look(ports: Ports, *, token: str, attempt: str = "") -> views.LinkSeen:
    """What a link leads to, and nothing of it used up. `attempt`: as this browser has it, if it asked. LinkRefused."""
    found = await links.asked(ports.db, tokens.digest(token)) if tokens.is_link(token) else None
    if found is None:
        raise LinkRefused
    has = await factors.read(ports.db, found.account_id)
    unproved = [] if has.mailbox_proved else await passkeys.of_account(ports.db, found.account_id)
    return views.LinkSeen(
        asked_by=found.by,
        asked_at=found.at,
        same_browser=found.attempt is not None and found.attempt == tokens.digest(attempt),
        unproved_passkeys=[each.name for each in unproved],
    )


async def redeem_code(
    ports: Ports, visitor: Visitor, *, attempt: str, code: str, keep_passkeys: bool = False
) -> Answer:
    """As `redeem`, by the code in the mail, in the browser that asked for it. Five tries. LinkRefused, TooMany."""
    guarded = guarding.guards(ports, visitor, network=CODE_NETWORK)
    await guarding.admit(ports.db, guarded)

    async def effect(tx: Tx) -> bytes | None:
        return await links.by_code(tx, tokens.digest(attempt), once.code_digest(attempt, code))

    found = await ports.db.retrying(effect) if once.is_one("attempt", attempt) else None
    if found is None:
        await guarding.failed(ports, guarded)
        raise LinkRefused("this code does not fit, or was tried too often; ask for a new one")
    return await _redeem(ports, visitor, None, found, keep_passkeys=keep_passkeys)


async def redeem(ports: Ports, visitor: Visitor, key: Key | None, *, token: str, keep_passkeys: bool = False) -> Answer:
    """201 with tokens, or 202 where the account asks for a code as well; all links of this account are used up.

    `keep_passkeys`: those from before the address was proved are the owner's own. LinkRefused.
    """
    if not tokens.is_link(token):
        raise LinkRefused
    return await _redeem(ports, visitor, key, tokens.digest(token), keep_passkeys=keep_passkeys)


async def _redeem(ports: Ports, visitor: Visitor, key: Key | None, link: bytes, *, keep_passkeys: bool) -> Answer:
    found = await links.find(ports.db, link)
    account: Account | None = await accounts.by_id(ports.db, found[0]) if found else None
    if found is None or account is None:
        raise LinkRefused
    # The shell that prints an operator's link is the way back for one who lost everything else.
    proved = (await factors.read(ports.db, account.id)).mailbox_proved
    if found[1] == "sign_in" and proved and await waiting.asks_for_code(ports.db, account):
        return await _first_step(ports, account, link)
    grant = await granting.prepare(ports, account, method=_METHODS[found[1]], visitor=visitor)

    async def effect(tx: Tx) -> None:
        if not await links.use(tx, link) or not await granting.keep(tx, grant):
            raise LinkRefused
        await links.void(tx, account.id)
        if found[1] == "sign_in" and await accounts.prove_email(tx, account.id):
            await _first_proof(tx, account, grant, keep_passkeys=keep_passkeys)
        await throttles.empty(tx, LINK.subject(account.canonical))

    answer = await granting.once(ports, key, grant, grant.answer(), effect)
    if ports.sessions is not None and found[1] == "sign_in" and not proved:
        await ports.sessions.carry(grant.session_id, account.id, account.epoch + 1)
    return answer


async def _first_proof(tx: Tx, account: Account, grant: Grant, *, keep_passkeys: bool) -> None:
    """Whoever signed up with somebody else's address must not stay when its owner comes."""
    had_passkeys = bool(await passkeys.of_account(tx, account.id))
    await factors.forget(tx, account.id, keep_passkeys=keep_passkeys)
    await sessions.end_all(tx, account.id, "email_proved", but=grant.session_id)
    if account.scheme is not None:
        tx.tell(PasswordChanged(user_id=account.id))
    if had_passkeys and not keep_passkeys:
        tx.tell(FactorsChanged(user_id=account.id))


async def _first_step(ports: Ports, account: Account, link: bytes) -> Answer:
    step = waiting.new_step(ports)

    async def effect(tx: Tx) -> None:
        if not await links.use(tx, link):
            raise LinkRefused
        await links.void(tx, account.id)
        await waiting.hold(tx, account, step, "link")
        await throttles.empty(tx, LINK.subject(account.canonical))

    await ports.db.retrying(effect)
    return waiting.answer(step)
