"""Sign in with a password. An unknown address, a wrong password and an account without one are told apart by nothing."""

from banyan.foundation import tenure
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Forbidden, Unauthenticated
from banyan.users import passwords
from banyan.users.actions import granting, guarding, waiting
from banyan.users.domain import password_rules
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.emails import Email
from banyan.users.domain.limits import PASSWORD, PASSWORD_NETWORK
from banyan.users.storage import accounts


class WrongCredentials(Unauthenticated):
    code, title = "wrong_credentials", "The e-mail address and the password do not fit"


async def sign_in(ports: Ports, visitor: Visitor, key: Key | None, *, email: Email, password: str) -> Answer:
    """201 with tokens, or 202 where the account asks for a code as well.

    WrongCredentials, TooMany after failures, Forbidden for a role with a password too short for it.
    """
    account = (PASSWORD, email.canonical)
    guarded = guarding.guards(ports, visitor, account=account, network=PASSWORD_NETWORK)
    await guarding.admit(ports.db, guarded)
    found = await accounts.by_email(ports.db, email.canonical)
    verdict = await fits(ports, found, password)
    if found is None or not found.active or not verdict.fits:
        await guarding.failed(ports, guarded)
        raise WrongCredentials
    if found.roles and not password_rules.enough(password, has_roles=True):
        raise Forbidden(
            f"a role needs a password of at least {password_rules.SHORTEST_FOR_ROLES} characters:"
            " sign in by a mailed link and choose a longer one",
            code="longer_password_needed",
        )

    async def upgrade(tx: Tx) -> None:
        if verdict.upgrade and found.hash and not await tenure.legacy_owns(tx):
            keep = found.scheme != passwords.CURRENT and await tenure.may_go_back(tx)
            await accounts.upgrade_hash(tx, found.id, found.hash, (passwords.CURRENT, verdict.upgrade), keep_old=keep)

    if await waiting.asks_for_code(ports.db, found):
        step = waiting.new_step(ports)

        async def hold(tx: Tx) -> None:
            await guarding.passed(tx, *account)
            await waiting.hold(tx, found, step, "password")
            await upgrade(tx)

        await ports.db.retrying(hold)
        return waiting.answer(step)
    grant = await granting.prepare(ports, found, method="password", visitor=visitor)

    async def effect(tx: Tx) -> None:
        await guarding.passed(tx, *account)
        if not await granting.keep(tx, grant):
            raise WrongCredentials
        await upgrade(tx)

    return await granting.once(ports, key, grant, grant.answer(), effect)


async def fits(ports: Ports, account: Account | None, password: str) -> passwords.Verdict:
    """Whether it is this account's password, in a time that does not tell whether there is an account."""
    scheme, kept = (account.scheme, account.hash) if account else (None, None)
    dearest = await accounts.bcrypt_cost(ports.db)
    return await passwords.check(password, scheme, kept, ports.ids.secret(16), bcrypt_cost=dearest)
