"""What every request goes through: refusals become pages, and browsers are told what they may not do."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from banyan.foundation.face.policy import PERMISSIONS, REPORTING
from banyan.foundation.face.visit import Visit
from banyan.kernel.refusals import Refusal

_log = logging.getLogger(__name__)
Visiting = TypeVar("Visiting", bound=Visit[Any])
Endpoint = Callable[[Request], Awaitable[Response]]

# Of every face; each says for itself where its pages may load from, who may keep them, and who hears of them.
SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": PERMISSIONS,
    **REPORTING,
}


class Doorway(ABC, Generic[Visiting]):
    @abstractmethod
    def visit(self, request: Request) -> Visiting:
        """A request, as this face sees it."""

    @abstractmethod
    async def refused(self, visit: Visiting, refusal: Refusal) -> Response:
        """The page that says what was refused, or the way to sign in."""

    @abstractmethod
    def rules(self, visit: Visiting) -> Mapping[str, str]:
        """Headers of the answer, where a page did not set them itself."""

    def through(self, answer: Callable[[Visiting], Awaitable[Response]]) -> Endpoint:
        """An endpoint that answers so. Whatever is raised becomes a page."""

        async def endpoint(request: Request) -> Response:
            visit = self.visit(request)
            try:
                response = await answer(visit)
            except Refusal as refusal:
                response = await self._turned_away(visit, refusal)
            except Exception:
                _log.exception("a page failed", extra={"path": request.url.path[:200]})
                broken = Refusal("something broke on our side", code="internal", status=500)
                response = await self._turned_away(visit, broken)
            visit.jar.write(response)
            for name, value in self.rules(visit).items():
                response.headers.setdefault(name, value)
            return response

        return endpoint

    async def _turned_away(self, visit: Visiting, refusal: Refusal) -> Response:
        response = await self.refused(visit, refusal)
        if refusal.retry_after is not None:
            response.headers["retry-after"] = str(max(1, round(refusal.retry_after)))
        return response
