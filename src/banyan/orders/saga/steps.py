"""The saga as data: what an order does in which order, and what gives each step back."""

from collections.abc import Mapping
from enum import StrEnum


class Step(StrEnum):
    """Outside calls, each of which may be asked again without harm."""

    HOLD = "hold"  # inventory sets the units aside
    AUTHORIZE = "authorize"  # payments reserves the money
    SELL = "sell"  # the units leave the books; the order is confirmed in the same breath
    CAPTURE = "capture"  # payments takes the money
    RELEASE = "release"  # inventory gets back what was held or sold
    VOID = "void"  # payments lets the money go, or refunds it


FORWARD = (Step.HOLD, Step.AUTHORIZE, Step.SELL, Step.CAPTURE)
COMPENSATION = (Step.RELEASE, Step.VOID)  # always both: they are safe where nothing was taken, and shut the door

UNDONE_BY: Mapping[Step, Step] = {
    Step.HOLD: Step.RELEASE,
    Step.AUTHORIZE: Step.VOID,
    Step.SELL: Step.RELEASE,
    Step.CAPTURE: Step.VOID,
}

UNSURE = frozenset({Step.HOLD, Step.AUTHORIZE, Step.SELL})  # steps that are given up when they take too long

CALL_SECONDS = 6.0  # the longest one call may take …
LEASE_SECONDS = 8.0  # … and after this others may take over: longer than a call, shorter than a shopper's patience
LIMIT_SECONDS = 900.0  # an order that is not confirmed by then is given up, and all it took given back
FIRST_WAIT = 0.25  # seconds; doubled each time, jittered, at most LONGEST_WAIT
LONGEST_WAIT = 8.0
CONFIRM_WAIT = 20.0  # while the shopper confirms the payment: what they do there wakes the saga


def pause(attempt: int, fraction: float) -> float:
    """Seconds before a step is tried again for the `attempt`-th time (from 0); `fraction` in [0, 1) spreads them."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt, 10)) * (0.5 + fraction / 2)
