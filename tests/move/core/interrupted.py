"""Work that is cut off at a chosen await, as if the process had been told to end just there."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class _Cut:
    def __init__(self, work: Coroutine[Any, Any, Any], at: int) -> None:
        self._work, self._at = work, at
        self.was_cut = False

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self._work.__await__()
        step = 0
        error: BaseException | None = None
        while True:
            try:
                waited = inner.throw(error) if error is not None else inner.send(None)
            except StopIteration:
                return
            error = None
            step += 1
            if step == self._at:
                self.was_cut = True
                if waited is None or not waited.cancel():
                    error = asyncio.CancelledError()
                    if waited is not None:
                        waited._asyncio_future_blocking = False
                    continue
            try:
                yield waited
            except BaseException as thrown:
                error = thrown


async def cut_off(work: Coroutine[Any, Any, Any], at: int) -> bool:
    """Run the work up to its `at`-th await and cancel it there; whether it got that far."""
    cut = _Cut(work, at)
    try:
        await cut
    except asyncio.CancelledError:
        if not cut.was_cut:
            raise
    return cut.was_cut
