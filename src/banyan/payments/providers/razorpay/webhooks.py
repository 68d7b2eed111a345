"""Razorpay's webhooks: hex HMAC-SHA256 of the raw body by the webhook's own secret (not the API key's).

razorpay.com/docs/webhooks/validate-test. The id of an event is a header, which is not signed: a copy under another id says
the same once more, and changes nothing.
"""

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import Malformed
from banyan.payments.domain import Charge
from banyan.payments.providers import Notice, Unclear, strict
from banyan.payments.providers.razorpay.shapes import MARK, Link, Minor, Payment, Refund, Shape

EARLY, LATE = 300.0, 86_400.0 + 3_600  # seconds; Razorpay goes on trying for a day
OF_PAYMENTS = frozenset({"payment.authorized", "payment.captured"})
OF_LINKS = frozenset({"payment_link.paid"})
OF_REFUNDS = frozenset({"refund.processed"})
KINDS = OF_PAYMENTS | OF_LINKS | OF_REFUNDS
"""What concerns us. A failed attempt does not: the shopper may try again on the same page."""
_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


class _Event(Shape):
    entity: Literal["event"]
    account_id: Annotated[str, Field(pattern="^acc_[A-Za-z0-9]{1,40}$")]
    event: Annotated[str, Field(max_length=80)]
    payload: dict[str, Any]
    created_at: Minor


def secrets(settings: Settings) -> list[bytes]:
    """The webhook's secret; two while it changes."""
    known = settings.razorpay_webhook_secret.get_secret_value().split(",")
    return [each.strip().encode() for each in known if each.strip()]


def read(ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
    """What a signed event says; None for kinds, and for payments of the account, that do not concern this shop."""
    if len(body) > strict.LONGEST_BODY:
        raise strict.wrong("it is too long")
    _check_signature(ports.settings, headers.get("x-razorpay-signature", ""), body)
    event_id = headers.get("x-razorpay-event-id", "")
    if not _ID.fullmatch(event_id):
        raise strict.wrong("it has no id")
    told = strict.read(body)
    try:
        event = _Event.model_validate(told)
    except ValidationError:
        raise strict.wrong("it is no event of Razorpay") from None
    if ports.settings.razorpay_account not in ("", event.account_id):
        raise Malformed("this webhook is for another account", code="webhook_of_another")
    if not -EARLY <= ports.clock.now().timestamp() - event.created_at <= LATE:
        raise Malformed("the webhook's time is not now", code="stale_signature")
    if event.event not in KINDS:
        return None
    try:
        return _notice(event_id, event)
    except ValidationError:
        raise strict.wrong("what it is about cannot be read") from None
    except Unclear as why:
        raise strict.wrong(str(why)) from why


def _notice(event_id: str, event: _Event) -> Notice | None:
    payment = _entity(Payment, event, "payment")
    reference = payment.notes.get(MARK)
    if event.event in OF_LINKS:
        link = _entity(Link, event, "payment_link")
        if reference not in (None, link.reference_id):
            raise strict.wrong("its link and its payment are not of one order")
        reference = link.reference_id
    if not reference:
        return None
    if event.event not in OF_REFUNDS:
        seen = payment.evidence(reference)
        if seen.state not in (Charge.AUTHORIZED, Charge.CAPTURED):
            raise strict.wrong(f"it tells of a payment that is {seen.state}")
        return Notice(event_id, seen)
    refund = _entity(Refund, event, "refund")
    if (refund.payment_id, refund.currency) != (payment.id, payment.currency) or refund.status != "processed":
        raise strict.wrong("its refund and its payment do not belong together")
    if not payment.captured or not 0 < refund.amount <= payment.amount_refunded <= payment.amount:
        raise strict.wrong("more is refunded than was taken")
    return Notice(event_id, payment.evidence(reference, [refund]))


S = TypeVar("S", bound=Shape)


def _entity(shape: type[S], event: _Event, name: str) -> S:
    held = event.payload.get(name)
    return shape.model_validate(held.get("entity") if isinstance(held, dict) else None)


def _check_signature(settings: Settings, signature: str, body: bytes) -> None:
    known = secrets(settings)
    if not _SIGNATURE.fullmatch(signature) or not known:
        raise Malformed("the webhook has no signature that can be read", code="bad_signature")
    if not any(hmac.compare_digest(hmac.new(each, body, sha256).hexdigest(), signature) for each in known):
        raise Malformed("the webhook's signature does not hold", code="bad_signature")
