"""`GET /v1/move`: how the move stands, as a whole and by group, and what was done."""

from fastapi import APIRouter, Response

from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Cursor, Limit, Who
from banyan.kernel.refusals import NotFound
from banyan.move.api.acts import Acts
from banyan.move.api.picture import picture
from banyan.move.api.shapes import Group, GroupShown, LogPage, MoveShown, refused
from banyan.move.storage import log

NOTHING = {"moving": False, "stream": None, "groups": [], "next_steps": ["banyan move doctor"]}


def routes(ports: Ports, acts: Acts) -> APIRouter:
    router = APIRouter(prefix="/v1/move", tags=["move"])

    @router.get("", response_model=MoveShown, responses=refused(401, 403, 409))
    async def read_move(who: Who) -> Response:
        """The stream and every group. `{"moving": false}` where no legacy shop is set."""
        if not acts.moving:
            return web.json(NOTHING)
        return web.json(await picture(ports.db, acts.adapter(), acts.verifying, acts.rehearsing))

    @router.get("/{group}", response_model=GroupShown, responses=refused(401, 403, 404, 409, 422))
    async def read_group(who: Who, group: Group) -> Response:
        """One group."""
        name = acts.group(group)
        seen = await picture(ports.db, acts.adapter(), acts.verifying, acts.rehearsing)
        for each in seen["groups"]:
            if each["group"] == name:
                return web.json(each)
        raise NotFound(f"{name} is not prepared yet: banyan move prepare {name}")

    @router.get("/{group}/log", response_model=LogPage, responses=refused(400, 401, 403, 404, 409, 422))
    async def read_log(who: Who, group: Group, limit: Limit = 20, cursor: Cursor = None) -> Response:
        """What was decided and done about a group, or about all of them, with numbers; newest first."""
        begin = web.place(cursor, int)
        rows = await log.newest(ports.db, acts.group(group), before=begin[0] if begin else None, limit=limit + 1)
        items = [
            {**{name: row[name] for name in ("number", "at", "what", "who", "numbers")}, "group": row["group_name"]}
            for row in rows[:limit]
        ]
        return web.page(items, web.cursor(items[-1]["number"]) if len(rows) > limit else None)

    return router
