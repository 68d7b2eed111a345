"""Being forgotten: an account closes at once, and after a time of grace everything that leads to its person is destroyed.

STEPS is the order; each may be done again, and is noted when it is done, so that a crash at any point is gone on from. The
account is last: as long as it is there, it is known whose guest orders and letters are to go as well.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from banyan.contracts.privacy import ForgetOrders, ForgetPayments, NameOrders, Person, UserErased
from banyan.contracts.users import SessionsEnded
from banyan.foundation.auth import Principal
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Forbidden, NotFound, Refusal
from banyan.users.actions import guarding, proving
from banyan.users.actions.profile import me
from banyan.users.actions.roles import LastOperator
from banyan.users.actions.sessions import must_live, must_live_apart
from banyan.users.actions.signing_in import fits
from banyan.users.domain.accounts import OPERATOR, Account, Visitor
from banyan.users.domain.emails import parse
from banyan.users.domain.limits import PASSWORD, PASSWORD_NETWORK
from banyan.users.domain.privacy import ACCOUNT_GONE, Erasure
from banyan.users.storage import accounts, erasures, links, sessions

_log = logging.getLogger(__name__)
_CLAIMED = 300.0  # seconds of one look at it; longer ones go on in the next
_LOOK_SECONDS = 5.0
_UNDER_WAY = 15.0  # seconds before orders that are being settled are looked at again
_TOKENS_GONE = 60.0  # seconds beside their lifetime


class _Waits(Exception):
    """A step cannot be done yet; the text says what it waits for, and `seconds` when to look again."""

    def __init__(self, what: str, seconds: float = _UNDER_WAY) -> None:
        super().__init__(what)
        self.seconds = seconds


async def close_me(ports: Ports, who: Principal, visitor: Visitor, password: str | None) -> Erasure:
    """Close one's own account: sessions end now, everything else goes once the grace is over. Asked again: the same.

    Forbidden (`sign_in_again`, `wrong_password`) without a sign-in of the last ten minutes or the password; TooMany;
    LastOperator.
    """
    account = await me(ports, who)
    await _sure(ports, who, visitor, account, password)
    if OPERATOR in account.roles and not await _others_operate(ports, account):
        raise LastOperator
    await must_live_apart(ports, who)
    erasure_id = ports.ids.new("era")
    grace = ports.settings.grace_days * 86_400.0

    async def effect(tx: Tx) -> Erasure:
        await accounts.lock_operators(tx)
        await must_live(ports, tx, who)
        if not await erasures.close(tx, account.id):
            raise Conflict("the account was changed meanwhile; try again")
        await sessions.end_all(tx, account.id, "account_closed")
        await links.void(tx, account.id)
        tx.tell(SessionsEnded(user_id=account.id, reason="account_closed"))
        return await erasures.add(tx, erasure_id, account.id, grace)

    made = await ports.db.retrying(effect)
    if ports.sessions is not None:
        await _end_apart(ports, account.id)
    ports.due["erase"].ring()
    return made


async def all_erasures(ports: Ports, who: Principal, before: str | None, limit: int) -> tuple[list[Erasure], bool]:
    """Who asked to be forgotten, the newest first, and whether there are more. Needs users:read."""
    who.must("users:read")
    found = await erasures.listed(ports.db, before, limit + 1)
    return found[:limit], len(found) > limit


async def call_off(ports: Ports, who: Principal, erasure_id: str) -> None:
    """Open the account again, while the grace lasts. Needs users:write; NotFound when it is too late."""
    who.must("users:write")
    async with ports.db.transaction() as tx:
        if not await erasures.reopen(tx, erasure_id):
            raise NotFound("there is no such erasure, or it has begun")


async def erase(ports: Ports) -> float:
    """The chore: take the next steps of one that is due; seconds until the next look."""
    async with ports.db.transaction() as tx:
        erasure = await erasures.claim(tx, _CLAIMED)
    if erasure is None:
        return _LOOK_SECONDS
    try:
        await carry_out(ports, erasure)
    except _Waits as waiting:
        await _wait(ports, erasure, str(waiting), waiting.seconds)
    except Refusal as refusal:  # a service that does not answer; claimed with a later time, it comes up again
        _log.warning("an erasure waits", extra={"erasure": erasure.id, "why": refusal.code})
        await _wait(ports, erasure, f"a service that does not answer ({refusal.code})", _UNDER_WAY)
    return 0.0


async def carry_out(ports: Ports, erasure: Erasure) -> None:
    """Take the steps that are not done yet. _Waits or a Refusal where one cannot be."""
    email = await erasures.proved_email(ports.db, erasure.account_id)
    person = Person(user_id=erasure.account_id, email=email)
    for name, step in STEPS.items():
        if name not in erasure.steps:
            await step(ports, erasure, person)
            if name != ACCOUNT_GONE:  # that one is noted in its own transaction
                async with ports.db.transaction() as tx:
                    await erasures.step_done(tx, erasure.id, name, ports.clock.now())
    async with ports.db.transaction() as tx:
        await erasures.done(tx, erasure.id)


async def _payments(ports: Ports, _: Erasure, person: Person) -> None:
    """Before the orders: they know which payments are a guest's."""
    after = ""
    while True:
        page = await ports.peers.ask(NameOrders(person=person, after=after))
        await ports.peers.ask(ForgetPayments(person=person, order_ids=page.order_ids))
        if page.done:
            return
        after = page.order_ids[-1]


async def _orders(ports: Ports, _: Erasure, person: Person) -> None:
    while not (told := await ports.peers.ask(ForgetOrders(person=person))).done:
        if told.waits_for:
            raise _Waits(told.waits_for)


async def _sessions(ports: Ports, erasure: Erasure, _: Person) -> None:
    if ports.sessions is not None:
        await _end_apart(ports, erasure.account_id)


async def _letters(ports: Ports, erasure: Erasure, _: Person) -> None:
    """What lies in the mail's own folder; what has left is its reader's."""
    for mailbox in await _mailboxes(ports, erasure):
        await ports.mail.forget(mailbox)


async def _account(ports: Ports, erasure: Erasure, _: Person) -> None:
    mailboxes = await _mailboxes(ports, erasure)

    async def effect(tx: Tx) -> None:
        await erasures.forget(tx, erasure.account_id, mailboxes)
        await erasures.step_done(tx, erasure.id, ACCOUNT_GONE, ports.clock.now())
        tx.tell(UserErased(user_id=erasure.account_id))

    await ports.db.retrying(effect)
    ports.db.wake.ring()


async def _once_more(ports: Ports, erasure: Erasure, person: Person) -> None:
    """Access tokens live out their minutes: what somebody did with one after all goes, too."""
    over = erasure.due_at + timedelta(seconds=ports.settings.access_token_seconds + _TOKENS_GONE)
    if (left := (over - ports.clock.now()).total_seconds()) > 0:
        raise _Waits("the end of the last access tokens", left)
    await _payments(ports, erasure, person)
    await _orders(ports, erasure, person)


STEPS: Mapping[str, Callable[[Ports, Erasure, Person], Awaitable[None]]] = {
    "sessions": _sessions,
    "payments": _payments,
    "orders": _orders,
    "letters": _letters,
    ACCOUNT_GONE: _account,
    "once more": _once_more,
}


async def _wait(ports: Ports, erasure: Erasure, why: str, seconds: float) -> None:
    async with ports.db.transaction() as tx:
        await erasures.waits(tx, erasure.id, why, seconds)


async def _mailboxes(ports: Ports, erasure: Erasure) -> list[str]:
    """Where letters to the account went; none once it is gone."""
    account = await accounts.by_id(ports.db, erasure.account_id)
    if account is None:
        return []
    former = await erasures.former_addresses(ports.db, account.id)
    return list({each for raw in (account.email, *former) for each in (raw, parse(raw).canonical, parse(raw).mailbox)})


async def _sure(ports: Ports, who: Principal, visitor: Visitor, account: Account, password: str | None) -> None:
    """Whoever has only an access token must not be able to end the account."""
    if await proving.is_recent(ports, who, account):
        return
    if password is None or account.scheme is None:
        raise Forbidden("sign in again first, or give the password", code="sign_in_again")
    guarded = guarding.guards(ports, visitor, account=(PASSWORD, account.canonical), network=PASSWORD_NETWORK)
    await guarding.admit(ports.db, guarded)
    if not (await fits(ports, account, password)).fits:
        await guarding.failed(ports, guarded)
        raise Forbidden("the password is another one", code="wrong_password")


async def _others_operate(ports: Ports, account: Account) -> bool:
    return await erasures.others_with_role(ports.db, account.id, OPERATOR)


async def _end_apart(ports: Ports, account_id: str) -> None:
    """Sessions kept apart: the account's new epoch has ended them; what they say of devices goes with them."""
    assert ports.sessions is not None
    await ports.sessions.forget(account_id)
