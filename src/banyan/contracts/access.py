"""Who may do what: access.toml read, a row for every operation. What has no row stops its service's start.

A row reads `shopper or orders:read; scope orders:read`. Its words:

anyone        whoever asks, with a token or without
cart          whose cart it is: the shopper, or the guest with its token; the handler answers 404 to everybody else
link          as `cart`, or by an order's signed link
shopper       who is signed in; what is somebody else's is answered by 404
proof         who proves itself to the handler: a signature, a secret, a one-time token
stock:read …  who has this permission (contracts.users.PERMISSIONS)
in person     not with an API key nor by a third party's token, whatever it may do
scope NAME    a third party's token acts for its shopper here if it has this scope; without one it never does
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from banyan.contracts.users import PERMISSIONS, SCOPES

EVERYWHERE = "everywhere"  # what every service answers besides its own
_OWN = frozenset({"cart", "link", "shopper"})
_WORDS = _OWN | {"anyone", "proof"}


@dataclass(frozen=True, slots=True)
class Row:
    """Who may do one thing."""

    text: str
    words: frozenset[str]
    permissions: frozenset[str]
    in_person: bool
    scope: str | None

    @classmethod
    def read(cls, text: str) -> Self:
        """ValueError for a word that nobody knows."""
        who, *more = (part.strip() for part in text.split(";"))
        in_person = "in person" in more
        scopes = [part.removeprefix("scope ") for part in more if part.startswith("scope ")]
        named = frozenset(each.strip() for each in who.split(" or "))
        unknown = (named - _WORDS - PERMISSIONS) | (set(scopes) - SCOPES.keys() - PERMISSIONS)
        if unknown or len(more) != in_person + len(scopes) or len(scopes) > 1 or not who:
            raise ValueError(f"access.toml: {text!r} is not a row; the words are in contracts/access.py")
        return cls(text, named & _WORDS, named & PERMISSIONS, in_person, scopes[0] if scopes else None)

    @property
    def open(self) -> bool:
        """Whether it does not matter who asks, as far as this table says."""
        return not self.in_person and not self.words.isdisjoint({"anyone", "proof"})

    @property
    def guests(self) -> bool:
        """Whether who is not signed in gets as far as the handler."""
        return not self.words.isdisjoint({"anyone", "proof", "cart", "link"})

    @property
    def owners(self) -> bool:
        """Whether it is about what is one's own."""
        return not self.words.isdisjoint(_OWN)


def rows(part: str) -> Mapping[str, Row]:
    """The rows of a service (or of `graphql`, `gateway`) by operation, `GET /v1/orders/{order_id}`. KeyError for none."""
    return _table()[part]


def parts() -> frozenset[str]:
    return frozenset(_table())


@cache
def _table() -> Mapping[str, Mapping[str, Row]]:
    read: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("access.toml").read_text("utf-8"))
    table = {
        part: {name: Row.read(text) for name, text in lines.items()}
        for part, lines in read.items()
        if part != "graphql"
    }
    everything = {name: row for lines in table.values() for name, row in lines.items()}
    table["graphql"] = {field: everything[operation] for field, operation in read["graphql"].items()}
    return table
