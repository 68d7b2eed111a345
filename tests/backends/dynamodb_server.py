"""DynamoDB Local, Amazon's own, from its published jars: its conditions and transactions are the real ones."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.backends.jars import jars

LOCAL = "com.amazonaws:DynamoDBLocal:2.6.1"
TABLE: dict[str, Any] = {  # as docs/engines/aws.md has it
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "account_id", "id", "untold")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "of_account",
            "KeySchema": [
                {"AttributeName": "account_id", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "untold",
            "KeySchema": [{"AttributeName": "untold", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
}


@dataclass
class DynamoServer:
    folder: Path
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 60) -> None:
        path = jars(LOCAL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        natives = path.removesuffix("/*")
        command = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        command += [f"-Dsqlite4java.library.path={natives}", "-cp", path]
        command += ["com.amazonaws.services.dynamodbv2.local.main.ServerRunner"]
        with (self.folder / "dynamodb.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(self.port)],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        until = monotonic() + seconds
        while monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            sleep(0.1)
        said = (self.folder / "dynamodb.log").read_text(errors="replace").strip().splitlines()[-3:]
        raise RuntimeError("DynamoDB Local did not start: " + " | ".join(said))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


@pytest.fixture(scope="package")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoServer]:
    if shutil.which("java") is None:
        pytest.skip("java is not installed: DynamoDB Local runs on it")
    server = DynamoServer(tmp_path_factory.mktemp("dynamodb"))
    server.start()
    yield server
    server.stop()
