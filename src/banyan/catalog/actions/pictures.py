"""Pictures of products are uploaded and taken away. What a file is, its bytes say; its name is ours."""

from banyan.catalog.actions.products import change
from banyan.catalog.domain.pictures import LARGEST_SIDE, MOST_BYTES, Picture, recognise
from banyan.catalog.domain.product import MOST_PICTURES
from banyan.catalog.storage import products, reading
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid, Moving, NotFound, Refusal, TooLarge


async def add(ports: Ports, key: Key | None, product: str, body: bytes, alt: str) -> Answer:
    """Keep a picture and show it last. Invalid when it is none of PNG, JPEG, WebP, GIF: an SVG can run scripts."""
    picture = _recognised(body)
    found = await reading.find(ports.db, product)
    if found is None:
        raise NotFound("there is no such product", code="no_such_product")
    media_id = ports.ids.new("med")
    path = f"products/{found['id']}/{media_id}.{picture.extension}"

    async def effect(tx: Tx, product_id: str) -> None:
        if len(await products.picture_paths(tx, product_id)) >= MOST_PICTURES:
            raise Conflict(f"a product has at most {MOST_PICTURES} pictures", code="too_many_pictures")
        await products.add_picture(tx, product_id, media_id, path, alt)

    # The file first: nothing may ever point at one that is not there.
    await ports.media.put(path, body)
    try:
        answer = await change(ports, found["id"], effect, key=key, status=201)
    except Refusal as refusal:
        if refusal.status < 500 or isinstance(refusal, Moving):  # else it may be in the database all the same
            await ports.media.remove(path)
        raise
    if answer.replayed:
        await ports.media.remove(path)
    return answer


async def remove(ports: Ports, product: str, media_id: str) -> None:
    path = None

    async def effect(tx: Tx, product_id: str) -> None:
        nonlocal path
        path = await products.remove_picture(tx, product_id, media_id)
        if path is None:
            raise NotFound("the product has no such picture", code="no_such_picture")

    await change(ports, product, effect)
    if path is not None and path.startswith("products/"):
        await ports.media.remove(path)


def _recognised(body: bytes) -> Picture:
    if len(body) > MOST_BYTES:
        raise TooLarge(f"a picture is at most {MOST_BYTES} bytes")
    picture = recognise(body)
    if picture is None:
        raise Invalid("send the bytes of a PNG, JPEG, WebP or GIF", code="not_a_picture")
    if max(picture.width, picture.height) > LARGEST_SIDE:
        raise Invalid(f"a picture is at most {LARGEST_SIDE} pixels wide and high", code="picture_too_large")
    return picture
