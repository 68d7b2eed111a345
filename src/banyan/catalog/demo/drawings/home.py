"""Things for the home: table lamp, pendant lamp, chair, cushion, blanket, clock."""

from math import cos, pi, sin

from banyan.catalog.demo.colours import CREAM, INK, PAPER, WOOD, WOOD_DIM, darker, lighter
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

GLOW = (
    '<radialGradient id="glow"><stop stop-color="#fff0bf" stop-opacity=".9"/>'
    '<stop offset=".5" stop-color="#ffe29a" stop-opacity=".35"/>'
    '<stop offset="1" stop-color="#ffdc88" stop-opacity="0"/></radialGradient>'
)


def table_lamp(look: Look) -> str:
    return (_shade_lamp, _mushroom_lamp, _desk_lamp)[look.form % 3](look)


def _shade_lamp(look: Look) -> str:
    foot = (
        across("foot", lighter(look.accent, 0.25), look.accent, darker(look.accent, 0.3))
        + shape(
            (
                "M400 400C430 420 424 450 414 470C500 510 500 620 440 650H360"
                "C300 620 300 510 386 470C376 450 370 420 400 400Z"
            ),
            "url(#foot)",
        )
        + trace("M340 540Q336 590 362 624", "#ffffff", 9, 'opacity=".35"')
    )
    shade = (
        across("shade", look.lit, lighter(look.main, 0.3), look.main, look.dim)
        + oval(400, 430, 240, 150, "url(#glow)")
        + shape("M306 170H494L572 404Q400 430 228 404Z", "url(#shade)")
        + shape("M228 404Q400 430 572 404Q400 384 228 404Z", "#ffeebb")
        + trace("M306 172H494", look.deep, 7)
    )
    return GLOW + foot + shade + box(330, 644, 140, 14, 7, darker(look.accent, 0.4))


def _mushroom_lamp(look: Look) -> str:
    stem = across("stem", look.lit, look.main, look.deep) + shape(
        "M368 380H432L462 630Q464 656 436 656H364Q336 656 338 630Z", "url(#stem)"
    )
    cap = (
        down("cap", look.lit, look.main, look.dim)
        + shape(
            "M180 400C180 260 280 190 400 190C520 190 620 260 620 400Q620 420 596 420H204Q180 420 180 400Z", "url(#cap)"
        )
        + oval(400, 416, 196, 16, "#fff1c6")
        + trace("M228 350C244 280 296 240 352 230", "#ffffff", 14, 'opacity=".4"')
    )
    return GLOW + oval(400, 470, 250, 150, "url(#glow)") + stem + cap + disc(400, 600, 10, look.accent)


def _desk_lamp(look: Look) -> str:
    arm = trace("M470 630L340 420L500 250", look.deep, 16) + disc(340, 420, 20, look.accent) + disc(340, 420, 8, INK)
    base = shape("M372 624H556Q576 624 580 656H348Q352 624 372 624Z", look.main) + box(348, 644, 232, 14, 7, look.deep)
    head = (
        shape("M250 396L150 640H520L330 320Z", "#ffeab0", 'opacity=".28"')
        + down("head", look.lit, look.main, look.dim)
        + turned(
            shape(
                "M300 180H372Q384 180 388 196L436 320Q436 336 420 336H252Q236 336 236 320L284 196Q288 180 300 180Z",
                "url(#head)",
            )
            + oval(336, 336, 92, 14, "#fff3cd")
            + box(310, 156, 52, 28, 10, look.accent),
            28,
            336,
            260,
        )
    )
    return head + arm.replace("L500 250", "L400 226") + base


def pendant(look: Look) -> str:
    cord = trace("M400 0V210", INK, 6) + box(378, 186, 44, 46, 10, look.accent)
    glow = GLOW + oval(400, 500, 290, 190, "url(#glow)")
    if look.form % 3 == 0:
        body = shape(
            "M360 228H440C470 330 560 380 600 480Q600 492 588 492H212Q200 492 200 480C240 380 330 330 360 228Z",
            "url(#dome)",
        ) + oval(400, 490, 196, 18, "#fff0c4")
    elif look.form % 3 == 1:
        body = (
            shape("M180 480C180 320 280 226 400 226C520 226 620 320 620 480Z", "url(#dome)")
            + oval(400, 480, 220, 26, "#fff0c4")
            + disc(400, 486, 40, "#fffbea")
        )
    else:
        slats = "".join(
            trace(f"M400 236C{400 + 4 * x} 260 {400 + 4 * x} 540 400 570", look.main if x % 2 else look.dim, 13)
            for x in (-66, -45, -22, 0, 22, 45, 66)
        )
        return (
            cord
            + glow
            + disc(400, 410, 74, "#fff4cf")
            + slats
            + oval(400, 570, 50, 12, look.deep)
            + oval(400, 236, 50, 12, look.deep)
        )
    light = trace("M272 420Q300 330 356 290", "#ffffff", 12, 'opacity=".3"')
    return cord + glow + down("dome", look.lit, look.main, look.dim) + body + light


def chair(look: Look) -> str:
    return (_shell_chair, _lounge_chair, _stool)[look.form % 3](look)


def _shell_chair(look: Look) -> str:
    back_legs = both(trace("M330 470L296 640", WOOD_DIM, 18))
    legs = both(trace("M300 480L232 668", WOOD, 20)) + trace("M262 590H538", WOOD_DIM, 9)
    back = (
        across("shell", look.lit, look.main, look.dim)
        + shape(
            "M290 170Q400 120 510 170C540 250 536 350 560 430Q400 470 240 430C264 350 260 250 290 170Z", "url(#shell)"
        )
        + shape("M240 430Q400 384 560 430Q584 470 540 496H260Q216 470 240 430Z", look.deep)
        + shape("M240 430Q400 402 560 430Q574 462 536 478H264Q226 462 240 430Z", look.dim)
        + shape("M352 240Q400 226 448 240L440 280Q400 268 360 280Z", look.dark, 'opacity=".65"')
    )
    return back_legs + legs + back + trace("M306 200Q290 290 276 390", "#ffffff", 10, 'opacity=".3"')


def _lounge_chair(look: Look) -> str:
    legs = both(trace("M262 566L226 664", WOOD, 20))
    back = across("seat", look.lit, look.main, look.dim) + box(230, 170, 340, 330, 70, "url(#seat)")
    folds = (
        trace("M400 190V440", look.deep, 5, 'opacity=".35"')
        + disc(330, 290, 8, look.deep)
        + disc(470, 290, 8, look.deep)
    )
    seat = box(222, 430, 356, 110, 40, look.lit) + box(222, 500, 356, 76, 30, look.dim)
    arms = both(box(158, 356, 84, 220, 42, look.main) + box(158, 356, 84, 60, 30, look.lit, 'opacity=".6"'))
    pillow = turned(box(410, 340, 130, 110, 26, look.accent), -10, 470, 400)
    return legs + back + folds + seat + pillow + arms


def _stool(look: Look) -> str:
    far = both(trace("M356 330L330 610", WOOD_DIM, 18))
    legs = (
        both(trace("M312 330L248 668", WOOD, 22))
        + trace("M284 500H516", WOOD_DIM, 12)
        + trace("M340 560H460", WOOD_DIM, 9)
    )
    pad = (
        across("pad", look.lit, look.main, look.dim)
        + shape("M228 300Q228 240 400 240Q572 240 572 300V322Q572 352 400 352Q228 352 228 322Z", "url(#pad)")
        + oval(400, 290, 170, 44, look.lit)
        + trace("M230 318Q300 346 400 346T570 318", look.accent, 7)
    )
    return far + legs + pad


def cushion(look: Look) -> str:
    hull = "M160 180Q400 216 640 180Q612 400 640 640Q400 606 160 640Q190 400 160 180Z"
    art = (
        "".join(trace(f"M{x} 150V660", look.accent, 12 if x % 3 else 28) for x in range(250, 620, 50)),
        "".join(
            trace(f"M140 {y}" + "l52 -46l52 46" * 5, look.accent if y % 4 else look.pale, 16)
            for y in range(266, 720, 58)
        ),
        shape("M150 420A250 250 0 0 1 650 420Z", look.accent)
        + shape("M230 420A170 170 0 0 1 570 420Z", look.pale)
        + shape("M310 420A90 90 0 0 1 490 420Z", look.deep)
        + box(140, 420, 520, 14, 0, look.deep),
    )[look.form % 3]
    body = across("cloth", look.lit, look.main, look.dim) + shape(hull, "url(#cloth)")
    puff = trace(
        "M196 214Q236 260 250 300M604 606Q566 570 552 526M604 214Q570 250 556 300M196 606Q236 560 246 520",
        look.deep,
        9,
        'opacity=".25"',
    )
    tassels = "".join(disc(x, y, 15, look.accent) for x, y in ((160, 180), (640, 180), (160, 640), (640, 640)))
    return tassels + body + within("cushion", hull, art) + puff + trace(hull, look.deep, 5, 'opacity=".45"')


def blanket(look: Look) -> str:
    fringe = trace("".join(f"M{x} 612v34" for x in range(198, 480, 15)), look.dim, 7)
    layers = "".join(
        box(166, y, 468, 74, 36, fill) + trace(f"M200 {y + 20}H600", look.lit, 6, 'opacity=".5"')
        for y, fill in ((552, look.main), (486, look.dim), (420, look.main), (354, look.dim))
    )
    top = across("wool", look.lit, look.main, look.dim) + shape(
        "M166 330Q166 270 226 262L560 250Q634 250 634 300V350Q634 372 600 372H480V612H190V372Q166 370 166 330Z",
        "url(#wool)",
    )
    drape = "M190 330H480V612H190Z"
    art = (
        "".join(box(170, y, 320, 18, 0, look.accent) for y in (540, 572)) + box(170, 508, 320, 8, 0, look.pale),
        "".join(box(170, y, 320, 20, 0, look.accent, 'opacity=".55"') for y in range(350, 620, 56))
        + "".join(box(x, 320, 20, 300, 0, look.accent, 'opacity=".55"') for x in range(216, 480, 56)),
        "".join(trace(f"M180 {y}" + "l20 -18l20 18" * 8, look.accent, 6) for y in range(380, 620, 40)),
    )[look.form % 3]
    edge = trace("M480 372V612M480 372H600", look.deep, 5, 'opacity=".5"') + trace(
        "M230 286Q400 270 580 276", "#ffffff", 8, 'opacity=".3"'
    )
    return group(fringe + layers + top + within("drape", drape, art) + edge, "translate(0 26)")


def clock(look: Look) -> str:
    form = look.form % 3
    dial, mark = (look.dark, look.pale) if form == 2 else (PAPER, look.deep)
    rim = down("rim", lighter(look.main, 0.3), look.main, look.deep)
    face = disc(400, 400, 250, "url(#rim)") + disc(400, 400, 214, dial)
    shine = ring(400, 400, 214, darker(look.main, 0.5), 5, 'opacity=".35"')
    hours = "".join(_hour_dot(hour, mark) if form == 1 else _hour_stroke(hour, mark) for hour in range(12))
    hands = (
        trace("M400 400L308 346", mark, 16)
        + trace("M400 400L504 282", mark, 10)
        + trace("M376 446L444 318", look.accent, 5)
        + disc(400, 400, 18, look.accent)
        + disc(400, 400, 6, CREAM)
    )
    return rim + face + shine + hours + hands


def _on_dial(hour: int, radius: float) -> tuple[int, int]:
    return round(400 + radius * sin(hour * pi / 6)), round(400 - radius * cos(hour * pi / 6))


def _hour_stroke(hour: int, mark: str) -> str:
    quarter = hour % 3 == 0
    outer, inner = _on_dial(hour, 186), _on_dial(hour, 150 if quarter else 168)
    return trace(f"M{outer[0]} {outer[1]}L{inner[0]} {inner[1]}", mark, 12 if quarter else 6)


def _hour_dot(hour: int, mark: str) -> str:
    return disc(*_on_dial(hour, 172), 13 if hour % 3 == 0 else 7, mark)


DRAWINGS = {
    "table-lamp": Drawing(table_lamp, "weave", (400, 400, 1.8), (656, 130)),
    "pendant": Drawing(pendant, "brushed", (400, 380, 1.8), (720, 150)),
    "chair": Drawing(chair, "weave", (400, 380, 1.8), (664, 220)),
    "cushion": Drawing(cushion, "weave", (230, 250, 1.9)),
    "blanket": Drawing(blanket, "fleece", (340, 540, 1.9), (656, 260)),
    "clock": Drawing(clock, "wood", (430, 360, 1.9)),
}
