"""The test bank's client: it knows the bank's HTTP, its key and its signature, and believes its answers only if they fit."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from banyan.contracts.vault import CVC, EXP_MONTH, EXP_YEAR, NUMBER
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.money import Money
from banyan.kernel.refusals import DeadlinePassed, Invalid, Malformed, Unavailable
from banyan.payments.domain import Charge, Evidence, Reusable
from banyan.payments.providers import Card, Errand, NotAsked, Notice, Rejected, Unclear, Vaulted, Way, vaulted

_TELLS_NOTHING = ("in_flight", "not_found", "reference_reused")  # of the last, a look at the charge tells
TOLERANCE = 300  # seconds a webhook's time may be off
LONGEST_BODY = 65_536
_SIGNED = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64}){1,4})")
_ON_A_LAPTOP = b"banyan testbank on a laptop"  # the bank's well-known key, where no other is set

Minor = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
Text = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9_.:-]+$")]


class _Answer(BaseModel):
    """Answers are checked as a stranger's input is; the bank may add fields."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _Refund(_Answer):
    reference: Text
    amount: Minor


class _Charge(_Answer):
    id: Text
    reference: Text
    amount: Minor
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    state: Literal["requires_action", "authorized", "captured", "declined", "voided"]
    captured: Minor
    refunds: list[_Refund]
    reason: Text | None = None
    action: Annotated[str, Field(max_length=2048)] | None = None

    def evidence(self) -> Evidence:
        return Evidence(
            reference=self.reference,
            charge_id=self.id,
            amount=Money(self.amount, self.currency),
            state=Charge(self.state),
            captured=self.captured,
            refunds={each.reference: each.amount for each in self.refunds},
            reason=self.reason,
            action=self.action,
        )


class _Event(_Answer):
    id: Text
    type: Text
    merchant: Text
    charge: _Charge


class _Card(_Answer):
    token: Annotated[str, Field(pattern="^tok_card_[0-9a-z]{26}$")]
    brand: Annotated[str, Field(pattern="^[a-z]{1,20}$")]
    last4: Annotated[str, Field(pattern="^[0-9]{4}$")]


def _secret(settings: Settings, purpose: str) -> bytes:
    return _derived(settings.testbank_key.get_secret_value().encode() or _ON_A_LAPTOP, purpose)


@cache
def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"testbank {purpose}".encode(), sha256).digest()


class Client:
    """`testbank`."""

    def configured(self, settings: Settings) -> bool:
        """Always on a laptop; elsewhere with its key."""
        return settings.environment == "laptop" or bool(settings.testbank_key.get_secret_value())

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return (Way("card", cards=True),)

    def check(self, settings: Settings) -> None:
        if settings.environment == "production" and not settings.testbank_key.get_secret_value():
            raise WrongSettings(
                "BANYAN_TESTBANK_KEY: set it, the same for testbank and payments (any 32 random characters)"
            )

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        asked = {"token": await _token(ports, errand), "capture": False, "return_url": errand.return_url}
        seen = _keeping(errand, await _charge(ports, "/bank/charges", _amount(errand) | asked))
        if seen.saved and errand.customer and vaulted.is_ours(errand.token):
            await vaulted.keep(ports, errand.token, errand.customer)
        return seen

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        return await _charge(ports, f"/bank/charges/{_charge_id(errand)}/capture", _deed(errand))

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        return await _charge(ports, f"/bank/charges/by-reference/{errand.payment_id}/void", _amount(errand))

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        return await _charge(ports, f"/bank/charges/{_charge_id(errand)}/refunds", _deed(errand))

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        answer = await ask(ports, "GET", f"/bank/charges/by-reference/{errand.payment_id}")
        if answer.status == 404 and _code(answer) == "no_such_charge":  # any other 404 is a wrong address
            return None
        return _keeping(errand, _read(answer))

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        if len(body) > LONGEST_BODY:
            raise Malformed("a webhook is not as long as this", code="webhook_malformed")
        _check_signature(ports, headers.get("testbank-signature", ""), body)
        try:
            event = _Event.model_validate_json(body)
        except ValidationError:
            raise Malformed("this is no webhook of the test bank", code="webhook_malformed") from None
        if event.merchant != "banyan":
            raise Malformed("this webhook is for another merchant", code="webhook_of_another")
        if not event.type.startswith("charge."):
            return None
        return Notice(event.id, event.charge.evidence())

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        asked = {
            "number": card.number.get_secret_value(),
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "cvc": card.cvc.get_secret_value(),
        }
        answer = await ask(ports, "POST", "/bank/tokens", asked)
        if answer.status == 422:
            raise Invalid(
                "the bank does not take this card; check its number, its date and its code", code="card_refused"
            )
        try:
            kept = _Card.model_validate_json(answer.body) if answer.status == 201 else None
        except ValidationError:
            kept = None
        if kept is None:
            raise Unclear(f"the vault answered {answer.status}")
        return Vaulted(kept.token, kept.brand, kept.last4)


async def _token(ports: Ports, errand: Errand) -> str:
    """What the bank charges: a card of our vault becomes a token of the bank's first, the same one each time for this payment."""
    if not vaulted.is_ours(errand.token):
        return errand.token
    card = f'"number":"{NUMBER}","exp_month":{EXP_MONTH},"exp_year":{EXP_YEAR},"reference":"{errand.payment_id}"'
    settings = ports.settings
    try:
        answer = await vaulted.send(
            ports,
            errand.token,
            provider="testbank",
            url=f"{settings.testbank_url or settings.origin}/bank/cards/tokens",
            headers=_headers(settings),
            body=f'{{{card},"cvc":"{CVC}"}}',
            without_code=f"{{{card}}}",
            payment_id=errand.payment_id,
        )
    except (Unavailable, DeadlinePassed) as away:
        raise NotAsked(str(away)) from away  # a token holds no money
    if answer.status == 422:
        raise Rejected("card_refused")
    try:
        return _Card.model_validate_json(answer.body).token
    except ValidationError:
        raise NotAsked(f"the bank gave no token: {answer.status}") from None


def _amount(errand: Errand) -> dict[str, Any]:
    return {"reference": errand.reference, "amount": errand.amount.amount, "currency": errand.amount.currency}


def _keeping(errand: Errand, seen: Evidence) -> Evidence:
    """The bank's tokens are good for ever: one that is to be kept is kept as it is."""
    return replace(seen, saved=Reusable(errand.token)) if errand.save and seen.state is Charge.AUTHORIZED else seen


def _deed(errand: Errand) -> dict[str, Any]:
    return {"reference": errand.reference, "amount": errand.amount.amount}


def _charge_id(errand: Errand) -> str:
    if errand.charge_id is None:
        raise Rejected("never_authorized")
    return errand.charge_id


async def ask(ports: Ports, method: str, path: str, asked: Mapping[str, Any] | None = None) -> HttpAnswer:
    """The bank's answer, whatever its status is."""
    body = to_json(asked) if asked else b""
    return await ports.peers.http("testbank", method, path, headers=_headers(ports.settings), body=body)


def _headers(settings: Settings) -> dict[str, str]:
    return {"authorization": f"Bearer sk_{_secret(settings, 'api').hex()}", "content-type": "application/json"}


async def _charge(ports: Ports, path: str, asked: Mapping[str, Any]) -> Evidence:
    return _read(await ask(ports, "POST", path, asked))


def _read(answer: HttpAnswer) -> Evidence:
    """The charge in an answer. Rejected for what the bank will not do, Unclear for all that does not tell."""
    if answer.status in (404, 409, 422):
        code = _code(answer)
        if code:
            raise Rejected(code)
    if answer.status != 200:
        raise Unclear(f"the bank answered {answer.status}")
    try:
        return _Charge.model_validate_json(answer.body).evidence()
    except ValidationError:
        raise Unclear("the bank's answer cannot be read") from None


def _code(answer: HttpAnswer) -> str | None:
    """The problem's code where the bank refused; None where somebody else answered, or it is nothing definite."""
    try:
        code = answer.json()["code"]
    except (ValueError, TypeError, KeyError):
        return None
    fits = isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code)
    return code if fits and code not in _TELLS_NOTHING else None


def _check_signature(ports: Ports, header: str, body: bytes) -> None:
    """HMAC-SHA256 over `t.body` by any of the signatures given (two while a secret changes), and a time near ours."""
    signed = _SIGNED.fullmatch(header)
    if signed is None:
        raise Malformed("the webhook has no signature that can be read", code="bad_signature")
    timestamp = int(signed[1])
    expected = hmac.new(_secret(ports.settings, "webhook"), f"{timestamp}.".encode() + body, sha256).hexdigest()
    if not any(hmac.compare_digest(expected, each) for each in signed[2].replace(",v1=", " ").split()):
        raise Malformed("the webhook's signature does not hold", code="bad_signature")
    if abs(ports.clock.now().timestamp() - timestamp) > TOLERANCE:
        raise Malformed("the webhook's time is not now", code="stale_signature")
