"""Mail out, as a promise: a message is handed over once per id."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """`id` makes it once: the same id is not sent a second time where the backend can tell."""

    id: str
    to: str
    subject: str
    text: str


class Mail(Protocol):
    async def send(self, message: Message) -> None:
        """Hand it over. ValueError for one that nobody takes, such as a header of two lines; Unavailable: try again."""
        ...

    async def forget(self, to: str) -> None:
        """Drop what is still here of mails to this address; what has left is its reader's."""
        ...

    async def close(self) -> None: ...
