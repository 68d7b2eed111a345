"""Shoes, from the side: boot, sneaker, sandal."""

from banyan.catalog.demo.colours import CREAM, INK, STEEL, darker
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
    both,
    box,
    disc,
    group,
    oval,
    shape,
    trace,
    turned,
    within,
)


def _laces(look: Look, rows: tuple[tuple[int, int, int, int], ...]) -> str:
    crosses = "".join(f"M{x} {y}L{right} {low}" for x, y, right, low in rows)
    eyes = "".join(disc(x, y, 7, STEEL) for x, y, _, _ in rows)
    return trace(crosses, look.accent, 9) + eyes


def boot(look: Look) -> str:
    upper = (
        "M232 196Q300 214 392 190Q402 186 404 200L416 318C424 366 470 392 534 410"
        "C610 430 662 462 668 540V584H170C164 520 186 470 190 420C194 350 206 250 214 206Q218 192 232 196Z"
    )
    toe = shape("M520 400C610 424 662 462 668 540V600H520Z", look.deep) + trace(
        "M520 410V590", look.dark, 4, 'opacity=".5"'
    )
    heel = shape("M160 470Q246 480 270 600H160Z", look.deep)
    collar = shape("M210 180H420V236Q310 262 206 236Z", look.dark if look.form % 3 != 1 else CREAM)
    tongue = shape("M330 196Q372 150 424 168L430 262L372 300Z", look.dim)
    side = shape("M290 590Q300 450 380 420L470 450Q420 500 420 590Z", look.dim, 'opacity=".7"')
    laces = _laces(
        look,
        ((352, 250, 412, 232), (358, 292, 418, 274), (370, 334, 428, 314), (394, 372, 446, 346), (430, 402, 474, 372)),
    )
    body = across("hide", look.lit, look.main, look.dim) + shape(upper, "url(#hide)")
    sole = shape(
        "M158 580H674Q692 584 690 612L684 640H166Q148 620 158 580Z", CREAM if look.form % 3 == 1 else look.accent
    )
    if look.form % 3 == 2:
        tread = shape("M152 620H688V664H152Z", INK)
        plain = trace("M300 214L296 590", look.deep, 5, 'opacity=".5"') + shape(
            "M286 220L340 420L250 430Z", look.dark, 'opacity=".6"'
        )
        return (
            tongue
            + body
            + within("upper", upper, plain + collar)
            + sole
            + tread
            + trace("M224 170q-22 10 -14 60", look.dark, 14)
        )
    lugs = "".join(box(x, 640, 40, 26, 5, INK) for x in range(166, 670, 56))
    return (
        tongue
        + body
        + within("upper", upper, side + heel + toe + collar)
        + laces
        + sole
        + box(156, 622, 530, 24, 8, INK)
        + lugs
    )


def sneaker(look: Look) -> str:
    upper = (
        "M150 420Q152 386 190 392Q250 424 306 388Q326 376 340 392"
        "C390 462 470 492 560 506C632 518 672 540 676 588H140C132 520 146 470 150 420Z"
    )
    tongue = shape("M296 392Q318 350 364 362L420 430L352 452Z", look.dim)
    body = across("mesh", look.lit, look.main, look.dim) + shape(upper, "url(#mesh)")
    toe = shape("M556 480Q690 520 690 600H520Q516 530 556 480Z", look.dim if look.form % 3 != 1 else CREAM)
    heel = shape("M130 380L210 396Q232 480 216 600H120Z", look.accent)
    marks = (
        trace("M300 580Q340 480 400 462M344 580Q380 500 436 482M388 580Q420 516 470 498", look.accent, 13),
        box(236, 500, 230, 18, 9, look.deep) + box(256, 534, 190, 12, 6, look.accent),
        shape("M240 560Q380 560 470 500Q420 590 250 588Z", look.accent),
    )[look.form % 3]
    laces = _laces(look, ((346, 424, 392, 402), (376, 452, 422, 426), (412, 474, 456, 446), (450, 490, 492, 464)))
    collar = trace("M162 404Q250 452 330 400", look.deep, 14)
    light = look.form % 3 == 0
    sole = (
        shape("M134 578Q300 596 420 580T680 574Q704 590 694 626Q690 654 650 654H176Q132 654 128 620Z", CREAM)
        + shape("M128 620Q300 646 694 624Q690 654 650 654H176Q132 654 128 620Z", look.accent if light else INK)
        + (trace("M190 610q40 14 80 0t80 0t80 0", darker(CREAM, 0.18), 5) if light else "")
    )
    return tongue + body + within("upper", upper, marks + toe + heel) + collar + laces + sole


SOLE = (
    "M262 96C340 92 366 170 360 270C356 350 340 400 348 500C354 610 330 704 262 704"
    "C194 704 166 620 172 520C178 430 160 380 152 290C144 180 180 100 262 96Z"
)


def sandal(look: Look) -> str:
    strap = (_crossed, _buckled, _clog)[look.form % 3]
    one = (
        shape(SOLE, darker(look.accent, 0.45))
        + group(shape(SOLE, look.accent), "translate(18 28) scale(.93)")
        + trace("M206 560Q262 596 314 556M204 600Q262 640 312 596", darker(look.accent, 0.25), 6, 'opacity=".6"')
        + strap(look)
    )
    tilted = turned(one, -5, 262, 400)
    return across("strap", look.lit, look.main, look.dim) + both(tilted)


def _crossed(look: Look) -> str:
    heel = trace("M164 500Q262 420 356 500", look.dim, 34)
    bands = trace("M146 336Q240 250 372 232", look.deep, 46) + trace("M150 222Q270 250 368 340", look.main, 50)
    stitches = trace("M150 222Q270 250 368 340", look.pale, 4, 'stroke-dasharray="2 14"')
    return heel + bands + stitches + box(322, 296, 38, 36, 8, STEEL)


def _buckled(look: Look) -> str:
    wide = shape("M136 214Q262 158 378 214V292Q262 240 136 292Z", "url(#strap)")
    second = shape("M140 342Q262 288 374 342V424Q262 372 140 424Z", "url(#strap)")
    buckles = "".join(
        box(300, y, 54, 52, 8, STEEL) + box(312, y + 12, 30, 28, 4, look.dark) + trace(f"M327 {y + 6}v40", STEEL, 5)
        for y in (206, 336)
    )
    return (
        wide
        + second
        + trace("M140 280Q262 228 374 280M144 412Q262 360 370 412", look.deep, 4, 'opacity=".5"')
        + buckles
    )


def _clog(look: Look) -> str:
    vamp = "M262 88C350 88 378 190 372 300Q368 366 360 400Q262 330 158 400Q136 330 142 280C146 170 180 88 262 88Z"
    spots = ((262, 150), (216, 190), (308, 190), (262, 226), (206, 262), (318, 262), (262, 300))
    holes = "".join(oval(x, y, 13, 15, look.dark, 'opacity=".6"') for x, y in spots)
    strap = trace("M158 392C150 560 374 560 360 392", look.dim, 26)
    return strap + shape(vamp, "url(#strap)") + holes + "".join(disc(x, 396, 15, STEEL) for x in (162, 356))


DRAWINGS = {
    "boot": Drawing(boot, "leather", (400, 360, 1.9), (660, 290)),
    "sneaker": Drawing(sneaker, "mesh", (430, 500, 2.0), (652, 290)),
    "sandal": Drawing(sandal, "leather", (262, 300, 1.9)),
}
