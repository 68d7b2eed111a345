"""Where Debezium's messages come from: a place per ordered queue, numbered from its beginning. Who reads keeps the numbers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import Halt

_PIECE = 1 << 20  # bytes of a file at a time
_LOOK = 0.05  # seconds between looks at a file's end
_SHAPE = "kafka://host:9092[,host:9092]/topic-prefix, or file:///absolute/events.jsonl"


@dataclass(frozen=True, slots=True)
class Message:
    """`offset` rises within its `place`; `after` is that of the next one."""

    place: str
    offset: int
    after: int
    topic: str
    value: bytes | None


class Feed(Protocol):
    """Messages, each place's in order; a message may come again.

    `settling`: seconds after which what was written before a message can be seen in every other place too.
    """

    settling: float

    async def open(self, places: Mapping[str, int]) -> None:
        """Begin at these offsets, and at the beginning of every other place. Unavailable, or LogGone."""

    async def next(self) -> list[Message]:
        """What is there, a bounded amount; waits a moment for some, and may give none."""

    async def ends(self) -> Mapping[str, int]:
        """Where each place ends now: the offset of what comes next there."""

    async def close(self) -> None: ...


def feed(url: str) -> Feed:
    """The feed of BANYAN_LEGACY_STREAM. WrongSettings for a URL of another shape."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path and not parts.netloc:
        return FileFeed(Path(parts.path))
    prefix = parts.path.strip("/")
    if parts.scheme == "kafka" and parts.netloc and prefix and "/" not in prefix:
        try:
            from banyan.move.debezium.kafka import KafkaFeed
        except ImportError:
            raise WrongSettings(
                "BANYAN_LEGACY_STREAM=kafka://… needs aiokafka: pip install 'banyan-commerce[kafka]'"
            ) from None
        return KafkaFeed(parts.netloc, prefix)
    raise WrongSettings(f"BANYAN_LEGACY_STREAM is {_SHAPE}")


class FileFeed:
    """Lines of JSON, `{"topic": …, "key": …, "value": …}`, in a file that grows. Offsets are bytes."""

    settling = 0.0

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = 0

    async def open(self, places: Mapping[str, int]) -> None:
        if not self.path.exists():
            raise Unavailable(f"there is no file {self.path}")
        self._at = places.get(self.path.name, 0)

    async def next(self) -> list[Message]:
        piece = await asyncio.to_thread(self._read)
        if not piece:
            await asyncio.sleep(_LOOK)
        messages = []
        for line in piece.splitlines(keepends=True):
            end = self._at + len(line)
            if line.strip():
                messages.append(self._message(line, end))
            self._at = end
        return messages

    def _message(self, line: bytes, end: int) -> Message:
        try:
            said = orjson.loads(line)
            value = None if said["value"] is None else orjson.dumps(said["value"])
            return Message(self.path.name, self._at, end, said["topic"], value)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Halt(
                f"{self.path} has at byte {self._at} a line that is no message: was its writer killed?"
            ) from None

    async def ends(self) -> Mapping[str, int]:
        return {}  # one place: what was written before is read before

    async def close(self) -> None:
        return None

    def _read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self._at)
            piece = file.read(_PIECE)
            while piece and b"\n" not in piece:
                more = file.read(_PIECE)
                if not more:
                    return b""
                piece += more
        return piece[: piece.rfind(b"\n") + 1]
