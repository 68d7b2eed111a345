"""A picture is recognised by its bytes alone, and no bytes are too strange to be looked at."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.domain.pictures import Picture, recognise

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480)
EXIF = b"\xff\xe1" + struct.pack(">H", 10) + b"Exif\0\0\0\0"
JPEG = b"\xff\xd8" + EXIF + b"\xff\xff\xc2" + struct.pack(">HBHHB", 11, 8, 480, 640, 1) + b"\0" * 4
VP8 = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0" + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
VP8L = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14)
VP8X = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0" + b"\0" * 4 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("body", "extension"),
    [(PNG, "png"), (GIF, "gif"), (JPEG, "jpg"), (VP8, "webp"), (VP8L, "webp"), (VP8X, "webp")],
)
def test_each_kind_tells_its_size(body: bytes, extension: str) -> None:
    assert recognise(body) == Picture(extension, 640, 480)


@pytest.mark.parametrize("body", [PNG, GIF, JPEG, VP8, VP8L, VP8X])
def test_one_that_is_cut_off_is_none(body: bytes) -> None:
    for end in range(len(body) - 4):
        found = recognise(body[:end])
        assert found is None or found == recognise(body)


@given(st.sampled_from([b"", PNG[:8], GIF[:6], JPEG[:2], b"\xff\xd8\xff", VP8[:16]]), st.binary(max_size=200))
def test_no_bytes_are_too_strange(start: bytes, rest: bytes) -> None:
    found = recognise(start + rest)
    assert found is None or min(found.width, found.height) > 0


@pytest.mark.parametrize("body", [b"<svg/>", b"<?xml", b"%PDF-1.7", b"BM", b"MZ", b"PK\x03\x04", b"GIF88a" + b"\1" * 9])
def test_nothing_else_is_a_picture(body: bytes) -> None:
    assert recognise(body) is None
