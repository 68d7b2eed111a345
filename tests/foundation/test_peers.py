"""Services ask each other the same way in one process and over the wire, and only peers may."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from pydantic import Field
from starlette.responses import Response

from banyan.contracts import Call, Contract, callers
from banyan.foundation import deadlines, loopback, telemetry, web
from banyan.foundation.edge import Edge
from banyan.foundation.free_ports import free_port
from banyan.foundation.peers import Peers
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.foundation.web import Body, SureKey, Who
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Conflict, DeadlinePassed, Fault, Forbidden, Refusal, Unavailable
from tests.conftest import OpenShop


class Sum(Contract):
    total: int
    trace: str
    seconds_left: float


class AddUp(Call[Sum], owner="adder", answer=Sum):
    numbers: tuple[int, ...]
    pause: float = 0


callers.CALLERS["adder.AddUp"] = frozenset({"orders"})


class Item(Body):
    name: str = Field(min_length=1, max_length=10)


async def add_up(ports: Ports, call: AddUp) -> Sum:
    await asyncio.sleep(call.pause)
    if sum(call.numbers) < 0:
        raise Conflict(
            "no debts here", code="debts", errors=[Fault("/numbers", "negative", "below zero")], retry_after=3
        )
    return Sum(total=sum(call.numbers), trace=telemetry.trace_id(), seconds_left=deadlines.remaining())


def routes(_: Ports) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/things")
    async def make(item: Item, who: Who, key: SureKey) -> Response:
        return web.json({"name": item.name, "caller": who.caller}, 201)

    @router.get("/v1/broken")
    async def broken() -> Response:
        raise ZeroDivisionError("a secret detail")

    return router


ADDER = Service(name="adder", folder=Path(__file__).parent / "toy", routes=routes, calls={AddUp: add_up})


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(ADDER, peer_secret="between us")


@pytest.fixture(scope="module")
async def url(shop: Shop) -> AsyncIterator[str]:
    local, port, clock = shop.peers.local("adder"), free_port(), SystemClock()
    assert local is not None
    edge = Edge(local.app, "adder", clock=clock, ids=SystemIds(clock), ready=shop.ready, trust=True)
    server = Server(
        edge, address="127.0.0.1", port=port, interface=Interfaces.ASGI, http=HTTPModes.http1, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await serving


@pytest.fixture(params=["in this process", "over the wire"])
async def peers(request: pytest.FixtureRequest, shop: Shop, url: str) -> AsyncIterator[Peers]:
    if request.param == "in this process":
        yield shop.peers
        return
    far = Peers({"adder": url}, clock=SystemClock(), secret="between us", caller="orders")
    yield far
    await far.close()


async def test_a_call_is_answered(peers: Peers) -> None:
    assert (await peers.ask(AddUp(numbers=(1, 2, 3)))).total == 6


async def test_a_refusal_crosses_whole(peers: Peers) -> None:
    with pytest.raises(Refusal) as refused:
        await peers.ask(AddUp(numbers=(-1,)))
    assert (refused.value.status, refused.value.code, refused.value.detail) == (409, "debts", "no debts here")
    assert refused.value.errors == (Fault("/numbers", "negative", "below zero"),)
    assert refused.value.retry_after == 3


async def test_the_trace_and_the_deadline_go_with_a_call(peers: Peers) -> None:
    telemetry.enter("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "", "0" * 48)
    async with deadlines.within(3):
        answer = await peers.ask(AddUp(numbers=(1,)))
    assert answer.trace == "a" * 32
    assert 0 < answer.seconds_left <= 3


async def test_a_call_that_takes_longer_than_the_deadline_ends(peers: Peers) -> None:
    with pytest.raises(DeadlinePassed):
        async with deadlines.within(0.05):
            await peers.ask(AddUp(numbers=(1,), pause=20))


async def test_plain_http_works_too_and_refuses_as_problem_json(peers: Peers) -> None:
    answer = await peers.http(
        "adder", "POST", "/v1/things", body=b'{"name":"a"}', headers={"content-type": "application/json"}
    )
    assert (answer.status, answer.json()["code"]) == (400, "key_required")
    answer = await peers.http("adder", "POST", "/v1/things", body=b'{"nam', headers={"idempotency-key": "k"})
    assert answer.status in (400, 422)
    assert answer.header("content-type") == "application/problem+json"


async def test_what_breaks_inside_stays_inside(peers: Peers) -> None:
    answer = await peers.http("adder", "GET", "/v1/broken")
    assert (answer.status, answer.json()["code"]) == (500, "internal")
    assert b"secret" not in answer.body


async def test_who_does_not_know_the_secret_is_not_a_peer(url: str) -> None:
    stranger = Peers({"adder": url}, clock=SystemClock(), secret="guessed", caller="orders")
    with pytest.raises(Refusal, match="only services of this shop"):
        await stranger.ask(AddUp(numbers=(1,)))
    await stranger.close()


async def test_without_any_secret_nobody_is_a_peer() -> None:
    nobody = Peers({}, clock=SystemClock())
    for proof in ("", "a.1.", "orders.1." + "0" * 64, "x" * 1000, "\x00"):
        with pytest.raises(Forbidden):
            nobody.admit(proof)


async def test_a_service_that_is_away_is_unavailable() -> None:
    peers = Peers({"adder": f"http://127.0.0.1:{free_port()}"}, clock=SystemClock(), secret="x")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await peers.ask(AddUp(numbers=(1,)))
    with pytest.raises(Unavailable, match="BANYAN_CATALOG_URL"):
        await peers.http("catalog", "GET", "/")
    await peers.close()


async def test_a_body_longer_than_allowed_is_refused_at_the_edge(url: str) -> None:
    peers = Peers({"adder": url}, clock=SystemClock(), secret="x")
    answer = await peers.http(
        "adder", "POST", "/v1/things", body=b" " * (web.MAX_BODY + 1), headers={"idempotency-key": "k"}
    )
    assert (answer.status, answer.json()["code"]) == (413, "too_large")
    await peers.close()


async def test_health_and_metrics_are_told(url: str) -> None:
    peers = Peers({"adder": url}, clock=SystemClock(), secret="x")
    assert (await peers.http("adder", "GET", "/livez")).status == 200
    assert (await peers.http("adder", "GET", "/readyz")).json() == {"ready": True}
    assert b"http_server_request_duration_seconds_bucket" in (await peers.http("adder", "GET", "/metrics")).body
    await peers.close()


@pytest.mark.parametrize(
    ("field", "pointer"), [({"name": ""}, "/body/name"), ({"name": "a", "role": "x"}, "/body/role"), ({}, "/body/name")]
)
async def test_faults_point_at_what_is_wrong(shop: Shop, field: dict[str, str], pointer: str) -> None:
    import orjson

    local = shop.peers.local("adder")
    assert local is not None
    headers = {"idempotency-key": "k", "content-type": "application/json"}
    answer = await loopback.request(local.app, "POST", "/v1/things", headers=headers, body=orjson.dumps(field))
    assert answer.status == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
