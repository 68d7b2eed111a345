"""Pages of several services: a part that is refused says so, and the others are shown."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from banyan.foundation.face.line import Seen, Shape
from banyan.kernel.refusals import Refusal

T = TypeVar("T")


class Page(Seen, Generic[Shape]):
    """A part of a list."""

    items: tuple[Shape, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a page that the rest does without when it is refused."""

    value: T | None = None
    refusal: Refusal | None = None


async def part(asked: Awaitable[T]) -> Part[T]:
    """What was asked, or why there is none. A session that ended is no part: it is raised."""
    try:
        return Part(await asked)
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return Part(refusal=refusal)


async def parts(*asked: Awaitable[Any]) -> list[Part[Any]]:
    """Several parts, asked at once."""
    return await asyncio.gather(*(part(each) for each in asked))
