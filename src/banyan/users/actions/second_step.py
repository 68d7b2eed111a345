"""The second step of a sign-in: a code of the app, or a recovery code, for the browser that did the first step."""

from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Unauthenticated
from banyan.users.actions import factors, granting
from banyan.users.domain import once, tokens
from banyan.users.domain.accounts import Visitor
from banyan.users.storage import accounts
from banyan.users.storage import factors as store

MOST_TRIES = 5


class StepOver(Unauthenticated):
    code, title = "second_step_over", "This sign-in waited for too long, or for another browser; begin again"


class WrongCode(Unauthenticated):
    code, title = "wrong_code", "This code does not fit, or was used already; wait for the next one"


async def finish(ports: Ports, visitor: Visitor, *, step: str, code: str) -> Answer:
    """201 with tokens. StepOver after five minutes or five codes; WrongCode; TooMany, whichever browsers guess."""
    step_hash = tokens.digest(step)
    waiting = await store.awaiting(ports.db, step_hash) if once.is_one("second_step", step) else None
    account = await accounts.by_id(ports.db, waiting.account_id) if waiting else None
    if waiting is None or account is None or not account.active or account.epoch != waiting.epoch:
        raise StepOver

    async def count(tx: Tx) -> bool:
        return await store.count_try(tx, step_hash, MOST_TRIES)

    if not await ports.db.retrying(count):
        raise StepOver
    try:
        await factors.must_fit(ports, account, visitor, code)
    except factors.WrongCode:
        raise WrongCode from None
    grant = await granting.prepare(ports, account, method=f"{waiting.method}+code", visitor=visitor, strong=True)

    async def effect(tx: Tx) -> None:
        if not await store.end_waiting(tx, step_hash) or not await granting.keep(tx, grant):
            raise StepOver

    return await granting.once(ports, None, grant, grant.answer(), effect)
