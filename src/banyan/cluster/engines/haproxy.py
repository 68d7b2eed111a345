"""HAProxy before everything: the one door to the gateways, and one address for the copies of each service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from banyan.cluster.engines.program import Program, needed
from banyan.foundation.free_ports import free_port

# A copy that does not answer /readyz twice in a row gets nothing more. What could not be sent at all is sent to another
# copy; what was sent is never sent again but for reads, for nobody knows whether it was done.
_CONF = """\
global
    stats socket {socket} mode 600 level admin
    maxconn 8000
defaults
    mode http
    option httpchk GET /readyz
    option redispatch
    option http-keep-alive
    timeout connect 1s
    timeout client 65s
    timeout server 65s
    timeout http-keep-alive 60s
    timeout queue 5s
    retries 2
    retry-on conn-failure
    default-server check inter 500 fall 2 rise 1 on-marked-down shutdown-sessions
"""
_LISTEN = """\
listen {name}
    bind {host}:{port}
    balance leastconn
    {more}
{servers}
"""


@dataclass(slots=True)
class HaProxy:
    """`copies`: by what they serve, the ports of those who do. `ports`: where each is reached."""

    folder: Path
    host: str
    ports: Mapping[str, int]
    copies: Mapping[str, Sequence[int]]
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        port = next(iter(self.ports.values()), free_port())
        self.program = Program("haproxy", self.folder, port, unix_socket=self._socket)

    @property
    def _socket(self) -> Path:
        return self.folder / "haproxy.sock"

    @property
    def config(self) -> Path:
        return self.folder / "haproxy.cfg"

    def render(self) -> str:
        """Its configuration: a listener for each that is served, the door first."""
        parts = [_CONF.format(socket=self._socket)]
        for name, port in self.ports.items():
            servers = "\n".join(
                f"    server {name}-{number} 127.0.0.1:{copy}" for number, copy in enumerate(self.copies[name], 1)
            )
            door = name == "gateway"
            more = "option forwardfor" if door else "# our own services: headers pass as they are"
            host = self.host if door else "127.0.0.1"
            parts.append(_LISTEN.format(name=name, host=host, port=port, more=more, servers=servers))
        return "\n".join(parts)

    def start(self) -> None:
        needed("haproxy", package="haproxy")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self.render())
        self.program.start(["haproxy", "-db", "-f", str(self.config)])

    def stop(self, *, kill: bool = False) -> None:
        self.program.stop(kill=kill)
