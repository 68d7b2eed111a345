"""A vault on a virtual clock, its keys in a folder, and a provider that writes down what it is sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer, Peers
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.vault.app import service
from banyan.vault.safe import Safe
from tests.conftest import OpenShop

SHOP, VAULT, PROVIDER = "http://shop.test", "http://cards.test", "https://api.provider.test"
NUMBER = "4242424242424242"
CARD = {"number": NUMBER, "exp_month": 12, "exp_year": 2031, "cvc": "917"}


@dataclass(slots=True)
class Bank:
    """A provider: what it heard, and what it says next."""

    heard: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)
    status: int = 200
    says: str = '{"id":"pm_1"}'

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"].decode()
        self.heard.append((scope["path"], {k.decode(): v.decode() for k, v in scope["headers"]}, body))
        headers = [(b"content-type", b"application/json"), (b"set-cookie", b"a=b")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.says.encode()})


@dataclass(slots=True)
class World:
    shop: Shop
    safe: Safe
    bank: Bank

    @property
    def ports(self) -> Ports:
        return self.shop.ports["vault"]

    @property
    def clock(self) -> VirtualClock:
        assert isinstance(self.shop.clock, VirtualClock)
        return self.shop.clock

    @property
    def payments(self) -> Peers:
        return self.shop.peers.of("payments")

    async def http(self, method: str, path: str, body: Any = None, **headers: str) -> HttpAnswer:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        given = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if not isinstance(body, bytes):
            told |= {"content-type": "application/json"}
        local = self.shop.peers.local("vault")
        assert local is not None
        return await loopback.request(local.app, method, path, headers=told, body=given)

    async def card(self, **of: Any) -> str:
        answer = await self.http("POST", "/v1/vault/cards", CARD | of)
        assert answer.status == 201, answer.body
        return str(answer.json()["token"])

    async def everything(self) -> str:
        """All that the database holds, as text."""
        found = []
        for each in await self.ports.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            found += [
                str(row["t"]) for row in await self.ports.db.fetch(f"SELECT t::text FROM {each['tablename']} AS t")
            ]
        return "\n".join(found)

    async def audit(self, token: str) -> list[tuple[str, ...]]:
        rows = await self.ports.db.fetch("SELECT * FROM audit WHERE token = $1 ORDER BY id", token)
        return [(row["deed"], row["who"], row["purpose"], row["payment_id"], row["outcome"]) for row in rows]


@pytest.fixture(scope="module")
async def world(open_shop: OpenShop) -> World:
    safe, bank = Safe(), Bank()
    shop = await open_shop(
        service(safe),
        clock=VirtualClock(),
        origin=SHOP,
        vault_origin=VAULT,
        vault_hosts=PROVIDER,
        environment="production",
        rate_limits=False,
    )
    shop.egress.stand_in(PROVIDER, bank)
    return World(shop, safe, bank)
