"""Outdoor: tents, sleeping bags, lanterns, backpacks, bottles."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import WILD

TENTS = Kind(
    code="TNT",
    drawing="tent",
    path=("Outdoor", "Camping", "Tents"),
    models=WILD,
    colours=("Moss", "Rust", "Storm", "Ochre", "Teal", "Sand", "Denim"),
    shades=2,
    facts={
        "material": ("ripstop polyester", "silicone-coated nylon", "recycled ripstop polyester"),
        "poles": ("aluminium", "fibreglass"),
        "water_column_mm": (3000, 4000, 5000),
        "waterproof": True,
    },
    makes=(
        Make(
            "1-Person Trail Tent",
            (139, 229),
            "One door, one vestibule, and enough headroom to sit up and boil water.",
            {"sleeps": 1, "weight_g": range(1150, 1651, 50), "packed_cm": range(38, 44)},
            form=2,
        ),
        Make(
            "2-Person Dome Tent",
            (169, 289),
            "Two doors and two vestibules mean that nobody climbs over anybody at three in the morning.",
            {"sleeps": 2, "weight_g": range(1900, 2601, 50), "packed_cm": range(42, 49)},
        ),
        Make(
            "3-Person Trekking Tent",
            (229, 379),
            "The third place is for a child, a dog or three wet packs.",
            {"sleeps": 3, "weight_g": range(2600, 3401, 100), "packed_cm": range(45, 53)},
            form=2,
        ),
        Make(
            "Cotton Ridge Tent",
            (349, 590),
            "A heavy cotton inner breathes on warm nights and swells shut in the rain.",
            {"sleeps": 4, "weight_g": range(11500, 15001, 500), "packed_cm": range(95, 111)},
            form=1,
        ),
        Make(
            "5-Person Family Tent",
            (319, 549),
            "Two sleeping cabins share a living room you can stand up in.",
            {"sleeps": 5, "weight_g": range(8800, 12401, 200), "packed_cm": range(62, 75)},
        ),
    ),
    opens=(
        "The {model} is the tent we reach for when the forecast cannot make up its mind.",
        "Pitched from the outside in, the {model} keeps its inner dry even when it goes up in a shower.",
        "Steep walls shed wind and rain, and colour-coded sleeves make the {model} quick to put up in the dark.",
    ),
    tells=(
        (
            "The fly is {material} with a {water_column_mm} mm water column, held by "
            "{poles} poles; everything packs into a bag {packed_cm} cm long."
        ),
        (
            "It weighs {weight} with {poles} poles and pegs, and its {material} "
            "holds back a {water_column_mm} mm column of water."
        ),
    ),
    closes=(
        "Guy lines reflect in torchlight.",
        "A repair sleeve, spare pegs and a patch of cloth are in the bag.",
        "Dry it before you store it and it will last for many summers.",
    ),
)

SLEEPING_BAGS = Kind(
    code="SLB",
    drawing="sleeping-bag",
    path=("Outdoor", "Camping", "Sleeping Bags"),
    models=WILD,
    colours=("Denim", "Moss", "Rust", "Plum", "Petrol", "Ochre"),
    shades=2,
    axis=Axis("Length", ("170 cm", "185 cm", "200 cm"), 1, 3, 0.06),
    facts={"shell": ("20D nylon", "recycled polyester", "soft-touch polyamide"), "zip": ("left", "right")},
    makes=(
        Make(
            "Summer Mummy Bag",
            (59, 99),
            "Light enough for huts and hostels, it opens flat as a blanket when nights are warm.",
            {
                "comfort_c": range(9, 14),
                "weight_g": range(620, 881, 20),
                "fill": ("hollow fibre", "recycled hollow fibre"),
            },
        ),
        Make(
            "3-Season Down Bag",
            (189, 289),
            "A shoulder baffle and a shaped hood keep the warmth where you are.",
            {
                "comfort_c": range(-2, 4),
                "weight_g": range(840, 1101, 20),
                "fill": ("650-fill duck down", "700-fill duck down"),
            },
        ),
        Make(
            "Winter Expedition Bag",
            (319, 459),
            "Boxed chambers and a double zip baffle leave the cold no seam to come in by.",
            {
                "comfort_c": range(-18, -9),
                "weight_g": range(1350, 1851, 50),
                "fill": ("800-fill goose down", "750-fill goose down"),
            },
        ),
        Make(
            "Blanket Sleeping Bag",
            (49, 89),
            "Rectangular and roomy, it joins up with a second one to make a double.",
            {
                "comfort_c": range(8, 13),
                "weight_g": range(1400, 1901, 50),
                "fill": ("brushed microfibre", "hollow fibre"),
            },
            form=1,
        ),
        Make(
            "Camper Van Quilted Bag",
            (79, 129),
            "A cotton lining makes it feel like a bed at home, and the lower half unzips for warm feet.",
            {
                "comfort_c": range(5, 10),
                "weight_g": range(1700, 2301, 50),
                "fill": ("recycled hollow fibre", "wool and fibre"),
            },
            form=1,
        ),
    ),
    opens=(
        "Sleep is half of any journey, and the {model} takes it seriously.",
        "The {model} is cut to be warm without binding at knees and shoulders.",
        "Slip into the {model} and the ground is suddenly a fair place to spend a night.",
    ),
    tells=(
        "Filled with {fill} behind a {shell} shell, it is comfortable down to {comfort_c} °C and weighs {weight}.",
        "The {fill} is comfortable to {comfort_c} °C; with the {shell} shell the whole bag comes to {weight}.",
    ),
    closes=(
        "The zip is on the {zip} and runs from either end.",
        "Comes with a compression sack for the road and a loose cotton bag for the cupboard.",
        "Wash it at 30 °C with a little down soap, then tumble it dry with two tennis balls.",
    ),
)

LANTERNS = Kind(
    code="LAN",
    drawing="lantern",
    path=("Outdoor", "Camping", "Lanterns"),
    models=WILD,
    colours=("Forest", "Rust", "Charcoal", "Brass", "Petrol", "Poppy"),
    shades=3,
    facts={"colour_temperature_k": (2200, 2700, 3000), "dimmable": True},
    makes=(
        Make(
            "Rechargeable Storm Lantern",
            (45, 79),
            "It looks like the paraffin lamp in the boat shed, without the smell or the soot.",
            {
                "lumens": range(180, 361, 20),
                "hours": range(12, 31, 2),
                "weight_g": range(540, 781, 20),
                "material": "powder-coated steel",
            },
        ),
        Make(
            "Collapsible Camp Lantern",
            (25, 42),
            "The silicone globe folds flat to the height of a tin of tuna.",
            {
                "lumens": range(120, 261, 20),
                "hours": range(16, 41, 4),
                "weight_g": range(140, 241, 10),
                "material": "silicone and ABS",
            },
            form=1,
        ),
        Make(
            "Solar Camp Lantern",
            (35, 59),
            "Leave it on the pack during the day and it has light for the evening.",
            {
                "lumens": range(100, 221, 20),
                "hours": range(10, 25, 2),
                "weight_g": range(180, 281, 10),
                "material": "polycarbonate",
            },
            form=1,
        ),
        Make(
            "Brass Railway Lantern",
            (69, 119),
            "A pressed guard and a wide foot keep it standing on a windy table.",
            {
                "lumens": range(200, 401, 20),
                "hours": range(14, 33, 2),
                "weight_g": range(820, 1101, 20),
                "material": "brass-plated steel",
            },
        ),
        Make(
            "Power Bank Lantern",
            (49, 85),
            "A USB-C port in the foot fills up a phone twice over.",
            {
                "lumens": range(300, 601, 50),
                "hours": range(20, 61, 5),
                "weight_g": range(380, 561, 20),
                "material": "ABS and polycarbonate",
            },
            form=1,
        ),
    ),
    opens=(
        "Warm light makes a camp out of a patch of grass, and the {model} gives plenty of it.",
        "Hang the {model} from the tent ridge or stand it among the plates.",
        "The {model} glows rather than glares, so that faces round the table look like faces.",
    ),
    tells=(
        "It gives {lumens} lm at {colour_temperature_k} K and runs for {hours} hours on the lowest step.",
        (
            "Made of {material}, it weighs {weight} and dims without steps from {"
            "lumens} lm to a candle's worth over {hours} hours."
        ),
    ),
    closes=(
        "Charges by USB-C.",
        "Splashproof to IPX4.",
        "A red mode saves your night vision and attracts fewer moths.",
    ),
)

BACKPACKS = Kind(
    code="PCK",
    drawing="backpack",
    path=("Outdoor", "Packs", "Backpacks"),
    models=WILD,
    colours=("Moss", "Slate", "Rust", "Petrol", "Charcoal", "Mustard", "Sand"),
    shades=3,
    facts={
        "material": ("210D recycled nylon", "420D nylon", "600D recycled polyester", "waxed cotton canvas"),
        "laptop_sleeve": (True, False),
        "rain_cover": (True, False),
    },
    makes=(
        Make(
            "18 L Day Pack",
            (49, 85),
            "Small enough to forget you are wearing it, with a pocket where each hand expects one.",
            {"capacity_l": 18, "weight_g": range(420, 621, 20)},
            form=1,
        ),
        Make(
            "24 L Rolltop Pack",
            (69, 119),
            "Roll the top down for the office and up for the weekend.",
            {"capacity_l": 24, "weight_g": range(680, 921, 20)},
            form=2,
        ),
        Make(
            "28 L Commuter Pack",
            (79, 129),
            "The back panel opens wide enough to pack like a suitcase.",
            {"capacity_l": 28, "weight_g": range(820, 1081, 20)},
            form=1,
        ),
        Make(
            "35 L Trekking Pack",
            (119, 179),
            "A vented back and a hip belt with real padding carry a long weekend without complaint.",
            {"capacity_l": 35, "weight_g": range(1180, 1481, 20)},
        ),
        Make(
            "55 L Expedition Pack",
            (179, 269),
            "The lid floats upwards for a bigger load and comes off as a summit bag.",
            {"capacity_l": 55, "weight_g": range(1780, 2241, 20)},
        ),
    ),
    opens=(
        "The {model} was drawn around what people really carry: water, a jacket, lunch and one thing too many.",
        "Quiet on the outside and well sorted inside, the {model} goes from train to trail.",
        "There is no strap on the {model} that does not do something.",
    ),
    tells=(
        "It holds {capacity_l} litres in {material} and weighs {weight} empty.",
        "{capacity_l} litres, {weight}, and {material} that shrugs off rock and rain.",
    ),
    closes=(
        "Seams that carry load are sewn twice.",
        "Two bottle pockets stay reachable while you walk.",
        "Buckles are sewn on loops and can be replaced at home.",
    ),
)

BOTTLES = Kind(
    code="BTL",
    drawing="bottle",
    path=("Outdoor", "Bottles & Flasks"),
    models=WILD,
    colours=("Forest", "Ivory", "Navy", "Coral", "Charcoal", "Sage", "Mustard", "Sky"),
    shades=3,
    axis=Axis("Capacity", ("0.5 L", "0.75 L", "1 L"), 1, 3, 0.14),
    facts={"bpa_free": True, "dishwasher_safe": (True, False)},
    makes=(
        Make(
            "Insulated Steel Bottle",
            (25, 39),
            "Between its two walls is nothing at all, and nothing insulates better.",
            {"material": "18/8 stainless steel", "cold_hours": range(18, 31, 2), "weight_g": range(290, 421, 10)},
        ),
        Make(
            "Single-Wall Steel Bottle",
            (15, 25),
            "One wall of steel: light on the hip, and safe over a camp fire with the lid off.",
            {"material": "18/8 stainless steel", "cold_hours": 2, "weight_g": range(140, 221, 10)},
        ),
        Make(
            "Thermos Flask with Cup",
            (32, 55),
            "The lid is a cup and the stopper pours without coming out.",
            {"material": "18/8 stainless steel", "cold_hours": range(20, 37, 2), "weight_g": range(420, 621, 20)},
            form=1,
        ),
        Make(
            "Squeeze Sport Bottle",
            (9, 16),
            "A soft wall and a valve that opens to a sip and shuts by itself.",
            {"material": "LDPE from sugar cane", "cold_hours": 1, "weight_g": range(70, 121, 10)},
            form=2,
        ),
        Make(
            "Tritan Gym Bottle",
            (12, 21),
            "Marks on the side tell how much of the day's water is still to come.",
            {"material": "Tritan copolyester", "cold_hours": 1, "weight_g": range(120, 191, 10)},
            form=2,
        ),
    ),
    opens=(
        "The {model} fits bike cages, car cup holders and the side pocket of every pack we sell.",
        "A bottle for every day: the {model} does not drip, ring or taste.",
        "Fill the {model} at the tap in the morning and leave plastic bottles on the shelf.",
    ),
    tells=(
        "Made of {material}, it weighs {weight} in the smallest size.",
        "{material} throughout, with a lid that unscrews in one turn and a half; {weight} in the smallest size.",
    ),
    closes=(
        "The mouth is wide enough for ice cubes and a brush.",
        "Spare lids and seals are to be had for years.",
        "The powder coat gives a good grip with gloves on.",
    ),
)

KINDS = (TENTS, SLEEPING_BAGS, LANTERNS, BACKPACKS, BOTTLES)
