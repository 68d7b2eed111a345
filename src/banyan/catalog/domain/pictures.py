"""What an uploaded picture really is, by its own bytes, whatever it was called: PNG, JPEG, WebP or GIF, and how large."""

from dataclasses import dataclass

MOST_BYTES = 5_000_000
LARGEST_SIDE = 12_000
"""Pixels: beyond it a browser that shows the picture may run out of memory."""

# Frame headers of JPEG that tell the size (ITU-T T.81 table B.1), all but DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


@dataclass(frozen=True, slots=True)
class Picture:
    extension: str
    width: int
    height: int


def recognise(body: bytes) -> Picture | None:
    """What these bytes are; None when they are none of the four, or are cut off before their size is told."""
    if body[:8] == b"\x89PNG\r\n\x1a\n" and body[12:16] == b"IHDR":
        return _sized("png", body[16:20], body[20:24], "big")
    if body[:6] in (b"GIF87a", b"GIF89a"):
        return _sized("gif", body[6:8], body[8:10], "little")
    if body[:3] == b"\xff\xd8\xff":
        return _jpeg(body)
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return _webp(body)
    return None


def _sized(extension: str, width: bytes, height: bytes, order: str, *, added: int = 0) -> Picture | None:
    if not width or len(width) != len(height):
        return None
    byte_order = "big" if order == "big" else "little"
    across, down = (int.from_bytes(side, byte_order) + added for side in (width, height))  # type: ignore[arg-type]
    return Picture(extension, across, down) if across and down else None


def _jpeg(body: bytes) -> Picture | None:
    at = 2
    while at + 9 <= len(body):
        if body[at] != 0xFF:
            return None
        marker = body[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            return _sized("jpg", body[at + 7 : at + 9], body[at + 5 : at + 7], "big")
        else:
            length = int.from_bytes(body[at + 2 : at + 4], "big")
            if length < 2:
                return None
            at += 2 + length
    return None


def _webp(body: bytes) -> Picture | None:
    """The three first chunks a WebP may have (developers.google.com/speed/webp/docs/riff_container)."""
    kind = body[12:16]
    if kind == b"VP8X":
        return _sized("webp", body[24:27], body[27:30], "little", added=1)
    if kind == b"VP8 " and body[23:26] == b"\x9d\x01\x2a" and len(body) >= 30:
        sides = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return _whole(*sides)
    if kind == b"VP8L" and body[20:21] == b"\x2f" and len(body) >= 25:
        bits = int.from_bytes(body[21:25], "little")
        return _whole((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    return None


def _whole(width: int, height: int) -> Picture | None:
    return Picture("webp", width, height) if width and height else None
