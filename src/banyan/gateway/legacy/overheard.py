"""What dual mode looks at of a request and its answer while both go by, and what of it may be kept."""

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

from banyan.foundation.edge import Message, Receive, Send

LONGEST = 65_536  # bytes of a form, and of an answer that is looked at or kept for a retry
# What a door reads and is no secret. A password is never among them, nor whatever else a form holds.
_FIELDS = re.compile(
    r"firstname|lastname|email|newsletter|company|address_[12]|city|postcode|country_id|zone_id|default|key"
    r"|product_id|quantity(\[\d{1,11}\])?|option\[\d{1,11}\](\[\d*\])?|agree"
)
_QUERY = frozenset(("route", "address_id", "product_id"))


class Heard:
    """The `send` of an answer that is passed on as it comes, and looked at."""

    def __init__(self, send: Send, cookie: bytes) -> None:
        """`cookie`: of the legacy shop's sessions; who comes for the first time is given one by the answer."""
        self._send = send
        self._cookie = cookie
        self.session = ""
        self._messages: list[Message] = []
        self._size = 0
        self._whole = False

    async def __call__(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        for name, value in message.get("headers", ()):
            key, _, rest = value.partition(b"=")
            if name == b"set-cookie" and key == self._cookie:
                self.session = rest.partition(b";")[0].decode("latin-1")
        if self._size <= LONGEST:
            self._messages.append({**message})
        self._whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    def whole(self) -> list[Message] | None:
        """The whole answer, to be given again; None where there is none, or it is too long."""
        return self._messages if self._whole and self._size <= LONGEST else None

    def answer(self) -> str:
        """What the legacy shop said: done, refused, or unknown where it said nothing that can be relied on."""
        if not self._messages or self._messages[0]["status"] >= 500:
            return "unknown"
        status, headers = self._messages[0]["status"], dict(self._messages[0]["headers"])
        if status >= 400:
            return "refused"
        if status >= 300:
            return "refused" if b"account/login" in headers.get(b"location", b"") else "done"
        if not self._whole:
            return "unknown"
        try:
            said = orjson.loads(b"".join(each.get("body", b"") for each in self._messages))
        except ValueError:
            return "refused"  # the page with its form again: where it is done a plain form is sent on elsewhere
        if not isinstance(said, dict):
            return "done"
        return "refused" if said.get("error") or "account/login" in str(said.get("redirect", "")) else "done"


async def ahead(receive: Receive) -> tuple[bytes | None, Receive]:
    """The body, read before it is sent on, and the `receive` that gives it again; None for one that is longer than forms."""
    begun: list[Message] = []
    size = 0
    while True:
        message = await receive()
        begun.append(message)
        size += len(message.get("body", b""))
        over = size > LONGEST or message["type"] != "http.request"
        if over or not message.get("more_body", False):
            break
    again = iter(begun)

    async def receiving() -> Message:
        message = next(again, None)
        return message if message is not None else await receive()

    return None if over else b"".join(each.get("body", b"") for each in begun), receiving


def form_of(body: bytes) -> list[tuple[str, str]] | None:
    """The fields that a door reads; None for what is no form."""
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=500)
    except ValueError:
        return None
    return [(name, value[:10_000].replace("\0", " ")) for name, value in pairs if _FIELDS.fullmatch(name)]


def target_of(scope: dict[str, Any]) -> str:
    """Path and query with what a door reads of it: tokens in addresses stay here."""
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = "&".join(f"{name}={value}" for name, value in given if name in _QUERY and value.isprintable())
    return f"/index.php?{kept}"[:2000]
