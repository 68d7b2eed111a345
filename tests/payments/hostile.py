"""What the lists of hostile webhooks share: an entry, and proof that nothing in payments' database changed by it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.payments.conftest import Till

Told = dict[str, Any]


@dataclass(frozen=True)
class Hostile:
    """A webhook, made from a genuine one step by step, and how it is to be answered.

    `event` changes what it says, `raw` the bytes that are signed, `signed` how (the played provider's own words for it),
    `after` the bytes and `headers` the headers once it is signed.
    """

    name: str
    status: int
    code: str = ""  # of the problem; empty: it is taken, and ignored
    of: str = "held"  # which genuine event
    event: Callable[[Told], object] = lambda told: None
    raw: Callable[[bytes], bytes] = lambda body: body
    signed: Mapping[str, Any] | None = None
    after: Callable[[bytes], bytes] = lambda body: body
    headers: Callable[[dict[str, str]], object] = lambda headers: None

    def __str__(self) -> str:
        return self.name


def dumped(told: Told) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


def within(*path: Any, value: Any = None, gone: bool = False) -> Callable[[Told], None]:
    """A change deep inside: `within("resource", "amount", "value", value="1.00")`."""

    def change(told: Told) -> None:
        at: Any = told
        for name in path[:-1]:
            at = at[name]
        if gone:
            del at[path[-1]]
        else:
            at[path[-1]] = value

    return change


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        assert old in body, (old, body)
        return body.replace(old, new, 1)

    return change


def deep(body: bytes) -> bytes:
    return b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"


async def standing(till: Till) -> dict[str, list[tuple[Any, ...]]]:
    """All that payments knows of payments; refused webhooks are kept elsewhere, and are no part of it."""
    return {
        table: [tuple(row) for row in await till.ports.db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in ("payment", "operation", "transfer", "entry", "outbox")
    }
