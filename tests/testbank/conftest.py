"""A merchant's desk at the bank: requests with its key, and a shop that takes the bank's webhooks."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Request, Response

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.kernel.clock import VirtualClock
from banyan.testbank import actions
from banyan.testbank.actions.secrets import webhook_secret
from banyan.testbank.app import service
from tests.conftest import OpenShop


@dataclass(slots=True)
class Desk:
    shop: Shop
    bank: Service
    heard: list[dict[str, Any]] = field(default_factory=list)  # webhooks whose signature held
    refuses: int = 0  # how many webhooks the merchant answers with 500

    @property
    def clock(self) -> VirtualClock:
        assert isinstance(self.shop.clock, VirtualClock)
        return self.shop.clock

    @property
    def ports(self) -> Ports:
        return self.shop.ports["testbank"]

    async def http(
        self, method: str, path: str, body: object = None, *, key: str | None = None, kind: str = "application/json"
    ) -> HttpAnswer:
        key = f"Bearer {actions.merchant_key(self.shop.settings)}" if key is None else key
        headers = {"authorization": key, "content-type": kind}
        local = self.shop.peers.local("testbank")
        assert local is not None
        raw = json.dumps(body).encode() if body is not None else b""
        return await loopback.request(local.app, method, f"/bank{path}", headers=headers, body=raw)

    async def charge(self, reference: str, token: str = "tok_ok", /, amount: int = 500, **of: Any) -> HttpAnswer:
        body = {"reference": reference, "amount": amount, "currency": "EUR", "token": token} | of
        return await self.http("POST", "/charges", body)

    async def held(self, reference: str, token: str = "tok_ok") -> str:
        """The id of a new charge of 5.00 EUR."""
        return str((await self.charge(reference, token)).json()["id"])

    async def do(self, charge_id: str, deed: str, reference: str, amount: int = 500) -> HttpAnswer:
        body = {"reference": reference} if deed == "void" else {"reference": reference, "amount": amount}
        return await self.http("POST", f"/charges/{charge_id}/{deed}", body)

    async def deliver(self) -> float:
        return await self.bank.chores["webhooks"](self.ports)

    async def broken(self) -> list[str]:
        return [each.id for each in self.bank.invariants if await self.ports.db.fetch(each.sql)]


def merchant(desk: list[Desk]) -> Service:
    """Stands where payments would: checks each webhook's signature, and fails when it is told to."""

    def routes(ports: Ports) -> APIRouter:
        router = APIRouter()

        @router.post("/webhooks/testbank")
        async def take(request: Request) -> Response:
            if desk[0].refuses > 0:
                desk[0].refuses -= 1
                return Response(status_code=500)
            body = await request.body()
            timestamp, _, digest = request.headers["testbank-signature"].partition(",v1=")
            signed = f"{timestamp.removeprefix('t=')}.".encode() + body
            expected = hmac.new(webhook_secret(ports.settings), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(digest, expected)
            desk[0].heard.append(json.loads(body))
            return Response()

        return router

    return Service(name="payments", folder=Path(__file__).parent, routes=routes)


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop) -> Desk:
    bank, place = service(), list[Desk]()
    shop = await open_shop(bank, merchant(place), clock=VirtualClock())
    place.append(Desk(shop, bank))
    return place[0]
