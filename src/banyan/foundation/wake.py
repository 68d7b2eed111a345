"""A bell between tasks of one process: whoever waits for work is woken instead of polling."""

import asyncio


class Wake:
    """Rung by those who made work, waited for by those who do it. A ring that nobody waits for is remembered."""

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    @property
    def rung(self) -> bool:
        return self._bell.is_set()

    def still(self) -> None:
        """Forget a ring."""
        self._bell.clear()

    async def wait(self, seconds: float) -> bool:
        """Until rung or `seconds` are over; whether it was rung."""
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return False
        self._bell.clear()
        return True
