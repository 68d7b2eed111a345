"""Bikes: lights, helmets, bags, locks."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import ROAD

LIGHTS = Kind(
    code="BKL",
    drawing="bike-light",
    path=("Bikes", "Lights"),
    models=ROAD,
    colours=("Charcoal", "Forest", "Copper", "Navy", "Steel"),
    shades=2,
    facts={"charging": "USB-C", "splash_rating": ("IPX4", "IPX6"), "mount": ("silicone strap", "clamp for 22–32 mm")},
    makes=(
        Make(
            "Front Light",
            (39, 79),
            "A cut-off edge lights the road and leaves the eyes of others alone.",
            {"lux": (50, 70, 100), "hours": range(5, 13), "weight_g": range(110, 171, 10)},
        ),
        Make(
            "Rear Light",
            (25, 45),
            "It brightens when you brake and dims when somebody waits behind you.",
            {"lux": (4, 5, 6), "hours": range(12, 31, 2), "weight_g": range(40, 71, 5)},
            form=1,
        ),
        Make(
            "Light Set",
            (35, 65),
            "White in front, red behind, one cable for both.",
            {"lux": (20, 30, 40), "hours": range(8, 19), "weight_g": range(90, 141, 10)},
            form=2,
        ),
        Make(
            "Trail Light",
            (89, 149),
            "Wide enough for the next bend and far enough for the one after it.",
            {"lux": (120, 150, 180), "hours": range(3, 8), "weight_g": range(180, 261, 10)},
        ),
        Make(
            "Seatpost Light",
            (29, 49),
            "A column of red that is seen from three sides.",
            {"lux": (5, 7, 8), "hours": range(14, 33, 2), "weight_g": range(50, 81, 5)},
            form=1,
        ),
    ),
    opens=(
        "The {model} makes you seen before you are heard.",
        "November comes every year; so does the {model}'s moment.",
        "The {model} clicks on and off with one gloved hand.",
    ),
    tells=(
        "{lux} lux, {hours} hours at full power, {weight}.",
        "It gives {lux} lux for {hours} hours and weighs {weight}. Mount: {mount}.",
    ),
    closes=(
        "Approved for the road (StVZO).",
        "Splashproof to {splash_rating}.",
        "The button shows how much charge is left.",
    ),
)

HELMETS = Kind(
    code="HLM",
    drawing="helmet",
    path=("Bikes", "Helmets"),
    models=ROAD,
    colours=("Ivory", "Denim", "Sage", "Charcoal", "Coral", "Mustard", "Petrol"),
    shades=2,
    axis=Axis("Size", ("S (51–55 cm)", "M (55–59 cm)", "L (58–62 cm)"), 2, 3),
    facts={"standard": "EN 1078", "rotation_liner": (True, False)},
    makes=(
        Make(
            "Road Helmet",
            (79, 149),
            "Eleven vents and a channel behind each: the head stays cool while you do not.",
            {"vents": range(11, 19), "material": "in-mould EPS", "weight_g": range(230, 291, 10)},
        ),
        Make(
            "City Helmet",
            (59, 99),
            "A plain round shell with a cap's peak, for people in coats.",
            {"vents": range(6, 11), "material": ("ABS and EPS", "in-mould EPS"), "weight_g": range(320, 421, 10)},
            form=1,
        ),
        Make(
            "Commuter Helmet with Visor",
            (89, 149),
            "The visor swings down against drizzle, flies and the low sun.",
            {"vents": range(8, 15), "material": "in-mould EPS", "weight_g": range(340, 441, 10)},
            form=2,
        ),
        Make(
            "Trail Helmet",
            (85, 145),
            "It reaches lower at the back of the head, where trail riders land.",
            {"vents": range(12, 19), "material": "in-mould EPS", "weight_g": range(310, 381, 10)},
        ),
        Make(
            "Kids' Helmet",
            (35, 59),
            "A magnet closes the strap without pinching a chin.",
            {"vents": range(7, 13), "material": ("in-mould EPS", "ABS and EPS"), "weight_g": range(220, 281, 10)},
            form=1,
        ),
    ),
    opens=(
        "The best helmet is the one you put on; the {model} makes that easy.",
        "The {model} sits low, turns with a dial and is soon forgotten.",
        "Light on the head and serious about it: the {model}.",
    ),
    tells=(
        "{vents} vents, {material}, {weight} in size M.",
        "Made of {material} with {vents} vents; it weighs {weight} in size M.",
    ),
    closes=("Meets EN 1078.", "Pads come out for the wash.", "After a crash we replace it at half price."),
)

BAGS = Kind(
    code="PNR",
    drawing="pannier",
    path=("Bikes", "Bags & Panniers"),
    models=ROAD,
    colours=("Moss", "Charcoal", "Ochre", "Petrol", "Rust", "Sand"),
    shades=3,
    facts={"reflective": True, "material": ("600D recycled polyester", "PVC-free tarpaulin", "waxed canvas")},
    makes=(
        Make(
            "Roll-Top Pannier",
            (59, 99),
            "Two hooks lock by themselves and let go at a pull on the handle.",
            {"capacity_l": range(16, 25, 2), "waterproof": True, "weight_g": range(680, 961, 20)},
        ),
        Make(
            "Handlebar Bag",
            (39, 69),
            "Snacks, map, camera; the lid opens away from you.",
            {"capacity_l": (3, 5, 7), "waterproof": (True, False), "weight_g": range(280, 441, 20)},
            form=1,
        ),
        Make(
            "Saddle Bag",
            (19, 35),
            "A tube, two levers and a banknote, where they belong.",
            {"capacity_l": (0.5, 0.8, 1.2), "waterproof": (True, False), "weight_g": range(90, 161, 10)},
            form=2,
        ),
        Make(
            "Office Pannier",
            (89, 149),
            "On the bike a bag, on the stairs a briefcase.",
            {"capacity_l": (14, 16, 18), "waterproof": True, "weight_g": range(900, 1301, 20)},
        ),
        Make(
            "Bikepacking Bar Roll",
            (69, 109),
            "A sleeping bag's length of dry space in front of the bars.",
            {"capacity_l": (9, 12, 14), "waterproof": True, "weight_g": range(320, 481, 20)},
            form=1,
        ),
    ),
    opens=(
        "The {model} carries the day so that your back need not.",
        "Cobbles, rain and a full shop: the {model} has heard of them.",
        "The {model} is quick to fit and quiet on the road.",
    ),
    tells=(
        "{capacity_l} litres in {material}, {weight}.",
        "Made of {material}, it holds {capacity_l} litres and weighs {weight}.",
    ),
    closes=(
        "Reflects from all sides.",
        "Hooks and buckles are sold as spares.",
        "Seams are welded, where others are taped.",
    ),
)

LOCKS = Kind(
    code="LCK",
    drawing="lock",
    path=("Bikes", "Locks"),
    models=ROAD,
    colours=("Charcoal", "Rust", "Teal", "Navy", "Mustard"),
    shades=2,
    facts={"keys": (2, 3), "security_level": range(7, 16)},
    makes=(
        Make(
            "U-Lock",
            (49, 89),
            "A shackle of hardened steel that bolts on both sides.",
            {"material": "hardened steel", "length_cm": (18, 20, 23), "weight_g": range(980, 1401, 20)},
        ),
        Make(
            "Folding Lock",
            (59, 109),
            "Six bars fold to the size of a sandwich and unfold around a lamp post.",
            {"material": "hardened steel, soft coating", "length_cm": (75, 85, 90), "weight_g": range(1050, 1501, 50)},
            form=1,
        ),
        Make(
            "Chain Lock",
            (45, 85),
            "Square links in a sleeve that does not scratch the paint.",
            {
                "material": "hardened chain, textile sleeve",
                "length_cm": (85, 100, 120),
                "weight_g": range(1400, 2401, 100),
            },
            form=2,
        ),
        Make(
            "Mini U-Lock",
            (39, 65),
            "Fits a back pocket, a rear wheel and a short stop.",
            {"material": "hardened steel", "length_cm": (13, 14, 15), "weight_g": range(680, 901, 20)},
        ),
        Make(
            "Combination Chain",
            (29, 55),
            "Four numbers that only you know, and no key to lose.",
            {"material": "hardened chain, textile sleeve", "length_cm": (75, 85, 95), "weight_g": range(820, 1301, 20)},
            form=2,
        ),
    ),
    opens=(
        "The {model} is there so that the bike is, too.",
        "Thieves look for the easy one; the {model} is not.",
        "The {model} turns smoothly in frost and after rain.",
    ),
    tells=(
        "{material}, {length_cm} cm inside, {weight}; our security level {security_level} of 15.",
        "Made of {material}; {length_cm} cm long and {weight}. Security level {security_level} of 15.",
    ),
    closes=(
        "A frame mount is in the box.",
        "The keyhole has a cover against dust.",
        "Use it through frame and rear wheel.",
    ),
)

KINDS = (LIGHTS, HELMETS, BAGS, LOCKS)
