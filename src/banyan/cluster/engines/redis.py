"""Redis as a cache: nothing of it outlives it, and it forgets what was used least when it is full."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from banyan.cluster.engines.program import Program, needed
from banyan.foundation.free_ports import free_port

_CACHE = ("--save", "", "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru")


@dataclass(slots=True)
class Redis:
    """`more`: settings, as `--requirepass`, `secret`."""

    folder: Path
    port: int = field(default_factory=free_port)
    more: tuple[str, ...] = ()
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.program = Program("redis", self.folder, self.port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        needed("redis-server", "redis-cli", package="redis-server")
        self.folder.mkdir(parents=True, exist_ok=True)
        asked = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        self.program.start(["redis-server", *asked, *_CACHE, *self.more])

    def flush(self) -> None:
        """Forget everything, at once."""
        subprocess.run(["redis-cli", "-p", str(self.port), "flushall"], check=True, capture_output=True)  # noqa: S603, S607

    def stop(self, *, kill: bool = False) -> None:
        self.program.stop(kill=kill)
