"""How an operator signs in: passkeys, an app's codes, recovery codes. Who has no second factor yet may come here alone."""

import asyncio

from starlette.responses import Response

from banyan.console.doorway import SECURITY
from banyan.console.visit import Visit
from banyan.foundation.face import security, ways_in
from banyan.kernel.refusals import Refusal


class Security(security.Security[Visit]):
    """`/console/security/…`"""

    async def refused(self, visit: Visit, refusal: Refusal) -> Response:
        return await _page(visit, refusal)

    def again(self, visit: Visit) -> Response:
        return visit.to(SECURITY, "sign-in-again")

    def changed(self, visit: Visit) -> None:
        visit.operator.drop_access()  # the next one permits what the role does


OWN = Security(SECURITY, SECURITY)


async def overview(visit: Visit) -> Response:
    """`/console/security`"""
    return await _page(visit)


async def _page(visit: Visit, refusal: Refusal | None = None) -> Response:
    factors, keys = await asyncio.gather(ways_in.factors(visit.line), ways_in.passkeys(visit.line))
    status = refusal.status if refusal else 200
    return await visit.page("security.html", status, factors=factors, passkeys=keys, refusal=refusal)
