"""Clothes, laid flat: jacket, t-shirt, base layer, sweater, trousers, beanie, socks."""

from banyan.catalog.demo.colours import INK, STEEL, darker, lighter
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
    both,
    box,
    disc,
    shape,
    trace,
    turned,
    within,
)

SLEEVE = "M268 236C214 262 178 330 164 432L138 612Q136 632 156 636L208 642Q224 642 226 626L262 430Z"
TRUNK = (
    "M330 172Q400 214 470 172C510 190 536 206 548 250L540 420L548 654"
    "Q548 670 532 670H268Q252 670 252 654L260 420L252 250C264 206 290 190 330 172Z"
)


def jacket(look: Look) -> str:
    sleeves = both(
        shape(SLEEVE, look.dim)
        + trace("M256 300Q222 380 214 620", look.deep, 4, 'opacity=".5"')
        + shape(
            "M143 590L139 612Q136 632 156 636L208 642Q224 642 226 626L231 600Z",
            look.accent if look.form != 2 else look.deep,
        )
    )
    body = across("cloth", look.lit, look.main, look.dim) + shape(TRUNK, "url(#cloth)")
    inside = {1: _yoke, 2: _puffs}.get(look.form % 3, _plain)(look)
    hood = (
        shape(
            "M316 196C306 118 352 92 400 92C448 92 494 118 484 196C470 246 440 262 400 266C360 262 330 246 316 196Z",
            look.main,
        )
        + shape(
            "M342 190C340 146 368 130 400 130C432 130 460 146 458 190C448 224 428 238 400 242C372 238 352 224 342 190Z",
            look.dark,
        )
        + shape(
            "M342 190C340 146 368 130 400 130C432 130 460 146 458 190Q430 150 400 150Q370 150 342 190Z", look.accent
        )
    )
    cords = both(trace("M372 240v62", STEEL, 4) + disc(372, 308, 6, INK))
    zip_ = trace("M400 246V668", look.dark, 8) + trace("M400 252V660", STEEL, 3, 'stroke-dasharray="2 7"')
    pockets = both(trace("M312 470L296 560", look.accent if look.form % 3 != 1 else look.dark, 8))
    return sleeves + body + inside + pockets + zip_ + hood + cords


def _plain(look: Look) -> str:
    seams = both(trace("M330 250Q310 420 318 668", look.deep, 3, 'opacity=".35"'))
    return seams + box(440, 330, 62, 12, 6, look.accent) + trace("M256 640H544", look.deep, 4, 'opacity=".5"')


def _yoke(look: Look) -> str:
    yoke = shape("M230 150H570V352Q400 396 230 352Z", look.accent)
    return within("yoke", TRUNK, yoke + trace("M230 356Q400 400 570 356", look.deep, 5))


def _puffs(look: Look) -> str:
    rows = range(250, 660, 58)
    seams = trace("".join(f"M240 {y}Q400 {y + 24} 560 {y}" for y in rows), look.deep, 4, 'opacity=".7"')
    light = trace("".join(f"M240 {y + 22}Q400 {y + 46} 560 {y + 22}" for y in rows), look.lit, 14, 'opacity=".5"')
    return within("puffs", TRUNK, light + seams)


TEE = (
    "M316 152Q400 206 484 152C530 166 566 180 596 210L682 346Q690 362 676 372L604 418Q590 424 582 410L552 366V650"
    "Q552 668 534 668H266Q248 668 248 650V366L218 410Q210 424 196 418L124 372Q110 362 118 346L204 210C234 180 270 166 316 152Z"
)


def tshirt(look: Look) -> str:
    body = across("cloth", look.lit, look.main, look.dim) + shape(TEE, "url(#cloth)")
    art = (_pocket, _stripes, _print)[look.form % 3](look)
    seams = both(trace("M248 372Q262 290 236 214", look.deep, 4, 'opacity=".4"')) + both(
        trace("M134 338L214 396", look.deep, 3, 'opacity=".4"')
    )
    collar = trace("M316 152Q400 214 484 152", look.dim, 20) + trace(
        "M306 158Q400 232 494 158", look.deep, 3, 'opacity=".5"'
    )
    hem = trace("M250 642H550", look.deep, 3, 'opacity=".45"')
    fold = trace("M300 480Q340 540 310 636M512 430Q480 520 506 620", look.deep, 10, 'opacity=".12"')
    return body + within("tee", TEE, art) + seams + collar + hem + fold


def _pocket(look: Look) -> str:
    return shape("M446 300H526V380Q486 402 446 380Z", look.dim) + box(446, 300, 80, 14, 0, look.accent)


def _stripes(look: Look) -> str:
    return "".join(box(100, y, 600, 22, 0, look.accent, 'opacity=".9"') for y in range(250, 640, 64))


def _print(look: Look) -> str:
    sun = disc(400, 372, 92, look.accent)
    hills = shape(
        "M290 440L366 330L410 392L446 344L510 440Q510 470 400 470Q290 470 290 440Z", darker(look.accent, 0.45)
    )
    snow = shape("M366 330L346 360L366 356L382 366L392 366Z", lighter(look.accent, 0.85))
    return sun + hills + snow + trace("M318 500H482M350 522H450", darker(look.accent, 0.45), 7)


def base_layer(look: Look) -> str:
    sleeves = both(
        shape(SLEEVE, look.dim)
        + trace("M232 310Q196 400 184 560", look.accent, 7)
        + shape("M142 596L139 612Q136 632 156 636L208 642Q224 642 226 626L229 608Z", look.deep)
    )
    body = across("cloth", look.lit, look.main, look.dim) + shape(TRUNK, "url(#cloth)")
    panels = within(
        "trunk", TRUNK, both(shape("M240 330Q300 460 276 690H220Z", look.deep, 'opacity=".4"')) + _ribs(look)
    )
    if look.form % 2:
        neck = trace("M334 176Q400 228 466 176", look.deep, 22) + trace("M334 176Q400 228 466 176", look.accent, 5)
        return sleeves + body + panels + neck
    collar = (
        shape("M336 190V142Q400 122 464 142V190Q400 232 336 190Z", look.dim)
        + shape("M352 148Q400 132 448 148L400 208Z", look.deep)
        + trace("M400 160V344", look.dark, 7)
        + trace("M400 166V340", STEEL, 3, 'stroke-dasharray="2 6"')
        + box(393, 338, 14, 30, 5, look.accent)
    )
    return sleeves + body + panels + collar


def _ribs(look: Look) -> str:
    lines = "".join(f"M{x} 240V700" for x in range(300, 510, 20))
    return trace(lines, look.deep, 2, 'opacity=".16"')


def sweater(look: Look) -> str:
    cuff = shape("M146 566L139 612Q136 632 156 636L208 642Q224 642 226 626L236 580Z", look.dim)
    ribs = trace("M164 574l-8 56M184 578l-6 58M204 580l-4 58", look.deep, 4, 'opacity=".6"')
    sleeves = both(shape(SLEEVE, look.dim) + _arm(look) + cuff + ribs)
    body = across("cloth", look.lit, look.main, look.dim) + shape(TRUNK, "url(#cloth)")
    knit = (_cables, _fair_isle, _bands)[look.form % 3](look)
    hem = box(240, 612, 320, 70, 0, look.dim) + trace(
        "".join(f"M{x} 616V670" for x in range(262, 550, 16)), look.deep, 4, 'opacity=".55"'
    )
    neck = trace("M330 178Q400 236 470 178", look.deep, 34) + trace("M330 178Q400 236 470 178", look.dim, 26)
    return sleeves + body + within("trunk", TRUNK, knit + hem) + neck


def _arm(look: Look) -> str:
    if look.form % 3 == 2:
        return shape("M178 380L262 400L250 470L164 440Z", look.accent)
    return trace("M246 300Q206 390 196 560M222 300Q186 400 176 556", look.deep, 5, 'opacity=".35"')


def _cables(look: Look) -> str:
    cable = "".join("q24 22 0 44t0 44" for _ in range(5))
    columns = "".join(trace(f"M{x} 200{cable}", look.deep, 5, 'opacity=".5"') for x in (310, 392, 474))
    return columns + "".join(
        trace(f"M{x + 24} 200{cable.replace('q24', 'q-24')}", look.pale, 5, 'opacity=".6"') for x in (298, 380, 462)
    )


def _fair_isle(look: Look) -> str:
    zig = "".join("l16 22l16 -22" for _ in range(11))
    rows = trace(f"M232 270{zig}", look.accent, 9) + trace(f"M232 374{zig}", look.accent, 9)
    dots = "".join(disc(x, 346, 8, look.pale) for x in range(248, 560, 32))
    return rows + dots + trace("M232 318H568M232 424H568", look.deep, 6)


def _bands(look: Look) -> str:
    return box(220, 380, 360, 74, 0, look.accent) + box(220, 470, 360, 20, 0, look.pale)


def trousers(look: Look) -> str:
    if look.form % 3 == 2:
        return _shorts(look)
    legs = across("cloth", look.lit, look.main, look.dim) + shape(
        (
            "M284 148H516L538 300L546 674Q546 690 530 690H440Q426 690 426 676L406 330"
            "H394L374 676Q374 690 360 690H270Q254 690 254 674L262 300Z"
        ),
        "url(#cloth)",
    )
    waist = box(280, 112, 240, 46, 10, look.dim) + both(box(318, 106, 14, 58, 4, look.deep))
    button = disc(400, 136, 10, STEEL) + trace("M400 158V250Q398 290 376 296", look.deep, 5)
    pockets = both(trace("M338 160Q326 220 276 232", look.deep, 5))
    seams = both(trace("M318 300Q312 500 312 680", look.deep, 3, 'opacity=".45"'))
    if look.form % 3 == 0:
        extra = both(trace("M274 640H366", look.deep, 4, 'opacity=".6"')) + shape("M420 196h60v10h-60z", look.accent)
    else:
        pocket = shape("M256 400H330V486Q293 500 256 486Z", look.dim) + box(252, 394, 82, 24, 5, look.deep)
        extra = both(
            pocket + shape("M290 520Q330 500 366 520L362 590Q326 604 292 590Z", look.deep, 'opacity=".35"')
        ) + box(266, 426, 20, 8, 4, look.accent)
    return legs + waist + button + pockets + seams + extra


def _shorts(look: Look) -> str:
    legs = across("cloth", look.lit, look.main, look.dim) + shape(
        (
            "M272 210H528L586 560Q588 576 572 580L444 598Q430 600 426 586L404 420"
            "H396L374 586Q370 600 356 598L228 580Q212 576 214 560Z"
        ),
        "url(#cloth)",
    )
    waist = box(266, 170, 268, 50, 12, look.dim) + trace(
        "".join(f"M{x} 180v32" for x in range(290, 520, 16)), look.deep, 3, 'opacity=".5"'
    )
    cord = trace("M392 206Q380 250 366 284M408 206Q424 250 430 290", look.accent, 8)
    pockets = both(trace("M320 222Q306 300 250 322", look.deep, 5))
    hems = both(trace("M220 552L368 572", look.deep, 4, 'opacity=".6"'))
    return legs + waist + cord + pockets + hems


def beanie(look: Look) -> str:
    crown = "M214 486C206 280 300 200 400 200C500 200 594 280 586 486Z"
    ribs = "".join(
        trace(
            f"M{400 + i * 46} 490C{400 + i * 46} 360 {400 + i * 26} 260 {400 + i * 6} 206", look.deep, 5, 'opacity=".4"'
        )
        for i in range(-3, 4)
    )
    body = across("cloth", look.lit, look.main, look.dim) + shape(crown, "url(#cloth)")
    band = (
        "".join(trace(f"M218 {y}Q400 {y - 24} 582 {y}", look.accent, 20) for y in (330, 384))
        if look.form % 3 == 2
        else ""
    )
    cuff = (
        box(196, 452, 408, 122, 40, look.dim)
        + trace("".join(f"M{x} 462V564" for x in range(222, 590, 22)), look.deep, 5, 'opacity=".45"')
        + box(196, 452, 408, 26, 13, look.lit, 'opacity=".35"')
    )
    tag = box(438, 492, 76, 50, 6, look.accent) + trace("M456 517h40", INK, 5, 'opacity=".6"')
    return body + within("crown", crown, ribs + band) + cuff + tag + (_pompom(look) if look.form % 3 else "")


def _pompom(look: Look) -> str:
    edge = "".join(
        disc(400 + x, 164 + y, 22, look.accent)
        for x, y in ((-44, 0), (44, 0), (-34, -30), (34, -30), (0, -44), (-30, 30), (30, 30), (0, 44))
    )
    wool = trace(
        "M366 150q14 8 8 28M398 122q-4 18 10 30M438 146q-16 4 -18 22M372 192q14 2 20 -10M410 178q8 14 24 10",
        lighter(look.accent, 0.4),
        5,
    )
    return edge + disc(400, 164, 54, look.accent) + wool


def socks(look: Look) -> str:
    left = turned(_sock(look, "one"), -8)
    right = f'<g transform="translate(150 36) rotate(6 400 400)">{_sock(look, "two")}</g>'
    return f'<g transform="translate(-66 0)">{right}{left}</g>'


def _sock(look: Look, name: str) -> str:
    hull = (
        "M318 130H452V420C452 470 430 500 396 536L296 640"
        "C258 680 202 676 186 640C172 606 190 580 222 552L290 492Q318 466 318 420Z"
    )
    pattern = (
        "".join(box(300, y, 170, 16, 0, look.accent) for y in (210, 246, 282)),
        "".join(box(180, y, 290, 30, 0, look.accent) for y in range(200, 680, 66)),
        "".join(
            disc(330 + (y // 44 % 2) * 22 + x * 44, y, 9, look.accent) for y in range(216, 450, 44) for x in range(3)
        ),
    )[look.form % 3]
    toe = shape("M170 560L280 680H160Z", look.accent) + shape("M460 384V560H380Q356 440 460 384Z", look.accent)
    ribs = box(310, 120, 150, 66, 0, look.dim) + trace(
        "".join(f"M{x} 134V182" for x in range(328, 450, 14)), look.deep, 4, 'opacity=".5"'
    )
    shade = trace("M452 200V420C452 470 430 500 396 536L296 640", look.deep, 26, 'opacity=".22"')
    return shape(hull, look.main) + within(name, hull, pattern + toe + ribs + shade)


DRAWINGS = {
    "jacket": Drawing(jacket, "ripstop", (400, 270, 2.0)),
    "tshirt": Drawing(tshirt, "knit", (430, 280, 2.0)),
    "base-layer": Drawing(base_layer, "knit", (400, 260, 2.1)),
    "sweater": Drawing(sweater, "knit", (400, 290, 2.0)),
    "trousers": Drawing(trousers, "weave", (400, 230, 2.2)),
    "beanie": Drawing(beanie, "knit", (440, 460, 1.9)),
    "socks": Drawing(socks, "knit", (400, 280, 2.0)),
}
