"""What a material looks like from close by: a square tile of 60 units as an SVG pattern."""

from collections.abc import Callable

from banyan.catalog.demo.drawings.svg import Look, box, disc, shape, trace


def pattern(name: str, texture: str, look: Look) -> str:
    """The texture as a pattern to be filled with as url(#name)."""
    tile = box(0, 0, 60, 60, 0, look.main) + TEXTURES[texture](look)
    return f'<pattern id="{name}" width="60" height="60" patternUnits="userSpaceOnUse">{tile}</pattern>'


def _ripstop(look: Look) -> str:
    grid = trace("M0 0H60M0 30H60M0 0V60M30 0V60", look.dim, 3)
    return grid + trace("M0 15H60M0 45H60M15 0V60M45 0V60", look.lit, 1, 'opacity=".5"')


def _weave(look: Look) -> str:
    threads = [
        box(x + 2, y + 2, 26, 12, 6, look.lit if (x + y) % 60 else look.dim) for x in (0, 30) for y in (0, 15, 30, 45)
    ]
    return "".join(threads)


def _knit(look: Look) -> str:
    stitches = "".join(
        shape(f"M{x} {y}q9 2 15 16q6 -14 15 -16v12q-9 3 -15 18q-6 -15 -15 -18z", look.lit)
        for x in (0, 30)
        for y in (0, 30)
    )
    return box(0, 0, 60, 60, 0, look.dim) + stitches


def _quilt(look: Look) -> str:
    puff = trace("M10 15Q30 -2 50 15", look.lit, 6, 'opacity=".7"')
    return puff + trace("M0 30Q30 42 60 30", look.deep, 3)


def _leather(look: Look) -> str:
    grain = "M6 8q8 -6 14 2M34 4q8 6 16 0M2 30q10 -8 18 2M30 26q10 8 20 -2M10 50q8 6 16 -2M40 48q8 -6 16 4"
    return trace(grain, look.dim, 3)


def _wood(look: Look) -> str:
    return trace("M0 8Q30 0 60 8M0 22Q30 34 60 22M0 38Q30 30 60 38M0 52Q30 60 60 52", look.dim, 3) + trace(
        "M0 15Q30 14 60 15M0 45H60", look.lit, 2
    )


def _brushed(look: Look) -> str:
    light = trace("M0 6H60M0 24H40M20 42H60M0 54H60", look.lit, 2, 'opacity=".8"')
    return light + trace("M0 14H60M10 33H60M0 48H36", look.dim, 1.5, 'opacity=".7"')


def _glaze(look: Look) -> str:
    spots = ((8, 12, 3), (34, 6, 2), (50, 26, 3.5), (20, 34, 2), (40, 46, 2.5), (10, 52, 2))
    return "".join(disc(x, y, radius, look.deep, 'opacity=".55"') for x, y, radius in spots)


def _mesh(look: Look) -> str:
    return "".join(disc(x, y, 6, look.dark) for x in (15, 45) for y in (15, 45)) + "".join(
        disc(x, y, 6, look.dark) for x in (0, 30, 60) for y in (0, 30, 60)
    )


def _braid(look: Look) -> str:
    return trace("M0 0L30 30L60 0M0 30L30 60L60 30M0 60L30 90M0 -30L30 0L60 -30", look.lit, 8) + trace(
        "M0 10L30 40L60 10M0 40L30 70L60 40M0 -20L30 10L60 -20", look.deep, 3
    )


def _paper(look: Look) -> str:
    return trace("M0 30H60", look.dim, 2) + disc(30, 0, 1.5, look.deep) + disc(0, 0, 1.5, look.deep)


def _fleece(look: Look) -> str:
    curls = "M10 14a8 8 0 1 1 10 8M38 10a8 8 0 1 1 10 8M22 40a8 8 0 1 1 10 8M50 42a8 8 0 1 1 10 8M-10 42a8 8 0 1 1 10 8"
    return trace(curls, look.lit, 4) + trace("M4 34q6 6 12 0M34 28q6 6 12 0", look.dim, 3)


def _plastic(look: Look) -> str:
    return "".join(disc(x, y, 2, look.dim) for x in (10, 30, 50) for y in (10, 30, 50))


TEXTURES: dict[str, Callable[[Look], str]] = {
    "ripstop": _ripstop,
    "weave": _weave,
    "knit": _knit,
    "quilt": _quilt,
    "leather": _leather,
    "wood": _wood,
    "brushed": _brushed,
    "glaze": _glaze,
    "mesh": _mesh,
    "braid": _braid,
    "paper": _paper,
    "fleece": _fleece,
    "plastic": _plastic,
}
