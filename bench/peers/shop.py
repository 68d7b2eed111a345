"""What a shop of the comparison must offer, ours as any peer."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.peers.asked import Ask
from bench.peers.ground import Ground


@dataclass(slots=True)
class Running:
    """A started shop: where it listens, what to count its costs by, and what else a purchase needs."""

    port: int
    app: list[int]  # process numbers: these and all below them
    database: int  # that of its PostgreSQL
    told: dict[str, Any] = field(default_factory=dict)


class Shop(Protocol):
    """Skipped from any of these leaves the shop out of the comparison, and says why."""

    name: str
    version: str
    shares_postgres: bool  # ours brings its own server of the same kind
    remark: str  # what its figures do not have in common with the others'

    async def install(self, ground: Ground) -> None:
        """Fetch it from its registry, unless that was done before."""

    async def fill(self, ground: Ground, server: str) -> None:
        """Put the goods into its database, unless that was done before."""

    def running(self, ground: Ground, server: str) -> contextlib.AbstractAsyncContextManager[Running]:
        """The shop started and ready while the block runs; it has ended afterwards."""

    async def asks(self, running: Running) -> dict[str, list[Ask]]:
        """What to ask for each operation but the checkout, which is the function `purchase` of its module."""


def folder(into: Path, shop: Shop) -> Ground:
    return Ground(into / shop.name.split()[-1].lower())
