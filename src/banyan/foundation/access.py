"""The access table enforced: whoever asks is held to the row of what is asked, once, before the handler.

What is somebody's own is left to handlers: they answer 404 to everybody else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from banyan.contracts import access
from banyan.contracts.access import Row
from banyan.foundation.auth import Principal
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Forbidden, Unauthenticated


class OutOfScope(Forbidden):
    """RFC 6750 §3.1: the token holds, but not for this."""

    code, title = "insufficient_scope", "This key or token may not do that"


def admit(row: Row, who: Principal) -> None:
    """Unauthenticated for a guest where somebody must be signed in, Forbidden for who may not, OutOfScope for a key or a
    third party's token that reaches less far."""
    if row.open:
        return
    if who.scopes is not None:
        _admit_narrowed(row, who, who.scopes)
    elif not row.guests:
        if who.user_id is None:
            raise Unauthenticated
        if not row.owners and row.permissions.isdisjoint(who.permissions):
            raise Forbidden(f"this needs the permission {' or '.join(sorted(row.permissions))}")


def _admit_narrowed(row: Row, who: Principal, scopes: frozenset[str]) -> None:
    if row.in_person:
        raise OutOfScope("this is done by people who are signed in, not by keys or other programs")
    if row.permissions & who.permissions & scopes:
        return
    if row.owners and who.key_id is None and row.scope in scopes:
        return
    wanted = sorted(row.permissions | ({row.scope} if row.scope and who.key_id is None else set()))
    raise OutOfScope(f"this needs the scope {' or '.join(wanted)}" if wanted else "no scope reaches this")


class Doors:
    """One application's rows, by method and path. What is not in them is not held to anything: `of` sees to it that it is."""

    def __init__(self, rows: Mapping[tuple[str, str], Row]) -> None:
        self._rows = rows

    @classmethod
    def of(
        cls, routes: Iterable[BaseRoute], rows: Mapping[str, Row] | None, knows_who: Callable[..., Any], name: str
    ) -> "Doors":
        """`rows`: the service's own; None for one outside the table, as tests make them. `knows_who`: the dependency that
        calls `admit`. WrongSettings for an operation without a row, and for a row that its route could not be held to."""
        table = {**access.rows(access.EVERYWHERE), **(rows or {})}
        found, missing = dict[tuple[str, str], Row](), list[str]()
        for route in every_route(routes):
            for method in route.methods or ():
                row = table.get(f"{method} {route.path_format}")
                if row is None:
                    missing.append(f"{method} {route.path_format}")
                elif row.open or _depends_on(route.dependant, knows_who):
                    found[method, route.path_format] = row
                else:
                    raise WrongSettings(
                        f"{name}: {method} {route.path_format} is for `{row.text}`, but never asks who asks"
                    )
        if missing and rows is not None:
            raise WrongSettings(
                f"{name}: nobody said who may do {', '.join(sorted(missing))}; "
                f"add a row for each to [{name}] in src/banyan/contracts/access.toml"
            )
        return cls(found)

    def row(self, method: str, path: str) -> Row | None:
        return self._rows.get((method, path))

    def admit(self, method: str, path: str, who: Principal) -> None:
        """As `admit`, by the row of this operation."""
        row = self._rows.get((method, path))
        if row is not None:
            admit(row, who)


def every_route(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Every route, in the order in which they are tried."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from every_route(inner.routes)


def _depends_on(dependant: Dependant, wanted: Callable[..., Any]) -> bool:
    return dependant.call is wanted or any(_depends_on(each, wanted) for each in dependant.dependencies)
