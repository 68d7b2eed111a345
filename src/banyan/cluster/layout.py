"""Who is where in a cluster on one machine: copies and ports of each part, and what each part is told."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from banyan import topology
from banyan.foundation.free_ports import free_port
from banyan.kernel.ids import Ids

PARTS = (*topology.SERVICES, "storefront", "console", "gateway")
"""In the order in which they are started: whoever is asked before whoever asks."""

ENGINES = ("postgres", "kafka", "redis", "opensearch", "haproxy")


@dataclass(frozen=True, slots=True)
class Part:
    """One copy of a service or face."""

    name: str
    number: int
    port: int

    @property
    def label(self) -> str:
        return f"{self.name}-{self.number}"


@dataclass(slots=True)
class Layout:
    """`port`: of the door. `shared`: the address of each part, whoever of its copies answers there."""

    folder: Path
    port: int
    copies: int
    ids: Ids
    host: str = "127.0.0.1"
    parts: tuple[Part, ...] = ()
    shared: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, port: int, copies: int, ids: Ids, host: str = "127.0.0.1") -> "Layout":
        """`copies` of every part; the bank stands for somebody else's, of whom there is one."""
        # The vault runs where cards are typed there; a security code is in the memory of the one copy that took it.
        names = (*topology.APART, *PARTS) if os.environ.get("BANYAN_CARD_FIELDS") == "vault" else PARTS
        count = {name: 1 if name in ("testbank", *topology.APART) else copies for name in names}
        parts = tuple(Part(name, number, free_port()) for name in names for number in range(1, count[name] + 1))
        shared = {"gateway": port, **{name: free_port() for name in names if name != "gateway"}}
        return cls(folder, port, copies, ids, host, parts, shared)

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ports_of(self, name: str) -> list[int]:
        return [part.port for part in self.parts if part.name == name]

    def told(self, databases: Mapping[str, str], engines: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
        """The settings of every part: where databases, engines (`bus`, `cache`, `search`) and the other parts are, and more."""
        urls = {f"{name}_url": f"http://127.0.0.1:{port}" for name, port in self.shared.items()}
        values = {
            **urls,
            **{f"{name}_database_url": url for name, url in databases.items()},
            **{f"{name}_url": url for name, url in engines.items()},
            "data_dir": str(self.folder / "data"),
            "origin": self.origin,
            "vault_origin": f"http://127.0.0.1:{self.shared['vault']}" if "vault" in self.shared else "",
            "peer_secret": self.secret("peers"),
            "testbank_key": self.secret("testbank"),
            "proxies": "1",
            "log_level": "warning",
            "pool_size": "8",
            **more,
        }
        own = {name: value for name, value in os.environ.items() if name.startswith("BANYAN_")}
        return {f"BANYAN_{name.upper()}": value for name, value in values.items()} | own

    def secret(self, what: str) -> str:
        """Made once, and kept in the cluster's folder."""
        file = self.folder / f"{what}.secret"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new,
        ):
            new.write(self.ids.secret(32).hex())
        return file.read_text()
