"""Kitchen: mugs, bowls and plates."""

from banyan.catalog.demo.kinds.kind import Kind, Make
from banyan.catalog.demo.names import FIRST

MUGS = Kind(
    code="MUG",
    drawing="mug",
    path=("Kitchen", "Tableware", "Mugs & Cups"),
    models=FIRST,
    colours=("Oat", "Sage", "Denim", "Terracotta", "Charcoal", "Blush", "Mustard", "Ice"),
    shades=4,
    facts={"dishwasher_safe": True, "microwave_safe": (True, True, False)},
    makes=(
        Make(
            "Dipped Stoneware Mug",
            (14, 22),
            "Dipped once by hand, so that the wave around its foot is never the same.",
            {"material": "stoneware", "capacity_ml": range(280, 401, 20), "weight_g": range(320, 441, 10)},
        ),
        Make(
            "Café Cup",
            (12, 19),
            "The thin lip and the round belly are for coffee with milk.",
            {
                "material": ("porcelain", "bone china"),
                "capacity_ml": range(180, 281, 20),
                "weight_g": range(200, 301, 10),
            },
            form=1,
        ),
        Make(
            "Polka Dot Mug",
            (11, 18),
            "The dots are pressed on with a sponge, one after the other.",
            {
                "material": ("earthenware", "stoneware"),
                "capacity_ml": range(250, 351, 10),
                "weight_g": range(280, 381, 10),
            },
            form=2,
        ),
        Make(
            "Big Tea Mug",
            (16, 25),
            "Half a litre, for people who do not get up again soon.",
            {"material": "stoneware", "capacity_ml": (450, 480, 500), "weight_g": range(420, 541, 10)},
        ),
        Make(
            "Enamel Camp Mug",
            (9, 15),
            "It chips before it breaks and goes straight onto the embers.",
            {"material": "enamelled steel", "capacity_ml": (300, 350, 400), "weight_g": range(120, 171, 10)},
            form=2,
        ),
    ),
    opens=(
        "The {model} has a handle for three fingers and room for the fourth.",
        "Everyone has one mug they look for first; the {model} would like to be it.",
        "The {model} is warm in the hand and stands firmly on a crooked desk.",
    ),
    tells=(
        "{material}, {capacity_ml} ml, {weight}.",
        "It holds {capacity_ml} ml, is made of {material} and weighs {weight}.",
    ),
    closes=(
        "Fit for the dishwasher.",
        "The foot is ground smooth and will not scratch.",
        "Glazes are free of lead and cadmium.",
    ),
)

BOWLS = Kind(
    code="BWL",
    drawing="bowl",
    path=("Kitchen", "Tableware", "Bowls & Plates"),
    models=FIRST,
    colours=("Sage", "Oat", "Denim", "Terracotta", "Slate", "Blush"),
    shades=3,
    facts={"dishwasher_safe": True, "microwave_safe": (True, False)},
    makes=(
        Make(
            "Cereal Bowl Set",
            (35, 59),
            "Three bowls that sit in each other without scraping.",
            {
                "material": ("stoneware", "porcelain"),
                "pieces": 3,
                "width_cm": (14, 15, 16),
                "weight_g": range(900, 1301, 50),
            },
        ),
        Make(
            "Dinner Plate Set",
            (49, 89),
            "Four plates with a low rim that keeps the sauce in, and a bowl for the salad.",
            {
                "material": ("stoneware", "recycled clay"),
                "pieces": 5,
                "width_cm": (26, 27, 28),
                "weight_g": range(2400, 3401, 100),
            },
            form=1,
        ),
        Make(
            "Salad Bowl",
            (39, 69),
            "Big enough to toss in without losing a tomato.",
            {
                "material": ("stoneware", "turned acacia"),
                "pieces": 1,
                "width_cm": range(26, 33),
                "weight_g": range(1200, 1901, 100),
            },
            form=2,
        ),
        Make(
            "Ramen Bowl Pair",
            (32, 55),
            "Deep and steep, with a rest for two chopsticks.",
            {"material": "porcelain", "pieces": 2, "width_cm": (18, 19, 20), "weight_g": range(900, 1301, 50)},
        ),
        Make(
            "Side Plate Set",
            (29, 49),
            "For cake, toast and the good cheese.",
            {
                "material": ("stoneware", "porcelain"),
                "pieces": 4,
                "width_cm": (18, 19, 20, 21),
                "weight_g": range(1400, 2001, 100),
            },
            form=1,
        ),
    ),
    opens=(
        "The {model} makes Tuesday's leftovers look intended.",
        "Glazed outside and in, the {model} comes out of the kiln a little different each time.",
        "The {model} stacks neatly and does not clatter.",
    ),
    tells=(
        "Pieces: {pieces}, in {material}, {width_cm} cm across, {weight} together.",
        "Made of {material}; {width_cm} cm wide and {weight} in all.",
    ),
    closes=(
        "Fit for dishwasher and oven to 180 °C.",
        "Single pieces can be bought again.",
        "Glazes are free of lead and cadmium.",
    ),
)

KINDS = (MUGS, BOWLS)
