"""`POST /v1/move/{group}/…`: prepare, copy, verify, and who answers the group's reads."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.move.api.acts import Acts, answer, by
from banyan.move.api.bodies import RehearseBody, RouteBody, Said, ShadowBody, VerifyBody
from banyan.move.api.shapes import Begun, Group, PreparedShown, RoutedShown, refused
from banyan.move.mover import Mover
from banyan.move.shift import routing

_NOTHING, _WHOLE, _REHEARSAL = Said(), VerifyBody(), RehearseBody()
_REFUSED = refused(400, 401, 403, 404, 409, 422, 503)


def routes(ports: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move/{group}", tags=["move"])

    @router.post("/prepare", response_model=PreparedShown, responses=_REFUSED)
    async def prepare_group(who: Who, group: Group, key: MaybeKey, said: Said = _NOTHING) -> Response:
        """Write down the shop, the group and its tables, and where the source's log ends now. Safe to repeat."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            return answer(await mover.prepare([wanted], who=name))

        return web.told(await acts.once_with(key, act))

    @router.post("/copy", status_code=202, response_model=Begun, responses=_REFUSED)
    async def copy_group(who: Who, group: Group, key: MaybeKey, said: Said = _NOTHING) -> Response:
        """The group's tables are copied from now on, by whoever works on the move."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            await mover.copy([wanted], who=name)
            return answer(_begun(wanted, "copy"), 202)

        return web.told(await acts.once_with(key, act))

    @router.post("/verify", status_code=202, response_model=Begun, responses=_REFUSED)
    async def verify_group(who: Who, group: Group, key: MaybeKey, said: VerifyBody = _WHOLE) -> Response:
        """Every row and record of the group is compared, beginning now; the log has the outcome."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            await acts.verify(mover, wanted, repair=said.repair, who=name)
            return answer(_begun(wanted, "verify"), 202)

        return web.told(await acts.once_with(key, act))

    @router.post("/rehearse", status_code=202, response_model=Begun, responses=_REFUSED)
    async def rehearse_group(who: Who, group: Group, key: MaybeKey, said: RehearseBody = _REHEARSAL) -> Response:
        """The change of hands on a scratch copy, beginning now; the log has the outcome with the pauses."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act(mover: Mover) -> Answer:
            await acts.rehearse(mover, wanted, rounds=said.rounds, max_pause=said.max_pause, who=name)
            return answer(_begun(wanted, "rehearse"), 202)

        return web.told(await acts.once_with(key, act))

    _reads(router, ports, acts)
    return router


def _reads(router: APIRouter, ports: Ports, acts: Acts) -> None:
    @router.post("/route", response_model=RoutedShown, responses=_REFUSED)
    async def route_group(who: Who, group: Group, said: RouteBody, key: MaybeKey) -> Response:
        """Answer more of the group's reads, step by step as long as we do well; less than now is done at once."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act() -> Answer:
            return answer(await routing.route(ports, wanted, said.weight, who=name))

        return web.told(await acts.once(key, act))

    @router.post("/shadow", response_model=RoutedShown, responses=_REFUSED)
    async def shadow_group(who: Who, group: Group, said: ShadowBody, key: MaybeKey) -> Response:
        """Ask a share of the group's reads again of both sides, off the shoppers' path."""
        name = by(who, said.who)
        wanted = acts.group(group)

        async def act() -> Answer:
            return answer(await routing.shadow(ports, wanted, said.percent, who=name))

        return web.told(await acts.once(key, act))


def _begun(group: str, what: str) -> dict[str, object]:
    return {
        "group": group,
        "began": what,
        "look": [f"/v1/move/{group}", f"/v1/move/{group}/log"],
        "next_steps": ["banyan move status", f"banyan move log {group}"],
    }
