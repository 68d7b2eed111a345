"""How payments is put together."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from banyan.contracts.payments import (
    AskDefaultMethod,
    AskPayment,
    Authorize,
    CapturePayment,
    RefundPayment,
    TakePayments,
    VoidPayment,
)
from banyan.foundation.service import Service
from banyan.payments import actions, api, intake, providers
from banyan.payments.invariants import INVARIANTS
from banyan.payments.providers import Desk, Provider


def service(given: Mapping[str, Provider] | None = None) -> Service:
    """Payments over the shop's providers, or over those that a test gives."""
    desk = Desk(providers.known() if given is None else given)
    return Service(
        name="payments",
        folder=Path(__file__).parent,
        routes=api.routes(desk),
        calls={
            Authorize: partial(actions.authorize, desk),
            CapturePayment: partial(actions.capture, desk),
            VoidPayment: partial(actions.void, desk),
            RefundPayment: partial(actions.refund, desk),
            AskPayment: actions.ask_payment,
            TakePayments: intake.take_payments,
            AskDefaultMethod: actions.ask_default_method,
        },
        chores={f"settle {name}": partial(actions.look, desk, name) for name in desk} | {"forget": actions.forget},
        invariants=INVARIANTS,
    )
