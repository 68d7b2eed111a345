"""What was rendered for one shopper is kept for the next, in whichever process; and what nobody asked for yet, beforehand."""

from dataclasses import dataclass

from banyan.catalog.showcase import Showcase
from banyan.foundation.service import Ports

SECONDS = 1.0
_STEP = 0.1  # seconds between 200 products and the next: a large import is rendered in a minute, beside other work
_AGAIN, _ROUND = 2.0, 600.0  # after a round that found some to render: others may have changed behind it


@dataclass(slots=True)
class Keeping:
    """The chores over one showcase, and how far the second of them is."""

    showcase: Showcase
    reached: str = ""
    rendered: int = 0  # in the present round

    async def keep(self, ports: Ports) -> float:
        """Cards rendered since the last pass. An idle shop asks its database nothing."""
        return 0.0 if await self.showcase.keep(ports.db) else SECONDS

    async def ahead(self, ports: Ports) -> float:
        """The next of all products, in the shop's currency; ten minutes after a round that found all of them kept, anew."""
        self.reached, rendered = await self.showcase.render_next(ports.db, self.reached, ports.settings.currency)
        await self.showcase.keep(ports.db)
        self.rendered += rendered
        if self.reached:
            return _STEP
        found, self.rendered = self.rendered, 0
        return _AGAIN if found else _ROUND
