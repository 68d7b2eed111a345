"""How a payment stands in Stripe's book: by its id, by its metadata, or by going through all of its time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError

from banyan.foundation.egress import NotSent
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.payments.domain import Evidence
from banyan.payments.providers import NotAsked, Unclear
from banyan.payments.providers.stripe import shapes, wire
from banyan.payments.providers.stripe.shapes import Charge, Intent, Intents, Refund, Refunds
from banyan.payments.providers.stripe.wire import Refused, Value

EXPANDED = ["latest_charge.refunds", "payment_method"]
PAGES = 20  # of 100, that are gone through at most
_DAY = 86_400  # seconds; so long Stripe keeps an idempotency key at least
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


@contextmanager
def asked_already() -> Iterator[None]:
    """What is asked in here follows something that was done: that it was not sent says nothing of the whole."""
    try:
        yield
    except (NotAsked, NotSent) as error:
        raise Unclear(str(error)) from error


def is_test(settings: Settings) -> bool | None:
    """Whether the key is one of test mode; None for what is no secret key."""
    kind, _, rest = settings.stripe_key.get_secret_value().partition("_")
    mode = rest.partition("_")[0]
    return mode == "test" if kind in ("sk", "rk") and mode in ("test", "live") else None


async def fetch(ports: Ports, charge_id: str) -> Intent | None:
    """The intent as it is now; None where Stripe has no such."""
    try:
        said = await wire.get(ports, f"/v1/payment_intents/{charge_id}", {"expand": EXPANDED})
    except Refused as no:
        if no.failure.code == "resource_missing":
            return None
        raise Unclear(f"Stripe refuses to tell: {no.reason}") from None
    intent = shapes.read(said.body)
    if intent.id != charge_id or intent.livemode is is_test(ports.settings):
        raise Unclear("Stripe answered with another payment")
    return intent


async def fetched(ports: Ports, charge_id: str, payment_id: str) -> Intent:
    """The same, of this payment. Unclear where it is missing."""
    intent = await fetch(ports, charge_id)
    if intent is None or intent.metadata.payment_id != payment_id:
        raise Unclear("Stripe has no such payment")
    return intent


async def search(ports: Ports, payment_id: str) -> Intent | None:
    """By its metadata, in an index that is behind by seconds up to a minute; what is found is read as it is now."""
    asked: dict[str, Value] = {"query": f"metadata['payment_id']:'{payment_id}'", "limit": 10}
    found = await _intents(ports, "/v1/payment_intents/search", asked)
    mine = [each for each in found.data if each.metadata.payment_id == payment_id]
    return await fetch(ports, mine[0].id) if mine else None


async def among_all(ports: Ports, payment_id: str) -> Intent | None:
    """By going through all intents since the payment was made: a list is never behind. Unclear where it is too long."""
    asked: dict[str, Value] = {"limit": 100, "created": {"gte": _made(payment_id, ports.clock.now().timestamp()) - 60}}
    for _ in range(PAGES):
        found = await _intents(ports, "/v1/payment_intents", asked)
        for each in found.data:
            if each.metadata.payment_id == payment_id:
                return await fetch(ports, each.id)
        if not found.has_more or not found.data:
            return None
        asked = asked | {"starting_after": found.data[-1].id}
    raise Unclear("Stripe has too many payments to look through")


async def refunds(ports: Ports, intent: Intent) -> list[Refund]:
    """All refunds of an intent, newest first. Unclear where there are too many."""
    charge = intent.latest_charge
    if not isinstance(charge, Charge) or (not charge.amount_refunded and not (charge.refunds and charge.refunds.data)):
        return []
    if charge.refunds and not charge.refunds.has_more:
        return charge.refunds.data
    asked: dict[str, Value] = {"payment_intent": intent.id, "limit": 100}
    found: list[Refund] = []
    for _ in range(PAGES):
        page = Refunds.model_validate_json(await _list(ports, "/v1/refunds", asked))
        found += page.data
        if not page.has_more or not page.data:
            return found
        asked = asked | {"starting_after": page.data[-1].id}
    raise Unclear("Stripe has too many refunds of this payment")


async def evidence(ports: Ports, intent: Intent) -> Evidence | None:
    return read(intent, await refunds(ports, intent))


def read(intent: Intent, refunds: list[Refund] | None = None) -> Evidence | None:
    """Unclear where it makes no sense."""
    try:
        return intent.evidence(refunds or ())
    except ValueError as why:
        raise Unclear(f"Stripe's answer makes no sense: {why}") from None


async def _intents(ports: Ports, path: str, asked: Mapping[str, Value]) -> Intents:
    try:
        return Intents.model_validate_json(await _list(ports, path, asked))
    except ValidationError:
        raise Unclear("Stripe's answer cannot be read") from None


async def _list(ports: Ports, path: str, asked: Mapping[str, Value]) -> bytes:
    try:
        return (await wire.get(ports, path, asked)).body
    except Refused as no:
        raise Unclear(f"Stripe refuses to tell: {no.reason}") from None


def _made(payment_id: str, now: float) -> int:
    """When a payment was made, by its id (kernel.ids), in unix seconds; a day ago where that cannot be."""
    digits = payment_id.partition("_")[2][:10]
    if len(digits) < 10 or not set(digits) <= set(_DIGITS):
        return int(now) - _DAY
    milliseconds = 0
    for digit in digits:
        milliseconds = milliseconds * 32 + _DIGITS.index(digit)
    return milliseconds // 1000 if now - 30 * _DAY < milliseconds / 1000 <= now else int(now) - _DAY
