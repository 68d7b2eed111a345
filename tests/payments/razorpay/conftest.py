"""Razorpay's client beside the played Razorpay, without a database."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from banyan.payments.providers.razorpay import Client
from banyan.simulators.razorpay import ACCOUNT, KEY, WEBHOOK_SECRET, Razorpay
from tests.payments.played import Bench

SETTINGS = {
    "razorpay_key_id": KEY[0],
    "razorpay_key_secret": KEY[1],
    "razorpay_webhook_secret": WEBHOOK_SECRET,
    "razorpay_account": ACCOUNT,
}


@dataclass
class Desk:
    bench: Bench
    client: Client
    razorpay: Razorpay
    posted: list[tuple[Mapping[str, str], bytes]]


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    bench = Bench(tmp_path_factory.mktemp("razorpay"), **SETTINGS)
    posted: list[tuple[Mapping[str, str], bytes]] = []

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        posted.append((headers, body))
        return 200

    razorpay = Razorpay(bench.clock, bench.ids, post)
    bench.egress.stand_in("https://api.razorpay.com", razorpay.app)
    return Desk(bench, Client(), razorpay, posted)
