"""A private Redis on a free port, empty at each start: what it keeps is only ever a cache."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from banyan.cluster.engines.redis import Redis
from tests.backends.programs import running


@dataclass
class RedisServer(Redis):
    """`url` is what BANYAN_CACHE_URL wants to know. It is on the same port after each start."""

    def hang(self, stopped: bool) -> None:
        """It answers nobody, and closes nothing; or goes on."""
        assert self.program.process is not None
        self.program.process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def ask(self, *words: str) -> str:
        """What it says to a command, as `flushall`."""
        asked = ["redis-cli", "-p", str(self.port), *words]
        return subprocess.run(asked, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


def started(folder: Path, *more: str) -> RedisServer:
    """A running one in this folder. Skips where it is not installed."""
    return running(RedisServer(folder, more=more))


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for the tests of a module that end it."""
    server = started(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop(kill=True)


@pytest.fixture(scope="package")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for all who do not end it, or change what it is set to."""
    server = started(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()
