"""Garden: watering cans, plant pots, hand tools."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import BLOOM

WATERING = Kind(
    code="WTR",
    drawing="watering-can",
    path=("Garden", "Watering"),
    models=BLOOM,
    colours=("Forest", "Sage", "Terracotta", "Denim", "Ivory", "Mustard", "Copper"),
    shades=3,
    facts={"rustproof": True, "made_in": ("Portugal", "Germany", "Sweden")},
    makes=(
        Make(
            "Garden Watering Can",
            (29, 55),
            "Full, it hangs level in the hand; the rose makes rain and not puddles.",
            {
                "material": ("galvanised steel", "powder-coated steel"),
                "capacity_l": (5, 7, 9),
                "weight_g": range(1100, 1701, 100),
            },
        ),
        Make(
            "Indoor Watering Can",
            (25, 45),
            "The long spout reaches under the leaves, where the water should go.",
            {
                "material": ("powder-coated steel", "stainless steel"),
                "capacity_l": (0.8, 1.0, 1.4),
                "weight_g": range(320, 521, 20),
            },
            form=1,
        ),
        Make(
            "Plant Mister",
            (15, 28),
            "One squeeze, one cloud.",
            {
                "material": ("glass and brass", "recycled PET"),
                "capacity_l": (0.3, 0.4, 0.5),
                "weight_g": range(140, 321, 20),
            },
            form=2,
        ),
        Make(
            "Children's Watering Can",
            (15, 25),
            "Small enough to carry full, twice across the lawn.",
            {
                "material": ("enamelled steel", "recycled polypropylene"),
                "capacity_l": (1.0, 1.5),
                "weight_g": range(280, 421, 20),
            },
        ),
        Make(
            "Bonsai Can",
            (35, 65),
            "The finest rose we know; moss stays where it is.",
            {"material": ("copper", "stainless steel"), "capacity_l": (1.0, 1.5, 2.0), "weight_g": range(420, 641, 20)},
            form=1,
        ),
    ),
    opens=(
        "The {model} pours where you look.",
        "Fill the {model} in the evening and let it stand overnight; plants like it so.",
        "The {model} is too good-looking to be kept in the shed.",
    ),
    tells=(
        "It holds {capacity_l} litres, is made of {material} and weighs {weight} empty.",
        "{material}, {capacity_l} litres, made in {made_in}.",
    ),
    closes=(
        "The rose unscrews for a rinse.",
        "Seams are soldered and tested under water.",
        "Empty it before the first frost.",
    ),
)

POTS = Kind(
    code="PLT",
    drawing="plant-pot",
    path=("Garden", "Plant Pots"),
    models=BLOOM,
    colours=("Terracotta", "Ivory", "Sage", "Charcoal", "Denim", "Blush", "Ochre"),
    shades=3,
    axis=Axis("Diameter", ("14 cm", "18 cm", "24 cm", "30 cm"), 1, 4, 0.28),
    facts={"drain_hole": (True, True, False), "frostproof": (True, False)},
    makes=(
        Make(
            "Terracotta Plant Pot",
            (12, 22),
            "Clay breathes, so that roots do.",
            {"material": ("fired terracotta", "glazed terracotta"), "weight_g": range(900, 1601, 100)},
        ),
        Make(
            "Planter on Legs",
            (35, 59),
            "Lifts the fern to where it can be seen from the sofa.",
            {"material": ("stoneware and beech", "fibre clay and oak"), "weight_g": range(1400, 2401, 100)},
            form=1,
        ),
        Make(
            "Succulent Bowl",
            (18, 32),
            "Wide and low, for a small desert.",
            {"material": ("stoneware", "concrete"), "weight_g": range(800, 1401, 100)},
            form=2,
        ),
        Make(
            "Glazed Herb Pot",
            (14, 25),
            "With a saucer of the same glaze, for the kitchen sill.",
            {"material": ("glazed stoneware", "glazed earthenware"), "weight_g": range(700, 1201, 100)},
        ),
        Make(
            "Patio Bowl",
            (29, 55),
            "Light enough to be moved after the sun.",
            {"material": ("fibre clay", "recycled polypropylene"), "weight_g": range(1200, 2201, 100)},
            form=2,
        ),
    ),
    opens=(
        "A plant in the {model} looks as if it had always lived there.",
        "The {model} forgives too much water and too little.",
        "The rim of the {model} is thick where a pot is lifted.",
    ),
    tells=(
        "Made of {material}; the smallest weighs {weight}.",
        "{material}, {weight} in the smallest size. The plant in the picture is not included.",
    ),
    closes=("Three feet keep it off the ground.", "It ages well outdoors.", "A saucer can be ordered with it."),
)

HAND_TOOLS = Kind(
    code="HTL",
    drawing="hand-tool",
    path=("Garden", "Hand Tools"),
    models=BLOOM,
    colours=("Oak", "Walnut", "Forest", "Terracotta", "Denim"),
    facts={"handle": ("oiled ash", "beech", "recycled polypropylene"), "hang_loop": True},
    makes=(
        Make(
            "Trowel & Fork Set",
            (25, 45),
            "A blade that cuts roots and tines that leave them whole.",
            {
                "material": ("stainless steel", "forged carbon steel"),
                "length_cm": range(29, 35),
                "weight_g": range(420, 601, 20),
            },
        ),
        Make(
            "Bypass Secateurs",
            (29, 65),
            "Two blades pass each other like scissors and leave a clean cut.",
            {
                "material": ("hardened carbon steel", "forged steel"),
                "length_cm": range(18, 23),
                "weight_g": range(200, 281, 10),
            },
            form=1,
        ),
        Make(
            "Hand Rake",
            (15, 27),
            "Five springy tines for beds, pots and the corner under the hedge.",
            {
                "material": ("spring steel", "stainless steel"),
                "length_cm": range(30, 39),
                "weight_g": range(180, 261, 10),
            },
            form=2,
        ),
        Make(
            "Rose Pruner",
            (24, 45),
            "It holds the stem after the cut, so that thorns do not get a say.",
            {
                "material": ("hardened carbon steel", "stainless steel"),
                "length_cm": range(19, 24),
                "weight_g": range(190, 261, 10),
            },
            form=1,
        ),
        Make(
            "Planting Set",
            (29, 49),
            "Marked in centimetres, because bulbs can measure.",
            {
                "material": ("stainless steel", "forged carbon steel"),
                "length_cm": range(28, 34),
                "weight_g": range(380, 561, 20),
            },
        ),
    ),
    opens=(
        "The {model} fits the hand with and without a glove.",
        "Leave the {model} in the bed overnight and it will not hold it against you.",
        "Good soil deserves the {model}; bad soil needs it.",
    ),
    tells=(
        "{material} on a handle of {handle}; {length_cm} cm and {weight}.",
        "Made of {material} with a handle of {handle}, {length_cm} cm long.",
    ),
    closes=(
        "Can be sharpened with any stone.",
        "A leather loop hangs it by the door.",
        "Wipe, oil, put away: ready for spring.",
    ),
)

KINDS = (WATERING, POTS, HAND_TOOLS)
