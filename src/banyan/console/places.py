"""Addresses of our own pages and of services: parts quoted, and nobody sent elsewhere."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from banyan.kernel.refusals import NotFound

HOME = "/console"
_LOCAL = re.compile(r"/console(?:[/?][!-\[\]-~]{0,1000})?")  # visible ASCII without a backslash


def local(wanted: str) -> str:
    """`wanted` if it is a page of the console, else its home: a link to sign in cannot lead away."""
    return wanted if _LOCAL.fullmatch(wanted) and "//" not in wanted.partition("?")[0] else HOME


def segment(text: str) -> str:
    """Text as one segment of a path. NotFound for what would mean another path: nothing, or dots."""
    if not text.strip("."):
        raise NotFound
    return quote(text, safe="", errors="replace")


def with_query(path: str, pairs: Iterable[tuple[str, str]] = (), **more: str) -> str:
    """A path with its query, without what is empty."""
    query = urlencode([(name, value) for name, value in (*pairs, *more.items()) if value], errors="replace")
    return f"{path}?{query}" if query else path
