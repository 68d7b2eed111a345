"""AWS as moto plays it: a server process on a free port, spoken to over HTTP by the real client."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import Request, urlopen

import orjson
import pytest
from aiobotocore.session import AioSession

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
    port: int = 0
    region: str = REGION
    count: int = 0
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

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

    def start(self, seconds: float = 60) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with (self.folder / "moto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _ONE_AT_A_TIME, str(self.port)],
                env={**os.environ, **CREDENTIALS, "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"},
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
        said = (self.folder / "moto.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"moto did not start: {said}")

    async def let_go(self) -> None:
        """Close the clients with which tests asked."""
        self._clients.clear()
        await self._open.aclose()

    async def stop(self) -> None:
        await self.let_go()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


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
