"""How orders is put together."""

from functools import partial
from pathlib import Path

from banyan.foundation.service import Service
from banyan.orders import api, saga
from banyan.orders.actions.mailing import send_due
from banyan.orders.actions.tidying import forget_carts
from banyan.orders.invariants import INVARIANTS
from banyan.orders.reactions import REACTIONS

LANES = ("saga", "saga_2", "saga_3", "saga_4")  # orders worked on at the same time, by each process


def service() -> Service:
    return Service(
        name="orders",
        folder=Path(__file__).parent,
        routes=api.routes,
        reactions=REACTIONS,
        chores={
            **{
                lane: partial(saga.lane, next_lane=follower) for lane, follower in zip(LANES, _followers(), strict=True)
            },
            "mail": send_due,
            "carts": forget_carts,
        },
        invariants=INVARIANTS,
        outbox="event",
    )


def _followers() -> tuple[str, ...]:
    return (*LANES[1:], LANES[0])
