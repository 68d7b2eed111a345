"""Things for the desk: notebook, pen, organiser."""

from banyan.catalog.demo.colours import INK, PAPER, STEEL, STEEL_DIM, WOOD, WOOD_DIM, darker, lighter
from banyan.catalog.demo.drawings.stage import Drawing
from banyan.catalog.demo.drawings.svg import (
    Look,
    across,
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


def notebook(look: Look) -> str:
    return turned((_bound, _spiral, _stacked)[look.form % 3](look), -10)


def _bound(look: Look) -> str:
    pages = box(238, 124, 350, 560, 14, PAPER) + trace("M580 140V668M586 140V668", "#d9d2c4", 3)
    cover = (
        across("cover", look.lit, look.main, look.dim)
        + box(222, 112, 352, 560, 18, "url(#cover)")
        + box(222, 112, 52, 560, 18, look.deep, 'opacity=".55"')
    )
    label = box(330, 220, 180, 110, 8, PAPER) + trace("M356 256H484M356 290H440", look.deep, 6)
    band = box(520, 108, 18, 570, 4, look.accent)
    ribbon = shape("M420 668H446V752L433 736L420 752Z", look.accent)
    return ribbon + pages + cover + label + band + box(500, 640, 14, 14, 3, look.deep, 'opacity=".4"')


def _spiral(look: Look) -> str:
    pages = box(232, 120, 366, 560, 12, PAPER)
    cover = across("cover", look.lit, look.main, look.dim) + box(222, 110, 362, 560, 14, "url(#cover)")
    art = within(
        "cover2",
        "M290 110H584V670H290Z",
        disc(500, 560, 190, look.accent) + disc(500, 560, 120, look.pale) + disc(500, 560, 54, look.deep),
    )
    wire = "".join(
        disc(256, y, 9, look.dark) + trace(f"M256 {y}C230 {y - 16} 196 {y - 12} 206 {y + 4}", STEEL_DIM, 7)
        for y in range(150, 660, 36)
    )
    return pages + cover + art + wire + trace("M320 180H470M320 214H420", look.pale, 9)


def _stacked(look: Look) -> str:
    books = "".join(
        turned(
            box(236, 130, 336, 520, 10, PAPER)
            + box(228, 122, 336, 520, 10, fill)
            + trace("M250 124V640", darker(fill, 0.3), 4),
            angle,
        )
        for fill, angle in ((look.accent, 10), (lighter(look.main, 0.45), 3), (look.main, -4))
    )
    dots = "".join(f"M{x} {y}h0" for y in range(340, 600, 40) for x in range(310, 540, 40))
    face = (
        trace(dots, look.pale, 9) + box(310, 190, 196, 86, 6, PAPER) + trace("M334 222H480M334 248H420", look.deep, 6)
    )
    return books + turned(face, -4)


def pen(look: Look) -> str:
    return (_fountain, _click, _pencils)[look.form % 3](look)


def _fountain(look: Look) -> str:
    barrel = (
        across("barrel", look.dim, look.lit, look.main, look.deep)
        + shape("M366 330H434L426 640Q420 676 400 676Q380 676 374 640Z", "url(#barrel)")
        + box(364, 318, 72, 18, 6, look.accent)
        + shape("M374 318L382 220H418L426 318Z", look.dark)
        + shape("M382 222H418C420 170 410 130 400 92C390 130 380 170 382 222Z", "#e3c27a")
        + trace("M400 100V176", "#8d6c2c", 4)
        + disc(400, 182, 7, "#8d6c2c")
    )
    cap = (
        box(368, 250, 64, 330, 26, "url(#barrel)")
        + box(366, 548, 68, 18, 4, look.accent)
        + trace("M436 280V450", look.accent, 11)
        + disc(436, 452, 10, look.accent)
    )
    line = trace("M150 600C220 520 260 660 320 590S420 560 450 610", look.deep, 9, 'opacity=".8"')
    return line + turned(barrel, 36) + group(cap, "translate(130 66) rotate(36 400 400)")


def _click(look: Look) -> str:
    barrel = across("barrel", look.dim, look.lit, look.main, look.deep)
    behind = group(_ballpoint(look.accent, look.main, look.deep), "translate(96 10) rotate(52 400 400)")
    ahead = group(_ballpoint("url(#barrel)", look.accent, look.deep), "translate(-60 -10) rotate(28 400 400)")
    return barrel + behind + ahead


def _ballpoint(barrel: str, button: str, grooves: str) -> str:
    return (
        box(388, 96, 24, 70, 10, button)
        + box(366, 150, 68, 420, 16, barrel)
        + trace("M442 176V340", STEEL, 12)
        + box(366, 330, 68, 14, 0, STEEL)
        + shape("M366 566H434L412 664H388Z", STEEL_DIM)
        + shape("M390 664H410L400 706Z", INK)
        + trace("".join(f"M372 {y}h56" for y in range(450, 560, 20)), grooves, 6, 'opacity=".55"')
    )


def _pencils(look: Look) -> str:
    tones = (look.main, look.accent, look.deep, lighter(look.accent, 0.4), look.lit)
    return turned(
        "".join(group(_pencil(tone), f"translate({(i - 2) * 84} {(i % 2) * 34 - 14})") for i, tone in enumerate(tones)),
        12,
    )


def _pencil(tone: str) -> str:
    return (
        box(370, 230, 60, 420, 4, tone)
        + box(370, 230, 20, 420, 0, lighter(tone, 0.25))
        + box(410, 230, 20, 420, 0, darker(tone, 0.18))
        + shape("M370 232L400 130L430 232L415 222L400 232L385 222Z", "#ecd0a4")
        + shape("M390 164L400 130L410 164Q400 170 390 164Z", tone)
        + box(368, 640, 64, 22, 4, STEEL)
    )


def organiser(look: Look) -> str:
    return (_pen_cup, _tray, _shelf)[look.form % 3](look)


def _pen_cup(look: Look) -> str:
    tools = (
        group(_pencil(look.accent), "translate(-60 40) rotate(-9 400 600)")
        + group(_pencil("#d8b24a"), "translate(4 10) rotate(3 400 600)")
        + turned(
            box(466, 180, 44, 360, 10, STEEL) + trace("".join(f"M466 {y}h16" for y in range(200, 420, 24)), INK, 4),
            12,
            480,
            560,
        )
        + ring(330, 330, 34, look.deep, 15)
    )
    cup = (
        across("wall", look.dim, look.lit, look.main, look.deep)
        + shape("M258 400H542L522 640Q520 656 500 656H300Q280 656 278 640Z", "url(#wall)")
        + trace("M262 412H538", look.pale, 9, 'opacity=".6"')
        + trace("M274 590Q400 606 526 590", look.accent, 12)
    )
    return within("cup", "M0 0H800V600H0Z", tools) + cup


def _tray(look: Look) -> str:
    back = box(150, 380, 500, 270, 20, look.deep)
    stuff = (
        group(_pencil(look.accent), "translate(-170 70) rotate(-4 400 600)")
        + group(_pencil("#d8b24a"), "translate(-110 110) rotate(3 400 600)")
        + turned(box(360, 290, 130, 260, 6, PAPER) + trace("M382 330h86M382 360h60", look.dim, 6), 4, 420, 420)
        + turned(box(400, 320, 130, 240, 6, lighter(look.accent, 0.55)), -3, 460, 420)
        + box(560, 340, 62, 120, 14, INK)
        + box(566, 350, 50, 90, 6, "#7fa3b5")
    )
    tray = (
        down("wall", look.lit, look.main)
        + shape("M140 440H330V520H350V470H540V520H560V440H660V640Q660 656 644 656H156Q140 656 140 640Z", "url(#wall)")
        + trace("M340 520V650M550 520V650", look.deep, 6)
        + box(200, 580, 80, 14, 7, look.accent)
    )
    return back + within("tray", "M0 0H800V600H0Z", stuff) + tray


def _shelf(look: Look) -> str:
    books = "".join(
        box(x, 600 - h, w, h, 5, fill) + box(x + 8, 620 - h, w - 16, 12, 3, "#ffffff", 'opacity=".55"')
        for x, w, h, fill in (
            (222, 56, 210, look.accent),
            (282, 44, 250, look.deep),
            (330, 60, 190, lighter(look.main, 0.4)),
        )
    )
    plant = shape("M470 540H550L540 600H480Z", "#c8694a") + trace(
        "M510 540Q500 470 460 440M510 540Q512 450 530 420M510 540Q530 490 566 470", "#5f8a58", 13
    )
    frame = (
        box(160, 596, 480, 60, 10, WOOD)
        + box(160, 640, 480, 18, 8, WOOD_DIM)
        + box(160, 330, 40, 300, 10, look.main)
        + box(600, 330, 40, 300, 10, look.main)
        + box(400, 330, 30, 270, 8, look.dim)
        + disc(250, 624, 9, WOOD_DIM)
        + oval(550, 622, 46, 8, WOOD_DIM)
    )
    return books + plant + frame


DRAWINGS = {
    "notebook": Drawing(notebook, "paper", (420, 300, 1.9)),
    "pen": Drawing(pen, "brushed", (400, 330, 2.0)),
    "organiser": Drawing(organiser, "wood", (400, 470, 1.8), (656, 230)),
}
