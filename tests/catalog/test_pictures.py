"""Pictures: what they are, their bytes say; what is served can neither run nor load anything."""

import struct
import zlib

import pytest

from banyan.catalog.domain.pictures import MOST_BYTES
from tests.catalog.counter import Counter


def png(width: int = 2, height: int = 3) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x40\x80\x60" * width for _ in range(height))) if width < 100 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
async def at(counter: Counter) -> str:
    return f"/v1/products/{(await counter.product('PIC-1'))['id']}/media"


async def test_a_picture_is_shown_after_those_that_were_there(counter: Counter, at: str) -> None:
    first = (await counter.send("POST", f"{at}?alt=Front", png(), content_type="text/plain")).json()
    second = (await counter.send("POST", at, png(5, 5))).json()
    assert [each["alt"] for each in second["images"]] == ["Front", ""]
    assert second["image"] == first["images"][0]["url"] != second["images"][1]["url"]
    served = await counter.get(first["image"])
    assert (served.status, served.body, served.header("content-type")) == (200, png(), "image/png")
    assert served.header("x-content-type-options") == "nosniff"
    assert served.header("content-security-policy") == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert "immutable" in (served.header("cache-control") or "")
    again = await counter.get(first["image"], if_none_match=served.header("etag") or "")
    assert (again.status, again.body) == (304, b"")
    for each in second["images"]:
        assert (await counter.send("DELETE", f"{at}/{each['id']}")).status == 204
        assert (await counter.get(each["url"])).status == 404
    assert (await counter.send("DELETE", f"{at}/{second['images'][0]['id']}")).status == 404


def files(counter: Counter) -> set[str]:
    return {path.name for path in (counter.ports.settings.data_dir / "media").rglob("*") if path.is_file()}


async def test_a_key_used_again_keeps_one_picture_and_one_file(counter: Counter, at: str) -> None:
    before = files(counter)
    first = await counter.send("POST", at, png(7, 7), idempotency_key="pic")
    again = await counter.send("POST", at, png(7, 7), idempotency_key="pic")
    assert (first.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    other = await counter.send("POST", at, png(8, 8), idempotency_key="pic")
    assert (other.status, other.json()["code"]) == (422, "key_reused")
    [name] = files(counter) - before
    assert first.json()["images"][-1]["url"].endswith(name)


async def test_a_product_takes_its_files_with_it(counter: Counter) -> None:
    before = files(counter)
    made = await counter.product("PIC-2")
    await counter.send("POST", f"/v1/products/{made['id']}/media", png())
    assert len(files(counter)) == len(before) + 1
    assert (await counter.send("DELETE", f"/v1/products/{made['id']}")).status == 204
    assert files(counter) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 422),
        (b"<html>", 422),
        (b"%PDF-1.7", 422),
        (b"\x89PNG\r\n\x1a\n", 422),
        (b"GIF89a", 422),
        (png(50_000, 50_000), 422),
        (png() + b"\0" * MOST_BYTES, 413),
    ],
    ids=["nothing", "svg", "html", "pdf", "cut png", "cut gif", "huge png", "too long"],
)
async def test_what_is_no_picture_is_refused_and_not_kept(counter: Counter, at: str, body: bytes, status: int) -> None:
    before = await counter.rows_of("media"), files(counter)
    answer = await counter.send("POST", at, body, content_type="image/png")
    assert (answer.status, answer.header("content-type")) == (status, "application/problem+json")
    assert (await counter.rows_of("media"), files(counter)) == before


async def test_only_operators_upload(counter: Counter, at: str) -> None:
    assert (await counter.send("POST", at, png(), who="shopper")).status == 403
    assert (await counter.send("POST", "/v1/products/nobody/media", png())).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "../keys/key.pem",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/x.png",
        "/etc/passwd",
        "a\\b.png",
        "demo",
        "%00.png",
        "x.html",
        "",
    ],
)
async def test_nothing_but_media_is_served(counter: Counter, path: str) -> None:
    assert (await counter.get(f"/media/{path}")).status == 404


async def test_a_drawing_of_our_own_is_served_as_one(counter: Counter) -> None:
    await counter.ports.media.put("demo/x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    served = await counter.get("/media/demo/x.svg")
    assert (served.header("content-type"), served.header("x-content-type-options")) == ("image/svg+xml", "nosniff")
    assert "sandbox" in (served.header("content-security-policy") or "")
