"""Payments over HTTP: how an order was paid, and what that moved in the ledger."""

import asyncio
from datetime import datetime

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen
from banyan.foundation.face.places import segment
from banyan.kernel.money import Money


class Refund(Seen):
    id: str
    amount: Money
    state: str
    reason: str | None = None
    failure: str | None = None
    created_at: datetime


class Dispute(Seen):
    """The payer's bank wants the money back."""

    id: str
    state: str
    amount: Money
    reason: str = ""
    respond_by: datetime | None = None


class Payment(Seen):
    id: str
    order_id: str
    provider: str
    state: str
    amount: Money
    authorized: Money
    captured: Money
    refunded: Money
    reason: str | None = None
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    created_at: datetime
    updated_at: datetime

    @property
    def held(self) -> bool:
        """Whether it waits for an operator's decision."""
        return bool(self.reason and self.reason.startswith("held:"))


class Provider(Seen):
    """A payment provider as the process that answered sees it."""

    name: str
    configured: bool
    under_way: int = 0
    breakers: dict[str, str] = {}
    ways: tuple[str, ...] = ()

    @property
    def rested(self) -> list[tuple[str, str]]:
        """Operations that are not simply asked for."""
        return [(name, breaker) for name, breaker in self.breakers.items() if breaker != "closed"]


class Entry(Seen):
    """A line of the ledger: a debit above zero, a credit below."""

    transfer_id: str
    kind: str
    account: str
    amount: Money
    made_at: datetime


class Booked(Seen):
    """A payment and its ledger entries, oldest first."""

    payment: Payment
    entries: tuple[Entry, ...]


async def providers(line: Line) -> Page[Provider]:
    return await line.get(Page[Provider], "payments", "/v1/payment-providers")


async def of_order(line: Line, order_id: str) -> tuple[Booked, ...]:
    """The payments of an order, newest first, each with its refunds and entries."""
    page = await line.get(Page[Payment], "payments", "/v1/payments", [("order_id", order_id)])
    return tuple(await asyncio.gather(*(_booked(line, each.id) for each in page.items)))


async def _booked(line: Line, payment_id: str) -> Booked:
    at = f"/v1/payments/{segment(payment_id)}"
    payment, entries = await asyncio.gather(
        line.get(Payment, "payments", at), line.get(Page[Entry], "payments", f"{at}/entries")
    )
    return Booked(payment=payment, entries=entries.items)
