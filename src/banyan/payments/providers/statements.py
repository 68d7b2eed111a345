"""What providers report of money, as a promise: by their API, as the CSV they publish, and by webhooks that are of no payment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from banyan.foundation.service import Ports
from banyan.payments.domain.statement import Statement


class Unreadable(ValueError):
    """This is no such report; the text says what is wrong with it."""


class Reporter(Protocol):
    @property
    def grace(self) -> timedelta:
        """How long after we know of it a movement may still be missing in a report."""
        ...

    async def fetch(self, ports: Ports, since: datetime, until: datetime) -> Statement:
        """What moved from `since` up to, not including, `until`. Unclear, Unavailable or DeadlinePassed when it is not told."""
        ...

    def read(self, text: str) -> Statement:
        """A report that was downloaded. Unreadable for anything else."""
        ...

    def hear(self, ports: Ports, headers: Mapping[str, str], body: bytes) -> tuple[str, Statement] | None:
        """What a webhook says of money, with its id; None where it says nothing of it. Its signature, account and time were
        checked before, by Provider.verify_webhook. Malformed for what cannot be read.
        """
        ...


@cache
def _all() -> Mapping[str, Reporter]:
    from banyan.payments.providers.paypal.statements import PayPal
    from banyan.payments.providers.razorpay.statements import Razorpay
    from banyan.payments.providers.stripe.statements import Stripe
    from banyan.payments.providers.testbank_statements import Testbank

    return {"testbank": Testbank(), "stripe": Stripe(), "paypal": PayPal(), "razorpay": Razorpay()}


def reporter_of(provider: str) -> Reporter | None:
    """None for one that reports nothing: money that comes by itself."""
    return _all().get(provider)
