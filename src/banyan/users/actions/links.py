"""One-time links: mailed to whoever has an account, and redeemed once by POST (a mail scanner's GET uses nothing up)."""

from banyan.contracts.users import PasswordChanged
from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import TooMany, Unauthenticated
from banyan.users.actions import granting, guarding, letters
from banyan.users.domain import tokens, views
from banyan.users.domain.accounts import LINK_SECONDS, Account, Visitor
from banyan.users.domain.emails import Email
from banyan.users.domain.limits import LINK, LINK_NETWORK
from banyan.users.storage import accounts, links, sessions, throttles
from banyan.users.storage import letters as stored_letters

SIGN_IN_PATH = "/sign-in"  # the storefront's page; it shows a button that POSTs the token
_METHODS = {"sign_in": "link", "operator": "operator_link"}
_TEXT = """Hello,

with this link you sign in to {shop}. It works once, for {minutes} minutes:

{url}

If you did not ask for it, ignore this mail: nothing has happened.
"""


class LinkRefused(Unauthenticated):
    code, title = "link_invalid", "This link was used already or is too old; ask for a new one"


async def send_link(ports: Ports, visitor: Visitor, key: Key | None, *, email: Email) -> Answer:
    """202, whether or not there is such an account, at the same pace: a letter is written either way. TooMany."""
    guarded = guarding.guards(ports, visitor, account=(LINK, email.canonical), network=LINK_NETWORK)
    account = await accounts.by_email(ports.db, email.canonical)
    token = tokens.link_token(ports.ids.secret())
    url = f"{ports.settings.origin}{SIGN_IN_PATH}?token={token}"
    text = _TEXT.format(shop=ports.settings.shop_name, minutes=LINK_SECONDS // 60, url=url)
    to = account.email if account else email.raw
    letter = await letters.write(ports, to=to, subject=f"Sign in to {ports.settings.shop_name}", text=text)

    async def effect(tx: Tx) -> Answer:
        await guarding.admit(tx, guarded)
        if not await guarding.charge(tx, guarded):
            raise TooMany("too many links were asked for; try again later", retry_after=LINK.first)
        if account is not None and account.active:
            await links.add(tx, tokens.digest(token), account.id, account.canonical, "sign_in", LINK_SECONDS)
            await stored_letters.add(tx, letter, LINK_SECONDS)
        return Answer(202, views.Expires(expires_in=LINK_SECONDS).model_dump_json().encode())

    answer = await idempotency.once(ports.db, key, effect)
    ports.due["post"].ring()
    return answer


async def redeem(ports: Ports, visitor: Visitor, key: Key | None, *, token: str) -> Answer:
    """201 with tokens; the link and all others of this account are used up. LinkRefused."""
    found = await links.find(ports.db, tokens.digest(token)) if tokens.is_link(token) else None
    account: Account | None = await accounts.by_id(ports.db, found[0]) if found else None
    if found is None or account is None:
        raise LinkRefused
    grant = await granting.prepare(ports, account, method=_METHODS[found[1]], visitor=visitor)

    proved = False

    async def effect(tx: Tx) -> None:
        nonlocal proved
        proved = False
        if not await links.use(tx, tokens.digest(token)) or not await granting.keep(tx, grant):
            raise LinkRefused
        await links.void(tx, account.id)
        if found[1] == "sign_in" and await accounts.prove_email(tx, account.id):
            # Whoever signed up with somebody else's address must not stay when its owner comes.
            proved = True
            await sessions.end_all(tx, account.id, "email_proved", but=grant.session_id)
            if account.scheme is not None:
                tx.tell(PasswordChanged(user_id=account.id))
        await throttles.empty(tx, LINK.subject(account.canonical))

    answer = await granting.once(ports, key, grant, grant.answer(), effect)
    if ports.sessions is not None and proved:
        await ports.sessions.carry(grant.session_id, account.id, account.epoch + 1)
    return answer
