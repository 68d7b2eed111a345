"""Stripe: payment intents that are confirmed at once and captured later (docs.stripe.com/api/payment_intents).

A payment's id is the idempotency key of its intent and stands in the metadata of all that is made for it. Its void asks
for an unconfirmed intent by that same key: either that is made, and no other ever is, or Stripe says that one was.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Invalid
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Card, Errand, Notice, Rejected, Unclear, Vaulted, Way
from banyan.payments.providers.stripe import asking, finding, webhooks, wire
from banyan.payments.providers.stripe.finding import EXPANDED, asked_already, evidence, fetch, fetched, is_test
from banyan.payments.providers.stripe.shapes import Intent, Method, read
from banyan.payments.providers.stripe.wire import Burnt, KeyUsed, Refused, Said, Value

_METHOD = re.compile(r"pm_[0-9A-Za-z_]{1,190}")


class Client:
    """`stripe`."""

    def configured(self, settings: Settings) -> bool:
        return bool(settings.stripe_key.get_secret_value())

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        """Cards of the shop's own vault need an account that Stripe allows to send raw card data."""
        key, account = settings.stripe_publishable_key, settings.stripe_account
        public = {"publishable_key": key} | ({"account": account} if account else {}) if key else {}
        return (Way("card", cards=True, public=public),)

    def check(self, settings: Settings) -> None:
        if not self.configured(settings):
            return
        if is_test(settings) is None:
            raise WrongSettings("BANYAN_STRIPE_KEY: a secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_")
        if not webhooks.secrets(settings):
            raise WrongSettings("BANYAN_STRIPE_WEBHOOK_SECRET: set it, or anybody could send webhooks as Stripe")
        if not settings.stripe_url.startswith("https://") and settings.environment == "production":
            raise WrongSettings("BANYAN_STRIPE_URL: a key goes over https only")

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        """One intent by the payment's id. With a `return_url` the shopper is there to confirm it; without, what would need
        them is declined (`authentication_required`)."""
        asked = await asking.wanted(ports, errand)
        try:
            said = await wire.post(ports, "/v1/payment_intents", asked, errand.payment_id)
        except Burnt:
            with asked_already():
                seen = await _found(ports, errand)
                if seen is None:
                    raise Rejected("processing_error") from None
                return _decided(await evidence(ports, seen))
        except KeyUsed:  # asked before and something differs by now, or refused beforehand by a void
            with asked_already():
                seen = await finding.search(ports, errand.payment_id)
                if seen is None:
                    raise
                return _decided(await evidence(ports, seen))
        except Refused as no:
            return _declined(errand, no)
        return await _after(ports, errand, said)

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        """All or part of what is on hold; Stripe lets go of the rest."""
        path = f"/v1/payment_intents/{_charge_id(errand)}/capture"
        try:
            asked: dict[str, Value] = {"amount_to_capture": asking.minor(errand.amount), "expand": EXPANDED}
            said = await wire.post_again(ports, path, asked, errand.reference)
        except Refused as no:
            raise Rejected(no.reason) from None
        return await _after(ports, errand, said)

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        if errand.charge_id is not None:
            return await _cancel(ports, errand, errand.charge_id)
        try:
            said = await wire.post(ports, "/v1/payment_intents", asking.nothing(errand), errand.payment_id)
        except (KeyUsed, Burnt):  # Stripe is done with the authorization: what came of it is in its book for good
            seen = await _found(ports, errand)
            if seen is None:
                return Evidence(errand.payment_id, "", errand.whole, Charge.VOIDED)
            return await _cancel(ports, errand, seen.id)
        except Refused as no:
            raise Unclear(f"the void was refused: {no.reason}") from None
        return await _cancel(ports, errand, asking.made(said))

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        """Once by its reference, even when Stripe has forgotten the idempotency key: it is looked for first. A pending one
        is no evidence as yet."""
        intent = await fetched(ports, _charge_id(errand), errand.payment_id)
        refunds = await finding.refunds(ports, intent)
        for number in range(1, wire.TRIES + 1):
            if any(each.metadata.reference == errand.reference for each in refunds):
                break
            try:
                await wire.post(ports, "/v1/refunds", asking.refund(errand, intent.id), _key(errand, number))
            except Refused as no:
                raise Rejected(no.reason) from None
            except Burnt:  # it may have been made all the same: look, then ask by another key
                pass
            with asked_already():
                intent = await fetched(ports, intent.id, errand.payment_id)
                refunds = await finding.refunds(ports, intent)
        for each in refunds:
            if each.metadata.reference == errand.reference and each.failed:
                raise Rejected(f"refund_{each.failure_reason or each.status}")
        return _decided(finding.read(intent, refunds))

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        """By its id; else by a search, whose index is behind by up to a minute. So None means: none that can be seen yet.

        What may follow that is the same authorization by the same key, or a void by it, and these Stripe decides at once.
        """
        if errand.charge_id is not None:
            seen = await fetch(ports, errand.charge_id)
        else:
            seen = await finding.search(ports, errand.payment_id)
        if seen is None:
            return None
        if seen.metadata.payment_id != errand.payment_id:
            raise Unclear("Stripe answered with another payment")
        return _decided(await evidence(ports, seen))

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return await webhooks.verify(ports, headers, body)

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        """Stripe refuses this to accounts that may not handle card numbers: their pages ask Stripe for a token."""
        number, code = card.number.get_secret_value(), card.cvc.get_secret_value()
        try:
            kept = await _method(ports, asking.card(number, str(card.exp_month), str(card.exp_year), code))
        except Refused:
            raise Invalid(
                "Stripe does not take this card; check its number, its date and its code", code="card_refused"
            ) from None
        return _vaulted(kept)

    async def keep(self, ports: Ports, user_id: str, token: str) -> Vaulted:
        """Attached to the shopper's customer (docs.stripe.com/api/payment_methods/attach): one that is not is good for one
        payment only. Whether its bank wants the shopper to confirm is seen when it is paid with."""
        if not _METHOD.fullmatch(token):
            raise Invalid("this is no card of Stripe's", code="malformed_token")
        try:
            customer = await asking.customer_of(ports, user_id)
            kept = await _method(ports, {"customer": customer}, f"/v1/payment_methods/{token}/attach")
        except Refused:
            raise Invalid(
                "Stripe does not take this card; type it again, or another one", code="card_refused"
            ) from None
        return _vaulted(kept)


async def _method(ports: Ports, asked: Mapping[str, Value], path: str = "/v1/payment_methods") -> Method:
    try:
        return Method.model_validate_json((await wire.post(ports, path, asked)).body)
    except ValidationError:
        raise Unclear("Stripe's answer cannot be read") from None


def _vaulted(kept: Method) -> Vaulted:
    if kept.card is None:
        raise Unclear("Stripe's answer tells of no card")
    return Vaulted(kept.id, kept.card.brand, kept.card.last4)


async def _cancel(ports: Ports, errand: Errand, charge_id: str) -> Evidence:
    """Let go of an intent. Where that cannot be, what its book says instead: it is let go of already, or money was taken."""
    try:
        asked: dict[str, Value] = {"cancellation_reason": "abandoned", "expand": EXPANDED}
        path = f"/v1/payment_intents/{charge_id}/cancel"
        return await _after(ports, errand, await wire.post_again(ports, path, asked, errand.reference))
    except Refused as no:
        seen = await fetched(ports, charge_id, errand.payment_id)
        if seen.state not in (Charge.VOIDED, Charge.CAPTURED):
            raise Rejected(no.reason) from None
    return _decided(await evidence(ports, seen))


async def _after(ports: Ports, errand: Errand, said: Said) -> Evidence:
    """What an answer is evidence of; read once more where it may be an old one."""
    intent = read(said.body)
    if intent.metadata.payment_id != errand.payment_id or intent.livemode is is_test(ports.settings):
        raise Unclear("Stripe answered with another payment")
    with asked_already():
        if said.replayed:
            intent = await fetched(ports, intent.id, errand.payment_id)
        return _decided(await evidence(ports, intent))


def _decided(seen: Evidence | None) -> Evidence:
    if seen is None:
        raise Unclear("Stripe has not decided yet")
    return seen


def _declined(errand: Errand, no: Refused) -> Evidence:
    """A card that is refused leaves an intent; anything else that is wrong leaves nothing."""
    try:
        intent = Intent.model_validate(no.failure.payment_intent) if no.failure.payment_intent else None
    except ValidationError:
        intent = None
    if intent is None or intent.metadata.payment_id != errand.payment_id:
        raise Rejected(no.reason)
    seen = finding.read(intent)
    if seen is None or seen.state is not Charge.DECLINED:
        raise Unclear(f"Stripe refuses ({no.reason}), and has it {intent.status}")
    return replace(seen, reason=no.reason)


async def _found(ports: Ports, errand: Errand) -> Intent | None:
    """The payment's intent, wherever in Stripe's book; None where there certainly is none."""
    return await finding.search(ports, errand.payment_id) or await finding.among_all(ports, errand.payment_id)


def _key(errand: Errand, number: int) -> str:
    return errand.reference if number == 1 else f"{errand.reference}.{number}"


def _charge_id(errand: Errand) -> str:
    if errand.charge_id is None:
        raise Rejected("never_authorized")
    return errand.charge_id
