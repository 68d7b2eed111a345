"""One saga being worked on, and what a step may come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from banyan.contracts import Event
from banyan.orders.domain.order import Order, fold
from banyan.orders.saga.steps import Step


@dataclass(frozen=True, slots=True)
class Run:
    """A saga in the hands of whoever holds its epoch. `late`: its time to be confirmed is over.

    `before`, `wrote`: the order and the step as they are written; `facts` are known since then and made it `order`, and
    are written together, so that steps which go at once cost one commit.
    """

    order: Order
    step: Step
    before: Order
    wrote: Step
    epoch: int = 1
    attempt: int = 0
    late: bool = False
    token: str | None = None
    facts: tuple[Event, ...] = ()
    began: float = 0.0  # when its lease began, by the clock's monotonic time

    @classmethod
    def of(
        cls,
        order: Order,
        step: Step,
        *,
        epoch: int = 1,
        attempt: int = 0,
        late: bool = False,
        token: str | None = None,
        began: float,
    ) -> "Run":
        """As it is written."""
        return cls(order, step, order, step, epoch, attempt, late, token, (), began)

    @property
    def fresh(self) -> bool:
        """Whether nobody has asked for any of its steps but the present one, which was asked once."""
        return self.epoch == 1 and self.attempt == 0 and self.step is self.wrote is Step.HOLD

    @property
    def unwritten(self) -> bool:
        """Whether more is known than is written."""
        return bool(self.facts) or self.step is not self.wrote

    def written(self, began: float) -> "Run":
        """With all that is known written, under a new lease."""
        return replace(self, before=self.order, wrote=self.step, facts=(), began=began)

    def learnt(self, facts: Sequence[Event], step: Step) -> "Run":
        """After one more step; nothing is written yet."""
        order = fold(facts, self.order) if facts else self.order
        return replace(self, order=order, facts=(*self.facts, *facts), step=step, attempt=0)


@dataclass(frozen=True, slots=True)
class Went:
    """A step is done: what became true, and which step follows (None: all is done). `trouble` is for operators."""

    facts: tuple[Event, ...]
    then: Step | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A step is not done, or nobody knows: try it again later, in `seconds` where it is known to take its time."""

    why: str
    seconds: float | None = None
