"""Toys: puzzles, plush animals, wooden toys."""

from banyan.catalog.demo.kinds.kind import Kind, Make
from banyan.catalog.demo.names import PLAY

PUZZLES = Kind(
    code="PZL",
    drawing="puzzle",
    path=("Toys", "Games & Puzzles", "Puzzles"),
    models=PLAY,
    colours=("Fern", "Denim", "Teal", "Plum", "Clay", "Sky"),
    facts={"material": ("recycled board", "2 mm grey board", "birch plywood"), "poster": (True, False)},
    makes=(
        Make(
            "24-Piece Floor Puzzle",
            (15, 25),
            "Large pieces for small hands, and a picture to step over for a week.",
            {"pieces": 24, "age": 3, "size_cm": "60 × 45", "weight_g": range(580, 801, 20)},
        ),
        Make(
            "100-Piece Seaside Puzzle",
            (14, 22),
            "There is a seagull in it that nobody finds at first.",
            {"pieces": 100, "age": 6, "size_cm": "48 × 34", "weight_g": range(380, 521, 20)},
            form=1,
        ),
        Make(
            "500-Piece Garden Puzzle",
            (19, 29),
            "Flowers in eleven kinds of red; begin with the edge.",
            {"pieces": 500, "age": 9, "size_cm": "49 × 36", "weight_g": range(480, 621, 20)},
            form=2,
        ),
        Make(
            "1000-Piece Mountain Puzzle",
            (22, 35),
            "Six evenings of sky, and then the peaks go quickly.",
            {"pieces": 1000, "age": 12, "size_cm": "70 × 50", "weight_g": range(680, 861, 20)},
        ),
        Make(
            "Wooden Jigsaw",
            (29, 49),
            "Some of the pieces are cut as animals, and one of them is you on a bicycle.",
            {"pieces": 180, "age": 8, "size_cm": "36 × 24", "weight_g": range(420, 601, 20)},
            form=1,
        ),
    ),
    opens=(
        "The {model} keeps a table happily occupied.",
        "Rain on the window, tea in the pot, the {model} on the table.",
        "The {model} was painted for us by somebody who likes hiding things.",
    ),
    tells=(
        "{pieces} pieces of {material}; finished, it measures {size_cm} cm. From age {age}.",
        "It has {pieces} pieces, cut from {material}, and is {size_cm} cm when done. From age {age}.",
    ),
    closes=(
        "Lost a piece? We send it.",
        "Pieces click and do not shed dust.",
        "The box is small, since air is not in the picture.",
    ),
)

PLUSH = Kind(
    code="PLS",
    drawing="plush",
    path=("Toys", "Plush Animals"),
    models=PLAY,
    colours=("Cocoa", "Stone", "Apricot", "Ice", "Blush", "Clay", "Oat"),
    shades=2,
    facts={
        "material": ("organic cotton plush", "recycled plush", "cotton fleece"),
        "filling": ("recycled fibre", "wool"),
        "age": 0,
        "washable": True,
    },
    makes=(
        Make(
            "Bear",
            (25, 39),
            "He sits by himself and looks as if he had been listening for some time.",
            {"height_cm": range(26, 37), "weight_g": range(240, 381, 10)},
        ),
        Make(
            "Rabbit",
            (24, 38),
            "Her ears are long enough to be held by a sleeping hand.",
            {"height_cm": range(30, 43), "weight_g": range(200, 321, 10)},
            form=1,
        ),
        Make(
            "Fox",
            (25, 39),
            "Sly in stories, loyal at bedtime.",
            {"height_cm": range(24, 35), "weight_g": range(220, 341, 10)},
            form=2,
        ),
        Make(
            "Travel Bear",
            (15, 25),
            "Small enough for a coat pocket and a first day at school.",
            {"height_cm": range(14, 20), "weight_g": range(80, 131, 10)},
        ),
        Make(
            "Giant Rabbit",
            (59, 99),
            "Too big for the bed, which is where he will be.",
            {"height_cm": range(65, 86), "weight_g": range(900, 1401, 50)},
            form=1,
        ),
    ),
    opens=(
        "{model} has been waiting for somebody exactly your size.",
        "This is {model}, who is good at secrets.",
        "{model} came with a scarf and has no plans to take it off.",
    ),
    tells=(
        "{height_cm} cm high, in {material}, filled with {filling}.",
        "Sewn from {material} and filled with {filling}; {height_cm} cm and {weight}.",
    ),
    closes=(
        "Eyes are stitched, safe from the first day.",
        "Washes at 30 °C, in a pillowcase, please.",
        "Tested to EN 71.",
    ),
)

WOODEN = Kind(
    code="WOD",
    drawing="blocks",
    path=("Toys", "Wooden Toys"),
    models=PLAY,
    colours=("Teal", "Rose", "Fern", "Denim", "Plum"),
    facts={"material": ("beech", "lime wood", "beech and maple"), "finish": ("water-based paint", "beeswax and paint")},
    makes=(
        Make(
            "Castle Blocks",
            (35, 59),
            "Arches, cones and pillars for castles with a past.",
            {"pieces": range(40, 81, 5), "age": 1, "weight_g": range(1400, 2401, 100)},
        ),
        Make(
            "Rainbow Stacker",
            (29, 55),
            "A bridge, a cave, a cradle, a fence for cows: seldom a rainbow.",
            {"pieces": (5, 6, 7), "age": 1, "weight_g": range(700, 1201, 50)},
            form=1,
        ),
        Make(
            "Steam Train",
            (32, 55),
            "Puffs are included; the noise must be made by the driver.",
            {"pieces": (6, 8, 10), "age": 2, "weight_g": range(620, 961, 20)},
            form=2,
        ),
        Make(
            "Freight Train Set",
            (59, 99),
            "Wagons couple with magnets and carry apples, cars and one sleeping mouse.",
            {"pieces": range(18, 37, 2), "age": 3, "weight_g": range(1600, 2401, 100)},
            form=2,
        ),
        Make(
            "Alphabet Blocks",
            (25, 45),
            "Letters on four sides and pictures on two.",
            {"pieces": (26, 30, 36), "age": 1, "weight_g": range(900, 1501, 100)},
        ),
    ),
    opens=(
        "The {model} has no batteries and does not run out.",
        "Corners on the {model} are round, colours are loud, and there is no wrong way to play.",
        "The {model} can be dropped from a high chair any number of times.",
    ),
    tells=(
        "{pieces} pieces of {material} with {finish}; {weight}. From age {age}.",
        "Made of {material}, {pieces} pieces, finished with {finish}. From age {age}.",
    ),
    closes=(
        "Safe to be chewed: tested to EN 71.",
        "Comes in a cotton sack.",
        "Wood from forests that are planted again.",
    ),
)

KINDS = (PUZZLES, PLUSH, WOODEN)
