"""A private OpenSearch server of one node, with a prefix for whoever wants one of their own."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from banyan.cluster.engines.opensearch import OpenSearch
from tests.backends.programs import running


@dataclass
class OpenSearchServer(OpenSearch):
    count: int = 0

    def fresh(self) -> str:
        """The URL of a prefix that nobody has used."""
        self.count += 1
        return self.url(f"t{self.count}")

    def hang(self, *, on: bool) -> None:
        """It keeps its connections and answers nothing, as behind a broken network; or it goes on."""
        assert self.program.process is not None
        os.kill(self.program.process.pid, signal.SIGSTOP if on else signal.SIGCONT)


@pytest.fixture(scope="package")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchServer]:
    """OpenSearch for this run. Skips where it cannot be had."""
    server = running(OpenSearchServer(tmp_path_factory.mktemp("opensearch")))
    yield server
    server.stop()
