"""Things for the kitchen: pan, pot, mug, kettle, knife, bowl."""

from banyan.catalog.demo.colours import INK, STEEL, STEEL_DEEP, STEEL_DIM, WOOD, WOOD_DIM, darker, lighter
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


def pan(look: Look) -> str:
    handle_colour = WOOD if look.form % 3 == 1 else INK
    handle = (
        box(376, 470, 48, 66, 8, STEEL_DIM)
        + shape("M378 520H422L436 700Q438 740 400 740Q362 740 364 700Z", handle_colour)
        + oval(400, 708, 11, 17, darker(handle_colour, 0.5))
        + trace("M388 544L382 670", "#ffffff", 6, 'opacity=".25"')
    )
    rim = disc(400, 296, 220, look.main) + disc(400, 296, 220, "url(#rim)") + disc(400, 296, 202, look.deep)
    floor = disc(400, 302, 184, "url(#well)")
    extra = {
        0: "".join(ring(400, 302, r, look.lit, 3, 'opacity=".22"') for r in (40, 80, 120, 160)),
        1: _egg(),
        2: "".join(box(x, 130, 16, 350, 8, look.dark, 'opacity=".75"') for x in range(250, 550, 40)),
    }[look.form % 3]
    extra = f'<clipPath id="well2"><circle cx="400" cy="302" r="176"/></clipPath><g clip-path="url(#well2)">{extra}</g>'
    lips = both(shape("M188 236q-30 20 -24 76l30 6z", look.dim)) if look.form % 3 == 2 else ""
    shine = trace("M250 230A170 170 0 0 1 340 150", "#ffffff", 12, 'opacity=".28"')
    gradients = down("rim", look.lit, look.main, look.deep) + down("well", look.dark, darker(look.main, 0.5))
    return gradients + turned(lips + handle + rim + floor + extra + shine, -28, 400, 400)


def _egg() -> str:
    white = "M330 250C370 200 450 220 470 270C500 330 470 390 410 390C360 392 296 340 330 250Z"
    return shape(white, "#fdfaf2") + disc(402, 304, 42, "#f2b134") + trace("M380 290q8 -14 24 -14", "#fff3cf", 7)


def pot(look: Look) -> str:
    handles = both(trace("M214 420C150 410 150 490 214 486", look.deep if look.form % 3 != 1 else STEEL_DEEP, 22))
    wall = (
        (look.dim, look.lit, look.main, look.deep) if look.form % 3 != 1 else (STEEL_DIM, "#f3f5f6", STEEL, STEEL_DEEP)
    )
    hull = (
        "M206 372H594V590Q594 656 528 656H272Q206 656 206 590Z"
        if look.form % 3 != 2
        else "M180 440H620L604 600Q598 656 540 656H260Q202 656 196 600Z"
    )
    body = across("wall", *wall) + shape(hull, "url(#wall)")
    band = trace("M216 600Q400 620 584 600", look.deep, 5, 'opacity=".35"')
    if look.form % 3 == 1:
        band = box(206, 400, 388, 26, 0, look.main) + box(206, 432, 388, 6, 0, look.accent)
    top = 372 if look.form % 3 != 2 else 440
    left = 206 if look.form % 3 != 2 else 180
    lid = (
        shape(
            (
                f"M{left + 6} {top}C{left + 20} {top - 76} 310 {top - 96} 400 {top - 96}"
                f"C490 {top - 96} {780 - left} {top - 76} {794 - left} {top}Z"
            ),
            "url(#wall)",
        )
        + box(left - 10, top - 12, 820 - 2 * left, 24, 12, wall[3])
        + box(386, top - 124, 28, 34, 6, STEEL_DEEP)
        + disc(400, top - 138, 26, look.accent)
        + disc(392, top - 146, 8, lighter(look.accent, 0.5))
    )
    steam = trace("M340 190q-24 -30 0 -58t0 -58M460 190q-24 -30 0 -58t0 -58", "#ffffff", 12, 'opacity=".6"')
    shine = trace(f"M{left + 50} {top + 50}V580", "#ffffff", 14, 'opacity=".28"')
    return steam + handles + body + band + lid + shine


def mug(look: Look) -> str:
    steam = trace("M340 230q-22 -28 0 -54t0 -54M410 220q-22 -28 0 -54t0 -54", "#ffffff", 11, 'opacity=".7"')
    handle = trace("M520 360C640 340 640 560 510 548", look.dim, 34)
    hull = (
        "M224 286H530V596Q530 656 470 656H284Q224 656 224 596Z",
        "M212 300H542C548 470 516 656 430 656H324C238 656 206 470 212 300Z",
        "M238 260H516L500 620Q498 656 462 656H292Q256 656 254 620Z",
    )[look.form % 3]
    top = (286, 300, 260)[look.form % 3]
    wide = (153, 165, 139)[look.form % 3]
    art = (
        shape("M200 520Q300 470 377 520T560 510V700H200Z", look.accent) + _speckles(look),
        box(190, 430, 380, 12, 0, look.accent)
        + "".join(trace(f"M{x} 470v60", look.accent, 9) for x in range(230, 550, 30)),
        "".join(
            disc(x + (y // 50 % 2) * 28, y, 13, look.accent) for y in range(330, 640, 50) for x in range(240, 540, 56)
        ),
    )[look.form % 3]
    body = (
        across("wall", look.dim, look.lit, look.main, look.dim) + shape(hull, "url(#wall)") + within("mug", hull, art)
    )
    rim = (
        oval(377, top, wide, 26, look.lit)
        + oval(377, top + 3, wide - 14, 18, "#4a2f22")
        + oval(377, top + 6, wide - 34, 11, "#7a5037")
    )
    return steam + handle + body + rim + trace(f"M262 {top + 56}V560", "#ffffff", 13, 'opacity=".3"')


def _speckles(look: Look) -> str:
    places = ((260, 360), (310, 420), (350, 350), (420, 400), (470, 350), (500, 430), (280, 470), (440, 460))
    return "".join(disc(x, y, 5, look.deep, 'opacity=".5"') for x, y in places)


def kettle(look: Look) -> str:
    return (_gooseneck, _press, _moka)[look.form % 3](look)


def _gooseneck(look: Look) -> str:
    spout = trace("M286 590C180 590 230 400 150 350", look.dim, 26) + trace("M170 362L128 330", look.dim, 16)
    handle = trace("M520 350C660 330 650 520 560 570", INK, 30)
    body = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape(
            "M300 340H520C540 440 586 540 590 610Q592 650 552 650H268Q228 650 230 610C234 540 280 440 300 340Z",
            "url(#wall)",
        )
        + box(236, 616, 348, 14, 0, look.accent)
        + box(220, 644, 380, 16, 8, INK)
    )
    lid = (
        box(292, 322, 236, 24, 10, look.deep)
        + shape("M312 322Q320 280 410 280Q500 280 508 322Z", look.main)
        + box(398, 246, 24, 36, 6, INK)
        + disc(410, 240, 22, look.accent)
    )
    return spout + handle + body + lid + trace("M320 390Q300 480 276 560", "#ffffff", 13, 'opacity=".3"')


def _press(look: Look) -> str:
    handle = trace("M540 340H590Q630 340 630 390V520Q630 570 590 570H540", look.main, 28)
    glass = (
        shape("M250 300H550V610Q550 646 514 646H286Q250 646 250 610Z", "#ffffff", 'opacity=".6"')
        + shape("M262 440H538V604Q538 634 508 634H292Q262 634 262 604Z", "#4d3022")
        + box(262, 430, 276, 22, 6, "#a8774f")
        + box(258, 396, 284, 14, 5, STEEL_DIM)
    )
    frame = (
        both(box(286, 300, 16, 350, 6, look.main))
        + box(240, 540, 320, 20, 8, look.main)
        + box(234, 640, 332, 22, 10, look.deep)
    )
    lid = (
        trace("M400 150V400", STEEL_DEEP, 10)
        + disc(400, 146, 26, look.accent)
        + shape("M240 304Q240 236 400 236Q560 236 560 304Z", look.main)
        + box(232, 296, 336, 20, 8, look.deep)
        + shape("M250 300L206 286L250 340Z", look.dim)
    )
    return handle + glass + frame + lid + trace("M330 330V600", "#ffffff", 12, 'opacity=".45"')


def _moka(look: Look) -> str:
    handle = trace("M510 300H600V470", INK, 32)
    top = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape("M270 420L296 250H504L530 420Z", "url(#wall)")
        + shape("M296 250L236 240L282 340Z", look.dim)
    )
    ribs = trace("M350 250L336 420M450 250L464 420", look.deep, 4, 'opacity=".5"')
    belt = box(262, 416, 276, 30, 10, look.deep)
    base = (
        shape("M276 446H524L556 640Q556 656 540 656H260Q244 656 244 640Z", "url(#wall)")
        + trace("M346 446L326 656M454 446L474 656", look.deep, 4, 'opacity=".5"')
        + disc(400, 520, 17, STEEL_DIM)
        + disc(400, 520, 7, INK)
    )
    lid = (
        shape("M292 252Q320 200 400 190Q480 200 508 252Z", look.main)
        + box(388, 152, 24, 40, 8, INK)
        + disc(400, 146, 22, look.accent)
    )
    return handle + top + ribs + belt + base + lid


def knife(look: Look) -> str:
    blades = (
        "M362 470V150Q362 96 372 82C440 150 466 280 462 470Z",
        "M350 470V130Q350 96 380 96Q470 108 470 180V470Z",
        "M372 470V130Q372 92 380 84C430 130 436 260 434 470Z",
    )
    hull = blades[look.form % 3]
    edge = within(
        "blade", hull, shape("M420 60C436 200 440 300 436 480H500V60Z", "#f4f6f8") + trace("M374 120V460", STEEL_DIM, 4)
    )
    dimples = (
        "".join(oval(420, y, 9, 22, STEEL_DIM, 'opacity=".6"') for y in range(220, 450, 60))
        if look.form % 3 == 1
        else ""
    )
    handle = (
        box(358, 462, 84, 34, 8, STEEL_DEEP)
        + across("grip", look.lit, look.main, look.deep)
        + shape(
            "M362 492H438Q432 560 440 620Q450 690 424 722Q400 736 376 722Q356 690 364 620Q370 560 362 492Z",
            "url(#grip)",
        )
        + "".join(disc(400, y, 10, STEEL) for y in (540, 606, 672))
        + trace("M372 700Q400 716 430 700", look.accent, 8)
    )
    blade = across("steel", STEEL_DIM, STEEL, "#e6eaed") + shape(hull, "url(#steel)") + edge + dimples
    return _board(look) + turned(blade + handle, 24)


def _board(look: Look) -> str:
    board = box(196, 150, 408, 500, 46, WOOD) + trace(
        "M240 180Q260 400 240 620M330 160Q350 400 330 640M470 160Q450 400 470 640M556 180Q540 400 556 620",
        WOOD_DIM,
        4,
        'opacity=".5"',
    )
    return turned(board + disc(400, 194, 18, WOOD_DIM), -12)


def bowl(look: Look) -> str:
    return (_stack, _plates, _salad)[look.form % 3](look)


def _one_bowl(y: int, fill: str, band: str) -> str:
    return (
        shape(f"M200 {y}H600C592 {y + 100} 520 {y + 150} 460 {y + 156}H340C280 {y + 150} 208 {y + 100} 200 {y}Z", fill)
        + trace(f"M214 {y + 34}Q400 {y + 62} 586 {y + 34}", band, 10)
        + box(334, y + 146, 132, 18, 6, darker(band, 0.3))
    )


def _stack(look: Look) -> str:
    walls = across("a", look.dim, look.lit, look.main, look.dim) + across(
        "b", darker(look.accent, 0.15), lighter(look.accent, 0.2), look.accent, darker(look.accent, 0.2)
    )
    bowls = (
        _one_bowl(488, "url(#a)", look.deep)
        + _one_bowl(404, "url(#b)", darker(look.accent, 0.3))
        + _one_bowl(320, "url(#a)", look.deep)
    )
    return (
        walls
        + bowls
        + oval(400, 320, 200, 34, look.lit)
        + oval(400, 324, 182, 26, look.dim)
        + oval(400, 332, 140, 16, look.deep, 'opacity=".4"')
    )


def _plates(look: Look) -> str:
    plates = "".join(
        shape(f"M170 {y}H630Q600 {y + 40} 480 {y + 48}H320Q200 {y + 40} 170 {y}Z", fill)
        + trace(f"M176 {y + 4}H624", lighter(fill, 0.4), 6)
        for y, fill in ((604, look.dim), (572, look.main), (540, look.dim), (508, look.main))
    )
    top = group(_one_bowl(320, "url(#b)", darker(look.accent, 0.3)), "translate(72 94) scale(.82)")
    face = oval(400, 356, 164, 28, lighter(look.accent, 0.25)) + oval(400, 360, 148, 20, darker(look.accent, 0.25))
    return (
        across("b", darker(look.accent, 0.15), lighter(look.accent, 0.2), look.accent, darker(look.accent, 0.2))
        + plates
        + top
        + face
    )


def _salad(look: Look) -> str:
    leaves = "".join(
        group(
            shape("M0 0C-50 -50 -40 -130 0 -160C40 -130 50 -50 0 0Z", fill)
            + trace("M0 -10V-140", "#ffffff", 4, 'opacity=".4"'),
            f"translate({x} 400) rotate({r})",
        )
        for x, r, fill in ((300, -40, "#5f9457"), (370, -12, "#79ab63"), (440, 14, "#5f9457"), (510, 42, "#79ab63"))
    )
    tomatoes = (
        disc(340, 350, 40, "#d8553f")
        + disc(462, 346, 44, "#d8553f")
        + disc(450, 332, 10, "#f09a85")
        + disc(330, 338, 9, "#f09a85")
    )
    hull = "M160 380H640C632 560 520 656 460 656H340C280 656 168 560 160 380Z"
    body = across("a", look.dim, look.lit, look.main, look.dim) + shape(hull, "url(#a)")
    band = within("bowl", hull, "".join(trace(f"M140 {y}Q400 {y + 44} 660 {y}", look.accent, 10) for y in (440, 470)))
    return (
        leaves
        + tomatoes
        + body
        + band
        + trace("M160 382Q400 410 640 382", look.pale, 10)
        + box(330, 644, 140, 16, 6, look.deep)
    )


DRAWINGS = {
    "pan": Drawing(pan, "brushed", (360, 320, 1.8)),
    "pot": Drawing(pot, "brushed", (400, 400, 1.8), (656, 210)),
    "mug": Drawing(mug, "glaze", (400, 400, 1.8), (656, 160)),
    "kettle": Drawing(kettle, "brushed", (400, 400, 1.8), (658, 190)),
    "knife": Drawing(knife, "wood", (380, 480, 1.9)),
    "bowl": Drawing(bowl, "glaze", (400, 400, 1.9), (658, 190)),
}
