"""A private HAProxy, on the configuration that it is given."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from banyan.cluster.engines.program import Program
from banyan.foundation.free_ports import free_port
from banyan.gateway.render.haproxy import CONFIG, SOCKET


@dataclass
class Proxy:
    """A proxy of one folder, listening at `port` and at `unix_socket`, if it has one, once it is started."""

    folder: Path
    port: int
    unix_socket: Path | None = None
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.program = Program("proxy", self.folder, self.port, unix_socket=self.unix_socket)

    def start(self, files: Mapping[str, str], command: list[str]) -> None:
        """Write its files and run it in the foreground. DidNotStart with what it said where it does not start."""
        self.write(files)
        self.program.start(command)

    def write(self, files: Mapping[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def stop(self) -> None:
        self.program.stop()


def haproxy(folder: Path, port: int, files: Mapping[str, str]) -> Proxy:
    """Started. Skips where HAProxy is not installed."""
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed (apt-get install haproxy)")
    config = files[CONFIG]
    proxy = Proxy(folder, port, folder / SOCKET if "stats socket" in config else None)
    proxy.start(files, ["haproxy", "-db", "-q", "-f", str(folder / CONFIG)])
    return proxy


def answering(folder: Path, **says: str) -> tuple[Proxy, dict[str, int]]:
    """Web servers that answer every request at once, by name and with HAProxy's log-format text; their ports.

    One whose name stands in a request's path with `.down` closes the connection without an answer; `resting` is not ready.
    """
    ports = {name: free_port() for name in says}
    lines = ["defaults", " mode http", " timeout client 20s", " timeout server 20s", " timeout connect 1s"]
    for name, text in says.items():
        lines += [
            f"frontend {name}",
            f" bind 127.0.0.1:{ports[name]}",
            f" http-request reject if {{ path -m sub {name}.down }}",
            " http-request return status 503 if { path /readyz }" if name == "resting" else "",
            f' http-request return status 200 content-type text/plain hdr x-side {name} lf-string "{text}"',
        ]
    text = "global\n maxconn 2000\n" + "\n".join(lines) + "\n"
    return haproxy(folder, ports[next(iter(says))], {CONFIG: text}), ports
