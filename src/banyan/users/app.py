"""How users is put together."""

from pathlib import Path

from banyan.contracts import access
from banyan.contracts.legacy import UsersHandOver, UsersTake, UsersTenure
from banyan.contracts.moving import SignIn
from banyan.contracts.users import AskApiKey, AskKeys, AskShopper
from banyan.foundation.service import Service
from banyan.users import actions, api, intake
from banyan.users.invariants import INVARIANTS


def service() -> Service:
    return Service(
        name="users",
        folder=Path(__file__).parent,
        routes=api.routes,
        access=access.rows("users"),
        calls={
            AskKeys: actions.answer_keys,
            AskApiKey: actions.answer_api_key,
            AskShopper: actions.answer_shopper,
            SignIn: actions.sign_in_known,
            UsersTake: intake.take,
            UsersHandOver: intake.hand_over,
            UsersTenure: intake.set_tenure,
        },
        chores={
            "rotate": actions.rotate_when_due,
            "post": actions.post,
            "sweep": actions.sweep,
            "erase": actions.erase,
            "export": actions.make_exports,
        },
        invariants=INVARIANTS,
        keeps_sessions=True,
    )
