"""What was rendered for one shopper is kept for the next, in whichever process."""

from banyan.catalog.showcase import Showcase
from banyan.foundation.service import Ports

SECONDS = 1.0


async def cards(showcase: Showcase, ports: Ports) -> float:
    """The chore: cards rendered since the last pass. An idle shop asks its database nothing."""
    return 0.0 if await showcase.keep(ports.db) else SECONDS
