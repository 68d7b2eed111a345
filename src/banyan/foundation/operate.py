"""What operators may ask of every service: streams that wait, and the proof of its invariants. Not for the gateway."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from banyan.foundation import inbox, web
from banyan.foundation.db import Db
from banyan.foundation.service import Invariant, Ports, Service
from banyan.foundation.web import Who

MOST_ROWS = 100
PROOF_SECONDS = 60.0
Number = Annotated[int, Path(ge=1, lt=1 << 63)]  # as far as the database counts

# What every service's database promises, whatever its trade.
COMMON = (
    Invariant(
        "I8",
        "an event that waits was not handled, and one that was handled does not wait",
        "SELECT consumer, event_id FROM stuck JOIN inbox USING (consumer, event_id)",
    ),
    Invariant(
        "I19",
        "an answer that was kept has a body, and a request that runs has an end",
        """SELECT scope, key FROM idempotency WHERE (status IS NULL) <> (body IS NULL)
           OR (status IS NULL AND running_until < shop_now() - interval '1 day')""",
    ),
    Invariant(
        "I20",
        "no fact waits longer than 60 s for the bus",
        """SELECT id, type, told_at FROM {outbox} WHERE told_at < shop_now() - interval '60 seconds'
           AND (txid, pos) > (SELECT txid, pos FROM relay_position WHERE the_one)""",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: how many violations, and the first of them."""

    id: str
    service: str
    promise: str
    count: int
    rows: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "service": self.service,
            "promise": self.promise,
            "violations": self.count,
            "rows": list(self.rows[:10]),
        }


async def prove(service: Service, db: Db) -> list[Finding]:
    """Run every invariant of one service."""
    found = []
    for invariant in (*service.invariants, *COMMON):
        broken = [dict(row) for row in await db.fetch(invariant.sql.replace("{outbox}", service.outbox))]
        found.append(Finding(invariant.id, service.name, invariant.promise, len(broken), tuple(broken[:MOST_ROWS])))
    return found


class _Proof:
    """The last proof of a service, made again at most once a minute."""

    def __init__(self, service: Service, ports: Ports) -> None:
        self._service = service
        self._ports = ports
        self._at: datetime | None = None
        self._found: list[Finding] = []

    async def latest(self) -> dict[str, Any]:
        now = self._ports.clock.now()
        if self._at is None or (now - self._at).total_seconds() > PROOF_SECONDS:
            self._found, self._at = await prove(self._service, self._ports.db), now
        return {"service": self._service.name, "proved_at": self._at, "items": [each.as_json() for each in self._found]}


def routes(service: Service, ports: Ports) -> APIRouter:
    """`/operate/…` of one service; each needs the permission `operate`."""
    router = APIRouter(prefix="/operate", include_in_schema=False)
    proof = _Proof(service, ports)

    @router.get("/invariants")
    async def invariants(who: Who) -> Response:
        return web.json(await proof.latest())

    @router.get("/parked")
    async def parked(who: Who) -> Response:
        return web.json({"items": await inbox.parked(ports.db)})

    @router.post("/parked/{seq}/retry")
    async def retry(who: Who, seq: Number) -> Response:
        await inbox.retry(ports.db, seq)
        return web.json({"seq": seq})

    @router.post("/parked/{seq}/discard")
    async def discard(who: Who, seq: Number) -> Response:
        await inbox.discard(ports.db, seq)
        return web.json({"seq": seq})

    return router
