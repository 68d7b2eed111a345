"""Today at a glance: orders by state, the last of them, what runs low, what waits, and whether all promises hold."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.responses import Response

from banyan.console.services import operating, orders, stock
from banyan.console.services.operating import Proof, Waiting
from banyan.console.services.orders import Tally
from banyan.console.services.parts import Part, parts
from banyan.console.shown import iso
from banyan.console.visit import Visit
from banyan.foundation import deadlines
from banyan.foundation.face import ways_in
from banyan.foundation.face.line import Line, or_none
from banyan.kernel.money import Money

T = TypeVar("T")
PATIENCE = 4.0  # seconds: the page is shown without what takes longer


@dataclass(frozen=True, slots=True)
class Health:
    """All services together: how many streams wait and are parked, how many promises there are and are broken."""

    waiting: int
    parked: int
    promises: int
    broken: int
    silent: tuple[str, ...]  # services that did not answer


async def home(visit: Visit) -> Response:
    """`/console`"""
    midnight = visit.desk.shop.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    asked: dict[str, Awaitable[Any]] = {"health": _soon(_health(visit.line))}
    if visit.who.may("orders:read"):
        asked["today"] = _soon(_today(visit.line, iso(midnight)))
        asked["to_send"] = _soon(orders.tally(visit.line, status="confirmed"))
        asked["last"] = _soon(orders.listed(visit.line, {}, limit=8))
    if visit.who.may("stock:read"):
        asked["low"] = _soon(stock.listed(visit.line, low=True, limit=8))
    got = dict(zip(asked, await parts(*asked.values()), strict=True))
    factors = await or_none(_soon(ways_in.factors(visit.line)))
    return await visit.page("home.html", today_is=midnight, taken=_taken(got.get("today")), got=got, factors=factors)


async def _soon(asked: Awaitable[T]) -> T:
    async with deadlines.within(PATIENCE):
        return await asked


async def _today(line: Line, since: str) -> dict[str, Part[Tally]]:
    tallies = await parts(*(orders.tally(line, **{"status": status, "from": since}) for status in orders.STATUSES))
    return dict(zip(orders.STATUSES, tallies, strict=True))


def _taken(today: Part[dict[str, Part[Tally]]] | None) -> tuple[list[Money], bool]:
    """What today's good orders come to, by currency, and whether it is more than that."""
    totals: dict[str, Money] = {}
    more = False
    for status in ("confirmed", "fulfilled"):
        tally = today.value[status].value if today and today.value else None
        if tally is None:
            continue
        more = more or tally.more
        for money in tally.totals:
            known = totals.get(money.currency)
            totals[money.currency] = known + money if known else money
    return list(totals.values()), more


async def _health(line: Line) -> Health:
    streams, proofs = await operating.all_waiting(line), await operating.all_proofs(line)
    waiting: list[Waiting] = [each for part in streams.values() for each in part.value or ()]
    proved: list[Proof] = [part.value for part in proofs.values() if part.value]
    silent = {name for part in (streams, proofs) for name, each in part.items() if each.refusal}
    return Health(
        waiting=len(waiting),
        parked=sum(each.parked for each in waiting),
        promises=sum(len(proof.findings) for proof in proved),
        broken=sum(len(proof.broken) for proof in proved),
        silent=tuple(sorted(silent)),
    )
