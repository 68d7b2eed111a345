"""A real Debezium engine of the test's own, in a JVM beside us."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import pytest

from banyan.move.demo.mariadb import PASSWORD, USER, MariaDb
from tests.backends.jars import jars

VERSION = "3.5.0.Final"
JARS = (
    f"io.debezium:debezium-embedded:{VERSION}",
    f"io.debezium:debezium-connector-mariadb:{VERSION}",
    "org.slf4j:slf4j-simple:2.0.16",
)
NEEDED = {
    "provide.transaction.metadata": "true",
    "skipped.operations": "none",
    "include.schema.changes": "true",
    "event.converting.failure.handling.mode": "fail",
    "enable.time.adjuster": "false",
    "snapshot.mode": "no_data",
    "converter.schemas.enable": "true",
    "converter.replace.null.with.default": "false",
}
"""What our docs ask of a connector beyond Debezium's defaults."""


@dataclass
class Engine:
    """Follows one database and writes to `to`, a file or `kafka:host:port`; topics begin with `prefix`."""

    server: MariaDb
    database: str
    folder: Path
    to: str
    prefix: str = "legacy"
    settings: dict[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, from where it was; returns once it reads the binlog. Skips where its jars cannot be had."""
        path = jars(*JARS)
        settings = self.folder / "engine.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._all().items()))
        log = self.folder / "engine.log"
        log.write_bytes(b"")
        small = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                ["java", *small, "-cp", path, str(Path(__file__).parent / "Engine.java"), str(settings), self.to],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
            )
        until = monotonic() + 60
        while "INFO: Connected to" not in (said := log.read_text(errors="replace")):
            if self._process.poll() is not None or monotonic() > until:
                pytest.fail("Debezium did not start: " + " | ".join(said.splitlines()[-5:]))
            sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or at once with `kill`: then it tells again what it told last."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        elif process.stdin is not None:
            process.stdin.write(b"\n")
            process.stdin.close()
        process.wait(30)

    def remember(self) -> None:
        """Keep the offsets that it has written down up to now; `forget` leads back to them."""
        until = monotonic() + 20
        while not (self.folder / "offsets").exists():
            assert monotonic() < until, "Debezium writes no offsets"
            sleep(0.05)
        shutil.copy(self.folder / "offsets", self.folder / "old-offsets")

    def remember_inside(self) -> None:
        """The same, of a moment when it was inside a transaction."""
        until = monotonic() + 20
        while b'"event":' not in (found := (self.folder / "offsets").read_bytes()):
            assert monotonic() < until, "Debezium was never seen inside a transaction"
            sleep(0.001)
        (self.folder / "old-offsets").write_bytes(found)

    def forget(self) -> None:
        """While it does not run: all it told since `remember` it will tell again."""
        shutil.copy(self.folder / "old-offsets", self.folder / "offsets")

    def _all(self) -> dict[str, str]:
        return {
            "name": "engine",
            "connector.class": "io.debezium.connector.mariadb.MariaDbConnector",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": f"{self.folder}/offsets",
            "offset.flush.interval.ms": "200",
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": f"{self.folder}/history",
            "database.hostname": "127.0.0.1",
            "database.port": str(self.server.port),
            "database.user": USER,
            "database.password": PASSWORD,
            "database.server.id": "77",
            "database.include.list": self.database,
            "topic.prefix": self.prefix,
            "poll.interval.ms": "20",
            **NEEDED,
            **self.settings,
        }
