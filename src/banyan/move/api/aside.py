"""`/v1/move/quarantine`: what could not be taken over, tried again or answered for by name."""

from typing import Literal

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.move import quarantine
from banyan.move.api.acts import Acts, answer, by
from banyan.move.api.shapes import READ, CaseId, CaseShown, CasesShown, GroupInQuery, Said, WaiveBody, refused

NOTHING = Said()


def routes(ports: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move/quarantine", tags=["move"])

    @router.get("", response_model=CasesShown, responses=refused(401, 403, 422))
    async def list_quarantine(
        who: Who, group: GroupInQuery = None, state: Literal["open", "waived", "solved", "all"] = "open"
    ) -> Response:
        """Cases of one group or all, oldest first, at most 1000."""
        who.must(READ)
        found = await quarantine.cases(ports.db, group, None if state == "all" else state)
        return web.json(found.as_json())

    @router.get("/{case_id}", response_model=CaseShown, responses=refused(401, 403, 404, 409, 422))
    async def read_case(who: Who, case_id: CaseId) -> Response:
        """One case with the legacy rows it is about."""
        who.must(READ)
        return web.json((await quarantine.show(ports.db, acts.adapter(), case_id)).as_json())

    @router.post("/{case_id}/retry", response_model=CasesShown, responses=refused(400, 401, 403, 404, 409, 422, 503))
    async def retry_case(who: Who, case_id: CaseId, key: MaybeKey, said: Said = NOTHING) -> Response:
        """Offer it to its service again."""
        name = by(who, said.who)

        async def act() -> Answer:
            return answer(await quarantine.retry(ports.db, case_id, who=name))

        return web.told(await acts.once(key, act))

    @router.post("/{case_id}/waive", response_model=CaseShown, responses=refused(400, 401, 403, 404, 409, 422, 503))
    async def waive_case(who: Who, case_id: CaseId, said: WaiveBody, key: MaybeKey) -> Response:
        """Leave it behind: it no longer blocks the cutover. The name and the reason are kept."""
        name = by(who, said.who)

        async def act() -> Answer:
            return answer(await quarantine.waive(ports.db, case_id, name, said.because))

        return web.told(await acts.once(key, act))

    return router
