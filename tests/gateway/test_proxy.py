"""The same door before services of other processes: over real sockets, streamed, and told apart when something breaks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from banyan.foundation import choose, deadlines
from banyan.foundation.running import Shop
from banyan.gateway.app import Gateway, open_gateway
from tests.conftest import OpenShop
from tests.gateway.conftest import ROUTES, Served, Toys, edge

SECRET = SecretStr("of the house")


@pytest.fixture(scope="module")
async def services(open_shop: OpenShop, toys: Toys) -> Shop:
    toys.busy.set()
    return await open_shop(*toys.services(), work=True, peer_secret=SECRET)


@pytest.fixture(scope="module")
async def far(services: Shop, served: Served) -> AsyncIterator[Shop]:
    """A process that has none of the services itself, and knows where they are; payments is nowhere any more."""
    urls = {"payments_url": "http://127.0.0.1:9"}
    for name in ("catalog", "orders", "users"):
        local = services.peers.local(name)
        assert local is not None
        urls[f"{name}_url"] = await served(edge(local.app, services, trust=True))
    settings = services.settings.model_copy(update=urls)
    bus = await choose.bus(services.bus._url)  # type: ignore[attr-defined]  # connections of its own
    shop = Shop.over(settings, bus, clock=services.clock, ids=services.ids, caller="gateway")
    yield shop
    await shop.close()


@pytest.fixture(scope="module")
async def gateway(far: Shop) -> AsyncIterator[Gateway]:
    opened = await open_gateway(far, ROUTES)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def origin(gateway: Gateway, far: Shop, served: Served) -> str:
    async def hurried(scope: Any, receive: Any, send: Any) -> None:
        slow = scope["path"].endswith("/slow")
        async with deadlines.within(0.3 if slow else 15):
            await gateway(scope, receive, send)

    return await served(edge(hurried, far))


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def raw(origin: str, sent: bytes) -> bytes:
    """What comes back on one connection until it is closed or nothing more comes."""
    host, _, port = origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    got = b""
    while True:
        try:
            async with asyncio.timeout(0.5):
                part = await reader.read(65_536)
        except TimeoutError:
            break
        if not part:
            break
        got += part
    writer.close()
    return got


async def test_a_request_reaches_a_far_service_as_it_reaches_a_near_one(
    origin: str, http: aiohttp.ClientSession, toys: Toys, services: Shop
) -> None:
    headers = {"authorization": f"Bearer {toys.token(services)}", "x-forwarded-for": "6.6.6.6", "x-deadline": "1"}
    body = b"x" * 900_000
    async with http.post(f"{origin}/v1/carts?b=%20&a=1", data=body, headers=headers) as answer:
        said = await answer.json()
        assert (said["method"], said["path"], said["query"], said["size"]) == (
            "POST",
            "/v1/carts",
            "b=%20&a=1",
            len(body),
        )
        heard = said["headers"]
        assert (heard["x-forwarded-for"], heard["x-forwarded-host"]) == ("127.0.0.1", origin.removeprefix("http://"))
        assert heard["x-request-id"] == answer.headers["x-request-id"]
        assert float(heard["x-deadline"]) > 1
        assert [value.partition("=")[0] for value in answer.headers.getall("set-cookie")] == ["banyan_cart", "other"]
        assert answer.headers.getall("x-request-id") == [answer.headers["x-request-id"]]
        assert "x-banyan-tags" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_without_a_length_streams_both_ways(origin: str, http: aiohttp.ClientSession) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"y" * 10_000

    async with http.post(f"{origin}/v1/carts", data=pieces()) as answer:
        assert (await answer.json())["size"] == 500_000
    async with http.get(f"{origin}/v1/orders/stream?pieces=2000") as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        assert (await answer.read()).count(b"\n") == 2000


async def test_a_body_that_turns_out_too_long_is_refused(origin: str, http: aiohttp.ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"z" * 50_000

    async with http.post(f"{origin}/v1/carts", data=endless()) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "too_large")


async def test_half_an_answer_is_not_taken_for_a_whole_one(origin: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{origin}/v1/orders/broken") as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_service_that_is_away_is_503_and_one_that_is_slow_504(
    origin: str, http: aiohttp.ClientSession, toys: Toys
) -> None:
    async with http.post(f"{origin}/v1/payments/x", data=b"{}") as answer:
        assert (answer.status, answer.headers["retry-after"], (await answer.json())["code"]) == (
            503,
            "1",
            "unavailable",
        )
    toys.busy.clear()
    async with http.get(f"{origin}/v1/orders/slow") as answer:
        assert (answer.status, (await answer.json())["code"]) == (504, "deadline_passed")
    toys.busy.set()
    async with http.get(f"{origin}/v1/orders/slow") as answer:
        assert answer.status == 200


async def test_far_reads_are_kept_and_a_change_is_heard_over_the_bus(
    origin: str, http: aiohttp.ClientSession, toys: Toys
) -> None:
    async def price() -> int:
        async with http.get(f"{origin}/v1/products/prd_cup") as answer:
            assert answer.status == 200
            return int((await answer.json())["price"])

    assert await price() == 20
    del toys.asked[:]
    assert [await price() for _ in range(20)] == [20] * 20
    assert toys.asked == []
    async with http.patch(f"{origin}/v1/products/prd_cup?price=19", headers={"if-match": '"20"'}) as answer:
        assert answer.status == 200
    async with asyncio.timeout(30):
        while await price() != 19:
            await asyncio.sleep(0.01)


async def test_head_and_options_over_the_wire(origin: str, http: aiohttp.ClientSession) -> None:
    async with http.head(f"{origin}/v1/orders/echo") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert int(answer.headers["content-length"]) > 0
    async with http.options(f"{origin}/v1/orders/echo") as answer:
        assert (answer.status, answer.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize(
    "request_head",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: +5\r\n\r\nhello",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ],
)
async def test_a_request_hidden_in_another_reaches_no_service(origin: str, toys: Toys, request_head: bytes) -> None:
    hidden = b"GET /v1/orders/echo?hidden HTTP/1.1\r\nHost: a\r\nX-Hidden: yes\r\n\r\n"
    del toys.heard[:]
    got = await raw(origin, b"POST /v1/carts HTTP/1.1\r\nHost: a\r\n" + request_head + hidden)
    assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200"))
    assert not any("x-hidden" in heard for heard in toys.heard), "if it was let in, then as one request, and closed"


async def test_two_hosts_and_a_made_up_peer_are_refused(origin: str) -> None:
    assert (await raw(origin, b"GET /v1/orders/echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")).startswith(
        b"HTTP/1.1 400"
    )
    said = await raw(origin, b"GET /v1/orders/echo HTTP/1.1\r\nHost: a\r\nX-Banyan-Peer: x.1.y\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 404")


async def test_a_target_is_always_of_this_shop(origin: str) -> None:
    said = await raw(origin, b"GET http://evil.example/v1/orders/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b'"path":"/v1/orders/echo"' in said
    for target in (b"//evil.example/v1/orders/echo", b"*", b"/v1/orders/../orders/echo"):
        said = await raw(origin, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400"), target
