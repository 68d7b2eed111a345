"""Webhooks: what a provider tells by itself counts once, when it is signed, and only where it fits the payment."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeGuard

from banyan.foundation.db import Again, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, Refusal
from banyan.payments.actions.carry_out import ring
from banyan.payments.actions.settle import Misfit, changes_nothing, settle
from banyan.payments.domain import Account, Standing
from banyan.payments.providers import Desk, Notice
from banyan.payments.storage import accounts, webhooks

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A webhook whose signature holds."""

    provider: str
    notice: Notice
    digest: bytes  # of its body

    @property
    def event(self) -> webhooks.Event:
        return self.provider, self.notice.event_id

    @property
    def payment_id(self) -> str:
        return self.notice.evidence.reference


async def take_webhook(desk: Desk, ports: Ports, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Settle by a webhook; False when it was taken before.

    NotFound for a provider we do not have, Malformed for a signature or time that does not hold, Invalid when it fits
    no payment of ours, Conflict when its id came with another body before.
    """
    notice = await desk[provider].verify_webhook(ports, headers, body)
    return notice is None or await ports.together(_take_all, _Heard(provider, notice, sha256(body).digest()))


async def _take_all(ports: Ports, asked: Sequence[Asked[_Heard]]) -> list[bool | Exception]:
    """Most say what is known already and are only noted, in two statements; the others settle, all in one transaction."""
    told: dict[int, bool | Exception] = {}
    quiet: dict[webhooks.Event, int] = {}
    said = [(*each.wish.event, each.wish.payment_id) for each in asked]
    for place, (digest, known, waits) in enumerate(await webhooks.seen(ports.db, said)):
        heard = asked[place].wish
        if digest is not None:
            told[place] = _again(digest, heard)
        elif not waits and _is_of(known, heard) and changes_nothing(known, heard.notice.evidence):
            quiet.setdefault(heard.event, place)
    new = await webhooks.take(ports.db, {event: asked[place].wish.digest for event, place in quiet.items()})
    told |= {quiet[event]: True for event in new}
    if rest := {place: each for place, each in enumerate(asked) if place not in told}:
        told |= await _settle_all(ports, rest)
    return [told[place] for place in range(len(asked))]


async def _settle_all(ports: Ports, asked: dict[int, Asked[_Heard]]) -> dict[int, bool | Exception]:
    async def effect(tx: Tx) -> tuple[dict[int, bool | Exception], set[str]]:
        held = await accounts.lock(tx, {each.wish.payment_id for each in asked.values()})
        before = await webhooks.before(tx, {each.wish.event for each in asked.values()})
        told: dict[int, bool | Exception] = {}
        fresh: dict[webhooks.Event, bytes] = {}
        more = set[str]()
        for place, each in asked.items():
            heard = each.wish
            digest = before.get(heard.event) or fresh.get(heard.event)
            if digest is not None:
                told[place] = _again(digest, heard)
                continue
            try:
                if _settle(ports, held.get(heard.payment_id), each):
                    more.add(heard.provider)
            except Refusal as refusal:
                told[place] = refusal
                continue
            fresh[heard.event], told[place] = heard.digest, True
        if len(await webhooks.take(tx, fresh)) < len(fresh):
            raise Again  # somebody took one of them in this moment
        await accounts.write(tx, held.values())
        return told, more

    told, more = await ports.db.retrying(effect)
    for provider in more:
        ring(ports, provider)
    return told


def _settle(ports: Ports, account: Account | None, asked: Asked[_Heard]) -> bool:
    """Whether more is to be asked of the provider after this."""
    heard = asked.wish
    if account is None or not _is_of(account.now, heard):
        raise Invalid("this is of no payment of ours", code="unknown_payment")
    account.due_to(asked.trace)  # a provider knows nothing of our traces
    try:
        return settle(ports.ids, account, heard.notice.evidence) is not None
    except Misfit as why:
        extra = {"payment": heard.payment_id, "provider": heard.provider, "event": heard.event[1], "why": str(why)}
        _log.error("a signed webhook does not fit its payment", extra=extra)
        raise Invalid("this does not fit the payment it names", code="evidence_mismatch") from None


def _is_of(known: Standing | None, heard: _Heard) -> TypeGuard[Standing]:
    return known is not None and known.provider == heard.provider


def _again(digest: bytes, heard: _Heard) -> bool | Exception:
    """An event that was taken: a duplicate, or another body under its id."""
    return (
        False if digest == heard.digest else Conflict("an event of this id was another one before", code="event_reused")
    )


async def forget(ports: Ports) -> float:
    """Delete events older than any provider's retries."""
    async with ports.db.transaction() as tx:
        await webhooks.forget_old(tx)
    return 3600.0
