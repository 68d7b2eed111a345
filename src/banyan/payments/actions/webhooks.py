"""Webhooks: what a provider tells by itself counts once, when it is signed, and only where it fits the payment.

Each is kept with what it said before its provider is told that it came. One that does not fit is kept as refused, believed
in nothing, and answered 4xx: it then stands as failed on the provider's own page, too, where somebody will look, and is
sent again, so that one which was early or misjudged still counts once we know better.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeGuard

from prometheus_client import Counter

from banyan.foundation.db import Again, Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, NotFound, Refusal
from banyan.payments.actions import money_news
from banyan.payments.actions.carry_out import ring
from banyan.payments.actions.settle import Misfit, changes_nothing, settle
from banyan.payments.domain import Account, Standing
from banyan.payments.providers import Notice
from banyan.payments.providers.desk import Desk
from banyan.payments.storage import accounts, webhooks

_log = logging.getLogger(__name__)
_ENDS = {None: "of_no_concern", True: "taken", False: "duplicate"}
WEBHOOKS = Counter(
    "banyan_provider_webhooks_total", "Webhooks of payment providers, by what became of them", ["provider", "end"]
)


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

    @property
    def kept(self) -> webhooks.Heard:
        seen = self.notice.evidence
        said = {
            "charge_id": seen.charge_id,
            "state": seen.state.value,
            "amount": seen.amount.amount,
            "currency": seen.amount.currency,
            "captured": seen.captured,
            "refunds": dict(seen.refunds),
        }
        return webhooks.Heard(self.digest, self.payment_id, said)


async def take_webhook(desk: Desk, ports: Ports, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Settle by a webhook; False when it was taken before.

    NotFound for a provider that this shop does not deal with, Malformed for a signature or time that does not hold,
    Invalid when it fits no payment of ours, Conflict when its id came with another body before.
    """
    if provider not in desk.offered(ports.settings):
        raise NotFound("there is no such payment provider", code="no_such_provider")
    try:
        notice = await desk[provider].verify_webhook(ports, headers, body)
    except Refusal:
        WEBHOOKS.labels(provider, "forged").inc()
        raise
    if notice is None:  # of no payment; perhaps of a payout or a dispute
        booked = await money_news.take(ports, provider, headers, body)
        WEBHOOKS.labels(provider, _ENDS[booked]).inc()
        return booked is not False
    heard = _Heard(provider, notice, sha256(body).digest())
    try:
        new = await ports.together(_take_all, heard)
    except (Invalid, Conflict) as refusal:
        WEBHOOKS.labels(provider, "refused").inc()
        extra = {"provider": provider, "event": notice.event_id, "payment": heard.payment_id, "why": refusal.code}
        _log.error("a signed webhook is not believed", extra=extra)
        if isinstance(refusal, Invalid):  # of a reused id, the one that was taken is kept
            await webhooks.refuse(ports.db, {heard.event: heard.kept}, {heard.event: refusal.detail})
        raise
    WEBHOOKS.labels(provider, "taken" if new else "duplicate").inc()
    return new


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
    new = await webhooks.take(ports.db, {event: asked[place].wish.kept for event, place in quiet.items()})
    told |= {quiet[event]: True for event in new}
    if rest := {place: each for place, each in enumerate(asked) if place not in told}:
        told |= await _settle_all(ports, rest)
    return [told[place] for place in range(len(asked))]


async def _settle_all(ports: Ports, asked: dict[int, Asked[_Heard]]) -> dict[int, bool | Exception]:
    async def effect(tx: Tx) -> tuple[dict[int, bool | Exception], set[str]]:
        held = await accounts.lock(tx, {each.wish.payment_id for each in asked.values()})
        before = await webhooks.before(tx, {each.wish.event for each in asked.values()})
        told: dict[int, bool | Exception] = {}
        fresh: dict[webhooks.Event, webhooks.Heard] = {}
        more = set[str]()
        for place, each in asked.items():
            heard = each.wish
            taken = fresh.get(heard.event)
            digest = taken.digest if taken else before.get(heard.event)
            if digest is not None:
                told[place] = _again(digest, heard)
                continue
            try:
                if _settle(ports, held.get(heard.payment_id), each):
                    more.add(heard.provider)
            except Refusal as refusal:
                told[place] = refusal
                continue
            fresh[heard.event], told[place] = heard.kept, True
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
        raise Invalid(f"this does not fit the payment it names: {why}", code="evidence_mismatch") from None


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
