"""`/v1/move/quarantine`: what could not be taken over, mended in the legacy shop, tried again or answered for by name."""

from typing import Literal

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.idempotency import Answer
from banyan.foundation.service import Ports
from banyan.foundation.web import MaybeKey, Who
from banyan.move import quarantine
from banyan.move.api.acts import Acts, answer, by
from banyan.move.api.bodies import FixBody, RetryBody, Said, WaiveBody
from banyan.move.api.shapes import CaseId, CaseShown, CasesShown, GroupInQuery, refused
from banyan.move.mover import Mover

_NOTHING, _ALL = Said(), RetryBody()
_REFUSED = refused(400, 401, 403, 404, 409, 422, 503)


def routes(ports: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move/quarantine", tags=["move"])

    @router.get("", response_model=CasesShown, responses=refused(401, 403, 422))
    async def list_quarantine(
        who: Who, group: GroupInQuery = None, state: Literal["open", "waived", "solved", "all"] = "open"
    ) -> Response:
        """Cases of one group or all, oldest first, at most 1000."""
        found = await quarantine.cases(ports.db, group, None if state == "all" else state)
        return web.json(found.as_json())

    @router.get("/{case_id}", response_model=CaseShown, responses=refused(401, 403, 404, 409, 422))
    async def read_case(who: Who, case_id: CaseId) -> Response:
        """One case with the legacy rows it is about."""
        return web.json((await quarantine.show(ports.db, acts.adapter(), case_id)).as_json())

    _trying(router, ports, acts)
    return router


def _trying(router: APIRouter, ports: Ports, acts: Acts) -> None:
    async def again(mover: Mover, case_id: str | None, group: str | None, who: str) -> Answer:
        told = await quarantine.retry(ports.db, case_id, group, source=mover.source, adapter=mover.adapter, who=who)
        return answer(told)

    @router.post("/retry", response_model=CasesShown, responses=_REFUSED)
    async def retry_all(who: Who, key: MaybeKey, said: RetryBody = _ALL) -> Response:
        """Try every case of a group, or of all, again."""
        name = by(who, said.who)
        group = None if said.group is None else acts.group(said.group)
        return web.told(await acts.once_with(key, lambda mover: again(mover, None, group, name)))

    @router.post("/{case_id}/retry", response_model=CasesShown, responses=_REFUSED)
    async def retry_case(who: Who, case_id: CaseId, key: MaybeKey, said: Said = _NOTHING) -> Response:
        """Offer it to its service again; a row of a table is placed again, and the answer says what came of that."""
        name = by(who, said.who)
        return web.told(await acts.once_with(key, lambda mover: again(mover, case_id, None, name)))

    @router.post("/{case_id}/fix", response_model=CaseShown, responses=_REFUSED)
    async def fix_case(who: Who, case_id: CaseId, said: FixBody, key: MaybeKey) -> Response:
        """Mend the row in the legacy shop, while that owns it; the change comes back with the stream and is taken then."""
        name = by(who, said.who)

        async def act(mover: Mover) -> Answer:
            return answer(
                await quarantine.fix(
                    ports.db, mover.source, mover.adapter, case_id, said.table, said.values, who=name, key=said.key
                )
            )

        return web.told(await acts.once_with(key, act))

    @router.post("/{case_id}/waive", response_model=CaseShown, responses=_REFUSED)
    async def waive_case(who: Who, case_id: CaseId, said: WaiveBody, key: MaybeKey) -> Response:
        """Leave it behind: it no longer blocks the cutover. The name and the reason are kept."""
        name = by(who, said.who)

        async def act() -> Answer:
            return answer(await quarantine.waive(ports.db, case_id, name, said.because))

        return web.told(await acts.once(key, act))
