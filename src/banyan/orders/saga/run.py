"""One saga being worked on, and what a step may come to."""

from dataclasses import dataclass

from banyan.contracts import Event
from banyan.orders.domain.order import Order
from banyan.orders.saga.steps import Step


@dataclass(frozen=True, slots=True)
class Run:
    """A saga in the hands of whoever holds its epoch. `late`: its time to be confirmed is over."""

    order: Order
    step: Step
    epoch: int = 1
    attempt: int = 0
    late: bool = False
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Went:
    """A step is done: what became true, and which step follows (None: all is done). `trouble` is for operators."""

    facts: tuple[Event, ...]
    then: Step | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A step is not done, or nobody knows: try it again later."""

    why: str
