"""Clothing: jackets, trousers, beanies, socks."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import COAST, WILD

JACKETS = Kind(
    code="JKT",
    drawing="jacket",
    path=("Clothing", "Outerwear", "Jackets"),
    models=WILD,
    colours=("Petrol", "Ochre", "Moss", "Charcoal", "Rust", "Navy", "Berry", "Storm"),
    shades=2,
    axis=Axis("Size", ("XS", "S", "M", "L", "XL", "2XL"), 4, 5),
    facts={"care": "gentle wash 30 °C", "fit": ("regular", "relaxed", "athletic"), "pockets": (2, 3, 4, 5)},
    makes=(
        Make(
            "Rain Shell",
            (129, 219),
            "Every seam is taped and the hood turns with your head.",
            {
                "material": ("3-layer recycled polyester", "2.5-layer nylon"),
                "waterproof": True,
                "water_column_mm": (10000, 15000, 20000),
                "weight_g": range(310, 441, 10),
            },
        ),
        Make(
            "Softshell Jacket",
            (99, 159),
            "It stretches where you bend and keeps the wind where it is.",
            {
                "material": ("stretch softshell", "brushed softshell"),
                "waterproof": False,
                "weight_g": range(420, 581, 10),
            },
            form=1,
        ),
        Make(
            "Insulated Jacket",
            (139, 239),
            "The filling stays warm when it is damp and dries while you have lunch.",
            {
                "material": ("recycled nylon, hollow-fibre fill", "recycled polyester, wool fill"),
                "waterproof": False,
                "weight_g": range(380, 561, 20),
            },
            form=2,
        ),
        Make(
            "Down Jacket",
            (179, 299),
            "It packs into its own pocket and comes back out at full height.",
            {
                "material": ("ripstop nylon, 700-fill duck down", "ripstop nylon, 750-fill goose down"),
                "waterproof": False,
                "weight_g": range(320, 481, 20),
            },
            form=2,
        ),
        Make(
            "Sailing Anorak",
            (149, 249),
            "High collar, wide cuffs and a yoke in a colour that can be seen from the other boat.",
            {
                "material": ("coated organic cotton", "2-layer recycled polyester"),
                "waterproof": True,
                "water_column_mm": (8000, 10000),
                "weight_g": range(520, 701, 20),
            },
            form=1,
        ),
    ),
    opens=(
        "The {model} is made for people who go out anyway.",
        "A jacket should be the last thing you think about; the {model} is.",
        "Cut long at the back and free at the shoulder, the {model} moves with you.",
    ),
    tells=(
        "In {material}, {weight} in size M, with {pockets} pockets and a {fit} fit.",
        "It weighs {weight} in size M, is made of {material} and has a {fit} fit with room for a jumper beneath.",
    ),
    closes=(
        "The hem cord is pulled with one hand.",
        "Made without fluorocarbons.",
        "Zips are ours to mend for ten years.",
    ),
)

TROUSERS = Kind(
    code="TRS",
    drawing="trousers",
    path=("Clothing", "Trousers & Shorts"),
    models=COAST,
    colours=("Sand", "Navy", "Olive", "Charcoal", "Storm", "Clay"),
    shades=2,
    axis=Axis("Size", ("28", "30", "32", "34", "36", "38"), 4, 6),
    facts={
        "care": ("machine wash 30 °C", "machine wash 40 °C"),
        "pockets": (4, 5, 6),
        "fit": ("straight", "tapered", "relaxed"),
    },
    makes=(
        Make(
            "Chino",
            (69, 99),
            "A clean front, a curved waistband and a hem that takes a turn-up.",
            {
                "material": ("organic cotton twill, 2 % elastane", "brushed cotton twill"),
                "weight_g": range(420, 541, 20),
            },
        ),
        Make(
            "Trekking Trousers",
            (89, 139),
            "Knees are shaped, vents are hidden, and the cloth forgives a scramble.",
            {"material": ("stretch nylon", "polyester and cotton, waxable"), "weight_g": range(360, 501, 20)},
            form=1,
        ),
        Make(
            "Cargo Trousers",
            (79, 119),
            "Bellows pockets lie flat until there is something in them.",
            {"material": ("cotton ripstop", "cotton canvas"), "weight_g": range(520, 681, 20)},
            form=1,
        ),
        Make(
            "Drawstring Shorts",
            (39, 65),
            "An elastic waist with a real cord, and pockets deep enough to sit down with.",
            {"material": ("linen and cotton", "recycled polyester"), "weight_g": range(180, 261, 10)},
            form=2,
        ),
        Make(
            "Work Denim",
            (89, 149),
            "It begins dark and stiff and ends up as a record of where you have been.",
            {"material": ("13 oz selvedge denim", "12 oz organic denim"), "weight_g": range(620, 801, 20)},
        ),
    ),
    opens=(
        "The {model} sits well standing up and better sitting down.",
        "Made for bending, carrying and the occasional table in town, the {model} is our hardest-working cut.",
        "The {model} begins with good cloth and leaves it alone.",
    ),
    tells=(
        "Sewn from {material} with {pockets} pockets in a {fit} fit.",
        "{material}, {fit} fit, {pockets} pockets; size 32 weighs {weight}.",
    ),
    closes=("Stress points are bar-tacked.", "The gusset lets you take the high step.", "Care: {care}."),
)

BEANIES = Kind(
    code="BNE",
    drawing="beanie",
    path=("Clothing", "Accessories", "Beanies"),
    models=WILD,
    colours=("Mustard", "Navy", "Forest", "Rust", "Charcoal", "Lilac", "Petrol", "Ivory"),
    shades=4,
    facts={"care": ("hand wash", "wool wash 30 °C"), "size": "one size"},
    makes=(
        Make(
            "Rib Beanie",
            (22, 35),
            "A deep cuff folds once or twice, for autumn and for January.",
            {"material": ("lambswool", "recycled acrylic and wool"), "weight_g": range(70, 101, 10)},
        ),
        Make(
            "Pompom Hat",
            (25, 39),
            "The bobble is held by a button and comes off for the wash.",
            {"material": ("merino", "wool and alpaca"), "weight_g": range(90, 131, 10)},
            form=1,
        ),
        Make(
            "Striped Ski Hat",
            (29, 45),
            "Two stripes go all the way round; a fleece band keeps the wool off your forehead.",
            {"material": ("merino, fleece-lined", "wool, fleece-lined"), "weight_g": range(100, 141, 10)},
            form=2,
        ),
        Make(
            "Fisherman Beanie",
            (19, 32),
            "It stops above the ears, as it does on people who gut fish.",
            {"material": ("organic cotton", "recycled wool"), "weight_g": range(60, 91, 10)},
        ),
        Make(
            "Merino Liner Cap",
            (24, 36),
            "Thin enough to go under a helmet and long enough to cover the ears there.",
            {"material": ("150 g merino", "merino and elastane"), "weight_g": range(30, 51, 5)},
        ),
    ),
    opens=(
        "The {model} is small, warm and never where you left it.",
        "Knitted in the round, the {model} has no seam to press under a hood.",
        "Heads differ; the {model} stretches from a child of ten to a large uncle.",
    ),
    tells=("It is made of {material} and weighs {weight}.", "{material}, {weight}, one size."),
    closes=("The label is woven, not printed.", "Care: {care}, dry flat.", "It does not itch; we asked people who do."),
)

SOCKS = Kind(
    code="SOX",
    drawing="socks",
    path=("Clothing", "Accessories", "Socks"),
    models=COAST,
    colours=("Moss", "Denim", "Rust", "Mustard", "Stone", "Plum", "Teal"),
    shades=3,
    axis=Axis("Size", ("35–38", "39–42", "43–46"), 2, 3),
    facts={"care": "machine wash 40 °C", "pairs": (1, 1, 2, 3)},
    makes=(
        Make(
            "Hiking Socks",
            (16, 24),
            "Terry loops under heel and toe, thin ribs over the instep, and an L and an R because feet differ.",
            {"material": ("merino, polyamide, elastane", "merino and recycled nylon"), "weight_g": range(70, 101, 10)},
        ),
        Make(
            "Striped Crew Socks",
            (9, 15),
            "Stripes of one width from toe to cuff, matched left and right.",
            {"material": ("combed cotton", "organic cotton and polyamide"), "weight_g": range(50, 71, 5)},
            form=1,
        ),
        Make(
            "Dotted Socks",
            (9, 15),
            "For the hand's breadth between trouser and shoe.",
            {"material": ("combed cotton", "bamboo viscose and cotton"), "weight_g": range(45, 66, 5)},
            form=2,
        ),
        Make(
            "Bed Socks",
            (14, 22),
            "Thick, loose at the cuff and forbidden outdoors.",
            {"material": ("alpaca and wool", "recycled wool"), "weight_g": range(90, 131, 10)},
            form=1,
        ),
        Make(
            "Running Socks",
            (12, 19),
            "A heel tab that keeps grit out and a band that holds the arch.",
            {"material": ("polyamide and elastane", "merino and polyamide"), "weight_g": range(35, 51, 5)},
        ),
    ),
    opens=(
        "The {model} stays up, which is most of what one asks of a sock.",
        "There are good days that begin with the {model}.",
        "The toe of the {model} is linked by hand, so that there is no ridge.",
    ),
    tells=(
        "Knitted from {material}; a pair weighs {weight}.",
        "{material}, {weight} a pair, sold in packs of {pairs}.",
    ),
    closes=("Wear a hole within a year and we send new ones.", "Wash inside out at 40 °C."),
)

KINDS = (JACKETS, TROUSERS, BEANIES, SOCKS)
