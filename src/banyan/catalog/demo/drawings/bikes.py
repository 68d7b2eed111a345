"""Things for the bike: light, helmet, pannier, lock."""

from banyan.catalog.demo.colours import INK, STEEL, STEEL_DEEP, STEEL_DIM, darker, lighter
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
    within,
)


def _beam(colour: str, x: int, y: int, radius: int) -> str:
    return (
        f'<radialGradient id="beam"><stop stop-color="{lighter(colour, 0.6)}" stop-opacity=".95"/>'
        f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>' + disc(x, y, radius, "url(#beam)")
    )


def bike_light(look: Look) -> str:
    return (_headlight, _rear_light, _light_set)[look.form % 3](look)


def _headlight(look: Look) -> str:
    clamp = trace("M470 500V570", INK, 44) + ring(470, 620, 62, INK, 26) + box(520, 600, 70, 40, 12, look.accent)
    body = (
        down("wall", look.lit, look.main, look.deep)
        + shape("M250 300L300 316H580Q650 320 650 400Q650 490 580 494H300L250 510Z", "url(#wall)")
        + box(226, 286, 44, 238, 18, INK)
        + oval(226, 405, 30, 104, "#fff5cf")
        + oval(226, 405, 17, 66, "#ffffff")
        + trace("M420 330V480M450 330V480M480 330V480", look.deep, 8)
        + box(540, 328, 60, 22, 11, look.accent)
    )
    return clamp + body + _beam("#ffdf8a", 226, 405, 170)


def _rear_light(look: Look) -> str:
    strap = box(200, 360, 400, 70, 30, INK) + box(560, 350, 60, 90, 16, look.accent)
    body = (
        across("wall", look.lit, look.main, look.deep)
        + box(284, 170, 232, 450, 100, "url(#wall)")
        + box(318, 208, 164, 374, 76, "#7d1620")
        + "".join(disc(400, y, 40, "#e2303a") + disc(392, y - 8, 13, "#ffb0ad") for y in (290, 394, 498))
    )
    return strap + body + _beam("#ff5a52", 400, 394, 250)


def _light_set(look: Look) -> str:
    def one(lens: str, shine: str) -> str:
        return (
            trace("M330 560Q400 690 470 560", INK, 22)
            + box(282, 300, 236, 290, 70, "url(#wall)")
            + disc(400, 430, 92, INK)
            + disc(400, 430, 76, lens)
            + disc(382, 410, 26, shine)
            + box(360, 546, 80, 18, 9, look.accent)
        )

    white = group(one("#fff1bd", "#ffffff"), "translate(-70 40) scale(.82)")
    red = group(one("#d92f38", "#ffb0ad"), "translate(215 40) scale(.82)")
    return across("wall", look.lit, look.main, look.deep) + white + red + _beam("#ffdf8a", 258, 392, 150)


def helmet(look: Look) -> str:
    form = look.form % 3
    hull = (
        "M140 480C130 300 260 190 420 190C580 190 670 300 676 440Q676 470 640 476L220 520Q146 524 140 480Z",
        "M150 500C150 300 260 190 400 190C540 190 650 300 650 500Q650 524 620 524H180Q150 524 150 500Z",
        "M140 470C140 310 260 200 410 200C570 200 660 320 668 450Q668 474 640 476L230 516Q142 520 140 470Z",
    )[form]
    straps = trace("M300 500L372 640L480 490M372 640L390 690", INK, 14) + box(364, 664, 52, 34, 8, look.accent)
    shell = down("shell", look.lit, look.main, look.dim) + shape(hull, "url(#shell)")
    vents = (
        "".join(
            shape(f"M{x} {y}q{w // 2} -44 {w} -30q-10 50 -{w - 20} 60q-30 0 -20 -30z", look.dark)
            for x, y, w in ((210, 380, 90), (330, 310, 110), (470, 300, 100), (340, 430, 110), (480, 410, 110))
        ),
        "".join(oval(x, 270, 13, 26, look.dark) for x in (340, 400, 460)) + trace("M154 470H646", look.accent, 16),
        "".join(box(x, 300, 32, 130, 16, look.dark) for x in (230, 310, 390, 470, 550))
        + trace("M160 430Q400 480 656 410", look.accent, 10),
    )[form]
    visor = (
        shape("M640 430Q740 450 752 500Q700 496 620 482Z", look.accent),
        shape("M560 500Q700 490 726 530Q720 546 690 546H540Z", look.deep),
        shape("M560 440Q668 440 690 540Q620 600 560 560Z", INK, 'opacity=".72"')
        + trace("M596 470Q640 480 654 530", "#ffffff", 7, 'opacity=".5"'),
    )[form]
    band = shape("M142 470Q400 560 676 440Q676 470 640 476L220 520Q146 524 142 470Z", look.deep) if form == 0 else ""
    shine = trace("M206 330Q260 246 360 226", "#ffffff", 14, 'opacity=".4"')
    return straps + shell + within("helmet", hull, vents) + band + visor + shine


def pannier(look: Look) -> str:
    return (_roll_pannier, _bar_bag, _saddle_bag)[look.form % 3](look)


def _roll_pannier(look: Look) -> str:
    body = (
        across("cloth", look.lit, look.main, look.dim)
        + shape("M230 250H570L596 620Q598 660 560 660H240Q202 660 204 620Z", "url(#cloth)")
        + shape("M214 470H586L596 620Q598 660 560 660H240Q202 660 204 620Z", look.deep, 'opacity=".45"')
    )
    roll = (
        box(208, 176, 384, 92, 46, look.dim)
        + box(208, 176, 384, 44, 22, look.lit, 'opacity=".5"')
        + both(box(196, 204, 40, 170, 14, INK) + box(194, 356, 44, 40, 8, STEEL_DEEP))
    )
    patch = disc(400, 390, 74, look.accent) + trace(
        "M400 344V436M354 390H446M368 358L432 422M432 358L368 422", "#ffffff", 7, 'opacity=".85"'
    )
    reflect = box(270, 560, 260, 26, 13, "#eef1ee") + box(270, 560, 260, 10, 5, "#ffffff")
    return trace("M350 176Q400 120 450 176", INK, 16) + body + roll + patch + reflect


def _bar_bag(look: Look) -> str:
    bar = box(90, 220, 620, 34, 17, STEEL_DIM) + both(box(80, 208, 120, 58, 29, INK))
    hooks = both(trace("M320 226V320", INK, 30))
    body = (
        down("cloth", look.lit, look.main, look.dim)
        + box(210, 290, 380, 330, 46, "url(#cloth)")
        + shape("M200 330Q200 284 246 284H554Q600 284 600 330V420Q400 466 200 420Z", look.deep)
        + shape("M200 330Q200 284 246 284H554Q600 284 600 330V402Q400 448 200 402Z", look.main)
    )
    strap = box(376, 400, 48, 110, 8, look.accent) + disc(400, 480, 12, STEEL) + box(250, 520, 300, 10, 5, look.deep)
    return bar + hooks + body + strap + trace("M230 340Q240 310 270 306", "#ffffff", 9, 'opacity=".4"')


def _saddle_bag(look: Look) -> str:
    seat = shape(
        (
            "M120 210Q120 170 170 176Q300 210 420 206Q640 204 700 230"
            "Q716 250 690 262Q560 276 440 270Q300 330 190 300Q120 290 120 210Z"
        ),
        INK,
    ) + trace("M150 200Q300 236 440 226", "#ffffff", 7, 'opacity=".2"')
    post = box(372, 262, 40, 410, 6, STEEL_DEEP)
    rails = trace("M230 290Q300 330 390 322H520", STEEL_DIM, 12)
    body = (
        down("cloth", look.lit, look.main, look.dim)
        + shape(
            "M150 350Q150 320 190 320H400Q430 320 426 350L400 470Q380 560 300 560H220Q150 550 150 470Z", "url(#cloth)"
        )
        + shape("M150 420H411L400 470Q380 560 300 560H220Q150 550 150 470Z", look.deep, 'opacity=".4"')
        + trace("M166 400H404", look.accent, 9)
        + box(180, 460, 60, 60, 12, "#d2333b")
        + trace("M250 326V400M350 326V400", INK, 16)
    )
    return post + rails + seat + body


def lock(look: Look) -> str:
    return (_u_lock, _folding, _chain)[look.form % 3](look)


def _u_lock(look: Look) -> str:
    bow = trace("M270 520V270C270 90 530 90 530 270V520", STEEL_DEEP, 46) + trace(
        "M262 500V270C262 110 500 90 522 240", STEEL, 12
    )
    sleeve = trace("M270 470V290M530 470V290", look.main, 52)
    body = (
        down("bar", look.lit, look.main, look.deep)
        + box(196, 520, 408, 112, 50, "url(#bar)")
        + both(box(196, 520, 70, 112, 40, look.dark))
    )
    key = (
        disc(400, 576, 34, STEEL)
        + box(394, 556, 12, 40, 6, INK)
        + box(300, 600, 60, 8, 4, look.accent)
        + box(440, 600, 60, 8, 4, look.accent)
    )
    return turned(bow + sleeve + body + key, -12)


def _folding(look: Look) -> str:
    joints = ((230, 250), (400, 170), (580, 240), (600, 430), (470, 570), (290, 560))
    bars = "".join(
        trace(f"M{a} {b}L{c} {d}", tone, 62)
        for (a, b), (c, d), tone in zip(
            joints, joints[1:], (look.main, look.dim, look.main, look.dim, look.main), strict=False
        )
    )
    rivets = "".join(disc(x, y, 18, STEEL) + disc(x, y, 8, STEEL_DEEP) for x, y in joints)
    head = turned(
        box(180, 500, 130, 130, 30, look.deep) + disc(245, 565, 28, STEEL) + box(239, 548, 12, 34, 6, INK),
        -14,
        245,
        565,
    )
    return bars + rivets + head + trace("M252 268L376 208", look.accent, 8)


def _chain(look: Look) -> str:
    hull = "M300 560C120 520 120 180 400 180C680 180 680 520 500 560"
    sleeve = trace(hull, look.main, 58) + trace(hull, look.lit, 8, 'stroke-dasharray="10 20"')
    links = "".join(
        turned(oval(x, 566, 34, 20, STEEL_DIM) + oval(x, 566, 18, 8, darker(STEEL_DIM, 0.5)), r, x, 566)
        for x, r in ((300, 16), (500, -16))
    )
    body = (
        box(326, 500, 148, 170, 30, look.deep)
        + box(326, 500, 148, 60, 30, look.dark)
        + disc(400, 610, 30, STEEL)
        + box(394, 592, 12, 36, 6, INK)
        + box(356, 520, 88, 12, 6, look.accent)
    )
    return sleeve + links + body


DRAWINGS = {
    "bike-light": Drawing(bike_light, "mesh", (380, 400, 1.8)),
    "helmet": Drawing(helmet, "plastic", (420, 360, 1.8)),
    "pannier": Drawing(pannier, "ripstop", (400, 330, 1.8)),
    "lock": Drawing(lock, "braid", (400, 520, 1.9)),
}
