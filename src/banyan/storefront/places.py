"""Addresses of our own pages: where somebody may be sent, and how a list's address changes when it is narrowed."""

import re
from collections.abc import Sequence

from banyan.foundation.face.places import segment
from banyan.kernel.refusals import NotFound

_LOCAL = re.compile(
    r"/(?![/\\])[!-\[\]-~]{0,4000}"
)  # visible ASCII without a backslash, and no second slash at the front
Pairs = Sequence[tuple[str, str]]


def local(wanted: str, otherwise: str = "/") -> str:
    """`wanted` if it is a path of this shop: never another host, so that a link to sign in cannot lead away."""
    return wanted if _LOCAL.fullmatch(wanted) else otherwise


def linked(text: str) -> str:
    """A segment of a link; of what is no segment a name that nobody has: a page does not fail for one link in it."""
    try:
        return segment(text)
    except NotFound:
        return "-"


def without(pairs: Pairs, *names: str) -> list[tuple[str, str]]:
    """A query without these parameters."""
    return [(name, value) for name, value in pairs if name not in names]


def toggled(pairs: Pairs, name: str, value: str) -> list[tuple[str, str]]:
    """A query with one value more, or without it where it is there."""
    if (name, value) in pairs:
        return [pair for pair in pairs if pair != (name, value)]
    return [*pairs, (name, value)]
