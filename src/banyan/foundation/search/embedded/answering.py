"""Searches of one state of an index: at once where they are quick, in a thread where they would hold others up."""

import asyncio

from banyan.foundation.search import Query, Results
from banyan.foundation.search.embedded.reading import State

_SMALL, _SHALLOW, _SHORT = 10_000, 200, 60
"""Documents, results and characters up to which a search takes a millisecond or two, and no thread is worth it."""


class Answering:
    """An index by what was read of it last, and the position noted with that."""

    common = ""
    _state: State
    _position: str | None

    async def search(self, query: Query) -> Results:
        state = self._state
        deep = query.offset + query.limit > _SHALLOW or len(query.text) > _SHORT
        if state.count > _SMALL or deep:
            return await asyncio.to_thread(state.search, query)
        return state.search(query)

    async def suggest(self, prefix: str, limit: int = 8) -> tuple[str, ...]:
        state = self._state
        if state.count > _SMALL:
            return await asyncio.to_thread(state.suggest, prefix, limit)
        return state.suggest(prefix, limit)

    async def position(self) -> str | None:
        return self._position

    async def count(self) -> int:
        return self._state.count
