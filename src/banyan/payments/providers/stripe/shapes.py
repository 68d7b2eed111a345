"""What Stripe tells, checked as a stranger's input is; it may add fields. And what of it is evidence."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from banyan.payments.domain import Charge as State
from banyan.payments.domain import Evidence, Reusable
from banyan.payments.providers import Unclear
from banyan.payments.providers.stripe import amounts

Minor = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
Reference = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9_.:-]+$")]
Code = Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9_.-]*$")]


class Shaped(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Metadata(Shaped):
    """What we wrote there; of an object that is not ours, nothing."""

    payment_id: Reference | None = None
    reference: Reference | None = None


class Refund(Shaped):
    id: Id
    object: Literal["refund"]
    amount: Annotated[Minor, Field(gt=0)]
    currency: Currency
    status: Code | None
    failure_reason: Code | None = None
    payment_intent: Id | None = None
    metadata: Metadata = Metadata()

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "canceled")


class Refunds(Shaped):
    data: list[Refund]
    has_more: bool


class Charge(Shaped):
    id: Id
    object: Literal["charge"]
    amount: Minor
    amount_captured: Minor
    amount_refunded: Minor
    currency: Currency
    payment_intent: Id | None = None
    refunds: Refunds | None = None
    livemode: bool
    metadata: Metadata = Metadata()

    @model_validator(mode="after")
    def _adds_up(self) -> "Charge":
        if not self.amount_captured <= self.amount or not self.amount_refunded <= self.amount:
            raise ValueError("the amounts of the charge do not add up")
        return self


class CardDetails(Shaped):
    brand: Annotated[str, Field(max_length=40)] = ""
    last4: Annotated[str, Field(pattern="^([0-9]{4})?$")] = ""


class Method(Shaped):
    id: Id
    card: CardDetails | None = None
    customer: Id | None = None


class Redirect(Shaped):
    url: Annotated[str, Field(pattern=r"^https?://[^\s]{1,4000}$")]


class NextAction(Shaped):
    type: str
    redirect_to_url: Redirect | None = None


class Failure(Shaped):
    """What Stripe's errors say (api_errors)."""

    type: Code = ""
    code: Code | None = None
    decline_code: Code | None = None
    payment_intent: dict[str, Any] | None = None


class ErrorAnswer(Shaped):
    error: Failure


class Intent(Shaped):
    id: Id
    object: Literal["payment_intent"]
    amount: Annotated[Minor, Field(gt=0)]
    amount_capturable: Minor = 0
    amount_received: Minor = 0
    currency: Currency
    status: Code
    livemode: bool
    metadata: Metadata
    latest_charge: Charge | Id | None = None
    payment_method: Method | Id | None = None
    next_action: NextAction | None = None
    last_payment_error: Failure | None = None
    setup_future_usage: Code | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Intent":
        took, held = self.amount_received, self.amount_capturable
        if (took > 0) is not (self.status == "succeeded") or took > self.amount:
            raise ValueError("what was received does not fit the state")
        if (held > 0) is not (self.status == "requires_capture"):
            raise ValueError("what can be captured does not fit the state")
        return self

    @property
    def state(self) -> State | None:
        """None: nothing is decided as yet."""
        match self.status:
            case "requires_capture":
                return State.AUTHORIZED
            case "succeeded":
                return State.CAPTURED
            case "canceled":
                return State.VOIDED
            case "requires_action" if self.action:
                return State.ACTION
            case "requires_payment_method" if self.last_payment_error:
                return State.DECLINED
        return None

    @property
    def action(self) -> str | None:
        return self.next_action.redirect_to_url.url if self.next_action and self.next_action.redirect_to_url else None

    def evidence(self, refunds: Sequence[Refund] = ()) -> Evidence | None:
        """What this says of the payment, None where nothing is decided. ValueError when it is none of ours, or its
        amounts cannot be."""
        if self.metadata.payment_id is None:
            raise ValueError("it is of no payment of ours")
        if self.state is None:
            return None
        # Only part of it on hold: the sum on hold is what the payment is worth, and does not fit what was asked for.
        of = self.amount_capturable if self.state is State.AUTHORIZED else self.amount
        reason = None
        if self.state is State.DECLINED and self.last_payment_error:
            reason = self.last_payment_error.decline_code or self.last_payment_error.code or "declined"
        return Evidence(
            reference=self.metadata.payment_id,
            charge_id=self.id,
            amount=amounts.told(of, self.currency),
            state=self.state,
            captured=amounts.told(self.amount_received, self.currency).amount,
            refunds=self._refunds(refunds),
            reason=reason,
            action=self.action if self.state is State.ACTION else None,
            saved=self._saved(),
        )

    def _refunds(self, refunds: Sequence[Refund]) -> Mapping[str, int]:
        """Refunds that were made, by our references; those made elsewhere by Stripe's ids.

        What a partial capture leaves is refunded by Stripe itself: of such a charge only ours count.
        """
        whole = self.amount_received == self.amount
        return {
            each.metadata.reference or each.id: amounts.told(each.amount, each.currency).amount
            for each in refunds
            if each.status == "succeeded" and each.currency == self.currency and (whole or each.metadata.reference)
        }

    def _saved(self) -> Reusable | None:
        kept = self.payment_method
        if not self.setup_future_usage or not isinstance(kept, Method) or not kept.customer:
            return None
        if self.state not in (State.AUTHORIZED, State.CAPTURED):
            return None
        card = kept.card or CardDetails()
        return Reusable(kept.id, card.brand, card.last4)


class Intents(Shaped):
    data: list[Intent]
    has_more: bool


class Made(Shaped):
    """Something whose id is all that matters."""

    id: Id


def read(body: bytes) -> Intent:
    """A payment intent in an answer. Unclear where it cannot be read."""
    try:
        return Intent.model_validate_json(body)
    except ValidationError:
        raise Unclear("Stripe's answer cannot be read") from None
