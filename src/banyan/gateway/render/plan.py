"""What is rendered: who listens where, which paths are whose, and how much of the legacy shop's reads may pass us by.

A proxy takes nothing from the gateway but plain work. Reads of the legacy shop whose visitors are the legacy shop's go
straight there; everything else about it (writes, first visits, pages that nobody described) goes through the gateway,
which asks the mover and decides by the same sum (gateway.legacy.sides). A weight that is too high in a proxy is therefore
harmless, and a group that a proxy knows nothing of is the gateway's altogether.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from banyan.contracts.moving import PageRule
from banyan.foundation.settings import WrongSettings
from banyan.gateway.describe.pages import PATHS
from banyan.gateway.legacy.asked import HOME

GATEWAY, STOREFRONT, LEGACY, NOBODY = "gateway", "storefront", "legacy", "nobody"
OWN = ("/graphql", *PATHS)  # what no service answers but the gateway
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ROUTE = re.compile(r"[\w./-]+\*?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Server:
    """One process that answers for a service."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> "Server":
        """Out of `http://host:port`. WrongSettings for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.username:
            raise WrongSettings("a server is given as http://host:port or https://host:port")
        return cls(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.scheme == "https")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Split:
    """A legacy shop that moves in. `weights`: group → percent of its reads that we answer; others go through the gateway."""

    legacy: Sequence[Server]
    rules: Sequence[PageRule]
    weights: Mapping[str, int] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        return sorted({rule.group for rule in self.rules if passable(rule)})

    def weight(self, group: str) -> int:
        return self.weights.get(group, 100)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a proxy's configuration is made of.

    `routes`: path prefix → service, as topology.ROUTES. `servers`: service → its processes; what has none is the
    gateway's. `folder`: where the files will lie. `files`: how many a process may hold open. `per_server`: requests
    that one process of ours has at a time. `client`: a folder with ca.pem and client.pem, for servers at https.
    """

    routes: Mapping[str, str]
    servers: Mapping[str, Sequence[Server]]
    origin: str
    folder: PurePosixPath
    listen: str = "127.0.0.1:8080"
    split: Split | None = None
    files: int = 20_000
    per_server: int = 256
    client: str = ""

    def __post_init__(self) -> None:
        if not self.servers.get(GATEWAY):
            raise WrongSettings("nobody said where the gateway listens: --server gateway=http://host:port")
        if strange := [name for name in self.servers if not _NAME.fullmatch(name)]:
            raise WrongSettings(f"{strange[0]} is no name of a service")
        if self.split is not None and not all(0 <= weight <= 100 for weight in self.split.weights.values()):
            raise WrongSettings("a weight is a percentage: 0 to 100")
        if self.split is not None and (unknown := set(self.split.weights) - set(self.split.groups)):
            raise WrongSettings(f"{min(unknown)} is no group of this shop; there are {', '.join(self.split.groups)}")

    @property
    def connections(self) -> int:
        """How many callers at once: each takes a file towards them and one towards a server, and some are for the house."""
        return max(100, (self.files - 200) // 2)

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https:")

    def backends(self) -> dict[str, Sequence[Server]]:
        """Who is sent requests: every service of the table that has servers of its own, and the gateway."""
        wanted = dict.fromkeys((GATEWAY, *self.routes.values()))
        return {name: self.servers[name] for name in wanted if self.servers.get(name) and not self._hidden(name)}

    def prefixes(self) -> Iterator[tuple[str, str]]:
        """Path prefix (by whole segments) → backend, the longest first. `/v1` is nobody's where no route names more."""
        known = self.backends()
        table = {prefix: name if name in known else GATEWAY for prefix, name in self.routes.items()}
        table |= dict.fromkeys(OWN, GATEWAY)
        table.setdefault("/v1", NOBODY)
        yield from sorted(table.items(), key=lambda line: (-len(line[0]), line[0]))

    def _hidden(self, name: str) -> bool:
        """While a legacy shop moves in, whose a page below `/` is, the gateway says."""
        return self.split is not None and name == STOREFRONT


def passable(rule: PageRule) -> bool:
    """Whether reads of this page may pass the gateway by."""
    plain = rule.kind == "read" and rule.method == "GET" and bool(rule.to or rule.door)
    return plain and bool(_ROUTE.fullmatch(rule.route)) and not rule.route.startswith("_")


def pages(split: Split) -> list[tuple[str, str]]:
    """The legacy shop's `route` → its group, empty for what must not pass us by; exact ones end in `&`, the longest first.

    To be looked up with a `&` after what was asked: `product/product&` is that page alone, `product/` is all below.
    """
    found = {}
    for rule in split.rules:
        if rule.method == "GET" and _ROUTE.fullmatch(rule.route):
            key = rule.route[:-1] if rule.route.endswith("*") else rule.route + "&"
            found[key] = rule.group if passable(rule) else ""
    return sorted(found.items(), key=lambda line: (-len(line[0]), line[0]))


def home_group(split: Split) -> str:
    """The group of the legacy shop's first page; empty where it may not pass us by."""
    return dict(pages(split)).get(f"{HOME}&", "")
