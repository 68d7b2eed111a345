"""Bytes that no browser sends: each gets an answer that says no, or a closed door, and the shop goes on."""

import asyncio

import pytest

from banyan.trial.own_shop import OwnShop

POST = b"POST /v1/carts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
REFUSED = {
    "no HTTP at all": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
    "another version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "NUL in the path": b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a path without end": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 500 + b"\r\n",
    "bytes that are no UTF-8 in the query": b"GET /v1/search?q=\xe9\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes that are no text in headers": b"GET /v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\n\r\n",
    "a length that no number holds": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "a length below nothing": POST + b"Content-Length: -1\r\n\r\n",
    "a length of many megabytes": POST + b"Content-Length: 90000000\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "chunks that are none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a tunnel": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method of one's own": b"FOO-BAR /v1/products HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in small letters": b"get /v1/products HTTP/1.1\r\nHost: x\r\n\r\n",
    "two dots": b"GET /v1/../internal/calls HTTP/1.1\r\nHost: x\r\n\r\n",
}


async def said(shop: OwnShop, raw: bytes) -> int:
    """The status of the first answer; 0 when the connection was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    writer.write(raw)
    try:
        line = await asyncio.wait_for(reader.readline(), 10)
    except ConnectionError:
        line = b""
    finally:
        writer.close()
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize("raw", REFUSED.values(), ids=list(REFUSED))
async def test_what_is_no_request_is_refused(running: OwnShop, raw: bytes) -> None:
    status = await said(running, raw)
    assert status == 0 or 400 <= status < 500


@pytest.mark.parametrize(
    "raw",
    [
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\n\r\n{}",
        b"GET /livez HTTP/1.0\r\n\r\n",
    ],
    ids=["in chunks", "of a length", "an old client"],
)
async def test_what_is_one_is_answered(running: OwnShop, raw: bytes) -> None:
    assert await said(running, raw) in (200, 201)


async def test_who_leaves_in_the_middle_harms_nobody(running: OwnShop) -> None:
    for part in (b"", b"POST", POST, POST + b"Content-Length: 100\r\n\r\n{"):
        for _ in range(10):
            _, writer = await asyncio.open_connection("127.0.0.1", running.port)
            writer.write(part)
            writer.transport.abort()
    assert await said(running, POST + b"Content-Length: 2\r\n\r\n{}") == 201
    assert "Traceback" not in running.last_words()
