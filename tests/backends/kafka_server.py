"""A private Kafka broker of one process (KRaft), from its published jars."""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.backends.jars import jars

KAFKA = "org.apache.kafka:kafka_2.13:4.0.0"
_CLUSTER = "banyanbanyanbanyanbany"  # 22 characters, as 16 bytes in base64 are
_SMALL = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass
class KafkaServer:
    """`address` is what clients want to know."""

    folder: Path
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, seconds: float = 60) -> None:
        """Start it, with an empty log where there is none. Skips where its jars cannot be had."""
        path = jars(KAFKA)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        settings = self.folder / "server.properties"
        if not settings.exists():
            settings.write_text(self._settings(_free_port()))
            format_ = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings)]
            subprocess.run(["java", *_SMALL, "-cp", path, *format_], check=True, capture_output=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["java", *_SMALL, "-cp", path, "kafka.Kafka", str(settings)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = monotonic() + seconds
        while monotonic() < until:
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            sleep(0.1)
        said = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-3:]
        raise RuntimeError("Kafka did not start: " + " | ".join(said))

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or at once with `kill`."""
        if self._process is None:
            return
        self._process.kill() if kill else self._process.terminate()
        self._process.wait(30)
        self._process = None

    def _settings(self, controller: int) -> str:
        return "\n".join(
            (
                "process.roles=broker,controller",
                "node.id=1",
                f"controller.quorum.voters=1@127.0.0.1:{controller}",
                f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
                f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}",
                "controller.listener.names=CONTROLLER",
                "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                f"log.dirs={self.folder}/data",
                "num.partitions=1",
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=1",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.num.partitions=1",
                "transaction.state.log.min.isr=1",
                "share.coordinator.state.topic.replication.factor=1",
                "share.coordinator.state.topic.min.isr=1",
                "group.initial.rebalance.delay.ms=0",
                "log.cleaner.enable=false",
            )
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(folder: Path) -> KafkaServer:
    """A broker in this folder. Skips where Java or the jars are not to be had."""
    if shutil.which("java") is None:
        pytest.skip("java is not installed: Kafka runs on it")
    server = KafkaServer(folder)
    server.start()
    return server
