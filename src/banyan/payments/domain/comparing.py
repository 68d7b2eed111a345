"""A line of a provider's report beside our transfers: which of them it is, or how they differ. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banyan.kernel.money import Money
from banyan.payments.domain.statement import Line, Moved


class Differs(StrEnum):
    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"
    AMOUNT = "amount"
    CURRENCY = "currency"
    DUPLICATE = "duplicate"  # one transfer of ours, two of theirs
    TIMING = "timing"  # too near the end of the report, or not settled yet: a later report will tell


@dataclass(frozen=True, slots=True)
class Ours:
    """A transfer that moved our balance at the provider."""

    id: str
    payment_id: str
    kind: str  # capture, refund
    amount: Money  # as it moved the balance
    taken: bool  # by a line of a report


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same in both books; sums in minor units of `currency`, as they moved the balance."""

    subject: str  # a line's id, or a transfer's
    kind: Differs
    currency: str
    ours: int
    theirs: int
    at: datetime
    payment_id: str = ""


_KIND = {Moved.PAYMENT: "capture", Moved.REFUND: "refund"}


def compare(line: Line, ours: Iterable[Ours], *, open_yet: bool) -> Ours | Difference:
    """The transfer that this line is; else what is wrong. `open_yet`: the payment is still being settled.

    A refund is found by our reference, or where the report does not have it, by its amount.
    """
    known = [each for each in ours if each.kind == _KIND.get(line.kind)]
    if line.kind is Moved.REFUND and line.reference:
        named = [each for each in known if each.id == line.reference]
        known = named or [each for each in known if each.amount == line.amount]
    free = [each for each in known if not each.taken]
    for each in free:
        if each.amount == line.amount:
            return each
    amount = line.amount
    if not known or (not free and line.kind is Moved.REFUND and not line.reference):
        return _differs(line, Differs.TIMING if open_yet else Differs.THEIRS_ONLY, 0)
    if not free:
        return _differs(line, Differs.DUPLICATE, 0)
    if free[0].amount.currency != amount.currency:
        return _differs(line, Differs.CURRENCY, 0)
    return _differs(line, Differs.AMOUNT, free[0].amount.amount)


def _differs(line: Line, kind: Differs, ours: int) -> Difference:
    return Difference(line.id, kind, line.amount.currency, ours, line.amount.amount, line.at, line.payment_id)
