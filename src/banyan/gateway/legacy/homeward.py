"""Our own pages about what the legacy shop still owns: shoppers are sent to its page, and what they put into the cart goes
into its cart. So a shop window may be ours before carts and accounts are."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from banyan.contracts.moving import AskHomeward, Homeward, PageRule
from banyan.foundation.edge import Message, Receive, Send
from banyan.foundation.peers import Peers
from banyan.gateway.headers import Headers
from banyan.kernel.refusals import Malformed, TooLarge

_LONGEST = 65_536  # bytes of a form of ours
_MOST_FIELDS = 100
_OF_THE_BODY = frozenset((b"content-length", b"content-type", b"transfer-encoding"))


def page_of(rule: PageRule) -> str:
    """The address of a legacy page."""
    return f"/index.php?route={rule.route}" if rule.route else "/"


async def redirect(send: Send, place: str, status: int, told: Headers | None = None) -> None:
    headers = [(b"location", place.encode("ascii", "ignore")), (b"content-length", b"0"), *(told or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def begin_again(send: Send) -> None:
    """The last step of a checkout that the legacy shop knows nothing of, answered in its way: back to the first."""
    body = b'{"redirect":"index.php?route=checkout/checkout"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def translated(peers: Peers, path: str, receive: Receive) -> Homeward:
    """What a form of ours is in the legacy shop. Malformed for what is no form, TooLarge for one that is none of ours."""
    body = await _body(receive)
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Malformed("this is not a form of ours", code="not_a_form") from None
    return await peers.ask(AskHomeward(path=path, form=tuple(pairs)))


def asked_there(scope: dict[str, Any], found: Homeward) -> tuple[dict[str, Any], Receive]:
    """The request as the legacy shop is asked it, and its body."""
    body = urlencode(found.form).encode()
    path, _, query = found.target.partition("?")
    headers = [(name, value) for name, value in scope["headers"] if name not in _OF_THE_BODY]
    headers += [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", str(len(body)).encode()),
        (b"x-requested-with", b"XMLHttpRequest"),
    ]
    inner = {
        **scope,
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "banyan.chunked": False,
    }

    async def once() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return inner, once


class Heard:
    """The `send` that an answer is given to of which only the cookies are passed on."""

    def __init__(self) -> None:
        self.status = 0
        self.cookies: Headers = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.cookies = [(name, value) for name, value in message["headers"] if name == b"set-cookie"]


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the body broke off", code="body_broken")
        body += message.get("body", b"")
        if len(body) > _LONGEST:
            raise TooLarge("no form of ours is that long")
        if not message.get("more_body", False):
            return bytes(body)
