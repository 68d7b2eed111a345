"""Whoever fails too often waits: per account and per network, equally for addresses that have no account."""

from collections.abc import Mapping

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import TooMany
from banyan.users.domain.accounts import Visitor
from banyan.users.domain.limits import Limit
from banyan.users.storage import Source, throttles

Guards = Mapping[Limit, str]  # each limit and whose bucket


def guards(
    ports: Ports, visitor: Visitor, *, account: tuple[Limit, str] | None = None, network: Limit | None = None
) -> dict[Limit, str]:
    """The buckets of one request. Networks count where the gateway named one and BANYAN_RATE_LIMITS is not off."""
    found = dict[Limit, str]()
    if account is not None:
        found[account[0]] = account[0].subject(account[1])
    if network is not None and visitor.network and ports.settings.rate_limits:
        found[network] = network.subject(visitor.network)
    return found


async def admit(source: Source, guarded: Guards) -> None:
    """TooMany while one of these is blocked; it says for how long."""
    if guarded and (seconds := await throttles.blocked(source, list(guarded.values()))):
        raise _too_many(seconds)


async def charge(tx: Tx, guarded: Guards) -> bool:
    """Count one against each; whether all took it. One that was blocked meanwhile (others raced us here) did not."""
    took_all = True
    for limit, subject in guarded.items():
        level = await throttles.charge(tx, subject, limit.leak_seconds)
        if level is None:
            took_all = False
        elif seconds := limit.wait(level):
            await throttles.block(tx, subject, seconds)
    return took_all


async def failed(ports: Ports, guarded: Guards) -> None:
    """Count a failure. TooMany instead of the truth when others failed at the same time and the limit is reached."""

    async def effect(tx: Tx) -> bool:
        return await charge(tx, guarded)

    if guarded and not await ports.db.retrying(effect):
        await admit(ports.db, guarded)


async def passed(tx: Tx, limit: Limit, whose: str) -> None:
    """Forget an account's failures. TooMany when it was blocked meanwhile: what was guessed in a race is not answered."""
    subject = limit.subject(whose)
    await throttles.empty(tx, subject)
    await admit(tx, {limit: subject})


def _too_many(seconds: float) -> TooMany:
    return TooMany(f"too many attempts; try again in {round(seconds) + 1} seconds", retry_after=seconds + 1)
