"""OpenSearch as one node, from its published jars: no plugins, no security, on 127.0.0.1."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import orjson

from banyan.cluster.engines.jars import jars
from banyan.cluster.engines.program import SECONDS, DidNotStart, Program
from banyan.foundation.free_ports import free_port

VERSION = "2.19.4"  # the last line that runs on Java 17
JARS = (
    f"org.opensearch:opensearch:{VERSION}",
    f"org.opensearch.plugin:transport-netty4-client:{VERSION}",
    "org.apache.logging.log4j:log4j-core:2.21.0",
)
_SMALL = ("-Xms256m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_NODE = Path(__file__).with_name("OneNode.java")


@dataclass(slots=True)
class OpenSearch:
    """What it was told lies in its folder, and is there again after a start."""

    folder: Path
    port: int = field(default_factory=free_port)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.program = Program("opensearch", self.folder, self.port)

    def url(self, prefix: str) -> str:
        """As BANYAN_SEARCH_URL wants it."""
        return f"opensearch://127.0.0.1:{self.port}/{prefix}"

    def ask(self, path: str, method: str = "GET") -> Any:
        """Ask with a client that is not the shop's."""
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", method=method), timeout=10) as answer:
            return orjson.loads(answer.read())

    def start(self) -> None:
        """Start it and wait until its indexes are open. NotHere without Java, Maven or the jars."""
        path = jars(*JARS)
        self.program.start(["java", *_SMALL, "-cp", path, str(_NODE), str(self.folder), str(self.port)], 2 * SECONDS)
        until = monotonic() + SECONDS
        while not self._is_open():
            if not self.program.runs or monotonic() > until:
                raise DidNotStart(f"OpenSearch did not start: {self.program.last_words()}")
            sleep(0.1)

    def stop(self, *, kill: bool = False) -> None:
        self.program.stop(kill=kill)

    def _is_open(self) -> bool:
        try:
            return bool(self.ask("/_cluster/health")["status"] != "red")
        except (URLError, OSError):
            return False
