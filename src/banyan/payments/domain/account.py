"""A payment with what was asked for it, as it is changed: what is to be written of it, and what it moves in the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from banyan.contracts import Event
from banyan.payments.domain.payment import Kind, Operation, Reusable, Standing
from banyan.payments.domain.rules import movements


@dataclass(frozen=True, slots=True)
class Change:
    """How an open operation ended; with `seconds` it goes on, and is looked at then.

    `epoch`: only if no other worker took it since.
    """

    operation_id: str
    payment_id: str
    state: str
    failure: str | None = None
    seconds: float | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Balanced entries of the ledger, by account; made once by its name."""

    name: str
    payment_id: str
    kind: Literal["authorize", "capture", "release", "refund"]
    currency: str
    moved: Mapping[str, int]


class Account:
    """A payment with what was asked for it, and what is to be written of both: many wishes may change it one by one."""

    def __init__(self, payment: Standing, asked: Iterable[Operation] = ()) -> None:
        self.read = self.now = payment
        self.asked = {each.id: each for each in asked}
        self.intended: list[tuple[Operation, float]] = []  # new ones, and how long nobody else will ask
        self.reopened: list[tuple[Operation, float]] = []
        self.changes: dict[str, Change] = {}
        self.transfers: list[Transfer] = []
        self.facts: list[tuple[Event, str]] = []  # with the trace of the request they are due to
        self.keeps: Reusable | None = None  # a way to pay to be saved for its shopper …
        self.method_id = ""  # … by this name
        self.trace = ""  # of who acts on it now

    @property
    def changed(self) -> bool:
        return bool(self.now != self.read or self.intended or self.reopened or self.changes)

    def tell(self, fact: Event) -> None:
        self.facts.append((fact, self.trace))

    def due_to(self, trace: str) -> None:
        """Who acts on it now: the request that the open operation is due to, or else this one."""
        self.trace = next((each.trace for each in self.open_ones() if each.trace), trace)

    @property
    def capturing(self) -> int | None:
        """How much was asked to be captured; None where nobody asked."""
        asked = self.find("capture")
        return asked.amount if asked else None

    def open_ones(self) -> list[Operation]:
        return [each for each in self.asked.values() if each.open]

    def find(self, kind: Kind, refund_id: str | None = None) -> Operation | None:
        """Its one authorize, capture or void, or a refund by its id."""
        return next((e for e in self.asked.values() if (e.kind, e.refund_id) == (kind, refund_id)), None)

    def intend(self, operation: Operation, seconds: float) -> Operation:
        """Write down that this is to be asked: due at once, or taken for `seconds` in which nobody else will ask."""
        taken = int(seconds > 0)
        made = replace(operation, state="sent" if taken else "intended", attempts=taken, epoch=taken, trace=self.trace)
        self.intended.append((made, seconds))
        self.asked[made.id] = made
        return made

    def reopen(self, before: Operation, seconds: float, *, reference: str = "", amount: int = 0) -> Operation:
        """Take an operation anew for `seconds`: as it was, to ask again by the same reference, or with another amount by
        another reference.
        """
        again = replace(
            before,
            state="sent",
            failure=None,
            attempts=1,
            epoch=before.epoch + 1,
            reference=reference or before.reference,
            amount=amount or before.amount,
        )
        self.reopened.append((again, seconds))
        self.asked[again.id] = again
        return again

    def end(self, operation_id: str, state: str, failure: str | None = None, *, epoch: int | None = None) -> bool:
        """How an open operation ended; False when it had before, or was taken by another worker since `epoch`."""
        return self._change(Change(operation_id, self.now.id, state, failure, None, epoch))

    def put_off(self, operation: Operation, why: str, seconds: float) -> bool:
        """Look again in `seconds`; False when it ended, or another worker took it."""
        return self._change(Change(operation.id, self.now.id, "unknown", why[:200], seconds, operation.epoch))

    def _change(self, change: Change) -> bool:
        known = self.asked[change.operation_id]
        if not known.open or change.epoch not in (None, known.epoch):
            return False
        self.asked[known.id] = replace(known, state=change.state, failure=change.failure)
        self.changes[known.id] = change
        return True

    def post(self, name: str, kind: Literal["authorize", "capture", "release", "refund"], amount: int) -> None:
        """Add a transfer to the ledger."""
        self.transfers.append(Transfer(name, self.now.id, kind, self.now.amount.currency, movements(kind, amount)))
