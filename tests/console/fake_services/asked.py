"""A request to a fake service, and what all of them refuse alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from banyan.kernel.refusals import Forbidden, NotFound, Stale, Unconditional

Json = dict[str, Any]


@dataclass
class Asked:
    """A request to a fake service, as tests look at it afterwards."""

    service: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any
    named: dict[str, str]
    permissions: frozenset[str]

    def must(self, permission: str) -> None:
        if permission not in self.permissions:
            raise Forbidden(f"this needs the permission {permission}")

    def one(self, name: str) -> str:
        return (self.query.get(name) or [""])[0]


Handler = Callable[[Asked], Awaitable[Response]]


def found(where: dict[str, Json], name: str) -> Json:
    if name not in where:
        raise NotFound("there is no such thing")
    return where[name]


def match(asked: Asked, version: object) -> None:
    given = asked.headers.get("if-match")
    if given is None:
        raise Unconditional
    if given != f'"{version}"':
        raise Stale
