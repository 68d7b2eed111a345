"""Addresses: parts quoted, so that no text leads to another place than the one that was meant."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from banyan.kernel.refusals import NotFound


def segment(text: str) -> str:
    """Text as one segment of a path. NotFound for what would mean another path: nothing, or dots (RFC 3986 §5.2.4),
    which HTTP clients take away even where they are quoted."""
    if not text.strip("."):
        raise NotFound
    return quote(text, safe="", errors="replace")


def with_query(path: str, pairs: Iterable[tuple[str, str]] = (), **more: str) -> str:
    """A path with its query, without what is empty."""
    query = urlencode([(name, value) for name, value in (*pairs, *more.items()) if value], errors="replace")
    return f"{path}?{query}" if query else path
