"""Shoes: boots, trainers, sandals."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import COAST, WILD

SIZES = Axis("Size", ("37", "38", "39", "40", "41", "42", "43", "44", "45"), 5, 6)

BOOTS = Kind(
    code="BOT",
    drawing="boot",
    path=("Shoes", "Boots"),
    models=WILD,
    colours=("Cocoa", "Clay", "Moss", "Charcoal", "Sand", "Petrol"),
    shades=2,
    axis=SIZES,
    facts={"sole": ("natural rubber", "recycled rubber", "dual-density rubber"), "resoleable": (True, False)},
    makes=(
        Make(
            "Hiking Boot",
            (139, 199),
            "The ankle is held, the toes are free, and the tongue keeps the stream outside.",
            {"material": ("nubuck", "oiled leather"), "waterproof": True, "weight_g": range(540, 681, 10)},
        ),
        Make(
            "Light Trail Boot",
            (119, 169),
            "Half boot and half running shoe, for quick feet with a light pack.",
            {
                "material": ("recycled mesh and suede", "ripstop and nubuck"),
                "waterproof": (True, False),
                "weight_g": range(390, 481, 10),
            },
            form=1,
        ),
        Make(
            "Chelsea Boot",
            (129, 189),
            "Elastic gores that still spring back after years, and a loop to pull by.",
            {"material": ("full-grain leather", "waxed suede"), "waterproof": False, "weight_g": range(460, 581, 10)},
            form=2,
        ),
        Make(
            "Winter Boot",
            (149, 219),
            "Lined to the toe cap and tested with both feet in a snowdrift.",
            {
                "material": ("oiled leather, wool lining", "nubuck, fleece lining"),
                "waterproof": True,
                "weight_g": range(620, 781, 20),
            },
        ),
        Make(
            "Moc-Toe Work Boot",
            (159, 229),
            "A wedge sole that does not carry half the field into the house.",
            {
                "material": ("full-grain leather", "rough-out leather"),
                "waterproof": False,
                "weight_g": range(640, 761, 20),
            },
            form=1,
        ),
    ),
    opens=(
        "The {model} needs a week to get to know you and then stays for years.",
        "Firm underfoot and soft at the cuff, the {model} is the boot for paths that give up halfway.",
        "The {model} is built on a last with room for the toes to spread.",
    ),
    tells=(
        "The upper is {material} on a {sole} sole; one boot in size 42 weighs {weight}.",
        "{material} above, {sole} below, {weight} a boot in size 42.",
    ),
    closes=(
        "Laces run in metal hooks.",
        "Grease it now and then.",
        "The insole comes out to dry or to make room for your own.",
    ),
)

TRAINERS = Kind(
    code="TRN",
    drawing="sneaker",
    path=("Shoes", "Trainers"),
    models=COAST,
    colours=("Ivory", "Navy", "Sage", "Coral", "Storm", "Charcoal", "Sky", "Mustard"),
    shades=2,
    axis=SIZES,
    facts={
        "sole": ("natural rubber", "EVA and rubber", "recycled rubber"),
        "vegan": (True, False),
        "drop_mm": (0, 4, 6, 8),
    },
    makes=(
        Make(
            "Running Shoe",
            (99, 149),
            "The foam is soft at the heel and firm under the ball, so that landing and leaving both feel right.",
            {"material": ("engineered mesh", "recycled mesh"), "weight_g": range(220, 291, 10)},
        ),
        Make(
            "Court Sneaker",
            (79, 119),
            "A plain toe, a cupped sole and just enough stripes.",
            {"material": ("leather", "corn-based vegan leather"), "weight_g": range(340, 421, 10)},
            form=1,
        ),
        Make(
            "Trail Runner",
            (109, 159),
            "Lugs that bite uphill and let go of mud on the flat.",
            {"material": ("ripstop mesh", "recycled mesh with a rock guard"), "weight_g": range(260, 331, 10)},
        ),
        Make(
            "Canvas Plimsoll",
            (49, 75),
            "The shoe from the school gym, grown up and given an insole.",
            {"material": ("organic cotton canvas", "hemp canvas"), "weight_g": range(260, 331, 10)},
            form=1,
        ),
        Make(
            "Retro Jogger",
            (85, 129),
            "Suede, nylon and a wedge of foam, as in the photographs of somebody's father.",
            {"material": ("suede and nylon", "suede and recycled mesh"), "weight_g": range(280, 351, 10)},
            form=2,
        ),
    ),
    opens=(
        "The {model} is for going further than you meant to.",
        "You put the {model} on for the bakery and wear it until the evening.",
        "Light, calm and well cushioned, the {model} goes with everything that is not a wedding.",
    ),
    tells=(
        "An upper of {material}, a sole of {sole} and a drop of {drop_mm} mm; {weight} in size 42.",
        "{material} on {sole}; the heel stands {drop_mm} mm above the toe and one shoe weighs {weight}.",
    ),
    closes=(
        "Fits true to size.",
        "The laces are spun from old bottles.",
        "Wash with a brush and patience, never in the machine.",
    ),
)

SANDALS = Kind(
    code="SND",
    drawing="sandal",
    path=("Shoes", "Sandals & Clogs"),
    models=COAST,
    colours=("Cocoa", "Sand", "Navy", "Charcoal", "Rust", "Teal"),
    shades=2,
    axis=Axis("Size", ("36", "37", "38", "39", "40", "41", "42", "43", "44"), 5, 6),
    facts={"sole": ("cork and rubber", "EVA", "recycled rubber"), "vegan": (True, False)},
    makes=(
        Make(
            "Trekking Sandal",
            (69, 105),
            "Straps cross over the instep and pull tight with one buckle.",
            {
                "material": ("recycled webbing", "polyester webbing with a neoprene pad"),
                "weight_g": range(260, 351, 10),
            },
        ),
        Make(
            "Two-Strap Slide",
            (59, 99),
            "Two broad straps, two buckles and a footbed that learns your foot.",
            {"material": ("oiled leather", "felted wool"), "weight_g": range(240, 321, 10)},
            form=1,
        ),
        Make(
            "Garden Clog",
            (29, 49),
            "Slip in, walk out to the beans, rinse under the hose.",
            {"material": ("foamed EVA from sugar cane", "foamed EVA"), "weight_g": range(180, 241, 10)},
            form=2,
        ),
        Make(
            "Beach Slide",
            (25, 42),
            "It dries before you have found your towel.",
            {"material": ("recycled EVA", "EVA and polyester"), "weight_g": range(160, 221, 10)},
            form=1,
        ),
        Make(
            "Leather Cross Sandal",
            (79, 119),
            "Vegetable-tanned straps that darken with the summer.",
            {"material": ("vegetable-tanned leather", "waxed leather"), "weight_g": range(250, 331, 10)},
        ),
    ),
    opens=(
        "The {model} lets the summer in.",
        "For river beds, balconies and the walk back from the lake: the {model}.",
        "The footbed of the {model} is shaped at arch and heel, where flat sandals tire you.",
    ),
    tells=(
        "Straps of {material} on a sole of {sole}; one weighs {weight} in size 40.",
        "Made of {material} and {sole}, it weighs {weight} in size 40.",
    ),
    closes=(
        "Buckles are free of nickel.",
        "Between two sizes, take the smaller.",
        "The tread can be replaced by any cobbler.",
    ),
)

KINDS = (BOOTS, TRAINERS, SANDALS)
