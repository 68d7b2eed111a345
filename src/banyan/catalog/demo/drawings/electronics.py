"""Electronics and what goes with them: headphones, speaker, cable, power bank, keyboard, mouse."""

from banyan.catalog.demo.colours import CREAM, INK, STEEL, STEEL_DEEP, STEEL_DIM, darker, lighter
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
    both,
    box,
    disc,
    down,
    group,
    oval,
    ring,
    shape,
    trace,
    turned,
)


def headphones(look: Look) -> str:
    return (_over_ear, _on_ear, _earbuds)[look.form % 3](look)


def _over_ear(look: Look) -> str:
    band = trace("M218 440C200 90 600 90 582 440", look.deep, 44) + trace(
        "M222 420C210 110 590 110 578 420", look.main, 28
    )
    pad = trace("M292 214Q400 130 508 214", look.accent, 22)
    arms = both(box(196, 400, 36, 110, 12, STEEL_DEEP))
    cups = both(
        box(246, 420, 70, 230, 35, INK)
        + box(150, 410, 122, 250, 60, "url(#cup)")
        + box(172, 450, 44, 170, 22, look.dim, 'opacity=".5"')
        + trace("M178 470V560", "#ffffff", 9, 'opacity=".3"')
        + disc(228, 612, 11, look.accent)
    )
    return across("cup", look.lit, look.main, look.dim) + band + pad + arms + cups


def _on_ear(look: Look) -> str:
    band = trace("M226 470C180 70 620 70 574 470", STEEL_DIM, 16) + trace(
        "M276 236C320 140 480 140 524 236", look.main, 40
    )
    cups = both(
        disc(234, 500, 96, INK)
        + disc(222, 500, 94, "url(#cup)")
        + ring(222, 500, 66, look.deep, 5, 'opacity=".6"')
        + disc(222, 500, 36, look.accent)
        + disc(222, 500, 14, look.deep)
    )
    wire = trace("M222 594C222 700 330 640 372 700T520 690", look.dark, 9)
    return across("cup", look.lit, look.main, look.dim) + wire + band + cups


def _earbuds(look: Look) -> str:
    case = (
        box(220, 400, 360, 250, 90, "url(#cup)")
        + shape("M220 490Q220 310 310 310H490Q580 310 580 490Z", look.lit)
        + trace("M222 490H578", look.deep, 6)
        + disc(400, 530, 9, look.accent)
        + box(366, 478, 68, 22, 8, look.deep)
    )
    bud = (
        oval(300, 180, 54, 50, look.main)
        + oval(334, 190, 26, 34, INK)
        + shape("M262 196H306L298 300Q282 316 268 300Z", look.dim)
        + disc(284, 168, 10, look.accent)
    )
    return (
        down("cup", look.main, look.dim)
        + both(group(bud, "translate(0 -20)"))
        + case
        + trace("M250 470Q252 350 316 336", "#ffffff", 10, 'opacity=".4"')
    )


def speaker(look: Look) -> str:
    return (_drum_speaker, _box_speaker, _wide_speaker)[look.form % 3](look)


def _dots(left: int, top: int, columns: int, rows: int, colour: str, step: int = 22) -> str:
    marks = "".join(f"M{left + step * i} {top + step * j}h0" for j in range(rows) for i in range(columns))
    return trace(marks, colour, 8, 'opacity=".55"')


def _drum_speaker(look: Look) -> str:
    strap = trace("M330 240C330 130 470 130 470 240", look.accent, 18)
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + box(260, 214, 280, 442, 90, "url(#wall)")
        + _dots(296, 320, 10, 12, look.dark)
        + shape("M260 306V300Q260 214 350 214H450Q540 214 540 300V306Q400 330 260 306Z", look.deep)
        + oval(400, 252, 110, 26, look.dark)
        + trace("M352 252h28M420 252h28M434 240v24", look.pale, 6)
    )
    return strap + body + box(330, 560, 140, 40, 20, look.accent)


def _box_speaker(look: Look) -> str:
    body = across("wall", look.lit, look.main, look.dim) + box(250, 150, 300, 506, 34, "url(#wall)")
    cones = "".join(
        disc(400, y, r, look.dark)
        + disc(400, y, r - 14, INK)
        + ring(400, y, r * 0.62, STEEL_DEEP, 5)
        + disc(400, y, r * 0.34, look.accent)
        for y, r in ((262, 64), (478, 118))
    )
    return body + cones + box(384, 618, 32, 10, 5, look.accent) + trace("M274 200V600", "#ffffff", 9, 'opacity=".25"')


def _wide_speaker(look: Look) -> str:
    handle = trace("M220 360C220 200 580 200 580 360", look.accent, 26)
    body = (
        across("wall", look.lit, look.main, look.dim)
        + box(130, 350, 540, 300, 60, "url(#wall)")
        + box(162, 392, 476, 216, 40, look.deep)
    )
    grille = _dots(196, 424, 19, 8, look.pale, 23)
    return (
        handle
        + body
        + grille
        + both(disc(266, 500, 70, look.dark) + disc(266, 500, 28, look.accent))
        + box(360, 362, 80, 16, 8, look.dark)
    )


def cable(look: Look) -> str:
    coil = "".join(ring(400, 410, r, look.dim if i % 2 else look.main, 22) for i, r in enumerate((196, 172, 148)))
    braid = "".join(ring(400, 410, r, look.lit, 5, 'stroke-dasharray="9 13" opacity=".75"') for r in (196, 172, 148))
    tails = trace("M556 520C600 600 640 600 640 680", look.main, 22) + trace(
        "M250 300C200 240 170 220 170 130", look.main, 22
    )
    tie = turned(box(376, 182, 48, 104, 14, look.accent), 0) + trace("M388 234h24", darker(look.accent, 0.4), 5)
    plug = (
        shape("M-28 0H28V70Q28 88 10 88H-10Q-28 88 -28 70Z", look.dark)
        + box(-20, 86, 40, 46, (16, 4, 8)[look.form % 3], STEEL)
        + box(-10, 112, 20, 8, 4, STEEL_DEEP)
    )
    ends = group(plug, "translate(640 640) scale(1.05)") + group(plug, "translate(170 170) rotate(180) scale(1.05)")
    return coil + braid + tails + tie + ends


def power_bank(look: Look) -> str:
    return (_bank, _charger, _pad)[look.form % 3](look)


def _bank(look: Look) -> str:
    body = (
        across("wall", look.lit, look.main, look.dim)
        + box(264, 120, 272, 560, 44, look.deep)
        + box(256, 112, 272, 560, 44, "url(#wall)")
        + "".join(disc(344 + 32 * i, 600, 8, look.accent if i < 3 else look.dim) for i in range(4))
        + trace("M410 300L366 400H414L392 490L446 376H398Z", look.accent, 8)
        + trace("M284 170V560", "#ffffff", 9, 'opacity=".3"')
    )
    ports = box(310, 104, 60, 16, 8, INK) + box(410, 104, 60, 16, 8, INK)
    return turned(body + ports, 16)


def _charger(look: Look) -> str:
    prongs = both(box(336, 100, 28, 120, 14, STEEL) + box(336, 190, 28, 30, 4, INK))
    body = (
        across("wall", look.lit, look.main, look.dim)
        + box(240, 210, 320, 400, 70, "url(#wall)")
        + box(274, 470, 252, 112, 40, look.deep)
    )
    ports = (
        "".join(box(308, y, 90, 26, 13, INK) + box(326, y + 9, 54, 8, 4, STEEL_DEEP) for y in (490, 536))
        + box(430, 496, 62, 60, 8, INK)
        + box(440, 506, 42, 18, 3, look.accent)
    )
    return (
        prongs + body + ports + trace("M272 280V430", "#ffffff", 10, 'opacity=".3"') + disc(400, 320, 12, look.accent)
    )


def _pad(look: Look) -> str:
    cord = trace("M400 600C400 720 560 650 620 760", look.dark, 14)
    pad = (
        disc(400, 372, 240, look.deep)
        + disc(400, 362, 240, "url(#wall)")
        + ring(400, 362, 190, look.accent, 6, 'opacity=".9"')
    )
    cross = trace("M400 318V406M356 362H444", look.accent, 14)
    return cord + down("wall", look.lit, look.main, look.dim) + pad + cross + box(376, 590, 48, 40, 10, INK)


def keyboard(look: Look) -> str:
    form = look.form % 3
    letters = CREAM if form == 2 else look.pale
    edges = look.pale if form == 2 else look.dim
    keys: dict[str, list[tuple[int, int, int]]] = {
        letters: [(104 + 46 * i, 274 + 50 * row, 38) for row in range(4) for i in range(1, 12)] + [(230, 474, 314)],
        edges: [(104 + 46 * i, 274 + 50 * row, 38) for row in range(1, 4) for i in (0, 12)]
        + [(172, 474, 50), (552, 474, 50)],
        look.accent: [(104, 274, 38), (104, 474, 60), (610, 474, 84)] + ([] if form == 1 else [(656, 274, 38)]),
    }
    plate = box(76, 258, 648, 292, 34, look.deep) + box(76, 246, 648, 292, 34, "url(#case)")
    caps = "".join(_keys(fill, places) for fill, places in keys.items())
    knob = disc(674, 294, 26, INK) + disc(674, 291, 20, look.accent) + trace("M674 278v10", INK, 5)
    return down("case", look.lit, look.main) + turned(plate + caps + (knob if form == 1 else ""), -9)


def _keys(fill: str, places: list[tuple[int, int, int]]) -> str:
    """Keys of one colour in one mark each for side and top: a keyboard is sixty keys and a small file."""
    sides = "".join(f"M{x + 4} {y + 4}h{width - 8}v32h{8 - width}z" for x, y, width in places)
    tops = "".join(f"M{x + 6} {y + 5}h{width - 12}v24h{12 - width}z" for x, y, width in places)
    side = darker(fill, 0.3)
    return shape(sides, side, f'stroke="{side}" stroke-width="9" stroke-linejoin="round"') + shape(
        tops, fill, f'stroke="{fill}" stroke-width="8" stroke-linejoin="round"'
    )


def mouse(look: Look) -> str:
    hull = (
        "M400 160C500 160 540 240 540 340V500C540 600 480 664 400 664"
        "C320 664 260 600 260 500V340C260 240 300 160 400 160Z"
    )
    body = (
        across("shell", look.lit, look.main, look.dim)
        + shape(hull, look.deep, 'transform="translate(0 10)"')
        + shape(hull, "url(#shell)")
    )
    split = trace("M400 162V330", look.deep, 5) + trace("M264 350Q400 390 536 350", look.deep, 5, 'opacity=".7"')
    wheel = box(382, 220, 36, 90, 18, look.dark) + trace("M390 240h20M390 256h20M390 272h20M390 288h20", look.accent, 5)
    if look.form % 3 == 1:
        extra = (
            oval(400, 500, 70, 66, look.accent)
            + oval(384, 480, 22, 16, lighter(look.accent, 0.5))
            + ring(400, 500, 74, look.deep, 6)
        )
    elif look.form % 3 == 2:
        extra = trace("M400 160C400 90 470 110 470 30", look.dark, 12) + trace(
            "M280 400Q292 520 340 590", look.accent, 9
        )
    else:
        extra = trace("M262 400Q272 450 268 500", look.accent, 12) + disc(400, 590, 9, look.accent)
    return turned(body + split + wheel + extra + trace("M300 260Q284 320 288 400", "#ffffff", 12, 'opacity=".3"'), 12)


DRAWINGS = {
    "headphones": Drawing(headphones, "leather", (260, 460, 1.8)),
    "speaker": Drawing(speaker, "mesh", (400, 420, 1.9), (654, 170)),
    "cable": Drawing(cable, "braid", (470, 330, 2.0)),
    "power-bank": Drawing(power_bank, "brushed", (400, 300, 1.9)),
    "keyboard": Drawing(keyboard, "plastic", (260, 400, 2.1)),
    "mouse": Drawing(mouse, "plastic", (400, 300, 1.9)),
}
