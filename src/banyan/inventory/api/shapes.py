"""What may be sent: texts and numbers within the bounds that the domain keeps; and how refusals are described."""

from typing import Annotated, Any

from fastapi import Header, Path, Query
from pydantic import Field, StringConstraints

from banyan.foundation import web
from banyan.inventory.domain import LARGEST, LARGEST_LINE, LONGEST_HOLD, LONGEST_SKU
from banyan.kernel.refusals import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Stale,
    Unauthenticated,
    Unconditional,
)

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
_ID = r"^[A-Za-z0-9_-]+$"

Sku = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SKU, pattern=_PRINTABLE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PRINTABLE)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_ID)]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]  # ISO 3166-1 alpha-2

Flag = Annotated[bool, Field(strict=True)]
Units = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Change = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=LARGEST_LINE)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=LONGEST_HOLD)]
Priority = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]

SkuInPath = Annotated[str, Path(min_length=1, max_length=LONGEST_SKU, pattern=_PRINTABLE)]
IdInPath = Annotated[str, Path(min_length=1, max_length=100, pattern=_ID)]
SkuInQuery = Annotated[str | None, Query(min_length=1, max_length=LONGEST_SKU, pattern=_PRINTABLE)]
IdInQuery = Annotated[str | None, Query(min_length=1, max_length=100, pattern=_ID)]
IfMatch = Annotated[str | None, Header(max_length=1000)]


def refused(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route's description names the ways in which it may refuse, each as problem+json."""
    content = {web.PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _REFUSALS[status].title, "content": content} for status in statuses}


_REFUSALS = {
    each.status: each
    for each in (Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Stale, Invalid, Unconditional)
}
