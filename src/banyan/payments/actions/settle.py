"""Bring a payment up to what its provider's book says: one way for direct answers, webhooks and looks.

Evidence may be late, repeated, or out of order: what is known only ever grows, and what fits nothing changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from banyan.contracts.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentState,
    PaymentVoided,
)
from banyan.kernel.ids import Ids
from banyan.kernel.money import Money
from banyan.payments import domain
from banyan.payments.domain import Account, Evidence, Operation, Reusable, Standing
from banyan.payments.domain.routing import CARD

_log = logging.getLogger(__name__)


class Misfit(Exception):
    """The evidence is not of this payment as it was asked for; nothing was changed."""


def settle(ids: Ids, account: Account, seen: Evidence) -> Operation | None:
    """Bring the account up to this evidence; what is to be asked of the provider because of it, if anything.

    Misfit when the evidence contradicts what was asked for.
    """
    known, asked = account.now, account.open_ones()
    wrong = [each for each in asked if seen.refunds.get(each.reference, each.amount) != each.amount]
    if why := domain.misfit(known, seen, account.capturing) or ("a refund is of another amount" if wrong else None):
        raise Misfit(why)
    if seen.refunds:
        ours = {each.reference for each in account.asked.values() if each.state != "failed"}
        if strange := seen.refunds.keys() - ours:
            _log.error("refunds that nobody here asked for", extra={"payment": known.id, "references": sorted(strange)})
    if known.charge_id is None and seen.charge_id:
        account.now = replace(known, charge_id=seen.charge_id)
    for state in domain.follows(known, seen):
        _enter(account, state, seen)
    if seen.captured and account.now.state in (PaymentState.VOIDED, PaymentState.DECLINED):
        _enter_late(account, seen)
    if account.now.state is PaymentState.REQUIRES_ACTION and seen.action:
        account.now = replace(account.now, action=seen.action)
    _keep(ids, account, seen)
    refunded(account, [each for each in asked if each.kind == "refund" and each.reference in seen.refunds])
    for each in asked:
        if each.kind != "refund" and (end := domain.outcome(each.kind, account.now, seen)):
            account.end(each.id, end, None if end == "done" else account.now.reason or str(seen.state))
    return pursue_void(ids, account)


def _enter_late(account: Account, seen: Evidence) -> None:
    """A provider took money for a payment that has ended: it is in the books as taken, and all of it goes back.

    Nobody is told that it was taken: to its order nothing was ever paid.
    """
    now = account.now
    _log.error("a provider took money for a payment that has ended; it goes back", extra={"payment": now.id})
    account.now = replace(
        now,
        state=PaymentState.CAPTURED,
        authorized=now.amount.amount,
        captured=seen.captured,
        reason="taken_after_the_end",
        void_wanted=True,
    )
    for kind in ("authorize", "capture"):
        account.post(f"{now.id}.late.{kind}", kind, seen.captured)


def _keep(ids: Ids, account: Account, seen: Evidence) -> None:
    """Save the way to pay once it has proven good, for who agreed. A token of our own vault is good by itself."""
    now = account.now
    kept = seen.saved or (Reusable(now.token) if now.token.startswith(CARD) else None)
    if now.save and now.authorized and kept is not None:
        account.keeps, account.method_id = kept, ids.new("pm")
        account.now = replace(now, save=False)


def changes_nothing(known: Standing, seen: Evidence) -> bool:
    """Whether this evidence surely fits and says what is known, for good: where nothing is open, it need not be settled."""
    return not (
        seen.refunds
        or domain.misfit(known, seen)
        or domain.follows(known, seen)
        or (known.charge_id is None and seen.charge_id)
        or seen.action
        or seen.saved
        or (known.void_wanted and known.state not in domain.FINAL)
        or (seen.captured and known.state in (PaymentState.VOIDED, PaymentState.DECLINED))
    )


def _enter(account: Account, state: PaymentState, seen: Evidence) -> None:
    """One step of the payment: its sums, its transfer, its fact."""
    now = replace(account.now, action=None)
    match state:
        case PaymentState.REQUIRES_ACTION:
            account.now = replace(now, state=state, action=seen.action, reason=None)
            account.tell(PaymentActionRequired(payment_id=now.id, order_id=now.order_id))
        case PaymentState.AUTHORIZED:
            account.now = replace(now, state=state, authorized=now.amount.amount, reason=None)
            account.post(f"{now.id}.authorize", "authorize", now.amount.amount)
            account.tell(PaymentAuthorized(payment_id=now.id, order_id=now.order_id, amount=now.amount))
        case PaymentState.CAPTURED:
            taken = Money(seen.captured, now.amount.currency)
            account.now = replace(now, state=state, captured=taken.amount, reason=None)
            account.post(f"{now.id}.capture", "capture", taken.amount)
            if rest := now.authorized - taken.amount:  # what was not taken is the shopper's again
                account.post(f"{now.id}.release", "release", rest)
            account.tell(PaymentCaptured(payment_id=now.id, order_id=now.order_id, amount=taken))
        case PaymentState.DECLINED:
            reason = seen.reason or "declined"
            account.now = replace(now, state=state, reason=reason)
            account.tell(PaymentDeclined(payment_id=now.id, order_id=now.order_id, reason=reason))
        case PaymentState.VOIDED:
            account.now = replace(now, state=state, reason=None)
            if now.authorized:
                account.post(f"{now.id}.release", "release", now.authorized)
            account.tell(PaymentVoided(payment_id=now.id, order_id=now.order_id))
        case _:
            raise AssertionError(f"no evidence alone leads to {state}")


def refunded(account: Account, done: Sequence[Operation]) -> None:
    """Refunds that have been made, as the provider's book says."""
    for each in done:
        if not account.end(each.id, "done"):
            continue
        now = account.now
        together = now.refunded + each.amount
        state = PaymentState.REFUNDED if together == now.captured else now.state
        account.now = replace(now, state=state, refunding=now.refunding - each.amount, refunded=together)
        account.post(each.reference, "refund", each.amount)
        account.tell(
            PaymentRefunded(
                payment_id=now.id,
                order_id=now.order_id,
                refund_id=each.refund_id or each.id,
                amount=Money(each.amount, now.amount.currency),
                refunded=Money(together, now.amount.currency),
            )
        )


def pursue_void(ids: Ids, account: Account, seconds: float = 0.0) -> Operation | None:
    """Where no money may be kept, what is still to be asked: a void, or a refund of all that is left.

    With `seconds` it is taken by the caller for so long; without, the chore finds it due.
    """
    now = account.now
    if not now.void_wanted or now.state in domain.FINAL:
        return None
    if now.state is not PaymentState.CAPTURED:
        if account.find("void"):
            return None
        return account.intend(Operation(ids.new("pop"), now.id, "void", f"{now.id}.void", now.amount.amount), seconds)
    if not now.left:
        return None
    account.now = replace(now, refunding=now.refunding + now.left)
    name = ids.new("pop")
    asked = Operation(name, now.id, "refund", name, now.left, refund_id=f"{name}.void", note="void")
    return account.intend(asked, seconds)
