"""`/v1/move/throttle` and `/v1/move/resume`: how hard the copy may push, and going on after a halt."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.move import throttle
from banyan.move.api.acts import Acts, answer, by
from banyan.move.api.bodies import KnobBody, RestBody, ResumeBody, Said
from banyan.move.api.shapes import KnobsShown, ResumedShown, refused
from banyan.move.mover import Mover

_NOTHING, _GO_ON = Said(), ResumeBody()
_REFUSED = refused(400, 401, 403, 404, 409, 422, 503)


def routes(ports: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move", tags=["move"])

    @router.get("/throttle", response_model=KnobsShown, responses=refused(401, 403))
    async def read_throttle(who: Who) -> Response:
        """The limits, and why the copy rests if it does."""
        return web.json((await throttle.look(ports.db)).as_json())

    @router.post("/throttle", response_model=KnobsShown, responses=_REFUSED)
    async def set_throttle(who: Who, said: KnobBody, key: MaybeKey) -> Response:
        """Change a limit while the copy runs."""
        name = by(who, said.who)

        async def act() -> Answer:
            acts.adapter()
            return answer(await throttle.turn(ports.db, said.name, said.value, name))

        return web.told(await acts.once(key, act))

    @router.post("/throttle/on", response_model=KnobsShown, responses=_REFUSED)
    async def rest(who: Who, said: RestBody, key: MaybeKey) -> Response:
        """Let the copy rest; the stream goes on."""
        name = by(who, said.who)

        async def act() -> Answer:
            acts.adapter()
            return answer(await throttle.rest(ports.db, name, said.because))

        return web.told(await acts.once(key, act))

    @router.post("/throttle/off", response_model=KnobsShown, responses=_REFUSED)
    async def go(who: Who, key: MaybeKey, said: Said = _NOTHING) -> Response:
        """Let the copy go on, as far as load and hours let it."""
        name = by(who, said.who)

        async def act() -> Answer:
            acts.adapter()
            return answer(await throttle.go(ports.db, name))

        return web.told(await acts.once(key, act))

    @router.post("/resume", response_model=ResumedShown, responses=_REFUSED)
    async def resume(who: Who, key: MaybeKey, said: ResumeBody = _GO_ON) -> Response:
        """Go on after a halt, or with tables that stand still: they are read as they are now and copied again."""
        name = by(who, said.who)

        async def act(mover: Mover) -> Answer:
            return answer(await mover.resume(table=said.table, again=said.again, who=name))

        return web.told(await acts.once_with(key, act))

    return router
