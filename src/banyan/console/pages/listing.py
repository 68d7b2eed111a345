"""What all lists do alike: a filter that is refused is shown beside its form, a list that is not permitted is not shown."""

from collections.abc import Awaitable
from typing import Any

from starlette.responses import Response

from banyan.console.services.parts import part
from banyan.console.visit import Visit


async def listing(visit: Visit, template: str, wanted: Awaitable[Any], **context: Any) -> Response:
    """A page with `found`: what was asked, or why it was refused."""
    found = await part(wanted)
    if found.refusal is not None and found.refusal.status == 403:
        raise found.refusal
    return await visit.page(template, found.refusal.status if found.refusal else 200, found=found, **context)
