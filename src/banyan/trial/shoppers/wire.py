"""HTTP/1.1 as bytes, no more than a load generator needs: a request made once, an answer cut from what arrives."""

from dataclasses import dataclass
from typing import Any

import orjson


def get(path: str, token: str = "") -> bytes:
    return _request("GET", path, token, b"", "")


def send(method: str, path: str, body: Any, *, token: str = "", key: str = "") -> bytes:
    return _request(method, path, token, orjson.dumps(body), key)


def _request(method: str, path: str, token: str, body: bytes, key: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: shop", "Accept-Encoding: gzip"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if key:
        lines.append(f"Idempotency-Key: {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: float
    hit: bool  # whether it came from prepared bytes (RFC 9211)
    ends: bool  # whether the server closes the connection after it

    def json(self) -> Any:
        return orjson.loads(self.body)


def answer(data: bytes) -> Answer | None:
    """The answer, if all of it is there. ValueError where it is no HTTP."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    if not data.startswith(b"HTTP/1."):
        raise ValueError("this is no HTTP")
    head = data[:end].lower()
    status = int(data[9:12])
    length = _field(head, b"content-length")
    if length:
        whole = end + 4 + int(length)
        if len(data) < whole:
            return None
        body = data[end + 4 : whole]
    elif b"\r\ntransfer-encoding: chunked" in head:
        if not data.endswith(b"0\r\n\r\n"):
            return None
        body = _unchunked(data[end + 4 :])
    else:
        body = b""
    return Answer(
        status,
        body,
        float(_field(head, b"retry-after") or 0),
        b"\r\ncache-status: banyan; hit" in head,
        b"\r\nconnection: close" in head,
    )


def _field(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    at += len(name) + 3
    end = head.find(b"\r\n", at)
    return head[at : end if end >= 0 else len(head)].strip()


def _unchunked(data: bytes) -> bytes:
    parts, at = list[bytes](), 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].partition(b";")[0], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[end + 2 : end + 2 + size])
        at = end + 4 + size
