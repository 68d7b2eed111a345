"""Sign up: one account per mailbox, signed in at once."""

from banyan.contracts.users import UserRegistered
from banyan.foundation import tenure
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Fault, Invalid
from banyan.users import passwords
from banyan.users.actions import granting, guarding
from banyan.users.domain import password_rules, views
from banyan.users.domain.accounts import Account, Visitor
from banyan.users.domain.emails import Email
from banyan.users.domain.limits import TAKEN_NETWORK
from banyan.users.storage import accounts


class EmailTaken(Conflict):
    """Says that an account exists, which its absence in the answer would say too; so a network may ask only so often."""

    code, title = "email_taken", "There is an account with this e-mail address; sign in instead"


async def sign_up(ports: Ports, visitor: Visitor, key: Key | None, *, email: Email, password: str, name: str) -> Answer:
    """201 with the account and its first tokens. EmailTaken, Invalid (the password), TooMany."""
    guarded = guarding.guards(ports, visitor, network=TAKEN_NETWORK)
    await guarding.admit(ports.db, guarded)
    refuse_weak(password, Account("", email.raw, email.canonical, ports.clock.now(), name))
    account = Account(
        id=ports.ids.new("usr"),
        email=email.raw,
        canonical=email.canonical,
        name=name,
        scheme=passwords.CURRENT,
        hash=await passwords.hashed(password, ports.ids.secret(16)),
        created_at=ports.clock.now(),
    )
    legacy = await for_old_shop(ports, password)
    grant = await granting.prepare(ports, account, method="password", visitor=visitor)
    signed_up = views.SignedUp.model_validate({**dict(views.of_account(account)), **grant.tokens()})

    async def effect(tx: Tx) -> None:
        if not await accounts.add(tx, account, legacy):
            raise EmailTaken
        await granting.keep(tx, grant)
        tx.tell(UserRegistered(user_id=account.id))

    try:
        return await granting.once(ports, key, grant, Answer(201, signed_up.model_dump_json().encode()), effect)
    except EmailTaken:
        await guarding.failed(ports, guarded)
        raise


async def for_old_shop(ports: Ports, password: str) -> tuple[str, str] | None:
    """The password as an old shop can check it, as long as that shop may get its customers back; else None."""
    if not await tenure.may_go_back(ports.db):
        return None
    hashed = await passwords.hashed_for_php(password, ports.ids.secret(16))
    return None if hashed is None else ("bcrypt", hashed)


def refuse_weak(password: str, account: Account, pointer: str = "/body/password") -> None:
    """Invalid when this account may not have this password."""
    weak = password_rules.weakness(password, email=account.canonical, name=account.name, has_roles=bool(account.roles))
    if weak is not None:
        raise Invalid(weak[1], code=weak[0], errors=[Fault(pointer, *weak)])
