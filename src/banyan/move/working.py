"""The mover with all that goes on beside it: the way back, what crashes left, verification."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from banyan.foundation.service import Ports
from banyan.move import playing, verify
from banyan.move.cutover.keeping import BESIDES
from banyan.move.cutover.scratch import sweeping
from banyan.move.mover import Besides, Mover


async def opened(ports: Ports) -> Mover:
    """The mover of BANYAN_LEGACY_URL, whole. WrongSettings where none is set."""
    mover = await Mover.open(ports)
    mover.besides |= {**BESIDES, "verification": verify.beside, "dual write": playing.beside, "rehearsals": sweeping}
    return mover


@asynccontextmanager
async def at_work(ports: Ports, besides: Mapping[str, Besides] = {}) -> AsyncIterator[Mover]:
    """A mover that works in here for as long as nobody else does: commands need somebody to work, and wait for nobody.

    `besides`: what else is done here then.
    """
    mover = await opened(ports)
    mover.besides |= besides
    async with mover.working():
        yield mover
    await mover.source.close()
