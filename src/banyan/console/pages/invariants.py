"""What must hold in every service, the time it was last proved, and the rows where it does not."""

from starlette.responses import Response

from banyan.console.services import operating
from banyan.console.visit import Visit

LEAST, MOST = 10, 600  # seconds between two looks of a page that refreshes itself


async def invariants(visit: Visit) -> Response:
    """`/console/invariants`; with `refresh` it looks again by itself after so many seconds."""
    seconds = visit.query.whole("refresh")
    found = await operating.all_proofs(visit.line)
    response = await visit.page(
        "invariants.html",
        found=found,
        broken=sum(len(part.value.broken) for part in found.values() if part.value),
        promises=sum(len(part.value.findings) for part in found.values() if part.value),
        silent=[name for name, part in found.items() if part.refusal],
        seconds=seconds,
    )
    if seconds:
        response.headers["refresh"] = str(max(LEAST, min(MOST, seconds)))
    return response
