"""Outlets, as a promise: third parties hear what may be told of our facts, at least once, in order of each key.

An outlet that does not answer is tried again for ever and holds up nobody but itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from banyan.foundation.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told. `id` stays the same when it is told again; `about` are words by which receivers choose."""

    id: str
    type: str  # OrderStatusChanged
    source: str  # banyan.orders
    key: str  # of one key, the order is kept
    time: datetime
    data: dict[str, Any]
    about: dict[str, str]

    def cloud_event(self) -> dict[str, Any]:
        """CloudEvents 1.0 in structured JSON mode."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "type": f"{self.source}.{self.type}",
            "source": f"/{self.source.replace('.', '/')}",
            "subject": self.key,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": self.data,
        }


Announce = Callable[[Envelope], Notice | None]


class Outlet(Protocol):
    name: str  # tells it from others for as long as the shop lives: what it has heard is kept under it

    async def send(self, notices: Sequence[Notice]) -> None:
        """Tell these, in this order for each key. Unavailable: some may have been told; all are to be sent again."""
        ...

    async def close(self) -> None: ...


def turns(notices: Sequence[Notice], most: int) -> Iterator[list[Notice]]:
    """The notices in batches of at most `most`, none of which has a key twice: a part of it may fail."""
    turn: list[Notice] = []
    for each in notices:
        if len(turn) == most or any(each.key == other.key for other in turn):
            yield turn
            turn = []
        turn.append(each)
    if turn:
        yield turn
