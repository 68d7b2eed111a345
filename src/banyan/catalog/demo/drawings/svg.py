"""The pencils: a few SVG marks as strings, and the look a drawing is coloured with. Knows no product."""

from dataclasses import dataclass

from banyan.catalog.demo.colours import darker, lighter


@dataclass(frozen=True)
class Look:
    """What colours and shape a drawing takes. Form chooses among the shapes a drawing knows."""

    main: str
    accent: str
    form: int = 0

    @property
    def pale(self) -> str:
        return lighter(self.main, 0.55)

    @property
    def lit(self) -> str:
        return lighter(self.main, 0.2)

    @property
    def dim(self) -> str:
        return darker(self.main, 0.16)

    @property
    def deep(self) -> str:
        return darker(self.main, 0.36)

    @property
    def dark(self) -> str:
        return darker(self.main, 0.62)


def shape(d: str, fill: str, more: str = "") -> str:
    return f'<path d="{d}" fill="{fill}"{_more(more)}/>'


def trace(d: str, colour: str, width: float, more: str = "") -> str:
    """A line with round ends."""
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
        f' stroke-linecap="round" stroke-linejoin="round"{_more(more)}/>'
    )


def box(x: float, y: float, width: float, height: float, round_: float, fill: str, more: str = "") -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_:g}" fill="{fill}"{_more(more)}/>'
    )


def disc(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"{_more(more)}/>'


def ring(x: float, y: float, radius: float, colour: str, width: float, more: str = "") -> str:
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{colour}"'
        f' stroke-width="{width:g}"{_more(more)}/>'
    )


def oval(x: float, y: float, wide: float, high: float, fill: str, more: str = "") -> str:
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{wide:g}" ry="{high:g}" fill="{fill}"{_more(more)}/>'


def group(part: str, transform: str, more: str = "") -> str:
    return f'<g transform="{transform}"{_more(more)}>{part}</g>'


def turned(part: str, degrees: float, x: float = 400, y: float = 400) -> str:
    return group(part, f"rotate({degrees:g} {x:g} {y:g})")


def both(part: str) -> str:
    """The part and its mirror image, left and right of the middle of the picture."""
    return part + group(part, "translate(800 0) scale(-1 1)")


def within(name: str, outline: str, part: str) -> str:
    """The part, cut off at the outline. Names must differ within one picture."""
    return f'<clipPath id="{name}"><path d="{outline}"/></clipPath><g clip-path="url(#{name})">{part}</g>'


def across(name: str, *colours: str) -> str:
    """A gradient from left to right, to be filled with as url(#name)."""
    return _gradient(name, 'x2="1" y2="0"', colours)


def down(name: str, *colours: str) -> str:
    """A gradient from top to bottom."""
    return _gradient(name, 'x2="0" y2="1"', colours)


def _gradient(name: str, direction: str, colours: tuple[str, ...]) -> str:
    last = len(colours) - 1
    stops = "".join(
        f'<stop offset="{place / last:.2g}" stop-color="{colour}"/>' for place, colour in enumerate(colours)
    )
    return f'<linearGradient id="{name}" x1="0" y1="0" {direction}>{stops}</linearGradient>'


def _more(more: str) -> str:
    return f" {more}" if more else ""
