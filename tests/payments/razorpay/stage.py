"""Razorpay's stage for the promises that every provider keeps (tests/payments/providers)."""

from collections.abc import Mapping

from banyan.foundation.peers import HttpAnswer
from banyan.payments.providers.razorpay import SHOPPER, Client
from banyan.simulators.razorpay import Razorpay
from tests.payments.conftest import Till
from tests.payments.providers.stages import Stage, Sums

FORM = {"content-type": "application/x-www-form-urlencoded"}


def played(till: Till) -> Razorpay:
    """Razorpay beside this till, its webhooks on their way to it."""

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        return (await till.http("POST", "/webhooks/razorpay", body, headers=headers)).status

    made = Razorpay(till.clock, till.ports.ids, post)
    till.ports.egress.stand_in("https://api.razorpay.com", made.app)
    return made


def stage(till: Till) -> Stage:
    sim = played(till)

    def token(**of: bool) -> str:
        made = sim.act("tokens", of)
        return f"{made['customer_id']}:{made['id']}"

    async def sums(payment_id: str) -> Sums:
        """A payment noted void is let go of: it goes back by itself, for nobody captures it."""
        mine = [each for each in sim.book.payments.values() if each.order.receipt == payment_id]
        held = [each.amount for each in mine if each.status == "authorized" and "void" not in each.notes]
        taken = [each for each in mine if each.captured]
        return Sums(
            len(held) + len(taken), sum(held), sum(each.amount for each in taken), sum(each.refunded for each in taken)
        )

    async def agree(url: str, yes: bool) -> HttpAnswer:
        body = f"choice={'pay' if yes else 'fail'}".encode()
        return await till.ports.egress.send("POST", url, headers=FORM, body=body, seconds=5)

    def webhooks() -> list[tuple[Mapping[str, str], bytes]]:
        return [(sim._sign(each), each.body) for each in sim.hooks.told]

    return Stage(
        name="razorpay",
        till=till,
        provider=Client(),
        troubles=sim.troubles,
        paths={
            "authorize": "POST .*/recurring$",
            "capture": "POST .*/capture$",
            "void": "PATCH /v1/payments",
            "refund": "POST .*/refund$",
            "look_up": "GET /v1/",
        },
        sums=sums,
        good=token(),
        poor=token(declines=True),
        confirm=SHOPPER,
        agree=agree,
        webhooks=webhooks,
        played=sim,
        captures_parts=False,
    )
