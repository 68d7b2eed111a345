"""Operators upload pictures as they are: the request's body is the file."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from banyan.catalog.actions import pictures as actions
from banyan.catalog.api.words import GONE, AtName, answers, operator, safe
from banyan.catalog.domain.naming import LINE
from banyan.catalog.domain.pictures import MOST_BYTES
from banyan.foundation.service import Ports
from banyan.foundation.web import Who, key_of, told
from banyan.kernel.refusals import TooLarge

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The bytes of a PNG, JPEG, WebP or GIF, at most {MOST_BYTES}",
        "content": {kind: {} for kind in ("image/png", "image/jpeg", "image/webp", "image/gif")},
    },
    "parameters": [
        {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 255}}
    ],
}


def add_to(router: APIRouter, ports: Ports) -> None:
    @router.post(
        "/v1/products/{product}/media",
        status_code=201,
        response_model=None,
        responses=answers(201, "The product with the new picture"),
        openapi_extra=_BODY,
    )
    async def add_picture(
        request: Request,
        who: Who,
        product: AtName,
        alt: Annotated[str, Query(max_length=300, pattern=LINE)] = "",
    ) -> Response:
        """Upload a picture. What it is, its bytes say; SVG is refused, because it can run scripts."""
        operator(who)
        body = await _bounded(request)
        key = key_of(request, who, request.headers.get("idempotency-key"), body, required=False)
        return told(await actions.add(ports, key, safe(product), body, alt))

    @router.delete(
        "/v1/products/{product}/media/{media}",
        status_code=204,
        response_model=None,
        responses=GONE,
    )
    async def remove_picture(who: Who, product: AtName, media: AtName) -> Response:
        operator(who)
        await actions.remove(ports, safe(product), safe(media))
        return Response(status_code=204)


async def _bounded(request: Request) -> bytes:
    """The body, unless it is longer than it may be: then no more of it is read."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise TooLarge(f"a picture is at most {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)
