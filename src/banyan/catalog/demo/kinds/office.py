"""Office: notebooks, pens and pencils, desk organisers."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import FIRST, PAGE

NOTEBOOKS = Kind(
    code="NTB",
    drawing="notebook",
    path=("Office", "Paper", "Notebooks"),
    models=PAGE,
    colours=("Forest", "Navy", "Clay", "Berry", "Charcoal", "Mustard", "Sky"),
    shades=3,
    axis=Axis("Ruling", ("Plain", "Lined", "Dotted", "Squared"), 1, 3),
    facts={"paper_gsm": (80, 90, 100, 120), "fountain_pen_proof": (True, False)},
    makes=(
        Make(
            "Hardcover Notebook",
            (16, 25),
            "Sewn, so that it lies flat on every page, with a band, a ribbon and a pocket.",
            {"format": "A5", "pages": range(176, 257, 16), "weight_g": range(280, 401, 10)},
        ),
        Make(
            "Spiral Notebook",
            (9, 16),
            "Turns right round on its wire and stands up as a small easel.",
            {"format": ("A5", "B5"), "pages": range(120, 161, 8), "weight_g": range(220, 321, 10)},
            form=1,
        ),
        Make(
            "Pocket Notebook Trio",
            (11, 18),
            "Three thin books: one for lists, one for ideas, one for the other pocket.",
            {"format": "A6", "pages": 48, "weight_g": range(110, 151, 10)},
            form=2,
        ),
        Make(
            "Project Planner",
            (19, 29),
            "Weeks on the left, everything else on the right, no dates to make you feel late.",
            {"format": ("A5", "B5"), "pages": range(144, 209, 16), "weight_g": range(320, 441, 10)},
        ),
        Make(
            "Sketchbook",
            (14, 24),
            "Heavy paper that takes pencil, ink and a little water.",
            {"format": ("A5", "A4"), "pages": range(80, 121, 8), "weight_g": range(340, 521, 10)},
            form=1,
        ),
    ),
    opens=(
        "The {model} is a place for sentences that are not finished.",
        "Nothing in the {model} needs charging.",
        "The first page of a new book is the hardest; the {model} is kind about it.",
    ),
    tells=(
        "{format}, {pages} pages of {paper_gsm} g/m² paper, {weight}.",
        "It has {pages} pages of {paper_gsm} g/m² paper in {format}.",
    ),
    closes=(
        "Paper from certified forests.",
        "The last pages can be torn out.",
        "Ink dries quickly and does not show through.",
    ),
)

PENS = Kind(
    code="PEN",
    drawing="pen",
    path=("Office", "Writing", "Pens & Pencils"),
    models=PAGE,
    colours=("Navy", "Forest", "Charcoal", "Berry", "Ivory", "Copper", "Teal"),
    shades=3,
    facts={"refillable": True},
    makes=(
        Make(
            "Fountain Pen",
            (35, 79),
            "The steel nib is ground by hand and writes at the first touch.",
            {
                "material": ("brass, lacquered", "aluminium", "resin"),
                "line_mm": (0.4, 0.5, 0.6),
                "weight_g": range(18, 33),
            },
        ),
        Make(
            "Click Pen",
            (12, 25),
            "The click is soft, and is felt more than it is heard.",
            {"material": ("aluminium", "recycled ABS", "brass"), "line_mm": (0.5, 0.7), "weight_g": range(10, 23)},
            form=1,
        ),
        Make(
            "Colour Pencil Set",
            (15, 29),
            "Soft leads that lay one colour over another.",
            {"material": "cedar", "line_mm": (3.0, 3.8), "weight_g": range(60, 121, 10)},
            form=2,
        ),
        Make(
            "Rollerball",
            (29, 59),
            "Ink like a fountain pen's, without having to think about it.",
            {"material": ("brass, lacquered", "aluminium"), "line_mm": (0.5, 0.7), "weight_g": range(20, 37)},
        ),
        Make(
            "Mechanical Pencil Pair",
            (19, 35),
            "One for drawing, one for sums, and a lead that does not break in either.",
            {"material": ("aluminium", "brass"), "line_mm": (0.5, 0.7, 0.9), "weight_g": range(24, 41)},
            form=1,
        ),
    ),
    opens=(
        "The {model} makes you write a little more slowly and a little better.",
        "Signatures, shopping lists, marginal notes: the {model} takes them all seriously.",
        "The {model} has the weight of something that will not get lost.",
    ),
    tells=(
        "Made of {material}, it draws a line of {line_mm} mm and weighs {weight}.",
        "{material}, {line_mm} mm, {weight}.",
    ),
    closes=("Takes standard refills.", "Comes in a box of folded card.", "Engraving on request."),
)

ORGANISERS = Kind(
    code="ORG",
    drawing="organiser",
    path=("Office", "Desk Organisers"),
    models=FIRST,
    colours=("Sage", "Ivory", "Charcoal", "Terracotta", "Denim", "Mustard"),
    shades=2,
    facts={"felt_base": True, "assembly": ("none", "one screw")},
    makes=(
        Make(
            "Pen Cup",
            (15, 29),
            "Heavy at the foot, so that a pair of scissors does not topple it.",
            {
                "material": ("powder-coated steel", "stoneware", "leather"),
                "height_cm": (10, 11, 12),
                "weight_g": range(220, 421, 20),
            },
        ),
        Make(
            "Desk Tray",
            (29, 49),
            "Three rooms: for pens, for paper, for whatever is in your pockets at night.",
            {
                "material": ("birch plywood", "powder-coated steel"),
                "height_cm": (9, 10, 12),
                "weight_g": range(520, 861, 20),
            },
            form=1,
        ),
        Make(
            "Monitor Shelf",
            (49, 89),
            "Lifts the screen to eye height and clears the table beneath it.",
            {
                "material": ("oak and steel", "bamboo", "birch plywood"),
                "height_cm": (12, 13, 14),
                "weight_g": range(1600, 2601, 100),
            },
            form=2,
        ),
        Make(
            "Letter Rack",
            (25, 42),
            "What has to be answered stands in front of what has been.",
            {"material": ("bent steel", "birch plywood"), "height_cm": (14, 16, 18), "weight_g": range(420, 701, 20)},
            form=1,
        ),
        Make(
            "Desktop Bookends",
            (29, 49),
            "They hold a metre of books by their own weight.",
            {
                "material": ("steel and oak", "marble and steel"),
                "height_cm": (15, 17, 18),
                "weight_g": range(1200, 2001, 100),
            },
            form=2,
        ),
    ),
    opens=(
        "A clear desk is a rumour; the {model} makes it a likely one.",
        "The {model} gives small things an address.",
        "The {model} is as tidy from behind as from the front.",
    ),
    tells=(
        "In {material}, {height_cm} cm high and {weight}.",
        "Made of {material}; it stands {height_cm} cm high and weighs {weight}.",
    ),
    closes=("Assembly: {assembly}.", "Felt underneath keeps it quiet.", "Goes with the other pieces of the series."),
)

KINDS = (NOTEBOOKS, PENS, ORGANISERS)
