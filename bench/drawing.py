"""Line charts as SVG that read well on light and dark pages: two panels side by side, each line named at its end."""

from collections.abc import Sequence
from html import escape
from math import log10

WIDE, HIGH = 860, 330
_LEFT, _TOP, _BROAD, _TALL, _GAP = 46, 62, 236, 205, 430
_COLOURS = ("#2f81f7", "#e5734c", "#3fa45b", "#a371f7", "#c69026", "#d1578a", "#2aa6a6")
_STYLE = """
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.grid { stroke: #8c959f; stroke-opacity: .25 }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round }
@media (prefers-color-scheme: dark) { text { fill: #9198a1 } .title { fill: #f0f6fc } }
"""

Lines = dict[str, list[float]]


def chart(title: str, along: str, x: Sequence[float], panels: dict[str, Lines]) -> str:
    """`x` grows by factors. `panels`: what is measured, and a line for each thing it is measured of."""
    parts = [f'<text class="title" x="{_LEFT - 30}" y="24">{escape(title)}</text>']
    for number, (name, lines) in enumerate(panels.items()):
        parts += _panel(_LEFT + number * _GAP, name, along, x, lines)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}" role="img" '
        f'aria-label="{escape(title)}"><style>{_STYLE}</style>\n{body}\n</svg>\n'
    )


def _panel(left: float, name: str, along: str, x: Sequence[float], lines: Lines) -> list[str]:
    marks = _marks(max((value for line in lines.values() for value in line), default=1.0))
    top = marks[-1]
    low, high = log10(x[0]), log10(x[-1])

    def across(value: float) -> float:
        return left + (_BROAD * (log10(value) - low) / (high - low) if high > low else _BROAD / 2)

    def up(value: float) -> float:
        return _TOP + _TALL * (1 - value / top)

    parts = [f'<text x="{left - 30}" y="{_TOP - 16}">{escape(name)}</text>']
    for mark in marks:
        parts.append(f'<line class="grid" x1="{left}" x2="{left + _BROAD}" y1="{up(mark):.1f}" y2="{up(mark):.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{up(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>')
    below = f'y="{_TOP + _TALL + 20}" text-anchor="middle"'
    parts += [f'<text x="{across(value):.1f}" {below}>{_short(value)}</text>' for value in x]
    parts.append(f'<text x="{left + _BROAD / 2}" y="{_TOP + _TALL + 42}" text-anchor="middle">{escape(along)}</text>')
    ends = _apart([up(line[-1]) for line in lines.values()])
    for (label, line), colour, end in zip(lines.items(), _COLOURS, ends, strict=False):
        points = [(across(value), up(found)) for value, found in zip(x, line, strict=True)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline class="line" stroke="{colour}" points="{path}"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in points]
        at = left + _BROAD + 10
        parts.append(f'<text x="{at}" y="{end + 4:.1f}" style="fill: {colour}">{escape(label)}</text>')
    return parts


def _marks(highest: float) -> list[float]:
    """Round values from 0 to at least the highest."""
    rough = max(highest, 1e-6) / 4
    power = 10.0 ** int(f"{rough:e}".partition("e")[2])
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough)
    count = -int(-highest // step)
    return [round(step * number, 9) for number in range(max(1, count) + 1)]


def _apart(ends: Sequence[float], least: float = 15.0) -> list[float]:
    """Where names stand so that none covers another, as near to their lines as may be."""
    places = dict.fromkeys(range(len(ends)), 0.0)
    last = -1e9
    for number in sorted(places, key=lambda number: ends[number]):
        places[number] = last = max(ends[number], last + least)
    over = max(0.0, last - (_TOP + _TALL))
    return [place - over for place in places.values()]


def _short(value: float) -> str:
    for size, name in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:g}"
