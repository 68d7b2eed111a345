"""An answer ready to be sent many times: headers and bytes made once, plain and compressed, with their ETags."""

import gzip
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from banyan.gateway.headers import GZIPPED, Headers

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WORTH_COMPRESSING = 1024  # bytes
_TEXT = (b"application/json", b"application/problem+json", b"text/", b"application/javascript", b"image/svg+xml")
_OF_A_BODY = frozenset((b"content-type", b"content-length", b"content-encoding"))
_OURS = _OF_A_BODY | {b"etag"}


@dataclass(frozen=True, slots=True)
class Form:
    """One form of an answer: as it is, or compressed."""

    headers: Headers
    unchanged: Headers  # those of a 304
    body: bytes
    etag: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """A 200 in all its forms."""

    plain: Form
    zipped: Form | None
    route: str = ""  # its name in metrics

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return len(self.plain.body) + (len(self.zipped.body) if self.zipped else 0) + 2048

    def form(self, accept: bytes) -> Form:
        """What a client with this Accept-Encoding is given."""
        return self.zipped if self.zipped is not None and takes_gzip(accept) else self.plain

    def known(self, unless: bytes) -> bool:
        """Whether If-None-Match names this answer in one of its forms (weak comparison, RFC 9110 §13.1.2)."""
        if unless == self.plain.etag:
            return True
        told = {each.strip().removeprefix(b"W/") for each in unless.split(b",")}
        etags = {self.plain.etag, self.zipped.etag} if self.zipped else {self.plain.etag}
        return b"*" in told or not told.isdisjoint(etags)

    def answer(self, *, accept: bytes, unless: bytes, head: bool) -> tuple[int, Headers, bytes]:
        """Status, headers and body: 200, or 304 when the asker has it already."""
        form = self.form(accept)
        if unless and self.known(unless):
            return 304, form.unchanged, b""
        return 200, form.headers, b"" if head else form.body

    async def send(
        self, send: Send, *, accept: bytes, unless: bytes, head: bool, also: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        """Send that answer. `also` are headers of this one time."""
        status, headers, body = self.answer(accept=accept, unless=unless, head=head)
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *also]})
        await send({"type": "http.response.body", "body": body})


def prepare(
    body: bytes, headers: Headers, *, etag: bytes = b"", route: str = "", zipped: bytes | None = None
) -> Prepared:
    """Make an answer ready. A strong `etag` is kept; without one it is the body's digest.

    `zipped`: the body compressed before; empty when that was not worth it.
    """
    if not etag.startswith(b'"'):
        etag = b'"' + blake2b(body, digest_size=16).hexdigest().encode() + b'"'
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    rest = [(name, value) for name, value in headers if name not in _OURS]
    if zipped is None:
        compressible = len(body) > WORTH_COMPRESSING and kind.startswith(_TEXT)
        zipped = gzip.compress(body, 6, mtime=0) if compressible else b""
    worth = 0 < len(zipped) < len(body)
    if worth:
        rest = _varying(rest)
    plain = _form(body, kind, rest, etag)
    other = _form(zipped, kind, rest, etag[:-1] + GZIPPED + b'"', zipped=True) if worth else None
    return Prepared(plain, other, route)


def _form(body: bytes, kind: bytes, rest: Headers, etag: bytes, *, zipped: bool = False) -> Form:
    unchanged = [*rest, (b"etag", etag)]
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *unchanged]
    if zipped:
        headers.append((b"content-encoding", b"gzip"))
    return Form(headers, unchanged, body, etag)


def _varying(headers: Headers) -> Headers:
    """The form depends on Accept-Encoding, and on what it depended before."""
    told = b",".join(value for name, value in headers if name == b"vary").lower().split(b",")
    names = dict.fromkeys([*(each.strip() for each in told if each.strip()), b"accept-encoding"])
    return [*((name, value) for name, value in headers if name != b"vary"), (b"vary", b", ".join(names))]


def takes_gzip(accept: bytes) -> bool:
    """Whether an Accept-Encoding header wants gzip (RFC 9110 §12.5.3)."""
    if b"gzip" not in accept:
        return False
    if b"q=0" not in accept:
        return True
    for item in accept.split(b","):
        name, _, weight = item.partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"").removeprefix(b"q=").strip(b"0.") != b"" or not weight
    return False
