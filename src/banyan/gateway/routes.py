"""Whose a path is, and which paths are not let in at all."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from banyan.kernel.refusals import Malformed, NotFound, Refusal

LONGEST_PATH = 4096  # bytes
LONGEST_QUERY = 8192  # bytes
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_API = "/v1"  # below it nothing is a page: what no service owns is refused instead of shown by the storefront
_HIDDEN = "/internal"  # what services say to each other

# The spelling of nearly every path: segments that are neither empty nor dots, and nothing encoded.
_PLAIN = re.compile(rb"/|(?:/(?!\.\.?(?:/|\Z))[\w.~!$&'()*+,;=:@-]+)+/?", re.ASCII)
_ENCODED = re.compile(
    rb"(?:[!\"$&->@-\[\]-~]|%[0-9A-Fa-f]{2})+"
)  # visible ASCII without a backslash; % only before hex
_SLASHES = re.compile(rb"%(?:2f|5c)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class Route(NamedTuple):
    """A line of the table: the prefix is also the path's name in metrics."""

    prefix: str
    service: str


class Routes:
    """Longest prefix first, by whole segments: `/v1/me` is `/v1/me` and `/v1/me/x`, never `/v1/menu`."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = {prefix.rstrip("/"): Route(prefix, service) for prefix, service in table.items()}
        self._deepest = max((prefix.count("/") for prefix in self._table), default=0)

    def find(self, path: str) -> Route | None:
        """The line for a path that `checked` let through; None where nothing is."""
        parts = path.split("/", self._deepest + 1)
        for depth in range(min(self._deepest, len(parts) - 1), 0, -1):
            found = self._table.get("/".join(parts[: depth + 1]))
            if found is not None:
                return found
        return None if _below(path, _API) else self._table.get("")

    def services(self) -> Iterable[str]:
        """Every service that has a path, each once, in the order of the table."""
        return dict.fromkeys(route.service for route in self._table.values())


def checked(raw: bytes, query: bytes = b"") -> str:
    """The path as text, when it has one spelling only that all who look at it agree on.

    Malformed for dots, double or encoded slashes, backslashes, control characters, bad percent-encoding or UTF-8;
    414 when it is too long; NotFound for what services say to each other.
    """
    if len(raw) > LONGEST_PATH or len(query) > LONGEST_QUERY:
        raise Refusal("this address is longer than any of ours", code="uri_too_long", status=414)
    path = raw.decode() if _PLAIN.fullmatch(raw) else _decoded(raw)
    if _below(path, _HIDDEN):
        raise NotFound("There is nothing here")
    return path


def _decoded(raw: bytes) -> str:
    if not raw.startswith(b"/") or not _ENCODED.fullmatch(raw) or _SLASHES.search(raw):
        raise Malformed("this path is not spelt as any of ours", code="path_malformed")
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Malformed("this path is not UTF-8", code="path_malformed") from None
    segments = path.split("/")
    if _CONTROL.search(path) or "" in segments[1:-1] or not {".", ".."}.isdisjoint(segments):
        raise Malformed("this path is not spelt as any of ours", code="path_malformed")
    return path


def _below(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")
