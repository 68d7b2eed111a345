"""A prepared answer is sent in the form that is wanted, and not at all to who has it."""

import gzip
from typing import Any

import pytest

from banyan.gateway.prepared import Prepared, prepare, takes_gzip

BODY = b'{"items":["' + b"banyan " * 500 + b'"]}'
JSON = [(b"content-type", b"application/json"), (b"link", b"</v1/products?cursor=x>; rel=next")]


async def sent(
    ready: Prepared, accept: bytes = b"", unless: bytes = b"", *, head: bool = False
) -> tuple[int, dict[bytes, bytes], bytes]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await ready.send(send, accept=accept, unless=unless, head=head)
    assert [message["type"] for message in messages] == ["http.response.start", "http.response.body"]
    return messages[0]["status"], dict(messages[0]["headers"]), messages[1]["body"]


async def test_who_takes_gzip_gets_it_and_caches_are_told_that_it_matters() -> None:
    ready = prepare(BODY, JSON)
    status, plain, body = await sent(ready)
    assert (status, body, plain[b"vary"]) == (200, BODY, b"accept-encoding")
    assert plain[b"link"] == JSON[1][1]
    status, zipped, body = await sent(ready, b"br, gzip")
    assert (status, gzip.decompress(body), zipped[b"content-encoding"]) == (200, BODY, b"gzip")
    assert int(zipped[b"content-length"]) == len(body) < len(BODY) == int(plain[b"content-length"])
    assert zipped[b"etag"] != plain[b"etag"]  # strong: other bytes, other tag (RFC 9110 §8.8.3.3)


async def test_what_is_small_or_no_text_is_not_compressed() -> None:
    for ready in (prepare(b"{}", JSON), prepare(BODY, [(b"content-type", b"image/png")])):
        _, headers, _ = await sent(ready, b"gzip")
        assert not {b"content-encoding", b"vary"} & set(headers)


async def test_who_has_it_is_told_so_in_whatever_form_he_has_it() -> None:
    ready = prepare(BODY, JSON, etag=b'"7"')
    for unless in (b'"7"', b'W/"7"', b'"7-gz"', b"*", b'"1", "7"'):
        status, headers, body = await sent(ready, b"gzip", unless)
        assert (status, body, headers[b"etag"]) == (304, b"", b'"7-gz"')
        assert not {b"content-length", b"content-type", b"content-encoding"} & set(headers)
    assert (await sent(ready, b"", b'"6"'))[0] == 200


async def test_head_says_what_get_would_say_without_the_body() -> None:
    ready = prepare(BODY, JSON)
    whole, head = await sent(ready), await sent(ready, head=True)
    assert head == (200, whole[1], b"")


async def test_a_weak_etag_gives_way_to_a_digest_of_the_body() -> None:
    one, same, other = (prepare(body, JSON, etag=b'W/"x"').plain.etag for body in (b"a", b"a", b"b"))
    assert one == same != other
    assert one.startswith(b'"')


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        *((b"gzip", True), (b"gzip, deflate, br", True), (b"br;q=1.0, gzip;q=0.8", True), (b"gzip;q=0.001", True)),
        *(
            (b"", False),
            (b"br", False),
            (b"gzip;q=0", False),
            (b"gzip; q=0.000, br", False),
            (b"identity, x-gzip;q=0", False),
        ),
    ],
)
def test_gzip_is_taken_when_the_header_says_so(accept: bytes, takes: bool) -> None:
    assert takes_gzip(accept) is takes
