"""Clothing: T-shirts, base layers, knitwear."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import COAST, WILD

T_SHIRTS = Kind(
    code="TEE",
    drawing="tshirt",
    path=("Clothing", "Tops", "T-Shirts"),
    models=COAST,
    colours=("Ivory", "Navy", "Sage", "Rust", "Charcoal", "Sky", "Mustard", "Blush", "Forest", "Lilac"),
    shades=3,
    axis=Axis("Size", ("XS", "S", "M", "L", "XL"), 4, 4),
    facts={
        "care": ("machine wash 30 °C", "machine wash 40 °C"),
        "fit": ("regular", "boxy", "slim"),
        "organic": (True, True, False),
    },
    makes=(
        Make(
            "Pocket Tee",
            (25, 39),
            "The chest pocket is square, lined and large enough for a train ticket and a pair of glasses.",
            {
                "material": ("organic cotton", "slub cotton"),
                "gsm": range(170, 221, 10),
                "weight_g": range(160, 211, 10),
            },
        ),
        Make(
            "Breton Stripe Tee",
            (29, 45),
            "The stripes are knitted in, so that they meet at the side seam and stay where they are.",
            {
                "material": ("combed organic cotton", "cotton and linen"),
                "gsm": range(180, 231, 10),
                "weight_g": range(170, 221, 10),
            },
            form=1,
        ),
        Make(
            "Mountain Print Tee",
            (27, 42),
            "The hills on the chest are screen-printed with water-based inks that you cannot feel.",
            {
                "material": ("organic cotton", "recycled cotton"),
                "gsm": range(160, 201, 10),
                "weight_g": range(150, 201, 10),
            },
            form=2,
        ),
        Make(
            "Merino Travel Tee",
            (59, 85),
            "Wear it for four days and nobody will know.",
            {
                "material": ("150 g merino", "merino and lyocell"),
                "gsm": (140, 150, 160),
                "weight_g": range(130, 171, 10),
            },
        ),
        Make(
            "Heavyweight Tee",
            (32, 49),
            "Thick cloth and a tight collar make it hang like a shirt.",
            {
                "material": ("carded cotton", "organic heavy jersey"),
                "gsm": range(240, 301, 10),
                "weight_g": range(230, 301, 10),
            },
        ),
    ),
    opens=(
        "The {model} is the T-shirt that gets worn while the others wait in the drawer.",
        "Plain things show every mistake, which is why the {model} took us a year.",
        "Soft from the first morning, the {model} has been washed once before it meets you.",
    ),
    tells=(
        "Knitted from {material} at {gsm} g/m² in a {fit} fit.",
        "{material}, {gsm} g/m², cut in a {fit} fit with a taped neck.",
    ),
    closes=(
        "It shrinks by less than three in a hundred.",
        "Side seams run straight after fifty washes; we counted.",
        "Care: {care}, dry on the line.",
    ),
)

BASE_LAYERS = Kind(
    code="BSL",
    drawing="base-layer",
    path=("Clothing", "Tops", "Base Layers"),
    models=WILD,
    colours=("Charcoal", "Petrol", "Rust", "Moss", "Denim", "Berry"),
    shades=2,
    axis=Axis("Size", ("XS", "S", "M", "L", "XL"), 4, 5),
    facts={"care": "gentle wash 30 °C", "fit": ("close", "second-skin"), "flat_seams": True},
    makes=(
        Make(
            "Merino Base Layer",
            (79, 115),
            "Fine wool warms while damp and stays fresh for days on end.",
            {
                "material": ("100 % merino, 18.5 micron", "merino on a nylon core"),
                "gsm": (180, 200, 220),
                "weight_g": range(190, 261, 10),
            },
            form=1,
        ),
        Make(
            "Merino Half-Zip",
            (95, 139),
            "The zip opens to the breastbone for the climb and closes to the chin for the ridge.",
            {
                "material": ("100 % merino, 18.5 micron", "merino and lyocell"),
                "gsm": (220, 240, 260),
                "weight_g": range(240, 321, 10),
            },
        ),
        Make(
            "Thermal Crew",
            (45, 69),
            "A brushed inside traps air next to the skin, where it is wanted.",
            {
                "material": ("recycled polyester", "polyester and viscose"),
                "gsm": (160, 180),
                "weight_g": range(170, 221, 10),
            },
            form=1,
        ),
        Make(
            "Grid Fleece Half-Zip",
            (69, 99),
            "Little squares of fleece hold warmth; the channels between them let damp out.",
            {
                "material": ("recycled grid fleece", "stretch grid fleece"),
                "gsm": (190, 210, 230),
                "weight_g": range(230, 301, 10),
            },
        ),
        Make(
            "Running Long-Sleeve",
            (49, 75),
            "Thumb loops, a dropped back hem and nothing that rubs at mile twelve.",
            {
                "material": ("recycled polyester jersey", "polyamide mesh"),
                "gsm": (120, 135, 150),
                "weight_g": range(120, 171, 10),
            },
            form=1,
        ),
    ),
    opens=(
        "Good days outside begin next to the skin, with the {model}.",
        "Worn alone on the way up and under everything at the top, the {model} earns its place in the pack.",
        "The {model} fits closely without squeezing.",
    ),
    tells=(
        "It is knitted from {material} at {gsm} g/m² and weighs {weight} in size M.",
        "{material}, {gsm} g/m², with flat seams moved away from the shoulders.",
    ),
    closes=(
        "Cut longer at the back.",
        "Wash at 30 °C and dry it flat.",
        "The fit is {fit}; take a size up for a looser one.",
    ),
)

KNITWEAR = Kind(
    code="KNT",
    drawing="sweater",
    path=("Clothing", "Tops", "Knitwear"),
    models=COAST,
    colours=("Oat", "Navy", "Forest", "Rust", "Stone", "Plum", "Mustard", "Storm"),
    shades=2,
    axis=Axis("Size", ("XS", "S", "M", "L", "XL", "2XL"), 4, 5),
    facts={"care": ("hand wash", "wool wash 30 °C"), "gauge": (3, 5, 7), "fit": ("regular", "relaxed", "boxy")},
    makes=(
        Make(
            "Cable-Knit Sweater",
            (99, 159),
            "Three cables run up the front, each with a wrong-looking twist that the pattern has always had.",
            {"material": ("British wool", "lambswool"), "weight_g": range(580, 781, 20)},
        ),
        Make(
            "Fair Isle Jumper",
            (119, 179),
            "The yoke is worked in two colours by people who have done so for a long time.",
            {"material": ("Shetland wool", "lambswool and alpaca"), "weight_g": range(460, 621, 20)},
            form=1,
        ),
        Make(
            "Block-Stripe Jumper",
            (79, 119),
            "One broad stripe goes round body and sleeves and meets itself exactly.",
            {"material": ("organic cotton", "cotton and recycled wool"), "weight_g": range(420, 561, 20)},
            form=2,
        ),
        Make(
            "Fisherman Rib Sweater",
            (109, 169),
            "A half-cardigan stitch makes it springy, thick and the same on both sides.",
            {"material": ("untreated wool", "merino and yak"), "weight_g": range(620, 821, 20)},
        ),
        Make(
            "Lambswool Crew Neck",
            (69, 109),
            "Thin enough for a jacket, warm enough without one.",
            {"material": ("lambswool", "recycled wool"), "weight_g": range(320, 441, 20)},
            form=2,
        ),
    ),
    opens=(
        "The {model} is a jumper to grow old with.",
        "Somebody will try to borrow the {model}; be ready.",
        "Knitted in one piece where it counts, the {model} has no seams at the shoulder.",
    ),
    tells=(
        "Made of {material} on {gauge}-gauge needles; a size M weighs {weight}.",
        "{material}, {gauge} gauge, {weight} in size M, with a {fit} fit.",
    ),
    closes=(
        "A spare strand for mending is sewn into the side seam.",
        "Air it overnight instead of washing it.",
        "Care: {care}.",
    ),
)

KINDS = (T_SHIRTS, BASE_LAYERS, KNITWEAR)
