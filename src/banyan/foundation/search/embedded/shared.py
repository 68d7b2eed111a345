"""The index that another process keeps in its folder, read from this one: the kernel shares its pages between both."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import tantivy

from banyan.foundation.search import Document
from banyan.foundation.search.embedded.answering import Answering
from banyan.foundation.search.embedded.fields import VERSION, prepare, schema
from banyan.foundation.search.embedded.reading import State
from banyan.foundation.search.embedded.vocabulary import Words
from banyan.foundation.search.folder import read_note

_log = logging.getLogger(__name__)
LOOK = 0.2  # seconds between looks whether the keeper has published something
WORDS = 30.0  # seconds between looks for words that are new: until then a shopper who misspells one is not understood


class SharedSearch(Answering):
    """Reads what the keeper of the folder has published; what is put here goes nowhere.

    The keeper notes its position after each commit: when the note is another, the index is read again.
    """

    keeps = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._position: str | None = None
        self._words = Words()
        self._state = _empty()
        self._look(learn=True)
        self._looking = asyncio.create_task(self._keep_looking(), name="shared search index")

    async def put(self, documents: Sequence[Document]) -> None: ...

    async def remove(self, ids: Iterable[str]) -> None: ...

    async def commit(self, position: str | None = None) -> None: ...

    async def clear(self) -> None: ...

    async def close(self) -> None:
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def _keep_looking(self) -> None:
        loop, pause, new_words = asyncio.get_running_loop(), LOOK, False
        learnt = loop.time()
        while True:
            await asyncio.sleep(pause)
            began = loop.time()
            changed = _mark(self._path) != self._seen
            new_words = new_words or changed
            learn = new_words and (began - learnt >= WORDS or not len(self._words))
            if changed or learn:
                await asyncio.to_thread(self._look, learn=learn)
            if learn:
                learnt, new_words = loop.time(), False
            pause = max(LOOK, 4 * (loop.time() - began))  # a large index that changes all the time may lag behind

    def _look(self, *, learn: bool = False) -> None:
        """Read the index as it is now, and with `learn` its words. The mark is taken first: what is published meanwhile
        shows at the next look."""
        mark = _mark(self._path)
        note = read_note(self._path)
        try:
            if note is not None and note.version == VERSION:
                index = tantivy.Index.open(str(self._path / "index"))
                prepare(index)
                if learn:
                    self._words.learn(index.searcher())
                self._state = State(index.schema, index.searcher(), self._words)
                self._position = note.position
        except Exception as error:  # the keeper is just making it anew
            _log.info("the shared index cannot be read just now", extra={"why": str(error)})
            return
        self._seen = mark


def _mark(path: Path) -> tuple[int, int] | None:
    """When the keeper wrote its note last."""
    try:
        seen = (path / "note.json").stat()
    except FileNotFoundError:
        return None
    return seen.st_mtime_ns, seen.st_ino


def _empty() -> State:
    index = tantivy.Index(schema())
    prepare(index)
    return State(index.schema, index.searcher(), Words())
