"""AWS as moto plays it: a server process on a free port, spoken to over HTTP by the real client."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import orjson
import pytest
from aiobotocore.session import AioSession

from banyan.cluster.engines.program import Program
from banyan.foundation.free_ports import free_port

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
# moto's transactions are none when requests overlap (one that fails puts back what others wrote meanwhile).
_ONE_AT_A_TIME = """
import sys, threading
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
app, one = DomainDispatcherApplication(create_backend_app), threading.Lock()
def alone(environ, start_response):
    with one:
        return app(environ, start_response)
run_simple("127.0.0.1", int(sys.argv[1]), alone, threaded=True, request_handler=MotoRequestHandler)
"""


@dataclass
class AwsServer:
    folder: Path
    port: int = field(default_factory=free_port)
    region: str = REGION
    count: int = 0
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)
    _program: Program = field(init=False, repr=False)

    def __post_init__(self) -> None:
        told = {**CREDENTIALS, "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"}
        self._program = Program("moto", self.folder, self.port, env=told)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, scheme: str, name: str = "", **options: str) -> str:
        """A URL as our settings have it."""
        more = "".join(f"&{key}={value}" for key, value in options.items())
        return f"{scheme}://{name}?region={self.region}&endpoint={self.endpoint}{more}"

    def fresh(self, prefix: str) -> str:
        """A name that nobody has used."""
        self.count += 1
        return f"{prefix}-{self.count}"

    async def ask(self, service: str, operation: str, **values: object) -> dict[str, Any]:
        """Ask with a client that is not ours."""
        if service not in self._clients:
            made = AioSession().create_client(service, region_name=self.region, endpoint_url=self.endpoint)
            self._clients[service] = await self._open.enter_async_context(made)
        answer: dict[str, Any] = await getattr(self._clients[service], operation)(**values)
        return answer

    def seen(self) -> dict[str, Any]:
        """All that moto holds, by service and kind."""
        with urlopen(Request(f"{self.endpoint}/moto-api/data.json")) as answer:
            read: dict[str, Any] = orjson.loads(answer.read())
            return read

    def start(self) -> None:
        self._program.start([sys.executable, "-c", _ONE_AT_A_TIME, str(self.port)])

    async def let_go(self) -> None:
        """Close the clients with which tests asked."""
        self._clients.clear()
        await self._open.aclose()

    async def stop(self) -> None:
        await self.let_go()
        self._program.stop()


@pytest.fixture(scope="package")
async def aws(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AwsServer]:
    """AWS for this run, with credentials where boto looks for them."""
    before = {name: os.environ.get(name) for name in (*CREDENTIALS, "AWS_EC2_METADATA_DISABLED")}
    os.environ.update(CREDENTIALS, AWS_EC2_METADATA_DISABLED="true")
    server = AwsServer(tmp_path_factory.mktemp("aws"))
    server.start()
    yield server
    await server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
