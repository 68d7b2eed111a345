"""How orders is put together."""

from functools import partial
from pathlib import Path

from banyan.contracts import access
from banyan.contracts.legacy import AskUnsettled, CartsTouched, OrdersHandOver, OrdersTake, OrdersTenure
from banyan.contracts.privacy import ForgetOrders, NameOrders, TellOrders
from banyan.foundation import tenure
from banyan.foundation.service import Chore, Service
from banyan.orders import api, intake, saga
from banyan.orders.actions import privacy
from banyan.orders.actions.announcing import announce
from banyan.orders.actions.mailing import send_due
from banyan.orders.actions.tidying import forget_carts
from banyan.orders.invariants import INVARIANTS
from banyan.orders.reactions import REACTIONS

# Orders worked on at the same time, by each process: how long each lane waits at most (seconds) before it looks by
# itself. The first finds what nobody rang for; it rings the second, and so on.
LANES = {"saga": 1.0, "saga_2": 5.0, "saga_3": 5.0, "saga_4": 5.0}


def service() -> Service:
    return Service(
        name="orders",
        folder=Path(__file__).parent,
        routes=api.routes,
        access=access.rows("orders"),
        calls={
            OrdersTake: intake.take,
            OrdersHandOver: intake.hand_over,
            CartsTouched: intake.touched,
            AskUnsettled: intake.unsettled,
            TellOrders: privacy.tell,
            NameOrders: privacy.name,
            ForgetOrders: privacy.forget,
            OrdersTenure: tenure.over("cart", "cart_line", "event", "order_view", outbox="event"),
        },
        reactions=REACTIONS,
        chores={
            **_lanes(),
            "mail": send_due,
            "carts": forget_carts,
            "takings": intake.tell_payments,
            "seal": privacy.seal_older,
        },
        invariants=INVARIANTS,
        outbox="event",
        announces=announce,
        seals=True,
    )


def _lanes() -> dict[str, Chore]:
    names = list(LANES)
    following = zip(names, names[1:] + names[:1], strict=True)
    return {name: partial(saga.lane, next_lane=follower, idle=LANES[name]) for name, follower in following}
