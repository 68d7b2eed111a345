"""Outdoor things: tent, sleeping bag, lantern, backpack, bottle."""

from banyan.catalog.demo.colours import INK, STEEL, STEEL_DIM, darker
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
    both,
    box,
    disc,
    down,
    oval,
    shape,
    trace,
    turned,
    within,
)


def tent(look: Look) -> str:
    return (_dome, _ridge, _tunnel)[look.form % 3](look)


def _dome(look: Look) -> str:
    guys = both(trace("M196 430L92 646M92 652v-20", darker(look.accent, 0.1), 4))
    fly = "M118 648Q150 330 400 222Q650 330 682 648Z"
    body = (
        across("fly", look.lit, look.main, look.dim)
        + shape(fly, "url(#fly)")
        + shape("M400 222Q650 330 682 648H560Q540 380 400 222Z", look.dim)
        + shape("M400 222Q150 330 118 648H196Q210 380 400 222Z", look.lit, 'opacity=".6"')
    )
    door = (
        shape("M400 262C352 372 322 520 304 648H496C478 520 448 372 400 262Z", look.dark)
        + shape("M400 262C352 372 322 520 304 648H352C362 500 380 380 400 262Z", look.accent)
        + shape("M400 262C448 372 478 520 496 648H470C462 500 430 380 400 262Z", look.deep)
        + shape("M352 648C362 590 440 590 470 648Z", darker(look.main, 0.75))
    )
    poles = both(trace("M400 222Q190 330 160 648", look.accent, 6)) + trace("M388 214Q400 206 412 214", INK, 8)
    vent = shape("M556 372q36 18 52 66q-40 -6 -60 -26z", look.deep)
    return guys + body + door + poles + vent + box(110, 640, 580, 12, 6, look.deep)


def _ridge(look: Look) -> str:
    guys = trace("M290 236L70 640M600 268L738 620", look.accent, 4)
    side = across("fly", look.main, look.dim) + shape("M290 230Q440 268 600 262L706 640H470Z", "url(#fly)")
    seams = trace("M394 258L546 640M500 266L628 640", look.deep, 3, 'opacity=".5"')
    front = shape("M290 230L118 650H486Z", look.lit) + shape("M290 290L214 650H378Z", look.dark)
    flaps = shape("M290 282L214 650H248Q250 440 290 282Z", look.accent) + shape(
        "M290 282L378 650H350Q330 430 290 282Z", look.dim
    )
    pole = trace("M290 226V650", STEEL, 8) + disc(290, 222, 9, INK)
    return guys + side + seams + front + flaps + pole + box(470, 634, 240, 12, 6, look.deep)


def _tunnel(look: Look) -> str:
    guys = trace("M640 410L746 646M170 420L58 646", look.accent, 4)
    hull = "M140 648C140 300 250 262 330 262C480 262 690 380 704 648Z"
    body = down("fly", look.lit, look.main, look.dim) + shape(hull, "url(#fly)")
    front = (
        shape("M140 648C140 300 250 262 318 262C400 262 478 380 478 648Z", look.dim)
        + shape("M186 648C186 370 262 312 314 312C370 312 432 410 432 648Z", look.dark)
        + shape("M186 648C186 370 262 312 314 312C262 352 246 520 246 648Z", look.accent)
        + box(224, 640, 200, 12, 4, darker(look.main, 0.75))
    )
    hoops = trace("M478 648C478 380 400 262 318 262", look.accent, 7) + trace(
        "M610 648C606 450 540 330 470 286", look.deep, 5
    )
    window = shape("M520 420q46 36 60 96h-48q-6 -50 -12 -96z", look.pale, 'opacity=".75"')
    return guys + body + front + hoops + window + box(132, 640, 580, 12, 6, look.deep)


def sleeping_bag(look: Look) -> str:
    hull = (
        "M400 92C500 92 548 160 552 250C560 420 520 560 484 672Q470 716 400 716"
        "Q330 716 316 672C280 560 240 420 248 250C252 160 300 92 400 92Z"
    )
    if look.form % 2:
        hull = "M262 120H538Q566 120 566 148V668Q566 700 534 700H266Q234 700 234 668V148Q234 120 262 120Z"
    baffles = "".join(
        trace(f"M200 {y}Q400 {y + 34} 600 {y}", look.deep, 4, 'opacity=".55"')
        + trace(f"M200 {y + 26}Q400 {y + 58} 600 {y + 26}", look.lit, 12, 'opacity=".5"')
        for y in range(290, 700, 62)
    )
    body = (
        across("shell", look.lit, look.main, look.dim)
        + shape(hull, "url(#shell)")
        + within("bag", hull, baffles + box(520, 80, 60, 640, 0, look.deep, 'opacity=".25"'))
    )
    if look.form % 2:
        fold = shape("M234 148Q234 120 262 120H538Q566 120 566 148V230L410 292Q330 300 234 288Z", look.accent)
        lining = trace("M234 288Q330 300 410 292L566 230", darker(look.accent, 0.25), 6)
        opening = fold + lining + trace("M410 292V690", STEEL_DIM, 5, 'stroke-dasharray="3 9"')
    else:
        opening = (
            oval(400, 218, 104, 92, look.deep)
            + oval(400, 226, 88, 76, look.accent)
            + shape("M312 236Q400 290 488 236Q480 304 400 304Q320 304 312 236Z", darker(look.accent, 0.28))
            + trace("M400 304V560", STEEL, 6, 'stroke-dasharray="3 9"')
            + box(391, 552, 18, 36, 6, look.accent)
            + trace("M330 152q-26 34 -22 74", look.pale, 4)
        )
    return turned(body + opening, 14)


def lantern(look: Look) -> str:
    return (_storm_lantern, _camp_globe)[look.form % 2](look)


def _glow(x: int, y: int, radius: int) -> str:
    light = (
        '<radialGradient id="glow"><stop stop-color="#fff3c4" stop-opacity=".95"/>'
        '<stop offset=".45" stop-color="#ffdf8a" stop-opacity=".45"/>'
        '<stop offset="1" stop-color="#ffd877" stop-opacity="0"/></radialGradient>'
    )
    return light + disc(x, y, radius, "url(#glow)")


def _storm_lantern(look: Look) -> str:
    handle = trace("M262 330C240 90 560 90 538 330", STEEL_DEEP_WIRE, 10)
    cap = (
        across("metal", look.lit, look.main, look.deep)
        + box(362, 176, 76, 44, 14, look.deep)
        + shape("M330 216H470L520 288H280Z", "url(#metal)")
        + box(264, 284, 272, 34, 12, look.deep)
    )
    glass = (
        shape("M292 318H508C548 400 548 460 508 534H292C252 460 252 400 292 318Z", "#fff6dc", 'opacity=".78"')
        + shape("M400 366C440 420 436 480 400 492C364 480 360 420 400 366Z", "#f7b23c")
        + shape("M400 412C420 440 418 474 400 482C382 474 380 440 400 412Z", "#fff0b8")
        + trace("M306 346Q276 420 304 500", "#ffffff", 10, 'opacity=".8"')
    )
    cage = both(trace("M292 318C236 410 236 450 292 534", look.dim, 10))
    base = (
        box(264, 530, 272, 32, 12, look.deep)
        + shape("M286 562H514L546 640Q548 656 530 656H270Q252 656 254 640Z", "url(#metal)")
        + disc(400, 606, 22, look.accent)
        + disc(400, 606, 9, look.dark)
    )
    return handle + cap + glass + cage + base + _glow(400, 430, 250)


STEEL_DEEP_WIRE = "#7b838c"


def _camp_globe(look: Look) -> str:
    strap = trace("M318 250C318 120 482 120 482 250", look.accent, 16)
    globe = (
        shape(
            "M400 220C530 220 570 330 556 430C546 496 510 520 400 520C290 520 254 496 244 430C230 330 270 220 400 220Z",
            "#fdf3d6",
        )
        + "".join(
            trace(f"M{246 + i} {300 + 70 * i // 8}Q400 {344 + 70 * i // 8} {554 - i} {300 + 70 * i // 8}", "#e4cf9b", 4)
            for i in (0, 8, 16)
        )
        + trace("M292 300Q272 360 286 430", "#ffffff", 12, 'opacity=".9"')
    )
    base = (
        across("metal", look.lit, look.main, look.deep)
        + box(262, 506, 276, 44, 18, look.deep)
        + shape("M270 548H530V612Q530 656 486 656H314Q270 656 270 612Z", "url(#metal)")
        + box(352, 580, 96, 40, 20, look.dark)
        + disc(376, 600, 10, look.accent)
        + disc(424, 600, 10, look.pale)
    )
    return strap + globe + base + _glow(400, 370, 270)


def backpack(look: Look) -> str:
    return (_trekking_pack, _daypack, _rolltop)[look.form % 3](look)


def _trekking_pack(look: Look) -> str:
    straps = both(trace("M300 250C220 300 206 480 236 600", look.dark, 26))
    pockets = both(shape("M262 420C206 430 200 480 206 600Q210 640 262 640Z", look.deep))
    body = (
        across("cloth", look.lit, look.main, look.dim)
        + shape("M268 240H532Q566 420 556 610Q550 656 500 656H300Q250 656 244 610Q234 420 268 240Z", "url(#cloth)")
        + shape("M286 452H514Q530 540 518 616H282Q270 540 286 452Z", look.dim)
        + trace("M286 470H514", look.accent, 8)
        + shape("M360 300H440V440H360Z", look.deep, 'opacity=".35"')
    )
    lid = (
        shape(
            "M252 250C250 150 320 130 400 130C480 130 550 150 548 250Q548 286 510 286H290Q252 286 252 250Z", look.main
        )
        + shape("M252 250C250 150 320 130 400 130C340 150 300 190 296 286H290Q252 286 252 250Z", look.lit)
        + trace("M296 226Q400 206 504 226", look.dark, 7)
        + trace("M356 132Q400 84 444 132", look.dark, 14)
    )
    buckles = both(
        trace("M326 270V436", look.dark, 12) + box(312, 372, 28, 36, 6, INK) + box(318, 382, 16, 16, 3, STEEL)
    )
    mat = (
        box(232, 648, 336, 62, 31, look.accent)
        + both(trace("M318 636V712", look.dark, 12))
        + both(oval(240, 679, 14, 30, darker(look.accent, 0.25)))
    )
    return straps + pockets + body + lid + buckles + mat


def _daypack(look: Look) -> str:
    straps = both(trace("M306 230C226 290 214 470 250 600", look.dark, 28))
    body = (
        across("cloth", look.lit, look.main, look.dim)
        + trace("M352 162Q400 96 448 162", look.dark, 18)
        + shape(
            (
                "M400 142C520 142 560 230 562 380L566 606Q566 672 500 672H300"
                "Q234 672 234 606L238 380C240 230 280 142 400 142Z"
            ),
            "url(#cloth)",
        )
        + trace("M262 420C262 280 290 190 400 190C510 190 538 280 538 420", look.deep, 7)
        + trace("M262 420v40", look.accent, 12)
    )
    pocket = (
        shape("M280 452Q400 424 520 452L526 602Q526 640 488 640H312Q274 640 274 602Z", look.dim)
        + trace("M290 488Q400 464 510 488", look.dark, 6)
        + trace("M506 488v34", look.accent, 10)
        + box(356, 276, 88, 58, 8, look.accent)
        + trace("M372 305h56", look.dark, 5, 'opacity=".6"')
    )
    sides = both(shape("M238 470Q200 480 208 600Q212 640 240 640Z", look.deep))
    return straps + sides + body + pocket


def _rolltop(look: Look) -> str:
    straps = both(trace("M300 260C232 320 220 480 254 610", look.dark, 26))
    body = (
        across("cloth", look.lit, look.main, look.dim)
        + shape("M262 230H538L556 620Q558 672 506 672H294Q242 672 244 620Z", "url(#cloth)")
        + shape("M252 470H549L556 620Q558 672 506 672H294Q242 672 244 620Z", look.deep, 'opacity=".45"')
    )
    roll = (
        box(238, 150, 324, 86, 40, look.dim)
        + box(238, 150, 324, 40, 20, look.lit, 'opacity=".6"')
        + trace("M262 206H538", look.deep, 5)
        + both(trace("M250 196C216 240 214 300 246 350", look.dark, 12))
    )
    front = (
        trace("M400 150V400", look.accent, 22)
        + box(376, 330, 48, 62, 10, INK)
        + box(386, 346, 28, 30, 4, STEEL_DIM)
        + trace("M300 540H500", look.accent, 7)
    )
    return straps + body + roll + front


def bottle(look: Look) -> str:
    return (_loop_bottle, _cup_flask, _sport_bottle)[look.form % 3](look)


def _loop_bottle(look: Look) -> str:
    cap = trace("M352 170C352 96 448 96 448 170", INK, 20) + box(340, 160, 120, 62, 14, INK)
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + box(350, 216, 100, 24, 4, STEEL)
        + shape(
            "M350 238H450C452 286 510 290 510 360V632Q510 660 480 660H320Q290 660 290 632V360C290 290 348 286 350 238Z",
            "url(#wall)",
        )
    )
    mark = disc(400, 470, 42, look.accent, 'opacity=".92"') + trace(
        "M374 488L396 450L410 472L418 460L428 488", "#ffffff", 6
    )
    return (
        cap + body + trace("M322 380V600", "#ffffff", 14, 'opacity=".28"') + mark + box(292, 626, 216, 8, 0, look.deep)
    )


def _cup_flask(look: Look) -> str:
    cup = (
        across("steel", STEEL_DIM, "#eef1f3", STEEL, STEEL_DIM)
        + shape("M312 140H488L480 282H320Z", "url(#steel)")
        + trace("M330 270H470", STEEL_DIM, 5)
    )
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + box(306, 280, 188, 28, 8, INK)
        + shape("M306 306H494V620Q494 660 454 660H346Q306 660 306 620Z", "url(#wall)")
        + box(306, 580, 188, 22, 0, look.accent)
    )
    handle = trace("M494 360C580 360 580 540 494 540", INK, 24)
    return handle + cup + body + trace("M336 330V560", "#ffffff", 12, 'opacity=".28"')


def _sport_bottle(look: Look) -> str:
    cap = (
        box(376, 110, 48, 70, 16, look.accent)
        + shape("M330 232Q330 170 376 166H424Q470 170 470 232Z", INK)
        + box(318, 226, 164, 34, 10, INK)
    )
    body = (
        across("wall", look.dim, look.lit, look.main, look.dim)
        + shape(
            (
                "M318 258H482Q500 330 486 400Q476 430 486 462Q508 560 492 640Q488 660 466 660H334"
                "Q312 660 308 640Q292 560 314 462Q324 430 314 400Q300 330 318 258Z"
            ),
            "url(#wall)",
            'opacity=".94"',
        )
        + "".join(box(452, y, 26, 6, 3, "#ffffff", 'opacity=".75"') for y in range(490, 640, 30))
        + trace("M334 290Q322 340 332 390", "#ffffff", 12, 'opacity=".45"')
    )
    return cap + body + trace("M322 432H478", look.deep, 8, 'opacity=".5"')


DRAWINGS = {
    "tent": Drawing(tent, "ripstop", (330, 420, 1.9), (648, 300)),
    "sleeping-bag": Drawing(sleeping_bag, "quilt", (400, 250, 1.9)),
    "lantern": Drawing(lantern, "brushed", (400, 380, 1.8), (654, 150)),
    "backpack": Drawing(backpack, "ripstop", (400, 330, 1.9), (676, 180)),
    "bottle": Drawing(bottle, "brushed", (400, 300, 2.0), (658, 110)),
}
