"""How the mover is put together."""

from pathlib import Path

from fastapi import APIRouter

from banyan.contracts import access
from banyan.contracts.moving import AskHomeward, AskPlace, Recognise, Renew, TellWritten
from banyan.foundation.service import Ports, Service
from banyan.move import api
from banyan.move.doors import routes as doors
from banyan.move.doors.books import Books
from banyan.move.doors.homeward import Homewards
from banyan.move.doors.places import Places
from banyan.move.doors.recognising import Recognising
from banyan.move.invariants import INVARIANTS
from banyan.move.shift import dual
from banyan.move.shift.ramp import Ramp
from banyan.move.shift.shadow import Shadow
from banyan.move.shift.steering import Steerer
from banyan.move.working import opened

IDLE = 3600.0  # seconds between looks where no legacy shop is set


async def move(ports: Ports) -> float:
    """The work of the mover, for as long as it lasts: it ends when the lease is lost, and is begun again."""
    if not ports.settings.legacy_url.get_secret_value():
        return IDLE
    mover = await opened(ports)
    await mover.work()
    return 0


def service() -> Service:
    books, steerer, ramp, shadow = Books(), Steerer(), Ramp(), Shadow()

    def routes(ports: Ports) -> APIRouter:
        router = APIRouter()
        router.include_router(doors.routes(ports, books))
        router.include_router(api.routes(ports))
        return router

    return Service(
        name="move",
        folder=Path(__file__).parent,
        plan_once=False,
        routes=routes,
        access=access.rows("move"),
        calls={
            Renew: steerer.renew,
            AskPlace: Places(books).find,
            Recognise: Recognising(books).recognise,
            AskHomeward: Homewards(books).find,
            TellWritten: dual.hear,
        },
        chores={"move": move, "ramp": ramp.step, "shadow": shadow.step},
        invariants=INVARIANTS,
    )
