"""Pictures are served to everybody; operators upload them as they are: the request's body is the file."""

from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from banyan.catalog.actions import pictures as actions
from banyan.catalog.api.words import GONE, NOT_MODIFIED, AtName, IfNoneMatch, answers, safe, unchanged
from banyan.catalog.domain.naming import LINE
from banyan.catalog.domain.pictures import MOST_BYTES
from banyan.foundation import web
from banyan.foundation.service import Ports
from banyan.foundation.web import Who, key_of, told
from banyan.kernel.refusals import NotFound, TooLarge

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

# A picture is shown and does nothing: an SVG opened by itself runs no script and loads nothing.
_PICTURE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}
_FOREVER = "public, max-age=31536000, immutable"  # an upload's name is its own for ever
_A_DAY = "public, max-age=86400"
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {"image/*": {}}}}


def add_to(router: APIRouter, ports: Ports) -> None:
    @router.get(
        "/media/{path:path}",
        response_model=None,
        responses=_FILE | NOT_MODIFIED,
    )
    async def get_media(path: str, if_none_match: IfNoneMatch = None) -> Response:
        file = await ports.media.get(path)
        if file is None:
            raise NotFound("there is no such file")
        tag = web.etag(blake2b(file.body, digest_size=12).hexdigest())
        headers = _PICTURE | {"etag": tag, "cache-control": _FOREVER if path.startswith("products/") else _A_DAY}
        if unchanged(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)

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
