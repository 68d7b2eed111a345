"""Addresses of our own pages: where somebody may be sent, and how a list's address changes when it is narrowed."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

_LOCAL = re.compile(
    r"/(?![/\\])[!-\[\]-~]{0,1000}"
)  # visible ASCII without a backslash, and no second slash at the front
Pairs = Sequence[tuple[str, str]]


def local(wanted: str, otherwise: str = "/") -> str:
    """`wanted` if it is a path of this shop: never another host, so that a link to sign in cannot lead away."""
    return wanted if _LOCAL.fullmatch(wanted) else otherwise


def segment(text: str) -> str:
    """Text as one segment of a path; dots, which would lead elsewhere, become a name that nobody has."""
    return "-" if text in (".", "..") else quote(text, safe="", errors="replace")


def with_query(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A path with its query, without what is empty."""
    query = urlencode([(name, value) for name, value in pairs if value], errors="replace")
    return f"{path}?{query}" if query else path


def without(pairs: Pairs, *names: str) -> list[tuple[str, str]]:
    """A query without these parameters."""
    return [(name, value) for name, value in pairs if name not in names]


def toggled(pairs: Pairs, name: str, value: str) -> list[tuple[str, str]]:
    """A query with one value more, or without it where it is there."""
    if (name, value) in pairs:
        return [pair for pair in pairs if pair != (name, value)]
    return [*pairs, (name, value)]
