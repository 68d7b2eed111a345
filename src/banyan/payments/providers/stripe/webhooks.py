"""Stripe's webhooks: signed over the raw body (docs.stripe.com/webhooks#verify-manually), of this account and mode, of now."""

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import Malformed, Unavailable
from banyan.payments.domain import Evidence
from banyan.payments.providers import Notice, Unclear, strict
from banyan.payments.providers.strict import wrong
from banyan.payments.providers.stripe import finding
from banyan.payments.providers.stripe.shapes import Charge, Id, Intent, Refund, Shaped

TOLERANCE = 300  # seconds a webhook's time may be off
_SIGNED = re.compile(r"t=([0-9]{1,12})((?:,v[0-9]{1,2}=[0-9A-Za-z+/=_-]{1,200}){1,10})")
_DECIDED = frozenset(
    f"payment_intent.{what}"
    for what in ("amount_capturable_updated", "canceled", "payment_failed", "requires_action", "succeeded")
)
_OF_CHARGES = frozenset({"charge.refunded", "charge.updated"})
_OF_REFUNDS = frozenset({"charge.refund.updated", "refund.created", "refund.updated", "refund.failed"})
Shape = TypeVar("Shape", bound=Shaped)


class _Told(Shaped):
    object: dict[str, Any]


class _Event(Shaped):
    id: Id
    object: Literal["event"]
    type: str
    livemode: bool
    account: Id | None = None  # of whom it is, where a platform listens for others
    data: _Told


async def verify(ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
    """What it says. Intents are believed as they are told; for refunds and for what a shopper had kept, Stripe is asked
    how the payment stands now, as the event does not hold all of it. Unavailable when it does not answer: it sends again."""
    if len(body) > strict.LONGEST_BODY:
        raise wrong("it is too long")
    _check_signature(ports, headers.get("stripe-signature", ""), body)
    event = _shape(_Event, strict.read(body, fractions=True))
    if event.livemode is finding.is_test(ports.settings):
        raise Malformed("this webhook is of another mode", code="webhook_of_another")
    if (event.account or "") != ports.settings.stripe_account:
        raise Malformed("this webhook is for another account", code="webhook_of_another")
    try:
        seen = await _evidence(ports, event)
    except Unclear as why:
        raise Unavailable(f"Stripe was asked back: {why}", retry_after=60) from None
    return Notice(event.id, seen) if seen else None


async def _evidence(ports: Ports, event: _Event) -> Evidence | None:
    """None for what decides nothing here, or is not of this shop: an account may serve others too."""
    told = event.data.object
    if event.type in _DECIDED:
        intent = _shape(Intent, told)
        if intent.metadata.payment_id is None:
            return None
        _of_our_mode(ports, intent.livemode)
        if intent.setup_future_usage and intent.status in ("requires_capture", "succeeded"):
            return await _as_it_is(ports, intent.id, intent.metadata.payment_id, told)
        try:
            return intent.evidence()
        except ValueError as why:
            raise wrong(str(why)) from None
    if event.type in _OF_CHARGES:
        charge = _shape(Charge, told)
        _of_our_mode(ports, charge.livemode)
        if charge.payment_intent is None or charge.metadata.payment_id is None or not charge.amount_refunded:
            return None
        if charge.amount_refunded > charge.amount_captured > 0 and charge.amount_captured == charge.amount:
            raise wrong("more is refunded than was captured")
        return await _as_it_is(ports, charge.payment_intent, charge.metadata.payment_id, told)
    if event.type in _OF_REFUNDS:
        refund = _shape(Refund, told)
        if refund.payment_intent is None or refund.metadata.payment_id is None:
            return None
        return await _as_it_is(ports, refund.payment_intent, refund.metadata.payment_id, told)
    return None


async def _as_it_is(ports: Ports, charge_id: str, payment_id: str, told: Mapping[str, Any]) -> Evidence | None:
    """How the payment stands now. Malformed where Stripe's book does not know what the event tells of."""
    intent = await finding.fetch(ports, charge_id)
    if intent is None or intent.metadata.payment_id != payment_id:
        raise wrong("Stripe knows no such payment")
    refunds = await finding.refunds(ports, intent)
    if told["object"] == "refund":
        known = any(
            (each.id, each.amount, each.currency) == (told["id"], told["amount"], told["currency"]) for each in refunds
        )
    else:
        known = (intent.amount, intent.currency) == (told["amount"], told["currency"])
    if not known:
        raise wrong("Stripe's book says otherwise")
    return finding.read(intent, refunds)


def _of_our_mode(ports: Ports, livemode: bool) -> None:
    if livemode is finding.is_test(ports.settings):
        raise Malformed("this webhook is of another mode", code="webhook_of_another")


def _shape(shape: type[Shape], told: object) -> Shape:
    try:
        return shape.model_validate(told)
    except ValidationError:
        raise wrong("it does not have Stripe's shape") from None


def secrets(settings: Settings) -> list[bytes]:
    """Several while the endpoint's secret is rolled: Stripe signs with each until the old one ends."""
    return [
        each.strip().encode() for each in settings.stripe_webhook_secret.get_secret_value().split(",") if each.strip()
    ]


def _check_signature(ports: Ports, header: str, body: bytes) -> None:
    """HMAC-SHA256 over `t.body` by any of the secrets, in any of the `v1` signatures; other schemes prove nothing."""
    signed = _SIGNED.fullmatch(header)
    if signed is None:
        raise Malformed("the webhook has no signature that can be read", code="bad_signature")
    payload = f"{signed[1]}.".encode() + body
    given = [each.removeprefix("v1=") for each in signed[2].split(",") if each.startswith("v1=")]
    good = [hmac.new(secret, payload, sha256).hexdigest() for secret in secrets(ports.settings)]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in good for other in given):
        raise Malformed("the webhook's signature does not hold", code="bad_signature")
    if abs(ports.clock.now().timestamp() - int(signed[1])) > TOLERANCE:
        raise Malformed("the webhook's time is not now", code="stale_signature")
