"""Home: cushions and blankets."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import COAST

CUSHIONS = Kind(
    code="CSH",
    drawing="cushion",
    path=("Home", "Textiles", "Cushions"),
    models=COAST,
    colours=("Petrol", "Oat", "Rust", "Sage", "Plum", "Mustard", "Sky"),
    shades=3,
    axis=Axis("Size", ("40 × 40 cm", "50 × 50 cm", "60 × 40 cm"), 1, 3, 0.18),
    facts={
        "filling": ("feather", "recycled fibre", "none, cover only"),
        "care": ("machine wash 30 °C", "machine wash 40 °C"),
    },
    makes=(
        Make(
            "Striped Cushion",
            (25, 42),
            "The stripes are woven, not printed, and run through to the back.",
            {"material": ("linen", "cotton canvas"), "weight_g": range(420, 701, 20)},
        ),
        Make(
            "Zigzag Cushion",
            (29, 49),
            "Rows of zigzag, each a little different, as a loom would have it.",
            {"material": ("wool and cotton", "recycled cotton"), "weight_g": range(480, 761, 20)},
            form=1,
        ),
        Make(
            "Sunrise Cushion",
            (32, 52),
            "Three arcs are sewn on by hand and stand a little proud of the cloth.",
            {"material": ("cotton with felt appliqué", "linen with cotton appliqué"), "weight_g": range(460, 701, 20)},
            form=2,
        ),
        Make(
            "Outdoor Cushion",
            (27, 45),
            "Rain runs off it and the sun takes years to fade it.",
            {"material": ("solution-dyed acrylic", "recycled polyester"), "weight_g": range(440, 661, 20)},
        ),
        Make(
            "Kilim Cushion",
            (39, 69),
            "Flat-woven with a hidden zip at the foot.",
            {"material": ("hand-woven wool", "wool and jute"), "weight_g": range(620, 901, 20)},
            form=1,
        ),
    ),
    opens=(
        "Throw the {model} on a sofa that has gone quiet.",
        "Two of the {model} change a room for less than a tin of paint.",
        "The {model} keeps its shape after the cat.",
    ),
    tells=(
        "{material}, filling: {filling}.",
        "The cover is {material}; it weighs {weight} in the middle size. Filling: {filling}.",
    ),
    closes=(
        "The zip is hidden in the seam.",
        "Care: {care}, cover only.",
        "Corners are cut in, so that they do not stick out like ears.",
    ),
)

BLANKETS = Kind(
    code="BLK",
    drawing="blanket",
    path=("Home", "Textiles", "Blankets & Throws"),
    models=COAST,
    colours=("Oat", "Storm", "Forest", "Rust", "Blush", "Navy", "Mustard"),
    shades=3,
    facts={
        "size_cm": ("130 × 180", "140 × 200", "150 × 220"),
        "care": ("dry clean or air", "wool wash 30 °C", "machine wash 30 °C"),
    },
    makes=(
        Make(
            "Wool Throw",
            (79, 139),
            "Woven slowly and brushed once, it has weight without being heavy.",
            {"material": ("lambswool", "new wool"), "weight_g": range(900, 1401, 50)},
        ),
        Make(
            "Tartan Blanket",
            (89, 149),
            "A check nobody owns, woven on looms that have seen a few that somebody did.",
            {"material": ("recycled wool", "Shetland wool"), "weight_g": range(1000, 1501, 50)},
            form=1,
        ),
        Make(
            "Herringbone Throw",
            (69, 119),
            "The pattern shows in low light and hides in full sun.",
            {"material": ("merino and cashmere", "cotton and wool"), "weight_g": range(700, 1101, 50)},
            form=2,
        ),
        Make(
            "Cotton Summer Blanket",
            (49, 85),
            "For the evenings when a sheet is too little and a duvet too much.",
            {"material": ("organic cotton", "cotton and linen"), "weight_g": range(650, 1001, 50)},
        ),
        Make(
            "Picnic Rug",
            (55, 89),
            "Wool above, waterproof below, and a strap to carry it by.",
            {"material": ("recycled wool, coated back", "cotton, coated back"), "weight_g": range(1100, 1601, 50)},
            form=1,
        ),
    ),
    opens=(
        "The {model} will be fought over on the sofa.",
        "Fold the {model} over the end of the bed and the whole room looks made.",
        "The {model} is big enough for two people who like each other.",
    ),
    tells=(
        "{size_cm} cm of {material}, {weight}.",
        "Woven from {material}, it measures {size_cm} cm with its fringe and weighs {weight}.",
    ),
    closes=("The fringe is twisted by hand.", "Care: {care}.", "Softer after every wash."),
)

KINDS = (CUSHIONS, BLANKETS)
