"""How the vault is put together. It shares no process, no database and no keys with the rest of the shop."""

from functools import partial
from pathlib import Path

from banyan.contracts import access
from banyan.contracts.vault import ForgetCard, ForwardCard, KeepCard
from banyan.foundation.service import Service
from banyan.vault import actions, api
from banyan.vault.invariants import INVARIANTS
from banyan.vault.safe import Safe


def service(given: Safe | None = None) -> Service:
    """The vault over keys of its own, or over a safe that a test looks into."""
    safe = given or Safe()
    return Service(
        name="vault",
        folder=Path(__file__).parent,
        routes=partial(api.routes, safe),
        access=access.rows("vault"),
        calls={
            ForwardCard: partial(actions.forward_card, safe),
            KeepCard: partial(actions.keep_card, safe),
            ForgetCard: partial(actions.forget_card, safe),
        },
        chores={"sweep": partial(actions.sweep, safe)},
        invariants=INVARIANTS,
    )
