"""Home: table lamps, pendant lamps, chairs, clocks."""

from banyan.catalog.demo.kinds.kind import Kind, Make
from banyan.catalog.demo.names import FIRST

TABLE_LAMPS = Kind(
    code="LMP",
    drawing="table-lamp",
    path=("Home", "Lighting", "Table Lamps"),
    models=FIRST,
    colours=("Ivory", "Terracotta", "Sage", "Navy", "Mustard", "Blush", "Forest"),
    shades=3,
    facts={"socket": ("E14", "E27"), "cord_m": (1.5, 1.8, 2.0), "dimmable": True},
    makes=(
        Make(
            "Ceramic Table Lamp",
            (69, 119),
            "The foot is thrown on a wheel, so that no two have quite the same shoulders.",
            {"material": "glazed stoneware and linen", "height_cm": range(38, 56), "weight_g": range(1800, 2801, 100)},
        ),
        Make(
            "Mushroom Lamp",
            (79, 139),
            "A single dome throws the light down onto the book and keeps it out of your eyes.",
            {
                "material": ("powder-coated steel", "lacquered aluminium"),
                "height_cm": range(32, 43),
                "weight_g": range(1400, 2201, 100),
            },
            form=1,
        ),
        Make(
            "Reading Lamp",
            (59, 99),
            "Two joints and a turning head stay exactly where you put them.",
            {
                "material": ("powder-coated steel", "steel and brass"),
                "height_cm": range(42, 57),
                "weight_g": range(1600, 2401, 100),
            },
            form=2,
        ),
        Make(
            "Cordless Mushroom Lamp",
            (89, 149),
            "Charged by USB-C, it follows you from the shelf to the garden table.",
            {
                "material": ("powder-coated aluminium", "recycled ABS"),
                "height_cm": range(24, 33),
                "weight_g": range(620, 1001, 20),
            },
            form=1,
        ),
        Make(
            "Linen Bedside Lamp",
            (49, 79),
            "A small lamp with a switch that is found in the dark.",
            {"material": "turned beech and linen", "height_cm": range(30, 39), "weight_g": range(900, 1401, 100)},
        ),
    ),
    opens=(
        "The {model} makes a corner worth sitting in.",
        "Switched off, the {model} is a quiet shape on the sideboard; switched on, it is the reason to stay.",
        "Most rooms have too much light from above; the {model} brings it down to the table.",
    ),
    tells=(
        "It stands {height_cm} cm high, is made of {material} and takes an {socket} bulb.",
        "{material}, {height_cm} cm, {weight}, with {cord_m} m of cloth-covered cord.",
    ),
    closes=(
        "Works with any dimmable LED bulb.",
        "The felt under the foot spares your furniture.",
        "Bulb not included, advice on bulbs gladly.",
    ),
)

PENDANTS = Kind(
    code="PND",
    drawing="pendant",
    path=("Home", "Lighting", "Pendant Lamps"),
    models=FIRST,
    colours=("Charcoal", "Ochre", "Sage", "Terracotta", "Ivory", "Petrol", "Brass"),
    shades=3,
    facts={"socket": "E27", "cord_m": (1.5, 2.0, 2.5), "dimmable": True},
    makes=(
        Make(
            "Trumpet Pendant",
            (79, 139),
            "It opens like a flower and throws a wide pool onto the table.",
            {
                "material": ("spun aluminium", "spun steel"),
                "width_cm": range(32, 46),
                "weight_g": range(900, 1501, 100),
            },
        ),
        Make(
            "Dome Pendant",
            (89, 159),
            "White inside, so that the light on your plate has no colour of its own.",
            {
                "material": ("spun aluminium", "enamelled steel"),
                "width_cm": range(36, 53),
                "weight_g": range(1200, 2001, 100),
            },
            form=1,
        ),
        Make(
            "Slatted Pendant",
            (119, 189),
            "Bent slats make the lamp and the pattern on the ceiling at once.",
            {
                "material": ("birch veneer", "ash veneer", "bamboo"),
                "width_cm": range(34, 51),
                "weight_g": range(700, 1301, 100),
            },
            form=2,
        ),
        Make(
            "Factory Pendant",
            (99, 169),
            "Drawn after the lamps over a weaving mill's looms, with the same vent at the neck.",
            {
                "material": ("enamelled steel", "galvanised steel"),
                "width_cm": range(30, 43),
                "weight_g": range(1300, 2101, 100),
            },
        ),
        Make(
            "Kitchen Island Pendant",
            (59, 99),
            "Small enough to be hung by twos and threes.",
            {"material": ("spun aluminium", "porcelain"), "width_cm": range(18, 27), "weight_g": range(500, 901, 50)},
            form=1,
        ),
    ),
    opens=(
        "Hang the {model} a forearm's length above the table and dinner takes care of itself.",
        "The {model} is simple seen from the door and well made seen from below.",
        "One good lamp in the middle of the room: the {model}.",
    ),
    tells=(
        "{width_cm} cm across, in {material}, on {cord_m} m of cloth-covered cord.",
        "Made of {material}, it measures {width_cm} cm, weighs {weight} and takes an {socket} bulb.",
    ),
    closes=(
        "A canopy and a hook for the ceiling are in the box.",
        "The cord is shortened inside the canopy.",
        "Wipe it with a dry cloth.",
    ),
)

CHAIRS = Kind(
    code="CHR",
    drawing="chair",
    path=("Home", "Furniture", "Chairs & Stools"),
    models=FIRST,
    colours=("Sage", "Terracotta", "Storm", "Mustard", "Charcoal", "Petrol", "Oat"),
    shades=3,
    facts={
        "legs": ("oiled oak", "soaped ash", "beech"),
        "load_kg": (110, 120, 130, 150),
        "assembly": ("none", "four screws"),
    },
    makes=(
        Make(
            "Shell Chair",
            (99, 169),
            "The handle cut into the back is for moving it and for hanging a jacket.",
            {
                "material": ("recycled polypropylene", "moulded felt"),
                "seat_cm": (45, 46, 47),
                "weight_g": range(4800, 6401, 200),
            },
        ),
        Make(
            "Lounge Armchair",
            (349, 590),
            "Deep enough to tuck up your feet, firm enough to get out of again.",
            {
                "material": ("wool bouclé", "recycled velvet", "linen weave"),
                "seat_cm": (40, 41, 42),
                "weight_g": range(18000, 24001, 500),
            },
            form=1,
        ),
        Make(
            "Upholstered Stool",
            (79, 129),
            "A spare seat, a bedside table, a place to put a coat.",
            {"material": ("wool felt", "leather"), "seat_cm": (45, 46), "weight_g": range(3800, 5201, 200)},
            form=2,
        ),
        Make(
            "Counter Stool",
            (119, 189),
            "The rail for the feet sits where feet look for it.",
            {"material": ("leather", "wool weave"), "seat_cm": (63, 65), "weight_g": range(5200, 6801, 200)},
            form=2,
        ),
        Make(
            "Padded Dining Chair",
            (139, 229),
            "It is still comfortable when the coffee comes.",
            {
                "material": ("bouclé", "linen weave", "recycled velvet"),
                "seat_cm": (46, 47, 48),
                "weight_g": range(5800, 7601, 200),
            },
        ),
    ),
    opens=(
        "The {model} looks light and does not creak.",
        "A chair is judged in its third hour; the {model} passes.",
        "The {model} comes from the sort of workshop that signs things underneath.",
    ),
    tells=(
        "Covered in {material} on legs of {legs}, with the seat {seat_cm} cm above the floor.",
        "Legs of {legs}, seat of {material} at {seat_cm} cm; it weighs {weight} and carries {load_kg} kg.",
    ),
    closes=("Felt glides are fitted.", "Assembly: {assembly}.", "Spare parts can be had one by one."),
)

CLOCKS = Kind(
    code="CLK",
    drawing="clock",
    path=("Home", "Wall Clocks"),
    models=FIRST,
    colours=("Oak", "Sage", "Charcoal", "Terracotta", "Ivory", "Denim", "Brass"),
    shades=2,
    facts={"movement": ("silent sweep quartz", "radio-controlled quartz"), "battery": "1 × AA"},
    makes=(
        Make(
            "Wall Clock",
            (45, 79),
            "Broad hands and honest strokes: the time from across the room.",
            {
                "material": ("powder-coated steel", "solid oak"),
                "width_cm": range(28, 37),
                "weight_g": range(700, 1201, 50),
            },
        ),
        Make(
            "Dotted Wall Clock",
            (49, 85),
            "Twelve dots are all the numerals one needs.",
            {"material": ("lacquered MDF", "bent beech"), "width_cm": range(25, 34), "weight_g": range(600, 1001, 50)},
            form=1,
        ),
        Make(
            "Night Face Clock",
            (55, 95),
            "A dark dial with light hands, easy to read before the coffee.",
            {
                "material": ("powder-coated steel", "aluminium"),
                "width_cm": range(26, 36),
                "weight_g": range(700, 1101, 50),
            },
            form=2,
        ),
        Make(
            "Station Clock",
            (79, 139),
            "It hangs in platforms' company: big, plain and right.",
            {
                "material": ("spun steel", "enamelled steel"),
                "width_cm": range(38, 51),
                "weight_g": range(1400, 2201, 100),
            },
        ),
        Make(
            "Kitchen Timer Clock",
            (39, 65),
            "A ring around the dial counts an egg, a loaf or a nap.",
            {"material": ("enamelled steel", "ceramic"), "width_cm": range(18, 25), "weight_g": range(500, 801, 50)},
            form=1,
        ),
    ),
    opens=(
        "The {model} does not tick.",
        "A clock on the wall keeps the phone in the pocket; the {model} does it kindly.",
        "The {model} is a calm round face for a busy room.",
    ),
    tells=(
        "{width_cm} cm across, in {material}, with a {movement} movement.",
        "Made of {material}, {width_cm} cm wide and {weight}; movement: {movement}.",
    ),
    closes=("Runs for about two years on one AA cell.", "Glass, not plastic, in front.", "Hangs from a single nail."),
)

KINDS = (TABLE_LAMPS, PENDANTS, CHAIRS, CLOCKS)
