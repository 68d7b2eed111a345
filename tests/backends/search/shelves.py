"""Products for an index, and how it is asked."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from banyan.foundation.search import Document, Query, Search

Open = Callable[[], Search]


def named(*names: str) -> list[Document]:
    """Products "0", "1", … of these names."""
    return [Document(str(at), name) for at, name in enumerate(names)]


async def fill(search: Search, documents: Iterable[Document]) -> None:
    await search.put(list(documents))
    await search.commit()


async def ids(search: Search, text: str = "", **asked: object) -> tuple[str, ...]:
    return (await search.search(replace(Query(text), **asked))).ids  # type: ignore[arg-type]
