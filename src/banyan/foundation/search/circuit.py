"""Does without what does not answer: nobody waits for a server that has just let somebody wait."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two questions to what does not answer."""


class Circuit:
    """Passes questions on, until one is Unavailable; then one in a while, until one is answered."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._failing = False
        self._until = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer. Unavailable, at once while nobody is to be asked."""
        if self._failing:
            now = self._clock.monotonic()
            if now < self._until:
                raise Unavailable(f"{self._name} does not answer", retry_after=PAUSE)
            self._until = now + PAUSE  # this one tries; the others do not wait for it
        try:
            answer = await question()
        except Unavailable as error:
            self._until = self._clock.monotonic() + PAUSE
            if not self._failing:
                self._failing = True
                _log.warning("done without for now", extra={"what": self._name, "why": error.detail})
            raise
        if self._failing:
            self._failing = False
            _log.info("answers again", extra={"what": self._name})
        return answer
