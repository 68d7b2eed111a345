"""The way out: bounded in time and size, no redirects, and it is known when nothing was sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from banyan.foundation.egress import LONGEST_ANSWER, Egress, NotSent
from banyan.foundation.free_ports import free_port
from banyan.kernel.refusals import DeadlinePassed, Unavailable


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    made = Egress()
    yield made
    await made.close()


@pytest.fixture
async def outside() -> AsyncIterator[str]:
    """A server with answers of every kind."""

    async def echo(asked: web.Request) -> web.Response:
        said = f"{asked.method} {asked.path_qs} {asked.headers.get('x-from')} ".encode() + await asked.read()
        return web.Response(status=402, body=said)

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound("/echo")

    over = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async def long(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * (LONGEST_ANSWER + 1))

    async def cut(asked: web.Request) -> web.Response:
        assert asked.transport is not None
        asked.transport.abort()
        return web.Response()

    app = web.Application()
    for path, answer in {"/echo": echo, "/away": away, "/slow": slow, "/long": long, "/cut": cut}.items():
        app.router.add_route("*", path, answer)
    port = free_port()
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    over.set()
    await runner.cleanup()


async def test_what_is_sent_arrives_and_any_status_is_an_answer(egress: Egress, outside: str) -> None:
    answer = await egress.send("PUT", f"{outside}/echo?a=1", headers={"x-from": "us"}, body=b"body", seconds=5)
    assert (answer.status, answer.body) == (402, b"PUT /echo?a=1 us body")


async def test_redirects_are_answers_and_are_not_followed(egress: Egress, outside: str) -> None:
    assert (await egress.send("GET", f"{outside}/away", seconds=5)).status == 302


async def test_of_a_server_that_does_not_listen_it_is_known_that_nothing_was_done(egress: Egress) -> None:
    with pytest.raises(NotSent):
        await egress.send("POST", f"http://127.0.0.1:{free_port()}/charge", seconds=5)


async def test_a_cut_connection_and_a_late_answer_leave_it_open(egress: Egress, outside: str) -> None:
    with pytest.raises(Unavailable) as cut:
        await egress.send("POST", f"{outside}/cut", seconds=5)
    assert not isinstance(cut.value, NotSent)
    with pytest.raises(DeadlinePassed):
        await egress.send("POST", f"{outside}/slow", seconds=0.1)


async def test_an_answer_without_end_is_not_read_to_its_end(egress: Egress, outside: str) -> None:
    with pytest.raises(Unavailable, match="more than"):
        await egress.send("GET", f"{outside}/long", seconds=5)


async def test_a_stand_in_answers_for_its_origin_alone(egress: Egress, outside: str) -> None:
    seen = []

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        seen.append((scope["path"], scope["query_string"], dict(scope["headers"])[b"host"]))
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    egress.stand_in("https://api.example.com", app)
    assert (await egress.send("GET", "https://api.example.com/v1?x=2", seconds=5)).body == b"here"
    assert seen == [("/v1", b"x=2", b"api.example.com")]
    assert (await egress.send("GET", f"{outside}/echo", seconds=5)).status == 402
