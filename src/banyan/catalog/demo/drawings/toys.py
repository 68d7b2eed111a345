"""Toys: puzzle, plush animal, wooden blocks."""

from banyan.catalog.demo.colours import INK, PAPER, WOOD, WOOD_DIM, darker, lighter
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
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

BOARD = "M180 180H620V620H180Z"


def puzzle(look: Look) -> str:
    scene = (_hills, _sea, _garden)[look.form % 3](look)
    cuts = "".join(_cut(110 * i, 4, i) for i in range(1, 4))
    upright = turned(cuts, 90, 400, 400)
    missing = "M510 180H620V290H585a22 22 0 1 0 -40 0H510V250a20 20 0 1 1 0 -30Z"
    board = within("board", BOARD, scene) + cuts + upright
    gap = shape(missing, "#efe6d6") + trace(missing, "#b9a88f", 4)
    piece = group(
        shape(missing, look.accent)
        + trace(missing, darker(look.accent, 0.3), 5)
        + trace("M524 196H604", "#ffffff", 6, 'opacity=".4"'),
        "translate(70 -66) rotate(16 565 235)",
    )
    return turned(
        box(168, 168, 464, 464, 16, WOOD)
        + box(168, 168, 464, 464, 16, WOOD_DIM, 'opacity=".35"')
        + board
        + gap
        + piece,
        -4,
    )


def _cut(offset: int, count: int, turn: int) -> str:
    """One wavy saw cut across the board, a knob for each piece."""
    knobs = "".join(f"h35a22 22 0 1 {(place + turn) % 2} 40 0h35" for place in range(count))
    return trace(f"M180 {180 + offset}{knobs}", "#3a2f25", 4, 'opacity=".42"')


def _hills(look: Look) -> str:
    return (
        box(180, 180, 440, 440, 0, lighter(look.main, 0.62))
        + disc(490, 300, 60, look.accent)
        + shape("M180 480L300 330L380 420L470 310L620 470V620H180Z", look.dim)
        + shape("M180 540Q300 450 420 530T620 500V620H180Z", look.main)
        + shape("M180 600Q300 540 400 590T620 570V620H180Z", look.deep)
    )


def _sea(look: Look) -> str:
    waves = "".join(
        shape(f"M180 {y}q37 -36 74 0t74 0t74 0t74 0t74 0t74 0V640H180Z", fill)
        for y, fill in ((450, look.lit), (510, look.main), (570, look.deep))
    )
    boat = (
        shape("M330 420H480L450 470H360Z", look.accent)
        + shape("M400 240V406H320Z", PAPER)
        + shape("M412 270V406H474Z", lighter(look.accent, 0.5))
    )
    return box(180, 180, 440, 440, 0, lighter(look.main, 0.68)) + disc(270, 270, 44, "#f4d57c") + boat + waves


def _garden(look: Look) -> str:
    tones = (look.accent, lighter(look.accent, 0.5), "#f0cf6a", lighter(look.main, 0.4))
    flowers = "".join(
        trace(f"M{x} {y}V620", look.deep, 9)
        + trace(f"M{x - 28} {y}h0M{x + 28} {y}h0M{x} {y - 28}h0M{x} {y + 28}h0", tones[i % 4], 54)
        + disc(x, y, 20, INK if i % 2 else "#8a5a33")
        for i, (x, y) in enumerate(((260, 330), (380, 270), (470, 400), (560, 300), (310, 480), (420, 540)))
    )
    return (
        box(180, 180, 440, 440, 0, lighter(look.main, 0.7))
        + flowers
        + shape("M180 600Q400 560 620 600V620H180Z", look.main)
    )


def plush(look: Look) -> str:
    fur = (look.main, look.dim)
    ears = (_bear_ears, _rabbit_ears, _fox_ears)[look.form % 3](look)
    muzzle = look.pale if look.form % 3 != 2 else PAPER
    legs = both(
        oval(300, 610, 66, 52, look.dim)
        + oval(292, 616, 34, 28, look.pale)
        + turned(oval(262, 470, 38, 90, look.dim), 28, 262, 470)
    )
    torso = oval(400, 510, 124, 142, fur[0]) + oval(400, 530, 80, 100, look.pale)
    head = oval(400, 300, 150, 132, fur[0]) + shape(
        "M262 350A150 132 0 0 0 538 350Q400 440 262 350Z", fur[1], 'opacity=".6"'
    )
    cheeks = (
        both(shape("M262 300Q280 420 392 426Q380 320 262 300Z", PAPER))
        if look.form % 3 == 2
        else oval(400, 346, 68, 52, muzzle)
    )
    face = (
        both(
            disc(340, 284, 15, INK) + disc(335, 278, 5, "#ffffff") + oval(304, 338, 24, 15, "#e58f86", 'opacity=".55"')
        )
        + shape("M376 318H424Q424 344 400 350Q376 344 376 318Z", INK)
        + trace("M400 350V368M376 372Q388 386 400 368Q412 386 424 372", INK, 6)
    )
    scarf = trace("M300 412Q400 462 500 412", look.accent, 36) + turned(
        box(446, 420, 44, 106, 8, look.accent), -10, 460, 430
    )
    stripes = turned(trace("M448 500h40M448 516h40", darker(look.accent, 0.3), 5), -10, 460, 430)
    return ears + legs + torso + head + cheeks + face + scarf + stripes


def _bear_ears(look: Look) -> str:
    return both(disc(286, 200, 58, look.main) + disc(286, 204, 32, look.pale))


def _rabbit_ears(look: Look) -> str:
    return both(turned(oval(330, 140, 40, 120, look.main) + oval(330, 150, 20, 88, "#eab9b0"), -8, 330, 240))


def _fox_ears(look: Look) -> str:
    tail = shape("M500 600C600 620 680 560 660 440C640 480 560 480 500 560Z", look.dim) + shape(
        "M660 440C668 490 660 530 640 556Q610 520 626 474Q650 462 660 440Z", PAPER
    )
    return tail + both(
        shape("M266 270L256 130Q256 112 274 122L380 196Z", look.main) + shape("M282 230L276 158L336 200Z", look.dark)
    )


def blocks(look: Look) -> str:
    return (_tower, _rainbow, _train)[look.form % 3](look)


def _block(x: int, y: int, width: int, height: int, fill: str) -> str:
    return box(x, y, width, height, 10, fill) + box(x, y, width, height * 0.3, 10, "#ffffff", 'opacity=".22"')


def _tower(look: Look) -> str:
    half = lighter(look.accent, 0.4)
    return (
        _block(190, 526, 130, 130, look.main)
        + _block(330, 526, 130, 130, WOOD)
        + _block(470, 526, 140, 130, look.accent)
        + disc(255, 591, 34, look.pale)
        + shape("M395 552L428 626H362Z", look.deep)
        + trace("M512 563l56 56M568 563l-56 56", darker(look.accent, 0.35), 16)
        + _block(230, 406, 60, 120, WOOD_DIM)
        + _block(430, 406, 60, 120, WOOD_DIM)
        + shape("M290 526V480Q290 430 360 430Q430 430 430 480V526H404Q404 460 360 460Q316 460 316 526Z", look.deep)
        + _block(210, 356, 300, 50, half)
        + shape("M250 356A110 110 0 0 1 470 356Z", look.main)
        + shape("M310 248L360 150L410 248Z", look.accent)
        + trace("M322 240L360 166", "#ffffff", 7, 'opacity=".35"')
        + group(_block(0, 0, 74, 74, look.lit), "translate(548 452)")
    )


def _rainbow(look: Look) -> str:
    tones = (look.deep, look.main, look.accent, lighter(look.accent, 0.45), look.pale)
    arcs = "".join(
        shape(
            (
                f"M{400 - r} 656A{r} {r + 60} 0 0 1 {400 + r} 656H{400 + r - 46}"
                f"A{r - 46} {r + 14} 0 0 0 {400 - r + 46} 656Z"
            ),
            tone,
        )
        for r, tone in zip((270, 220, 170, 120, 70), tones, strict=True)
    )
    return arcs + trace("M170 560A236 290 0 0 1 300 370", "#ffffff", 9, 'opacity=".3"')


def _train(look: Look) -> str:
    wheels = "".join(
        disc(x, 616, r, WOOD_DIM) + disc(x, 616, r * 0.6, WOOD) + disc(x, 616, r * 0.2, INK)
        for x, r in ((210, 40), (310, 40), (450, 40), (590, 40))
    )
    wagon = (
        _block(140, 470, 230, 120, look.accent)
        + "".join(disc(x, 456, 36, tone) for x, tone in ((196, look.main), (312, look.pale)))
        + disc(254, 440, 42, WOOD)
    )
    engine = (
        _block(410, 500, 260, 90, look.main)
        + _block(410, 350, 130, 160, look.main)
        + box(436, 386, 76, 70, 10, look.pale)
        + box(392, 324, 166, 34, 12, look.deep)
        + shape("M540 430H640Q668 430 668 466V500H540Z", look.lit)
        + box(592, 350, 40, 84, 6, look.deep)
        + box(582, 336, 60, 26, 8, look.accent)
        + disc(668, 540, 16, "#f4d57c")
    )
    steam = (
        disc(620, 280, 28, PAPER, 'opacity=".85"')
        + disc(580, 230, 38, PAPER, 'opacity=".7"')
        + disc(520, 180, 46, PAPER, 'opacity=".5"')
    )
    return steam + trace("M370 570H410", INK, 10) + wagon + engine + wheels


DRAWINGS = {
    "puzzle": Drawing(puzzle, "wood", (500, 290, 1.9)),
    "plush": Drawing(plush, "fleece", (400, 340, 1.9), (652, 180)),
    "blocks": Drawing(blocks, "wood", (400, 500, 1.8), (658, 260)),
}
