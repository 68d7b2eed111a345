"""DynamoDB Local, Amazon's own, from its published jars: its conditions and transactions are the real ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from banyan.cluster.engines.program import Program, needed
from banyan.foundation.free_ports import free_port
from tests.backends.jars import jars
from tests.backends.programs import running

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
    port: int = field(default_factory=free_port)
    _program: Program = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._program = Program("dynamodb", self.folder, self.port)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        needed("java", package="default-jre-headless")
        path = jars(LOCAL)
        command = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        command += [f"-Dsqlite4java.library.path={path.removesuffix('/*')}", "-cp", path]
        command += ["com.amazonaws.services.dynamodbv2.local.main.ServerRunner"]
        self._program.start([*command, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(self.port)])

    def stop(self) -> None:
        self._program.stop()


@pytest.fixture(scope="package")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoServer]:
    server = running(DynamoServer(tmp_path_factory.mktemp("dynamodb")))
    yield server
    server.stop()
