"""What requests to the catalogue are made of: bounded texts, names of things, and the answers' shapes for the description."""

import re
from typing import Annotated, Any

from fastapi import Header, Path, Query
from pydantic import Field, StringConstraints

from banyan.catalog.domain import naming
from banyan.catalog.domain.attributes import LARGEST_NUMBER, LONGEST_VALUE
from banyan.catalog.domain.options import LONGEST_OPTION
from banyan.catalog.domain.product import CURRENCY, DEAREST, TAX_CLASS
from banyan.foundation.web import Body

_ID_OR_SLUG = r"^[a-z0-9_-]{1,120}$"

Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=naming.LINE)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=naming.LINE)]
Prose = Annotated[str, StringConstraints(max_length=20_000, pattern=naming.PROSE)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=naming.LONGEST_SLUG, pattern=naming.SLUG)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=naming.LONGEST_SKU, pattern=naming.SKU)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=naming.CODE)]
Option = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_OPTION, pattern=naming.LINE)]
TaxClass = Annotated[str, StringConstraints(pattern=TAX_CLASS)]
IdOrSlug = Annotated[str, StringConstraints(pattern=_ID_OR_SLUG)]
CurrencyCode = Annotated[str, StringConstraints(pattern=CURRENCY)]
Amount = Annotated[int, Field(gt=0, le=DEAREST, strict=True)]
Whole = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
Value = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[float, Field(strict=True, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_VALUE, pattern=naming.LINE)]
)

# A path that is no id and no slug at all is answered like one nobody knows, by the same 404.
AtName = Annotated[str, Path(max_length=200, description="id or slug")]
AtSku = Annotated[str, Path(max_length=200)]
AtCurrency = Annotated[str, Path(pattern=CURRENCY, description="ISO 4217")]
InCurrency = Annotated[str | None, Query(pattern=CURRENCY, description="ISO 4217; the shop's own when not given")]
Filter = Annotated[str, Query(max_length=200, pattern=naming.LINE, description="empty: not narrowed by it")]
IfNoneMatch = Annotated[str | None, Header(max_length=500)]
IfMatch = Annotated[str | None, Header(max_length=200)]


class Price(Body):
    """Integer minor units (ISO 4217)."""

    amount: Amount
    currency: CurrencyCode


def safe(name: str) -> str:
    """A name from a path as it can be looked up: what no id and no slug can be becomes one that nobody has."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,200}", name) else "-"


def edits(if_match: str | None) -> str | None:
    """If-Match with the revisions taken off our ETags: a sale is no reason to refuse an edit."""
    return None if if_match is None else re.sub(r'"(\d+)\.\d+"', r'"\1"', if_match)


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As you have it"}}
GONE: dict[int | str, dict[str, Any]] = {204: {"description": "It is gone"}}


def answers(status: int, description: str, example: Any = None) -> dict[int | str, dict[str, Any]]:
    """How a route's good answer is described in /openapi.json."""
    content = {"application/json": {"schema": {"type": "object"}, **({"example": example} if example else {})}}
    return {status: {"description": description, "content": content}}


def unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether the asker has it as it is (RFC 9110 §13.1.2: weak comparison; `*` is whatever there is)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
