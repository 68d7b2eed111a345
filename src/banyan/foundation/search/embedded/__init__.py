"""Search within this process, on tantivy: one folder, one writer, answers in a millisecond or two."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

import tantivy

from banyan.foundation.allocator import give_back_memory
from banyan.foundation.search import Document, Query, WritesLost
from banyan.foundation.search.embedded.answering import Answering
from banyan.foundation.search.embedded.fields import VERSION, prepare, row, schema
from banyan.foundation.search.embedded.reading import State
from banyan.foundation.search.embedded.vocabulary import Words
from banyan.foundation.search.folder import Folder, Note
from banyan.foundation.search.rows import is_text

_log = logging.getLogger(__name__)
T = TypeVar("T")

_HEAP = 32_000_000
_AT_ONCE = 256
_MOST_FRESH = 20_000
_MANY = 1_000


class EmbeddedSearch(Answering):
    """Searches run where they are asked, writes in one thread of their own, one after the other.

    A thread of its own rather than a lock around `to_thread`: whoever is cancelled while waiting for a write lets go
    of a lock though the write goes on, and the next one would run beside it.
    """

    keeps = True

    def __init__(self, index: tantivy.Index, folder: Folder | None, position: str | None) -> None:
        self._index = index
        self._folder = folder
        self._position = position
        self._writer: tantivy.IndexWriter | None = None
        self._closed = self._lost = False
        self._put_since = 0
        self._fresh: set[str] = set()
        self._words = Words.of(index.searcher())
        self._state = State(index.schema, index.searcher(), self._words)
        self._thread = ThreadPoolExecutor(1, "search")

    @classmethod
    def open(cls, path: Path | None) -> "EmbeddedSearch":
        """The index in this folder, or one in memory. IndexInUse if somebody else has it open.

        One that is of another version or cannot be read is set aside, and an empty one without a position is begun:
        everything in it comes from elsewhere, and the shop must start.
        """
        if path is None:
            return cls(_index(None), None, None)
        folder = Folder(path)
        try:
            note = folder.read()
            if note and note.version == VERSION and (known := _known(folder, note)):
                return known
            folder.set_aside()
            folder.write(Note(VERSION))
            return cls(_index(folder.index), folder, None)
        except BaseException:
            folder.release()
            raise

    async def put(self, documents: Sequence[Document]) -> None:
        await self._write(self._put, tuple(documents))

    async def remove(self, ids: Iterable[str]) -> None:
        await self._write(self._remove, tuple(ids))

    async def commit(self, position: str | None = None) -> None:
        await self._write(self._commit, position)

    async def clear(self) -> None:
        await self._write(self._clear)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._write(self._forget)
        self._thread.shutdown()
        if self._folder:
            self._folder.release()

    async def _write(self, act: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *given)

    # Below here, all runs in the one writing thread.

    def _put(self, documents: Sequence[Document]) -> None:
        rest = iter(documents)
        while batch := list(islice(rest, _AT_ONCE)):
            newest = {document.id: document for document in batch}
            rows = [row(document) for document in newest.values()]
            older = self._having(newest)
            with self._writing() as writer:
                writer.delete_documents_by_query(older)
                for product, _ in rows:
                    writer.add_document(product)
            self._put_since += len(rows)
            self._fresh |= self._words.new(set().union(*(words for _, words in rows)))
            if len(self._fresh) > _MOST_FRESH:
                self._learn()

    def _remove(self, ids: Sequence[str]) -> None:
        rest = iter(ids)
        while batch := list(islice(rest, _AT_ONCE)):
            gone = self._having(name for name in batch if is_text(name))
            with self._writing() as writer:
                writer.delete_documents_by_query(gone)

    def _having(self, ids: Iterable[str]) -> tantivy.Query:
        # One deletion for all of them: each costs tantivy 2 KB until the commit, 200 MB for 100,000 products.
        return tantivy.Query.term_set_query(self._index.schema, "id", list(ids))

    def _commit(self, position: str | None) -> None:
        if self._lost:
            self._lost = False
            raise WritesLost("writing to the search index failed before this commit")
        if self._writer:
            with self._writing() as writer:
                writer.commit()
                self._learn()
                self._look_again()
                # A writer holds its memory and its threads: an idle shop has none.
                writer.wait_merging_threads()
            self._writer = None
            self._look_again()
            if self._put_since > _MANY:
                self._put_since = 0
                give_back_memory()
        self._keep(self._position if position is None else position)

    def _clear(self) -> None:
        self._forget()
        self._keep(None)
        with self._writing() as writer:
            writer.delete_all_documents()
            writer.commit()
        self._writer = None
        self._lost = False
        self._words = Words()
        self._look_again()

    def _forget(self) -> None:
        if self._writer:
            self._writer.rollback()
        self._writer = None
        self._fresh.clear()

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """A writer which failed is of no more use, and neither is what it had not committed."""
        try:
            self._writer = self._writer or self._index.writer(_HEAP, 1)
            yield self._writer
        except BaseException:
            self._writer = None
            self._lost = True
            raise

    def _learn(self) -> None:
        self._words.add(self._fresh)
        self._fresh.clear()

    def _look_again(self) -> None:
        self._index.reload()
        self._state = State(self._index.schema, self._index.searcher(), self._words, self._state.labels)

    def _keep(self, position: str | None) -> None:
        """After the documents, never before: a crash between the two puts some again and misses none."""
        if self._folder and position != self._position:
            self._folder.write(Note(VERSION, position))
        self._position = position


def _index(path: Path | None) -> tantivy.Index:
    index = tantivy.Index(schema(), None if path is None else str(path))
    prepare(index)
    return index


def _known(folder: Folder, note: Note) -> EmbeddedSearch | None:
    """The index as it was left, or None if it cannot be read: a faulty file shows when it is read, not before."""
    try:
        search = EmbeddedSearch(_index(folder.index), folder, note.position)
        search._state.search(Query())
        give_back_memory()
        return search
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # tantivy's panics are no Exceptions
        _log.warning("the search index cannot be read and is begun anew", exc_info=True)
        return None
