"""PayPal's webhooks: signed over `transmission id|time|webhook id|CRC-32 of the body` with RSA-SHA256, checked here, offline.

developer.paypal.com, "Verify webhook messages": the certificate is at PAYPAL-CERT-URL.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import ValidationError

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import Malformed
from banyan.payments.providers import strict
from banyan.payments.providers.paypal.certificates import Certificates
from banyan.payments.providers.paypal.shapes import Amount, Id, Order, Shape

EARLY, LATE = (
    300.0,
    3 * 86_400.0 + 3_600,
)  # seconds its time may be ahead or behind: PayPal goes on trying for three days
OF_ORDERS = frozenset({"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED"})
OF_HOLDS = frozenset({"PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED"})
OF_CAPTURES = frozenset(f"PAYMENT.CAPTURE.{each}" for each in ("COMPLETED", "DENIED", "DECLINED", "PENDING"))
OF_REFUNDS = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"})
KINDS = OF_ORDERS | OF_HOLDS | OF_CAPTURES | OF_REFUNDS
"""What concerns us here. Reversals and disputes are not among them yet."""
_TRANSMISSION = re.compile(r"[A-Za-z0-9-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_CAPTURE = re.compile(r"https://[a-z0-9.:-]{1,100}/v2/payments/captures/([A-Za-z0-9-]{1,64})")
_LONGEST_SIGNATURE = 2_048


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says: `amount` of the thing `id`, and by which order or capture it is found."""

    event_id: str
    kind: str
    id: str
    amount: Amount
    order_id: str | None
    capture_id: str | None


class _Ids(Shape):
    order_id: Id | None = None


class _Data(Shape):
    related_ids: _Ids = _Ids()


class _Link(Shape):
    href: str
    rel: str


class _Unit(Shape):
    amount: Amount


class _Resource(Shape):
    id: Id
    amount: Amount | None = None
    purchase_units: list[_Unit] = []
    supplementary_data: _Data = _Data()
    links: list[_Link] = []


class _Event(Shape):
    id: Id
    event_type: str
    resource: dict[str, Any]


async def read(ports: Ports, certificates: Certificates, headers: Mapping[str, str], body: bytes) -> Told | None:
    """What a signed event says; None for kinds that do not concern us. Malformed for all that is not signed, now."""
    if len(body) > strict.LONGEST_BODY:
        raise strict.wrong("it is too long")
    await _check_signature(ports, certificates, headers, body)
    told = strict.read(body)
    try:
        event = _Event.model_validate(told)
        return _read(event) if event.event_type in KINDS else None
    except ValidationError:
        raise strict.wrong("it is no event of PayPal") from None


def _read(event: _Event) -> Told:
    it = _Resource.model_validate(event.resource)
    if event.event_type in OF_ORDERS:
        if len(it.purchase_units) != 1:
            raise strict.wrong("its order is not one of ours")
        return Told(event.id, event.event_type, it.id, it.purchase_units[0].amount, it.id, None)
    if it.amount is None:
        raise strict.wrong("it has no amount")
    above = next((_CAPTURE.fullmatch(each.href) for each in it.links if each.rel == "up"), None)
    order_id = it.supplementary_data.related_ids.order_id
    return Told(event.id, event.event_type, it.id, it.amount, order_id, above[1] if above and not order_id else None)


def fits(told: Told, order: Order) -> bool:
    """Whether PayPal's own order has the thing that the event speaks of, of this very amount."""
    payments = order.unit.payments
    if told.kind in OF_ORDERS:
        return told.id == order.id and _same(told.amount, order.unit.amount)
    there = (
        payments.authorizations
        if told.kind in OF_HOLDS
        else payments.captures
        if told.kind in OF_CAPTURES
        else payments.refunds
    )
    return any(each.id == told.id and _same(told.amount, each.amount) for each in there)


def _same(one: Amount, other: Amount) -> bool:
    try:
        return one.money() == other.money()
    except ValueError:
        return False


def check_merchant(settings: Settings, order: Order) -> None:
    merchant = settings.paypal_merchant_id
    if merchant and order.unit.payee.merchant_id != merchant:
        raise Malformed("this webhook is for another merchant", code="webhook_of_another")


def order_named_in(capture: bytes) -> str | None:
    try:
        return _Resource.model_validate_json(capture).supplementary_data.related_ids.order_id
    except ValidationError:
        return None


async def _check_signature(ports: Ports, certificates: Certificates, headers: Mapping[str, str], body: bytes) -> None:
    algorithm, transmission = headers.get("paypal-auth-algo", ""), headers.get("paypal-transmission-id", "")
    time, signed = headers.get("paypal-transmission-time", ""), headers.get("paypal-transmission-sig", "")
    if algorithm != "SHA256withRSA" or not _TRANSMISSION.fullmatch(transmission) or not _TIME.fullmatch(time):
        raise _unsigned("has no signature that can be read")
    try:
        signature = b64decode(signed, validate=True) if 0 < len(signed) <= _LONGEST_SIGNATURE else b""
        sent = datetime.fromisoformat(time[:19]).replace(tzinfo=UTC)
    except ValueError:
        raise _unsigned("has no signature that can be read") from None
    if not -EARLY <= (ports.clock.now() - sent).total_seconds() <= LATE:  # before anything is fetched because of it
        raise Malformed("the webhook's time is not now", code="stale_signature")
    key = await certificates.key(ports, headers.get("paypal-cert-url", ""))
    message = f"{transmission}|{time}|{ports.settings.paypal_webhook_id}|{crc32(body)}".encode()
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise _unsigned("has a signature that does not hold") from None


def _unsigned(why: str) -> Malformed:
    return Malformed(f"the webhook {why}", code="bad_signature")
