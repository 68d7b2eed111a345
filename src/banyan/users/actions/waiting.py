"""Sign-ins that wait for a code: the first step is done, and its account asks for a second."""

from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.users.domain import once, tokens, views
from banyan.users.domain.accounts import Account
from banyan.users.domain.factors import SECOND_STEP_SECONDS
from banyan.users.storage import Source, factors

WAYS = ("totp", "recovery_code")


async def asks_for_code(source: Source, account: Account) -> bool:
    found = await factors.totp(source, account.id)
    return found is not None and found.confirmed


def new_step(ports: Ports) -> str:
    return once.given("second_step", ports.ids.secret())


async def hold(tx: Tx, account: Account, step: str, method: str) -> None:
    """Keep the sign-in until its code comes; `step` is for this browser alone."""
    await factors.await_second(tx, tokens.digest(step), account.id, account.epoch, method, SECOND_STEP_SECONDS)


def answer(step: str) -> Answer:
    """202: not signed in yet."""
    told = views.SecondStep(second_step=step, ways=[*WAYS], expires_in=SECOND_STEP_SECONDS)
    return Answer(202, told.model_dump_json().encode())
