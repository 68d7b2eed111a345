"""Every abuse of passkeys, codes, links and address changes that is on the list is refused as it says, and nothing changes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from banyan.users.app import service
from tests.conftest import OpenShop
from tests.users.abuses import acts
from tests.users.abuses.acts import Stage
from tests.users.desk import Desk
from tests.users.passkey_desk import ORIGIN

ABUSES = json.loads((Path(__file__).parent / "abuses" / "passkeys_and_links.json").read_text("utf-8"))
# All that an abuse could want to change. Challenges, tries and throttles may be used up by it.
_KEPT = {
    "account": "*",
    "passkey": "*",
    "totp": "*",
    "recovery_code": "*",
    "session": "*",
    "refresh_token": "*",
    "session_proof": "*",
    "email_change": "*",
    "magic_link": "hash, used_at",
    "letter": "id",
    "outbox": "key, type",
}

_ROWS = "SELECT t::text AS row FROM (SELECT {what} FROM {table}) AS t ORDER BY 1"


@dataclass(frozen=True)
class WireDesk(Desk):
    """Asked over a socket, as strangers do."""

    http: aiohttp.ClientSession | None = None
    read: list[tuple[str, str, str]] = field(default_factory=list)

    async def mail(self) -> list[tuple[str, str, str]]:
        """Read once: the folder would grow with every abuse."""
        self.read.extend(await super().mail())
        for each in (self.shop.settings.data_dir / "mail").glob("*.eml"):
            each.unlink()
        return self.read

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> HttpAnswer:
        assert self.http is not None
        given = {"authorization": f"Bearer {token}" if (token := more.get("token")) else ""} | (
            more.get("headers") or {}
        )
        headers = {"content-type": "application/json"} | {name: value for name, value in given.items() if value}
        sent = None if body is None else json.dumps(body)
        async with self.http.request(method, path, data=sent, headers=headers) as answer:
            told = tuple((name.lower(), value) for name, value in answer.headers.items() if name.lower() != "date")
            return HttpAnswer(answer.status, told, await answer.read())


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def desk(open_shop: OpenShop, clock: VirtualClock) -> AsyncIterator[WireDesk]:
    shop = await open_shop(service(), clock=clock, origin=ORIGIN)
    local = shop.peers.local("users")
    assert local is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(local.app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    serving = asyncio.create_task(server.serve())
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        for _ in range(500):
            try:
                async with http.get("/v1/me"):
                    break
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
        yield WireDesk(shop, http)
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait_for(serving, 30)


async def kept(desk: Desk) -> dict[str, list[str]]:
    return {
        table: [row["row"] for row in await desk.ports.db.fetch(_ROWS.format(what=what, table=table))]
        for table, what in _KEPT.items()
    }  # fmt: skip


@pytest.mark.parametrize("abuse", ABUSES, ids=[each["name"] for each in ABUSES])
async def test_an_abuse_is_refused_and_changes_nothing(
    desk: WireDesk, clock: VirtualClock, abuse: dict[str, Any]
) -> None:
    stage = Stage(desk, clock)
    await stage.set()
    attack = await getattr(acts, abuse["act"])(stage, **abuse["with"])
    before = await kept(desk)
    answer = await attack()
    code = answer.json()["code"] if answer.body else ""
    assert (answer.status, code) == (abuse["status"], abuse["code"]), answer.body
    assert await kept(desk) == before
    assert not any(secret in answer.body for secret in (b"Traceback", b"asyncpg", b"webauthn"))


async def test_nothing_tells_which_addresses_have_an_account(desk: WireDesk, clock: VirtualClock) -> None:
    """Every question a stranger may ask with an address, of one that has an account and of one that has none."""
    stage = Stage(desk, clock)
    await stage.set()
    for path, more in (("/v1/sessions", {"password": "not the password"}), ("/v1/sessions/magic-link", {})):
        known, unknown = [
            await stage.post(path, {"email": email, **more}) for email in (stage.victim["email"], "nobody@example.com")
        ]
        strip = {"trace_id", "attempt"}
        told = [{k: v for k, v in each.json().items() if k not in strip} for each in (known, unknown)]
        assert known.status == unknown.status
        assert told[0] == told[1]
        assert len(known.body) == len(unknown.body)


def test_the_list_is_long_enough_and_says_each_thing_once() -> None:
    assert len(ABUSES) >= 55
    assert len({each["name"] for each in ABUSES}) == len(ABUSES)
