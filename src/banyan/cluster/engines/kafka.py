"""Kafka as one broker that is its own controller (KRaft), from its published jars."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from banyan.cluster.engines.jars import jars
from banyan.cluster.engines.program import DidNotStart, Program
from banyan.foundation.free_ports import free_port

JARS = "org.apache.kafka:kafka_2.13:4.0.0"
_CLUSTER = "banyanbanyanbanyanbany"  # 22 characters, as 16 bytes in base64 are
_SMALL = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.enable=false
"""


@dataclass(slots=True)
class Kafka:
    """`address` is what clients want to know."""

    folder: Path
    port: int = field(default_factory=free_port)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.program = Program("kafka", self.folder, self.port)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, prefix: str) -> str:
        """As BANYAN_BUS_URL wants it."""
        return f"kafka://{self.address}/{prefix}"

    def start(self) -> None:
        """Start it, with an empty log where there is none. NotHere without Java, Maven or the jars."""
        path = jars(JARS)
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        if not settings.exists():
            settings.write_text(self.settings())
            format_ = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings)]
            done = subprocess.run(  # noqa: S603 (our own words)
                ["java", *_SMALL, "-cp", path, *format_],  # noqa: S607
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                settings.unlink()
                raise DidNotStart(f"Kafka could not make its log: {(done.stderr or done.stdout).strip()[-600:]}")
        self.program.start(["java", *_SMALL, "-cp", path, "kafka.Kafka", str(settings)])

    def settings(self) -> str:
        """Its settings as a file of Java properties, of which a later line wins."""
        return _SETTINGS.format(controller=free_port(), port=self.port, folder=self.folder)

    def stop(self, *, kill: bool = False) -> None:
        self.program.stop(kill=kill)
