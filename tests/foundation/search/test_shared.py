"""A process that reads an index which another keeps shows what was published, and learns new words now and then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from banyan.foundation.search import Document, Query
from banyan.foundation.search.embedded import EmbeddedSearch, shared
from banyan.foundation.search.embedded.shared import SharedSearch

TENT = Document(id="1", name="Alpine tent", brand="Nordkap", price=100)


@pytest.fixture
async def keeper(tmp_path: Path) -> AsyncIterator[EmbeddedSearch]:
    made = EmbeddedSearch.open(tmp_path / "search")
    yield made
    await made.close()


async def published(keeper: EmbeddedSearch, *documents: Document, position: str) -> None:
    await keeper.put(documents)
    await keeper.commit(position)


async def found(reader: SharedSearch, text: str, *ids: str) -> None:
    """Wait until the reader finds these."""
    async with asyncio.timeout(20):
        while (await reader.search(Query(text))).ids != ids:
            await asyncio.sleep(0.02)


async def test_what_the_keeper_publishes_is_found_with_typing_errors_by_whoever_reads(
    keeper: EmbeddedSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(keeper, TENT, position="1")
    reader = SharedSearch(tmp_path / "search")
    try:
        await found(reader, "alpnie", "1")
        await published(keeper, replace(TENT, id="2", name="Sunrise lantern"), position="2")
        await found(reader, "lantern", "2")
        assert (await reader.search(Query("lantren"))).ids == ()  # a new word is not guessed yet
        monkeypatch.setattr(shared, "WORDS", 0.0)
        await published(keeper, replace(TENT, price=90), position="3")
        await found(reader, "lantren", "2")
    finally:
        await reader.close()


async def test_the_words_of_an_index_that_was_empty_are_known_with_what_comes_first(
    keeper: EmbeddedSearch, tmp_path: Path
) -> None:
    reader = SharedSearch(tmp_path / "search")
    try:
        await published(keeper, TENT, position="1")
        await found(reader, "alpnie", "1")
    finally:
        await reader.close()
