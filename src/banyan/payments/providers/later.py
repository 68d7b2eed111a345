"""Money that comes by itself: on delivery, by transfer, by cheque. Nobody is asked; the shop sees it when it is there.

An order is accepted on its word, so each way is taken only where the shop says so (`BANYAN_PAY_LATER`). Orders captures such
money when the goods leave, or an operator does before, when it has come.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.refusals import Invalid, Malformed
from banyan.payments.domain import Charge, Evidence
from banyan.payments.providers import Card, Errand, Notice, Rejected, Vaulted, Way


@dataclass(frozen=True, slots=True)
class Later:
    """One such way; `name` as in `contracts.payments.LATER`."""

    name: str

    def configured(self, settings: Settings) -> bool:
        return self.name in settings.pay_later.split(",")

    def ways(self, settings: Settings) -> tuple[Way, ...]:
        return (Way(self.name, token=self.name),)

    def check(self, settings: Settings) -> None:
        """It has no secret."""

    async def authorize(self, ports: Ports, errand: Errand) -> Evidence:
        if not self.configured(ports.settings):
            raise Rejected("not_offered")
        return _evidence(errand, Charge.AUTHORIZED)

    async def capture(self, ports: Ports, errand: Errand) -> Evidence:
        return _evidence(errand, Charge.CAPTURED, captured=errand.whole.amount)

    async def void(self, ports: Ports, errand: Errand) -> Evidence:
        return _evidence(errand, Charge.VOIDED)

    async def refund(self, ports: Ports, errand: Errand) -> Evidence:
        """The shop pays it back by hand, as it got it."""
        refunds = {errand.reference: errand.amount.amount}
        return _evidence(errand, Charge.CAPTURED, captured=errand.whole.amount, refunds=refunds)

    async def look_up(self, ports: Ports, errand: Errand) -> Evidence | None:
        """Nothing is kept elsewhere: what was asked and not written down here was not done."""
        return None

    async def verify_webhook(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> Notice | None:
        raise Malformed("nobody sends webhooks of this", code="bad_signature")

    async def vault(self, ports: Ports, card: Card) -> Vaulted:
        raise Invalid("this is not paid by card", code="card_refused")


def _evidence(
    errand: Errand, state: Charge, *, captured: int = 0, refunds: Mapping[str, int] | None = None
) -> Evidence:
    return Evidence(errand.payment_id, f"later-{errand.payment_id}", errand.whole, state, captured, refunds or {})
