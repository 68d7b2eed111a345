"""A queue that others fill, as a promise: each message comes until it is said to be done, maybe more than once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came. `handle` is the backend's; `times`: how often it has come, as far as the backend knows."""

    id: str
    body: str
    handle: str
    times: int


def unwrapped(body: str) -> str:
    """What was sent, out of what SNS (without raw delivery) or EventBridge put around it on the way to a queue."""
    try:
        read: Any = orjson.loads(body)
    except ValueError:
        return body
    if isinstance(read, dict):
        if read.get("Type") == "Notification" and isinstance(read.get("Message"), str):
            return str(read["Message"])
        if "detail-type" in read and "detail" in read:
            return orjson.dumps(read["detail"]).decode()
    return body


class Queue(Protocol):
    name: str

    async def receive(self) -> Sequence[Delivery]:
        """Wait a while for messages; the next few, in no order, or none. Unavailable."""
        ...

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """These need not come again. Others come again by themselves, after a while."""
        ...

    async def sets_aside(self) -> bool:
        """Whether it moves a message that keeps coming to a place of its own (a dead-letter queue)."""
        ...

    async def close(self) -> None: ...
