"""PayPal's client beside the played PayPal, without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from banyan.payments.providers.paypal import Client
from banyan.simulators.paypal import CLIENT, MERCHANT, WEBHOOK_ID, PayPal
from tests.payments.played import Bench


@dataclass
class Desk:
    bench: Bench
    client: Client
    paypal: PayPal
    posted: list[tuple[Mapping[str, str], bytes]]


def settings(roots: Path) -> dict[str, str]:
    return {
        "paypal_client_id": CLIENT[0],
        "paypal_client_secret": CLIENT[1],
        "paypal_webhook_id": WEBHOOK_ID,
        "paypal_merchant_id": MERCHANT,
        "paypal_cert_roots": str(roots),
    }


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("paypal")
    bench = Bench(folder, **settings(folder / "roots.pem"))
    posted: list[tuple[Mapping[str, str], bytes]] = []

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        posted.append((headers, body))
        return 200

    paypal = PayPal(bench.clock, bench.ids, post)
    (folder / "roots.pem").write_bytes(paypal.authority.pem())
    bench.egress.stand_in("https://api-m.paypal.com", paypal.app)
    bench.egress.stand_in("https://api.paypal.com", paypal.app)
    return Desk(bench, Client(), paypal, posted)
