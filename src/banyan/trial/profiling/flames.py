"""Reads a flame graph back: own time of each function, and the layer of the house it belongs to."""

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LAYERS = ("gateway", "framework", "service", "storage", "driver", "loop", "python")
_BOX = re.compile(
    r'<title>(.*?) \([\d,]+ samples?, [\d.]+%\)</title><rect [^>]*?\by="(\d+)"[^>]*? fg:x="(\d+)" fg:w="(\d+)"'
)
_LINE = re.compile(r":\d+\)$")
_FILE = re.compile(r"\(([^()]*)\)$")
_PLACES = (  # the first that fits; a file's name begins with its package
    ("gateway", r"banyan/(gateway/|foundation/(edge|express|straight)\b|foundation/(edge|express)/)"),
    (
        "storage",
        r"banyan/(\w+/storage\b|foundation/(db|migrate|outbox|inbox|idempotency)\b|foundation/(bus|cache|search)\b)|tantivy/",
    ),
    ("service", r"banyan/"),
    ("driver", r"(asyncpg|pymysql|aiohttp|yarl|multidict|aiokafka)/"),
    (
        "framework",
        r"(fastapi|starlette|pydantic\w*|strawberry|graphql|granian|orjson|opentelemetry|prometheus_client|jinja2|anyio|typing_extensions)\b",
    ),
    ("loop", r"(asyncio|uvloop|concurrent)/|selectors\.py|threading\.py|.*uvloop"),
)
_RULES = [(name, re.compile(pattern)) for name, pattern in _PLACES]


class WrongFlames(ValueError):
    """A file that is no flame graph of py-spy's, or an empty one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A function, where it is, and in how many samples it was at work itself."""

    name: str
    layer: str
    own: int


def frames(svg: str) -> tuple[int, list[Frame]]:
    """All samples, and the functions by own time, most first. WrongFlames when there is nothing to read."""
    boxes = [(html.unescape(name), int(y), int(x), int(width)) for name, y, x, width in _BOX.findall(svg)]
    if not boxes:
        raise WrongFlames("there are no samples in the flame graph: nothing ran, or it was written by another program")
    whole = max(boxes, key=lambda box: box[3])[3]
    own = Counter[str]()
    for name, samples in _own(boxes):
        own[_LINE.sub(")", name)] += samples
    return whole, [Frame(name, layer(name), count) for name, count in own.most_common() if count > 0]


def _own(boxes: Sequence[tuple[str, int, int, int]]) -> list[tuple[str, int]]:
    """What each box has that none above it has. A row's boxes lie on those of the row before, between the same samples."""
    root = max((box for box in boxes), key=lambda box: (box[3], box[0] == "all"))
    rows: dict[int, list[tuple[str, int, int]]] = {}
    for name, y, x, width in boxes:
        rows.setdefault(abs(y - root[1]), []).append((name, x, width))
    told, heights = list[tuple[str, int]](), sorted(rows)
    for height, above in zip(heights, [*heights[1:], -1], strict=True):
        over, at = sorted(rows.get(above, []), key=lambda box: box[1]), 0
        for name, x, width in sorted(rows[height], key=lambda box: box[1]):
            covered = 0
            while at < len(over) and over[at][1] < x + width:
                covered += over[at][2]
                at += 1
            told.append((name, width - covered))
    return told


def layer(name: str) -> str:
    """Of the house: by the file that a frame's name ends with."""
    found = _FILE.search(name)
    file = found[1] if found else name
    file = file.rpartition("site-packages/")[2].rpartition("/src/")[2]
    return next((layer for layer, rule in _RULES if rule.match(file)), "python")
