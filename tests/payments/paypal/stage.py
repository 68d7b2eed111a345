"""PayPal's stage for the promises that every provider keeps (tests/payments/providers)."""

import atexit
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from banyan.payments.providers.paypal import Client
from banyan.payments.providers.paypal.asking import SHOPPER
from banyan.simulators.paypal import PayPal
from banyan.simulators.paypal.signing import Authority
from tests.payments.conftest import Till
from tests.payments.paypal.conftest import settings as _settings
from tests.payments.providers.stages import Stage, Sums


@cache
def authority() -> Authority:
    """Whom shops of this run trust: known before the shop opens."""
    return Authority.begin(VirtualClock().now())


@cache
def settings() -> dict[str, Any]:
    place = Path(tempfile.mkstemp(prefix="banyan-roots-", suffix=".pem")[1])
    atexit.register(place.unlink, missing_ok=True)
    place.write_bytes(authority().pem())
    return dict(_settings(place))


def played(till: Till) -> PayPal:
    """PayPal beside this till, its webhooks on their way to it."""

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        return (await till.http("POST", "/webhooks/paypal", body, headers=headers)).status

    made = PayPal(till.clock, till.ports.ids, post, authority=authority())
    till.ports.egress.stand_in("https://api-m.paypal.com", made.app)
    till.ports.egress.stand_in("https://api.paypal.com", made.app)
    return made


def stage(till: Till) -> Stage:
    sim = played(till)

    async def sums(payment_id: str) -> Sums:
        mine = [each for each in sim.book.orders.values() if each.custom_id == payment_id]
        held = [one.amount for each in mine for one in each.held if one.status == "CREATED"]
        taken = [one for each in mine for one in each.taken]
        return Sums(
            len(held) + len(taken), sum(held), sum(each.amount for each in taken), sum(each.refunded for each in taken)
        )

    async def agree(url: str, yes: bool) -> HttpAnswer:
        body = f"choice={'approve' if yes else 'refuse'}".encode()
        return await till.ports.egress.send("POST", url, headers=FORM, body=body, seconds=5)

    def webhooks() -> list[tuple[Mapping[str, str], bytes]]:
        return [(sim._sign(each), each.body) for each in sim.hooks.told]

    return Stage(
        name="paypal",
        till=till,
        provider=Client(),
        troubles=sim.troubles,
        paths={
            "authorize": "POST /v2/checkout/orders$",
            "capture": "POST .*/capture$",
            "void": "POST .*/void$",
            "refund": "POST .*/refund$",
            "look_up": "GET /v2/checkout/orders",
        },
        sums=sums,
        good=sim.act("wallets", {})["id"],
        confirm=SHOPPER,
        agree=agree,
        webhooks=webhooks,
        finds_by_asking=True,
        played=sim,
    )


FORM = {"content-type": "application/x-www-form-urlencoded"}
