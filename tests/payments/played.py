"""What a provider's client is tried with beside a played provider: ports without a database, and an errand."""

from pathlib import Path
from typing import Any, cast

from banyan.foundation.egress import Egress
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.money import Money
from banyan.payments.providers import Errand

RETURN = "https://shop.example/checkout/return/ord_1"


class Bench:
    """A clock moved by hand, a way out on which a test puts who answers, and errands of one payment after another."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.clock = VirtualClock()
        self.ids = SeededIds(self.clock, 7)
        self.egress = Egress()
        nothing = cast(Any, None)
        self.ports = Ports(
            settings=Settings(data_dir=folder, **given),
            clock=self.clock,
            ids=self.ids,
            db=nothing,
            bus=nothing,
            peers=nothing,
            egress=self.egress,
            authority=nothing,
            cache=nothing,
            media=nothing,
            mail=nothing,
            keys=nothing,
            search=nothing,
        )

    def errand(self, token: str, amount: Money, **given: Any) -> Errand:
        """To authorize a new payment."""
        payment = self.ids.new("pay")
        return Errand(payment, payment, amount, token, None, amount, **({"return_url": RETURN} | given))


def then(errand: Errand, kind: str, charge_id: str | None, amount: int | None = None) -> Errand:
    """What is asked of the same payment afterwards."""
    part = errand.whole if amount is None else Money(amount, errand.whole.currency)
    return Errand(
        errand.payment_id, f"{errand.payment_id}.{kind}", part, errand.token, charge_id, errand.whole, errand.return_url
    )
