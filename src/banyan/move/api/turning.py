"""`POST /v1/move/{group}/…`: the group changes hands, comes to stay, or stays where it was."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.move.api.acts import Acts, answer, by
from banyan.move.api.bodies import CutoverBody, FinalizeBody, RevertBody, Said
from banyan.move.api.shapes import EndedShown, Group, TurnShown, refused
from banyan.move.cutover import ending, protocol, reverting
from banyan.move.mover import Mover
from banyan.move.way_back.ground import ground_of

_NOTHING, _CUTOVER, _REVERT, _FINALIZE = Said(), CutoverBody(), RevertBody(), FinalizeBody()
_REFUSED = refused(400, 401, 403, 404, 409, 422, 503)


def routes(_: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move/{group}", tags=["move"])

    @router.post("/cutover", response_model=TurnShown, responses=_REFUSED)
    async def cut_over(who: Who, group: Group, key: MaybeKey, said: CutoverBody = _CUTOVER) -> Response:
        """Take the group's writes over, or change nothing: look at `outcome`. 409 `gate_shut` lists the gates that are shut."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            turn = await protocol.cutover(
                await ground_of(mover),
                wanted,
                max_pause=said.max_pause,
                window=said.window,
                overrides=said.overrides,
                rehearsal=said.rehearsal,
                dry_run=said.dry_run,
                who=name,
            )
            return answer(turn)

        return web.told(await acts.once_with(key, act))

    @router.post("/revert", response_model=TurnShown, responses=_REFUSED)
    async def revert_group(who: Who, group: Group, key: MaybeKey, said: RevertBody = _REVERT) -> Response:
        """Give the group's writes back with everything that was written here, or change nothing: look at `outcome`."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            turn = await reverting.revert(
                await ground_of(mover),
                wanted,
                max_pause=said.max_pause,
                overrides=said.overrides,
                dry_run=said.dry_run,
                who=name,
            )
            return answer(turn)

        return web.told(await acts.once_with(key, act))

    _ends(router, acts)
    return router


def _ends(router: APIRouter, acts: Acts) -> None:
    @router.post("/finalize", response_model=EndedShown, responses=_REFUSED)
    async def finalize_group(who: Who, group: Group, key: MaybeKey, said: FinalizeBody = _FINALIZE) -> Response:
        """Keep the group for good: there is no way back from here on. 409 `window` while there is one and `name` is not said."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            return answer(await ending.finalize(await ground_of(mover), wanted, typed=said.name, who=name))

        return web.told(await acts.once_with(key, act))

    @router.post("/abort", response_model=EndedShown, responses=_REFUSED)
    async def abort_group(who: Who, group: Group, key: MaybeKey, said: Said = _NOTHING) -> Response:
        """Call the group's move off, in any state before it is ours. The legacy shop keeps it."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            return answer(await ending.abort(await ground_of(mover), wanted, who=name))

        return web.told(await acts.once_with(key, act))
