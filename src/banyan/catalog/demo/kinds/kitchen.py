"""Kitchen: pans, pots, coffee makers, knives."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import FIRST

PANS = Kind(
    code="PAN",
    drawing="pan",
    path=("Kitchen", "Cookware", "Pans"),
    models=FIRST,
    colours=("Charcoal", "Petrol", "Terracotta", "Forest", "Slate"),
    shades=2,
    axis=Axis("Diameter", ("20 cm", "24 cm", "28 cm", "30 cm"), 1, 3, 0.16),
    facts={"induction": True, "oven_safe_c": (180, 220, 250)},
    makes=(
        Make(
            "Cast-Iron Skillet",
            (45, 75),
            "Heavy, slow to warm and hard to beat at a steak.",
            {"material": "seasoned cast iron", "weight_g": range(1900, 2701, 100)},
        ),
        Make(
            "Carbon Steel Pan",
            (49, 85),
            "As quick as aluminium and, after ten pancakes, as smooth as any coating.",
            {"material": "carbon steel, beech handle", "weight_g": range(1300, 1901, 100)},
            form=1,
        ),
        Make(
            "Ceramic Frying Pan",
            (39, 69),
            "A mineral coating lets eggs slide and has nothing in it you would not say aloud.",
            {"material": "forged aluminium, ceramic coating", "weight_g": range(850, 1301, 50)},
            form=1,
        ),
        Make(
            "Grill Pan",
            (49, 79),
            "High ridges mark the courgettes and keep them out of their own juice.",
            {"material": ("enamelled cast iron", "seasoned cast iron"), "weight_g": range(2200, 2901, 100)},
            form=2,
        ),
        Make(
            "Copper Sauté Pan",
            (129, 199),
            "Copper answers the flame at once; steel inside keeps the sauce polite.",
            {"material": "copper, lined with stainless steel", "weight_g": range(1500, 2201, 100)},
        ),
    ),
    opens=(
        "The {model} is the pan that stays on the hob.",
        "Breakfast for two, supper for four: the {model} is seldom put away.",
        "Even heat right to the edge is what makes the {model} a good pan.",
    ),
    tells=(
        "Made of {material}, it weighs {weight} in the smallest size and goes into the oven up to {oven_safe_c} °C.",
        "{material}, oven-safe to {oven_safe_c} °C, fit for induction.",
    ),
    closes=(
        "Pours from both sides.",
        "Rinse, dry, a drop of oil: that is all the care there is.",
        "The handle stays cool for as long as you should be cooking.",
    ),
)

POTS = Kind(
    code="POT",
    drawing="pot",
    path=("Kitchen", "Cookware", "Pots & Casseroles"),
    models=FIRST,
    colours=("Denim", "Terracotta", "Ivory", "Forest", "Mustard", "Berry"),
    shades=3,
    axis=Axis("Capacity", ("2 L", "3.5 L", "5 L", "7 L"), 1, 3, 0.2),
    facts={"induction": True, "lid": True, "oven_safe_c": (220, 240, 260)},
    makes=(
        Make(
            "Enamelled Casserole",
            (89, 159),
            "Small studs under the lid send the steam back as drops over the roast.",
            {"material": "enamelled cast iron", "weight_g": range(3200, 4801, 200)},
            form=2,
        ),
        Make(
            "Stock Pot",
            (69, 119),
            "Tall and narrow, so that the broth stays a broth.",
            {"material": ("stainless steel, sandwich base", "three-ply steel"), "weight_g": range(1800, 2801, 100)},
            form=1,
        ),
        Make(
            "Soup Pot",
            (49, 85),
            "A round-shouldered pot with marks for litres on the inside.",
            {"material": ("enamelled steel", "ceramic-coated aluminium"), "weight_g": range(1400, 2201, 100)},
        ),
        Make(
            "Bread Oven",
            (79, 129),
            "Keeps in the steam for twenty minutes, which is where the crust comes from.",
            {"material": ("enamelled cast iron", "unglazed stoneware"), "weight_g": range(3800, 5201, 200)},
            form=2,
        ),
        Make(
            "Pasta Pot",
            (59, 99),
            "The lid locks and drains; no sieve and no lost spaghetti.",
            {"material": ("stainless steel", "enamelled steel"), "weight_g": range(1500, 2201, 100)},
            form=1,
        ),
    ),
    opens=(
        "The {model} goes from hob to oven to table and looks right on all three.",
        "Soups, beans, a Sunday roast: the {model} takes its time and gives it back.",
        "The {model} is the pot to hand down.",
    ),
    tells=(
        "In {material}, {weight} in the smallest size, for every hob and for ovens up to {oven_safe_c} °C.",
        "Made of {material}; the smallest weighs {weight} with its lid.",
    ),
    closes=(
        "The knob can be unscrewed and replaced.",
        "Soak, do not scrub.",
        "Handles are wide enough for thick gloves.",
    ),
)

COFFEE = Kind(
    code="COF",
    drawing="kettle",
    path=("Kitchen", "Coffee & Tea"),
    models=FIRST,
    colours=("Charcoal", "Ivory", "Teal", "Copper", "Forest", "Steel"),
    shades=2,
    facts={"induction": (True, False), "dishwasher_safe": (True, False)},
    makes=(
        Make(
            "Gooseneck Kettle",
            (49, 89),
            "The thin spout pours as slowly as you like and stops when you do.",
            {
                "material": ("stainless steel", "enamelled steel"),
                "capacity_ml": (800, 900, 1000, 1200),
                "weight_g": range(680, 1001, 20),
            },
        ),
        Make(
            "French Press",
            (35, 65),
            "Four minutes, one slow push, and a screen fine enough to keep the cup clear.",
            {
                "material": ("borosilicate glass and steel", "borosilicate glass and oak"),
                "capacity_ml": (350, 600, 1000),
                "weight_g": range(520, 861, 20),
            },
            form=1,
        ),
        Make(
            "Moka Pot",
            (29, 55),
            "Eight sides, one valve and a gurgle that wakes the house.",
            {
                "material": ("cast aluminium", "stainless steel"),
                "capacity_ml": (150, 300, 450),
                "weight_g": range(380, 701, 20),
            },
            form=2,
        ),
        Make(
            "Stovetop Tea Kettle",
            (45, 79),
            "It whistles in two notes that are almost in tune.",
            {
                "material": ("enamelled steel", "stainless steel"),
                "capacity_ml": (1500, 1800, 2000),
                "weight_g": range(900, 1301, 20),
            },
        ),
        Make(
            "Large Coffee Press",
            (49, 85),
            "Eight cups, for the table that nobody wants to leave.",
            {
                "material": ("borosilicate glass and steel", "borosilicate glass and copper"),
                "capacity_ml": (1000, 1500),
                "weight_g": range(720, 1101, 20),
            },
            form=1,
        ),
    ),
    opens=(
        "The {model} makes the first ten minutes of the day go slowly.",
        "No screen, no capsule: the {model} needs water, coffee and you.",
        "The {model} belongs on the hob and not in the cupboard.",
    ),
    tells=(
        "It holds {capacity_ml} ml, is made of {material} and weighs {weight}.",
        "{material}, {capacity_ml} ml, {weight}.",
    ),
    closes=(
        "Seals and screens are sold singly.",
        "Rinse with water; soap is not needed.",
        "The handle is held by two screws that you can tighten yourself.",
    ),
)

KNIVES = Kind(
    code="KNF",
    drawing="knife",
    path=("Kitchen", "Knives & Boards"),
    models=FIRST,
    colours=("Walnut", "Charcoal", "Forest", "Oak", "Navy", "Berry"),
    shades=2,
    facts={"hardness_hrc": range(56, 63), "dishwasher_safe": False},
    makes=(
        Make(
            "Chef's Knife",
            (79, 149),
            "A belly that rocks and a heel that goes through a squash.",
            {
                "material": ("X50CrMoV15 steel", "67-layer damask steel"),
                "blade_cm": range(18, 22),
                "weight_g": range(180, 261, 10),
            },
        ),
        Make(
            "Santoku",
            (75, 139),
            "Hollows in the blade let slices of potato fall away.",
            {"material": ("VG10 steel", "X50CrMoV15 steel"), "blade_cm": (16, 17, 18), "weight_g": range(160, 221, 10)},
            form=1,
        ),
        Make(
            "Carving Knife",
            (69, 119),
            "Long, narrow and quiet in the roast.",
            {
                "material": ("X50CrMoV15 steel", "carbon steel"),
                "blade_cm": range(20, 25),
                "weight_g": range(170, 231, 10),
            },
            form=2,
        ),
        Make(
            "Paring Knife",
            (25, 49),
            "For everything that is done in the hand.",
            {"material": ("X50CrMoV15 steel", "VG10 steel"), "blade_cm": (8, 9, 10), "weight_g": range(60, 101, 10)},
            form=2,
        ),
        Make(
            "Vegetable Cleaver",
            (59, 109),
            "Broad enough to carry the onions over to the pan.",
            {"material": ("carbon steel", "VG10 steel"), "blade_cm": (15, 16, 17, 18), "weight_g": range(240, 341, 10)},
            form=1,
        ),
    ),
    opens=(
        "The {model} is sharp out of the box and easy to keep so.",
        "One good knife replaces a drawer of others: this is the {model}.",
        "The balance of the {model} lies where finger and thumb take hold.",
    ),
    tells=(
        "The blade is {blade_cm} cm of {material}, hardened to {hardness_hrc} HRC; the knife weighs {weight}.",
        "{material} at {hardness_hrc} HRC, {blade_cm} cm, {weight}.",
    ),
    closes=(
        "Comes in a card sleeve with a cork tip; the board is not included.",
        "Wash by hand and dry at once.",
        "We sharpen it once free of charge.",
    ),
)

KINDS = (PANS, POTS, COFFEE, KNIVES)
