"""Answers are read whole however they are cut up, and a wrong body is told from a right one."""

import asyncio
import contextlib

import pytest
from bench.peers import client, wire
from bench.peers.asked import Ask, Skipped, Wrong, get, post
from hypothesis import given
from hypothesis import strategies as st

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"


@pytest.mark.parametrize("whole", [SIZED, CHUNKED])
def test_an_answer_is_there_when_its_last_byte_is(whole: bytes) -> None:
    for cut in range(len(whole)):
        assert wire.read(whole[:cut]) is None
    got = wire.read(whole + b"HTTP/1.1")
    assert got is not None
    assert (got[0].body, got[0].stays, got[1]) == (b"hello", True, b"HTTP/1.1")


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    assert wire.read(UNTIL_CLOSED) is None
    got = wire.read(UNTIL_CLOSED, ended=True)
    assert got is not None
    assert (got[0].body, got[0].stays) == (b"hello", False)


def test_no_content_has_no_body() -> None:
    got = wire.read(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert got is not None
    assert got[0].body == b""


def test_every_value_of_a_header_is_given() -> None:
    answer = wire.Answer(200, b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2", b"", True)
    assert answer.headers("Set-Cookie") == ["a=1; Path=/", "b=2"]


def test_what_an_answer_must_hold_is_looked_for() -> None:
    ask = get("/p", '"name":"A"', each='"slug":', count=2)
    assert ask.fault(200, b'{"name":"A","slug":1,"slug":2}') == ""
    assert "status 500" in ask.fault(500, b'{"name":"A","slug":1,"slug":2}')
    assert "no " in ask.fault(200, b'{"name":"B","slug":1,"slug":2}')
    assert "1 times" in ask.fault(200, b'{"name":"A","slug":1}')


@given(has=st.lists(st.text(max_size=5), max_size=3), each=st.text(max_size=3), count=st.integers(0, 99))
def test_an_ask_goes_to_another_process_and_back(has: list[str], each: str, count: int) -> None:
    ask = post("/p", b'{"a":1}', *has, each=each, count=count, Authorization="x")
    assert Ask.of(ask.as_json()) == ask


async def _serving(answers: list[bytes]) -> asyncio.Server:
    """A server that gives these in turn, and hangs up after one that says so."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                answer = left.pop(0) if len(left) > 1 else left[0]
                writer.write(answer)
                await writer.drain()
                if b"close" in answer:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def test_a_server_that_hangs_up_after_each_answer_is_asked_on_a_new_connection() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
    async with await _serving([closing]) as server:
        seen = await client.asking(_port(server), 2, 0.2, [get("/", "hello")])
    assert seen.done > 4
    assert seen.wrong == 0


async def test_nothing_is_asked_for_twice_before_all_of_it_was_asked_for() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while request := await reader.readuntil(b"\r\n\r\n"):
                heard.append(request.split(b" ")[1])
                writer.write(SIZED)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        await client.asking(_port(server), 8, 0.1, [get(f"/{number}") for number in range(100_000)], first=500)
    assert len(heard) > 16
    assert len(set(heard)) == len(heard)
    assert b"/499" not in heard


async def test_wrong_answers_are_not_counted_as_done() -> None:
    async with await _serving([SIZED]) as server:
        seen = await client.asking(_port(server), 2, 0.1, [get("/", "goodbye")])
    assert seen.done == 0
    assert seen.wrong > 0
    assert "goodbye" in seen.sample


async def test_a_shopper_keeps_his_cookies_until_he_is_somebody_else() -> None:
    async with await _serving([b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n"]) as server:
        talk = wire.Talk(_port(server))
        await talk.ask("GET", "/")
        assert talk.cookies() == "a=1"
        talk.forget()
        assert talk.cookies() == ""
        talk.close()


async def test_a_purchase_that_fails_is_wrong_and_the_next_goes_on() -> None:
    tried = []

    async def purchase(talk: wire.Talk, buyer: str, told: dict[str, object]) -> None:
        tried.append(buyer)
        await asyncio.sleep(0.01)
        if len(tried) % 2:
            raise Wrong("no order")

    seen = await client.buying(1, 2, 0.1, purchase, {"run": "r"})
    assert seen.done + seen.wrong == len(tried) == len(set(tried))
    assert seen.done > 0
    assert seen.sample == "Wrong: no order"


def test_a_reason_to_skip_is_one_line() -> None:
    assert str(Skipped("Traceback\n  file\nerror: no network\n\n")) == "error: no network"
    assert str(Skipped("")) == "no reason was given"
