"""What operators ask of a service: which streams wait, the proof of its invariants; and nobody else may."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from banyan.contracts import Event
from banyan.foundation import loopback, outbox
from banyan.foundation.auth import Authority, Principal
from banyan.foundation.db import Tx
from banyan.foundation.inbox import Inbox
from banyan.foundation.operate import PROOF_SECONDS, prove
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop, inbox_of
from banyan.foundation.service import Invariant, Ports, Service
from banyan.kernel.clock import VirtualClock
from tests.conftest import OpenShop


class Dropped(Event, owner="workshop", key="shelf"):
    shelf: str
    number: int


class Porter(Authority):
    """Knows an operator and a stock keeper by their names."""

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        rights = {"operator": frozenset({"operate"}), "keeper": frozenset({"stock:read"})}
        name = authorization.removeprefix("Bearer ")
        return Principal(f"usr_{name}", None, rights[name]) if name in rights else Principal()


async def drop(ports: Ports, tx: Tx, event: Dropped) -> None:
    if event.shelf == "rotten":
        raise ValueError("the shelf broke")


WORKSHOP = Service(
    name="workshop",
    folder=Path(__file__).parent / "toy",
    routes=lambda _: APIRouter(),
    reactions={Dropped: drop},
    invariants=(
        Invariant("I5", "no key is spare", "SELECT scope, key FROM idempotency WHERE scope = 'spare' ORDER BY key"),
    ),
)


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    shop = await open_shop(WORKSHOP, clock=VirtualClock())
    ports = shop.ports["workshop"]
    ports.authority = Porter(shop.peers, issuer="", clock=shop.clock)
    return shop


async def ask(shop: Shop, path: str, *, method: str = "GET", as_: str = "operator") -> HttpAnswer:
    local = shop.peers.local("workshop")
    assert local is not None
    return await loopback.request(local.app, method, f"/operate/{path}", headers={"authorization": f"Bearer {as_}"})


async def stumble(shop: Shop) -> tuple[int, Inbox]:
    """Three facts of which the first cannot be handled: its number, and the inbox."""
    ports = shop.ports["workshop"]
    box = inbox_of(WORKSHOP, ports)
    async with ports.db.transaction() as tx:
        tx.tell(*(Dropped(shelf=shelf, number=number) for number in (1, 2) for shelf in ("rotten", "sound")))
    await outbox.relay_once(ports.db, shop.bus)
    while await shop.bus.deliver(box.consumer, box.topics, box.take):
        pass
    [stream] = (await ask(shop, "parked")).json()["items"]
    return stream["seq"], box


@pytest.mark.parametrize(("who", "status"), [("", 401), ("nobody", 401), ("keeper", 403)])
async def test_only_who_may_operate_is_answered(shop: Shop, who: str, status: int) -> None:
    for method, path in (
        ("GET", "invariants"),
        ("GET", "parked"),
        ("POST", "parked/1/retry"),
        ("POST", "parked/1/discard"),
    ):
        assert (await ask(shop, path, method=method, as_=who)).status == status


async def test_nothing_of_it_is_in_the_services_description(shop: Shop) -> None:
    local = shop.peers.local("workshop")
    assert local is not None
    described = (await loopback.request(local.app, "GET", "/openapi.json", headers={})).json()
    assert [path for path in described["paths"] if path.startswith(("/operate", "/internal"))] == []


async def test_a_stream_that_waits_is_told_with_its_first_event_and_what_stands_behind(shop: Shop) -> None:
    await stumble(shop)
    [stream] = (await ask(shop, "parked")).json()["items"]
    assert (stream["consumer"], stream["topic"], stream["key"], stream["type"]) == (
        "workshop",
        "workshop",
        "rotten",
        "workshop.Dropped",
    )
    assert (stream["behind"], stream["attempts"], stream["parked_at"]) == (1, 1, None)
    assert "the shelf broke" in stream["error"]
    assert stream["envelope"]["data"] == {"shelf": "rotten", "number": 1}


async def test_an_event_that_fails_eight_times_is_parked_and_a_retry_gives_it_as_many_again(shop: Shop) -> None:
    seq, box = await stumble(shop)
    assert isinstance(shop.clock, VirtualClock)
    for _ in range(10):
        shop.clock.advance(120)
        await box.retry_due()
    [stream] = (await ask(shop, "parked")).json()["items"]
    assert (stream["attempts"], stream["parked_at"] is not None) == (8, True)
    assert (await ask(shop, f"parked/{seq}/retry", method="POST")).json() == {"seq": seq}
    [stream] = (await ask(shop, "parked")).json()["items"]
    assert (stream["attempts"], stream["parked_at"]) == (0, None)


async def test_a_discarded_event_counts_as_handled_and_its_stream_goes_on(shop: Shop) -> None:
    seq, box = await stumble(shop)
    for behind in (1, 0):
        [stream] = (await ask(shop, "parked")).json()["items"]
        assert stream["behind"] == behind
        assert (await ask(shop, f"parked/{stream['seq']}/discard", method="POST")).status == 200
    assert (await ask(shop, "parked")).json() == {"items": []}
    assert await shop.ports["workshop"].db.fetchval("SELECT count(*) FROM inbox") == 4
    assert await box.retry_due() == 0
    assert seq


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63), "9" * 400, "1.5", "%00"])
async def test_a_number_no_event_has_is_refused(shop: Shop, number: str) -> None:
    for act in ("retry", "discard"):
        assert (await ask(shop, f"parked/{number}/{act}", method="POST")).status in (404, 422)
    assert (await ask(shop, f"parked/{2**63 - 1}/retry", method="POST")).status == 404


async def test_the_proof_names_each_promise_and_its_violations(shop: Shop) -> None:
    db = shop.ports["workshop"].db
    async with db.transaction() as tx:
        await tx.execute(
            """INSERT INTO idempotency (scope, key, fingerprint, status, body, running_until)
               SELECT 'spare', lpad(n::text, 3, '0'), '', 200, '', shop_now() FROM generate_series(1, 130) n"""
        )
    findings = await prove(WORKSHOP, db)
    assert [finding.id for finding in findings] == ["I5", "I8", "I19", "I20"]
    assert [finding.count for finding in findings] == [130, 0, 0, 0]
    assert len(findings[0].rows) == 100
    told: Any = (await ask(shop, "invariants")).json()
    assert told["items"][0] | {"rows": []} == {
        "id": "I5",
        "service": "workshop",
        "promise": "no key is spare",
        "violations": 130,
        "rows": [],
    }
    assert told["items"][0]["rows"] == [{"scope": "spare", "key": f"{n:03}"} for n in range(1, 11)]


async def test_a_proof_is_made_once_a_minute_however_often_it_is_asked_for(shop: Shop) -> None:
    assert isinstance(shop.clock, VirtualClock)
    first = (await ask(shop, "invariants")).json()
    shop.clock.advance(PROOF_SECONDS - 1)
    assert (await ask(shop, "invariants")).json() == first
    shop.clock.advance(2)
    assert (await ask(shop, "invariants")).json()["proved_at"] > first["proved_at"]


async def test_the_outbox_a_service_names_is_the_one_that_is_watched(open_shop: OpenShop, tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "0001_ledger.sql").write_text("CREATE TABLE ledger (LIKE outbox INCLUDING ALL)")
    other = replace(WORKSHOP, name="bindery", folder=tmp_path, outbox="ledger")
    shop = await open_shop(other, clock=VirtualClock())
    db = shop.ports["bindery"].db
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO ledger (id, type, key, data) VALUES ('evt_1', 'bindery.Bound', 'k', '{}')")
    assert isinstance(shop.clock, VirtualClock)
    shop.clock.advance(61)
    [waiting] = [finding for finding in await prove(other, db) if finding.count]
    assert (waiting.id, waiting.rows[0]["id"]) == ("I20", "evt_1")
