"""How payments is put together."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from banyan.contracts import access
from banyan.contracts.payments import (
    AskDefaultMethod,
    AskPayment,
    Authorize,
    CapturePayment,
    RefundPayment,
    SettlePayment,
    TakePayments,
    VoidPayment,
)
from banyan.contracts.privacy import ForgetPayments, TellPayments
from banyan.foundation.service import Service
from banyan.payments import actions, api, intake
from banyan.payments.actions import privacy
from banyan.payments.invariants import INVARIANTS
from banyan.payments.providers import Provider
from banyan.payments.providers.desk import Desk, known


def service(given: Mapping[str, Provider] | None = None) -> Service:
    """Payments over the providers that there are, or those that a test gives; settings say which a shop deals with."""
    desk = Desk(known() if given is None else given)
    return Service(
        name="payments",
        folder=Path(__file__).parent,
        routes=api.routes(desk),
        access=access.rows("payments"),
        calls={
            Authorize: partial(actions.authorize, desk),
            CapturePayment: partial(actions.capture, desk),
            VoidPayment: partial(actions.void, desk),
            RefundPayment: partial(actions.refund, desk),
            AskPayment: actions.ask_payment,
            SettlePayment: partial(actions.settle_payment, desk),
            TakePayments: intake.take_payments,
            AskDefaultMethod: actions.ask_default_method,
            TellPayments: privacy.tell_person,
            ForgetPayments: privacy.forget_person,
        },
        chores={f"settle {name}": partial(actions.look, desk, name) for name in desk}
        | {f"reconcile {name}": partial(actions.nightly, desk, name) for name in desk}
        | {"forget": actions.forget},
        invariants=INVARIANTS,
    )
