"""The photo studio: a backdrop, a shadow, the drawing on it, and the close-up for the second picture."""

from collections.abc import Callable
from dataclasses import dataclass

from banyan.catalog.demo.colours import CREAM, brightness, darker, lighter, mix
from banyan.catalog.demo.drawings.svg import Look, box, disc, group, oval, ring, trace
from banyan.catalog.demo.drawings.textures import pattern

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800">'


@dataclass(frozen=True)
class Drawing:
    """How to draw one kind of thing on 800 by 800, and where to look closer.

    Standing things say on which height their foot is and how wide it is; things without a foot lie on the
    backdrop and cast a shadow of their own outline.
    """

    draw: Callable[[Look], str]
    texture: str
    closer: tuple[float, float, float]  # x and y of what is worth a closer look, and how much closer
    foot: tuple[float, float] | None = None  # y, half the width


def front(drawing: Drawing, look: Look) -> str:
    """The first picture: the whole thing."""
    tint = _tint(look)
    return HEAD + _backdrop(tint, drawing.foot is not None) + _stood(drawing, look, tint) + "</svg>"


def closeup(drawing: Drawing, look: Look) -> str:
    """The second picture: nearer, from a slight angle, with a swatch of the material and a scale line."""
    tint = darker(_tint(look), 0.05)
    x, y, zoom = drawing.closer
    nearer = group(
        _stood(drawing, look, tint), f"translate(360 370) rotate(-6) scale({zoom:g}) translate({-x:g} {-y:g})"
    )
    wall = box(0, 0, 800, 800, 0, tint) + disc(360, 370, 330, lighter(tint, 0.35))
    return HEAD + pattern("swatch", drawing.texture, look) + wall + nearer + _swatch() + _scale() + "</svg>"


def _tint(look: Look) -> str:
    """A backdrop a thing stands out from: cream with a breath of its colour, deeper behind light things."""
    if brightness(look.main) > 0.78:
        return mix(mix(CREAM, look.accent, 0.3), "#8d8a86", 0.2)
    return mix(CREAM, look.main, 0.13)


def _backdrop(tint: str, standing: bool) -> str:
    glow = (
        f'<radialGradient id="room" cx=".42" cy=".38" r=".75"><stop stop-color="{lighter(tint, 0.5)}"/>'
        f'<stop offset="1" stop-color="{tint}"/></radialGradient>'
    )
    wall = glow + box(0, 0, 800, 800, 0, "url(#room)")
    if standing:
        return wall + box(0, 610, 800, 190, 0, darker(tint, 0.07))
    return wall + disc(400, 400, 318, lighter(tint, 0.45), 'opacity=".7"')


def _stood(drawing: Drawing, look: Look, tint: str) -> str:
    if drawing.foot is None:
        soft = (
            '<filter id="soft" x="-20%" y="-20%" width="140%" height="150%"><feDropShadow dx="0" dy="16"'
            f' stdDeviation="14" flood-color="{darker(tint, 0.8)}" flood-opacity=".24"/></filter>'
        )
        return f'{soft}<g filter="url(#soft)">{drawing.draw(look)}</g>'
    y, half = drawing.foot
    shade = darker(tint, 0.75)
    soft = (
        f'<radialGradient id="soft"><stop stop-color="{shade}" stop-opacity=".42"/><stop offset=".6"'
        f' stop-color="{shade}" stop-opacity=".2"/><stop offset="1" stop-color="{shade}" stop-opacity="0"/>'
        "</radialGradient>"
    )
    return soft + oval(412, y, half * 1.22, max(20, half * 0.13), "url(#soft)") + drawing.draw(look)


def _swatch() -> str:
    """The material in a lens, bottom right."""
    return (
        disc(636, 644, 112, "#1c1a24", 'opacity=".14"')
        + disc(630, 630, 112, "#ffffff")
        + group(disc(0, 0, 60, "url(#swatch)"), "translate(630 630) scale(1.7)")
        + ring(630, 630, 102, "#ffffff", 4)
    )


def _scale() -> str:
    """A paper ruler, bottom left: every fifth tick longer."""
    ticks = "".join(f"M{76 + 28 * i} 706v{26 if i % 5 == 0 else 14}" for i in range(11))
    paper = box(56, 710, 320, 50, 10, "#1c1a24", 'opacity=".14"') + box(52, 704, 320, 50, 10, "#fffdf8")
    return paper + trace(ticks, "#5b5a58", 4)
