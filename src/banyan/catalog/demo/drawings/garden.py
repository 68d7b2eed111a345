"""Things for the garden: watering can, plant pot, hand tools."""

from banyan.catalog.demo.colours import INK, STEEL, STEEL_DEEP, STEEL_DIM, WOOD, WOOD_DIM, darker, lighter
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
    box,
    disc,
    group,
    oval,
    shape,
    trace,
    turned,
    within,
)

LEAF, LEAF_DIM, LEAF_LIT = "#5d8a5b", "#46704c", "#84ad74"


def watering_can(look: Look) -> str:
    return (_classic_can, _long_spout, _mister)[look.form % 3](look)


def _classic_can(look: Look) -> str:
    handle = trace("M330 370C330 200 560 190 580 420Q584 520 540 560", look.deep, 24)
    spout = shape("M330 520L178 330L204 306L350 440Z", look.dim) + turned(
        shape("M150 270H220L232 340H138Z", look.accent) + oval(185, 270, 40, 14, darker(look.accent, 0.3)),
        -42,
        186,
        312,
    )
    drops = "".join(
        oval(x, y, 6, 11, "#7fb2cf") for x, y in ((126, 372), (104, 420), (146, 432), (84, 490), (124, 500))
    )
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape("M316 386H560L576 630Q576 656 550 656H326Q300 656 300 630Z", "url(#wall)")
        + oval(438, 386, 122, 24, look.deep)
        + shape("M316 386A122 24 0 0 1 438 362V410A122 24 0 0 1 316 386Z", look.lit)
        + trace("M308 540Q438 560 568 540", look.accent, 11)
    )
    return handle + spout + drops + body + trace("M346 430V600", "#ffffff", 12, 'opacity=".3"')


def _long_spout(look: Look) -> str:
    spout = trace("M360 600C240 620 240 380 150 300", look.dim, 22)
    handle = trace("M470 420C640 330 700 560 530 620", look.accent, 22)
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape(
            (
                "M400 380H500C520 440 590 500 590 570C590 630 550 656 500 656H400"
                "C350 656 310 630 310 570C310 500 380 440 400 380Z"
            ),
            "url(#wall)",
        )
        + oval(450, 380, 50, 14, look.deep)
        + trace("M346 560Q350 520 376 490", "#ffffff", 12, 'opacity=".35"')
    )
    return handle + spout + body


def _mister(look: Look) -> str:
    mist = "".join(
        disc(x, y, r, "#9cc5d8", 'opacity=".55"')
        for x, y, r in (
            (210, 210, 7),
            (170, 180, 6),
            (176, 240, 8),
            (130, 214, 6),
            (120, 160, 5),
            (130, 270, 6),
            (86, 200, 4),
        )
    )
    head = (
        box(366, 170, 90, 60, 14, look.accent)
        + shape("M366 180L280 190V222L366 224Z", look.accent)
        + box(256, 188, 30, 36, 8, darker(look.accent, 0.3))
        + trace("M330 232Q320 290 350 330", darker(look.accent, 0.2), 16)
        + box(386, 226, 50, 90, 6, darker(look.accent, 0.3))
        + box(356, 300, 110, 40, 10, look.accent)
    )
    hull = "M360 336H462C480 400 560 440 556 540Q552 656 470 656H352Q270 656 266 540C262 440 342 400 360 336Z"
    body = (
        across("wall", look.dim, look.lit, look.main, look.dim)
        + shape(hull, "url(#wall)", 'opacity=".92"')
        + within("bottle", hull, box(250, 500, 320, 170, 0, look.deep, 'opacity=".35"'))
        + trace("M310 540Q310 470 346 430", "#ffffff", 13, 'opacity=".4"')
    )
    return mist + head + body


def plant_pot(look: Look) -> str:
    plant = (_monstera, _snake, _succulent)[look.form % 3]()
    hulls = (
        "M270 440H530L504 630Q500 656 474 656H326Q300 656 296 630Z",
        "M280 430H520V610Q520 640 490 640H310Q280 640 280 610Z",
        "M220 470H580C576 590 520 656 460 656H340C280 656 224 590 220 470Z",
    )
    tops = ((400, 440, 130), (400, 430, 120), (400, 470, 180))
    form = look.form % 3
    x, y, wide = tops[form]
    art = (
        box(200, 470, 400, 16, 0, look.deep, 'opacity=".35"')
        + "".join(trace(f"M{i} 620l24 -60l24 60", look.accent, 8) for i in range(280, 520, 48)),
        box(200, 540, 400, 120, 0, look.accent),
        "".join(trace(f"M200 {i}Q400 {i + 30} 600 {i}", look.accent, 7) for i in (530, 560, 590)),
    )[form]
    stand = "".join(trace(f"M{a} 560L{b} 668", WOOD, 18) for a, b in ((296, 262), (504, 538))) if form == 1 else ""
    pot = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape(hulls[form], "url(#wall)")
        + within("pot", hulls[form], art)
    )
    rim = oval(x, y, wide, 22, look.lit) + oval(x, y + 3, wide - 14, 15, "#54392b")
    lip = box(258, 432, 284, 44, 12, look.main) + box(258, 432, 284, 16, 8, look.lit) if form == 0 else ""
    return (
        stand
        + pot
        + (rim + plant if form else plant + lip)
        + trace(f"M{x - wide + 44} {y + 70}V590", "#ffffff", 12, 'opacity=".25"')
    )


def _monstera() -> str:
    leaves = (
        (300, 330, -52, 1.0, LEAF_DIM),
        (500, 330, 50, 1.0, LEAF_DIM),
        (350, 250, -22, 1.15, LEAF),
        (460, 260, 24, 1.1, LEAF_LIT),
        (400, 210, 0, 1.2, LEAF),
    )
    stems = "".join(trace(f"M400 450Q{(x + 400) // 2} {y + 130} {x} {y}", LEAF_DIM, 8) for x, y, *_ in leaves)
    leaf = "M0 20C-90 -10 -80 -110 0 -140C80 -110 90 -10 0 20Z"
    cuts = "M0 10V-124M-8 -10L-58 -34M8 -10L58 -34M-8 -54L-56 -80M8 -54L56 -80"
    return stems + "".join(
        group(
            shape(leaf, tone) + trace(cuts, lighter(tone, 0.35), 5), f"translate({x} {y}) rotate({turn}) scale({size})"
        )
        for x, y, turn, size, tone in leaves
    )


def _snake() -> str:
    blade = "M-24 0C-34 -120 -20 -220 0 -290C20 -220 34 -120 24 0Z"
    stripes = "M-22 -50Q0 -62 22 -50M-24 -100Q0 -114 24 -100M-20 -150Q0 -164 20 -150M-14 -200Q0 -212 14 -200"
    return "".join(
        group(
            shape(blade, tone) + trace(stripes, LEAF_LIT, 7, 'opacity=".7"') + trace(blade, "#cfd08a", 5),
            f"translate({x} 436) rotate({turn}) scale({size})",
        )
        for x, turn, size, tone in (
            (340, -18, 0.8, LEAF_DIM),
            (460, 18, 0.85, LEAF_DIM),
            (370, -6, 1.05, LEAF),
            (430, 7, 1.1, LEAF),
        )
    )


def _succulent() -> str:
    leaf = "M0 0C-44 -30 -34 -110 0 -136C34 -110 44 -30 0 0Z"
    fan = ((80, 74, 1.0, LEAF_DIM), (60, 48, 1.2, LEAF), (30, 22, 1.35, LEAF_LIT))
    middle = (400, 0, 1.4, LEAF)
    places = [(400 + side * out, side * turn, size, tone) for out, turn, size, tone in fan for side in (-1, 1)]
    return "".join(
        group(
            shape(leaf, tone) + trace("M0 -20V-100", lighter(tone, 0.4), 6, 'opacity=".6"'),
            f"translate({x} 470) rotate({turn}) scale({size})",
        )
        for x, turn, size, tone in [*places, middle]
    )


def hand_tool(look: Look) -> str:
    return (_trowel_and_fork, _secateurs, _rake_set)[look.form % 3](look)


def _grip(look: Look) -> str:
    return (
        box(388, 360, 24, 120, 6, STEEL_DIM)
        + shape("M374 470H426Q420 540 432 600Q440 690 400 694Q360 690 368 600Q380 540 374 470Z", look.main)
        + shape("M374 470H394Q386 560 384 680Q362 660 368 600Q380 540 374 470Z", look.lit)
        + box(370, 462, 60, 22, 8, look.accent)
        + disc(400, 664, 10, look.deep)
    )


def _trowel_and_fork(look: Look) -> str:
    blade = (
        across("steel", STEEL, "#f1f3f5", STEEL_DIM)
        + shape(
            "M400 100C460 160 470 240 456 330Q440 372 400 372Q360 372 344 330C330 240 340 160 400 100Z", "url(#steel)"
        )
        + trace("M400 150V340", STEEL_DEEP, 5, 'opacity=".5"')
    )
    tines = trace("M400 110V380M340 120V260Q340 330 400 330Q460 330 460 260V120", STEEL_DIM, 20)
    return group(blade + _grip(look), "translate(-100 0) rotate(-12 400 400)") + group(
        tines + _grip(look), "translate(100 0) rotate(12 400 400)"
    )


def _secateurs(look: Look) -> str:
    handles = trace("M390 400C330 470 300 560 330 690", look.main, 46) + trace(
        "M410 400C480 470 500 560 470 690", look.dim, 46
    )
    grips = trace("M318 560Q312 620 326 676", look.accent, 20) + trace("M482 560Q488 620 474 676", look.accent, 20)
    blade = shape("M384 410C350 300 370 190 440 110C470 200 460 320 424 410Z", "url(#steel)") + shape(
        "M420 410C470 340 500 270 480 190C450 240 420 300 396 390Z", STEEL_DEEP
    )
    spring = trace("M370 470q30 14 60 0M364 490q36 16 72 0M360 512q40 18 80 0", STEEL_DIM, 7)
    return turned(
        across("steel", "#f1f3f5", STEEL, STEEL_DIM)
        + spring
        + handles
        + grips
        + blade
        + disc(402, 404, 30, STEEL_DIM)
        + disc(402, 404, 12, INK),
        20,
    )


def _rake_set(look: Look) -> str:
    tines = "".join(trace(f"M400 340Q{x} 270 {x} 150q0 -24 -10 -34", STEEL_DIM, 13) for x in (300, 350, 400, 450, 500))
    rake = tines + box(380, 320, 40, 40, 10, STEEL_DEEP) + _grip(look)
    twine = (
        oval(200, 590, 84, 60, WOOD_DIM)
        + oval(200, 580, 84, 56, WOOD)
        + trace("M124 580Q200 620 276 580M130 560Q200 600 270 560M138 604Q200 640 262 604", WOOD_DIM, 6)
        + trace("M270 612Q310 650 300 700", WOOD, 7)
    )
    return group(rake, "translate(40 0) rotate(14 400 400)") + twine


DRAWINGS = {
    "watering-can": Drawing(watering_can, "brushed", (400, 450, 1.8), (656, 170)),
    "plant-pot": Drawing(plant_pot, "glaze", (400, 440, 1.8), (658, 150)),
    "hand-tool": Drawing(hand_tool, "wood", (400, 420, 1.8)),
}
