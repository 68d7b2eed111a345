"""Electronics: headphones, speakers, cables, chargers, keyboards, mice."""

from banyan.catalog.demo.kinds.kind import Axis, Kind, Make
from banyan.catalog.demo.names import BRIGHT

HEADPHONES = Kind(
    code="HDP",
    drawing="headphones",
    path=("Electronics", "Audio", "Headphones"),
    models=BRIGHT,
    colours=("Charcoal", "Sage", "Ivory", "Denim", "Rust", "Midnight"),
    shades=3,
    facts={"bluetooth": ("5.2", "5.3", "5.4"), "charging": "USB-C", "app_needed": False},
    makes=(
        Make(
            "Over-Ear Headphones",
            (119, 229),
            "Soft cups close around the ear and the room goes away.",
            {"noise_cancelling": True, "hours": range(28, 51, 2), "driver_mm": 40, "weight_g": range(240, 301, 10)},
        ),
        Make(
            "On-Ear Headphones",
            (59, 109),
            "They rest on the ear, fold flat and weigh next to nothing.",
            {"noise_cancelling": False, "hours": range(20, 37, 2), "driver_mm": 32, "weight_g": range(130, 191, 10)},
            form=1,
        ),
        Make(
            "Wireless Earbuds",
            (69, 149),
            "Three sizes of tips find your ear; the case finds its way into any pocket.",
            {"noise_cancelling": (True, False), "hours": range(6, 10), "driver_mm": 10, "weight_g": range(44, 61, 2)},
            form=2,
        ),
        Make(
            "Studio Headphones",
            (99, 189),
            "Flat, honest and wired if you wish, for people who move faders.",
            {"noise_cancelling": False, "hours": range(30, 61, 5), "driver_mm": 50, "weight_g": range(270, 341, 10)},
        ),
        Make(
            "Kids' Headphones",
            (29, 49),
            "They stop at 85 dB, whatever the tablet asks for.",
            {"noise_cancelling": False, "hours": range(24, 41, 4), "driver_mm": 30, "weight_g": range(110, 151, 10)},
            form=1,
        ),
    ),
    opens=(
        "The {model} sounds clear at low volume, where most of us listen.",
        "Put on the {model} and the train becomes a concert hall with a view.",
        "Two buttons and a wheel: the {model} can be worked with gloves on.",
    ),
    tells=(
        "Drivers of {driver_mm} mm, Bluetooth {bluetooth} and {hours} hours on one charge; {weight}.",
        "It plays for {hours} hours, connects by Bluetooth {bluetooth} to two devices and weighs {weight}.",
    ),
    closes=(
        "Pads and battery can be replaced.",
        "Ten minutes on USB-C are good for three hours.",
        "Works without an app or an account.",
    ),
)

SPEAKERS = Kind(
    code="SPK",
    drawing="speaker",
    path=("Electronics", "Audio", "Speakers"),
    models=BRIGHT,
    colours=("Storm", "Terracotta", "Ivory", "Forest", "Charcoal", "Mustard"),
    shades=3,
    facts={"bluetooth": ("5.2", "5.3", "5.4"), "stereo_pair": (True, False)},
    makes=(
        Make(
            "Portable Speaker",
            (59, 119),
            "Hang it in the shower or stand it in the sand; it does not mind.",
            {"watts": (12, 16, 20), "hours": range(14, 25, 2), "waterproof": True, "weight_g": range(480, 761, 20)},
        ),
        Make(
            "Bookshelf Speaker",
            (149, 289),
            "A wooden box, two honest drivers and an amplifier that is already inside.",
            {"watts": (40, 50, 60), "waterproof": False, "weight_g": range(3800, 5601, 200)},
            form=1,
        ),
        Make(
            "Kitchen Radio",
            (89, 159),
            "FM, DAB+ and a knob for each thing that you turn.",
            {"watts": (10, 15, 20), "hours": range(10, 21, 2), "waterproof": False, "weight_g": range(1200, 2001, 100)},
            form=2,
        ),
        Make(
            "Garden Speaker",
            (79, 139),
            "It throws sound all round and glows a little after dark.",
            {"watts": (16, 20, 24), "hours": range(16, 31, 2), "waterproof": True, "weight_g": range(860, 1301, 20)},
        ),
        Make(
            "Boombox",
            (129, 219),
            "Two woofers, one handle, and a party from the boot of a small car.",
            {
                "watts": (40, 50, 60),
                "hours": range(12, 25, 2),
                "waterproof": (True, False),
                "weight_g": range(2600, 3801, 200),
            },
            form=2,
        ),
    ),
    opens=(
        "The {model} fills the room without shouting.",
        "Voices come out of the {model} as voices and basses as basses.",
        "The {model} starts up, finds your phone and plays; that is the whole manual.",
    ),
    tells=(
        "{watts} W, Bluetooth {bluetooth} and {weight}.",
        "It gives {watts} W, weighs {weight} and connects by Bluetooth {bluetooth} or cable.",
    ),
    closes=(
        "There is a socket for a wire as well.",
        "The grille cloth comes off for the wash.",
        "Remembers eight devices.",
    ),
)

CABLES = Kind(
    code="CBL",
    drawing="cable",
    path=("Electronics", "Power", "Cables"),
    models=BRIGHT,
    colours=("Charcoal", "Ivory", "Rust", "Petrol", "Sage", "Poppy"),
    shades=2,
    axis=Axis("Length", ("0.5 m", "1 m", "2 m", "3 m"), 2, 4, 0.22),
    facts={
        "material": ("braided recycled polyester", "braided cotton", "silicone"),
        "tested_bends": (10000, 15000, 25000),
    },
    makes=(
        Make(
            "USB-C Charging Cable",
            (12, 19),
            "A chip in the plug agrees with the charger on what is safe.",
            {"plugs": "USB-C to USB-C", "watts": (60, 100), "weight_g": range(30, 51, 5)},
        ),
        Make(
            "240 W USB-C Cable",
            (19, 29),
            "Enough for the thirstiest laptop, and thin enough to like.",
            {"plugs": "USB-C to USB-C", "watts": 240, "weight_g": range(45, 66, 5)},
        ),
        Make(
            "USB-A to USB-C Cable",
            (9, 15),
            "For the chargers that still work and need not be thrown away.",
            {"plugs": "USB-A to USB-C", "watts": 18, "weight_g": range(25, 46, 5)},
            form=1,
        ),
        Make(
            "HDMI Cable",
            (14, 24),
            "Pictures at 4K and 120 Hz without a flicker.",
            {"plugs": "HDMI to HDMI", "weight_g": range(60, 101, 5)},
            form=2,
        ),
        Make(
            "Ethernet Cable",
            (8, 14),
            "Category 6A: faster than the wireless, and it never asks for a password.",
            {"plugs": "RJ45 to RJ45", "weight_g": range(40, 71, 5)},
            form=1,
        ),
    ),
    opens=(
        "The {model} is the cable you do not lend.",
        "Cables fail at the neck; the {model} has a long one that bends.",
        "The {model} lies flat, does not tangle and can be told apart by its colour.",
    ),
    tells=(
        "{plugs} in {material}, bent {tested_bends} times in our test.",
        "{plugs}, sheathed in {material}; {weight} in the shortest length.",
    ),
    closes=(
        "A strap of leather-like cork keeps it tidy.",
        "Guaranteed for ten years.",
        "Shipped in card, without plastic.",
    ),
)

CHARGERS = Kind(
    code="PWR",
    drawing="power-bank",
    path=("Electronics", "Power", "Chargers & Power Banks"),
    models=BRIGHT,
    colours=("Charcoal", "Ivory", "Teal", "Rust", "Sage", "Midnight"),
    shades=2,
    facts={"recycled_share_percent": (50, 70, 90)},
    makes=(
        Make(
            "10,000 mAh Power Bank",
            (35, 59),
            "Two full phones in the size of one.",
            {"watts": (20, 30), "capacity_mah": 10000, "ports": (1, 2), "weight_g": range(180, 241, 10)},
        ),
        Make(
            "20,000 mAh Power Bank",
            (59, 99),
            "It may go on the plane and gets a laptop across the ocean.",
            {"watts": (45, 65), "capacity_mah": 20000, "ports": (2, 3), "weight_g": range(340, 441, 10)},
        ),
        Make(
            "30 W Wall Charger",
            (19, 32),
            "Hardly bigger than its plug.",
            {"watts": 30, "ports": 1, "weight_g": range(50, 81, 5)},
            form=1,
        ),
        Make(
            "100 W Desk Charger",
            (59, 95),
            "One socket for laptop, phone, headphones and the light on the bike.",
            {"watts": 100, "ports": (3, 4), "weight_g": range(180, 261, 10)},
            form=1,
        ),
        Make(
            "Wireless Charging Pad",
            (29, 49),
            "Set the phone down somewhere near the middle; magnets do the rest.",
            {"watts": 15, "weight_g": range(90, 141, 10)},
            form=2,
        ),
    ),
    opens=(
        "The {model} looks after your batteries and its own.",
        "Small, cool and quick: the {model} does one job well.",
        "The {model} is the one thing not to leave at home.",
    ),
    tells=(
        "It gives up to {watts} W and weighs {weight}.",
        "Up to {watts} W, {weight}, in a case of which {recycled_share_percent} % was something else before.",
    ),
    closes=(
        "It stays below 45 °C, even in July.",
        "Guards against heat, short circuit and the wrong cable.",
        "The cell can be changed by a repair shop.",
    ),
)

KEYBOARDS = Kind(
    code="KBD",
    drawing="keyboard",
    path=("Electronics", "Desk", "Keyboards"),
    models=BRIGHT,
    colours=("Storm", "Sage", "Ivory", "Charcoal", "Blush", "Denim"),
    shades=2,
    axis=Axis("Layout", ("ISO DE", "ISO UK", "ANSI US"), 2, 3),
    facts={
        "connection": ("USB-C", "USB-C and Bluetooth"),
        "hot_swap": (True, False),
        "keycaps": ("PBT, dye-sublimated", "PBT, double-shot"),
    },
    makes=(
        Make(
            "Mechanical Keyboard",
            (99, 169),
            "Switches with a bump you feel and a sound the office forgives.",
            {"keys": 87, "switches": ("tactile", "linear"), "weight_g": range(780, 1101, 20)},
        ),
        Make(
            "Compact Keyboard",
            (79, 139),
            "A knob in the corner turns the volume, the brush or the page.",
            {"keys": 68, "switches": ("tactile", "linear", "silent linear"), "weight_g": range(560, 801, 20)},
            form=1,
        ),
        Make(
            "Low-Profile Keyboard",
            (89, 149),
            "Flat as a notebook, with keys that still go down.",
            {"keys": 84, "switches": ("low-profile linear", "low-profile tactile"), "weight_g": range(480, 661, 20)},
            form=2,
        ),
        Make(
            "Silent Office Keyboard",
            (59, 99),
            "Damped twice, so that you can type during somebody else's call.",
            {"keys": 104, "switches": ("silent linear", "silent tactile"), "weight_g": range(620, 861, 20)},
            form=2,
        ),
        Make(
            "Aluminium Custom Keyboard",
            (169, 279),
            "Milled from one block, heavy as a book and as hard to put down.",
            {"keys": 80, "switches": ("linear", "tactile"), "weight_g": range(1500, 2101, 50)},
            form=1,
        ),
    ),
    opens=(
        "The {model} is a good reason to write a long letter.",
        "Typing all day is manual work, and the {model} is a tool for it.",
        "The {model} looks cheerful and works seriously.",
    ),
    tells=(
        "{keys} keys on {switches} switches, caps of {keycaps}; {weight}. Connects by {connection}.",
        "It has {keys} keys with {switches} switches and caps made of {keycaps}.",
    ),
    closes=(
        "Works with every system, without a driver.",
        "A puller and four spare switches are in the box.",
        "Two feet set the slope.",
    ),
)

MICE = Kind(
    code="MSE",
    drawing="mouse",
    path=("Electronics", "Desk", "Mice"),
    models=BRIGHT,
    colours=("Charcoal", "Ivory", "Teal", "Rust", "Lilac", "Slate"),
    shades=3,
    facts={"dpi": (2400, 4000, 8000), "quiet_clicks": (True, False), "hand": ("either hand", "the right hand")},
    makes=(
        Make(
            "Wireless Mouse",
            (29, 49),
            "Glides on glass, on wood and on the knee of your trousers.",
            {"connection": "Bluetooth", "months": range(6, 19, 2), "weight_g": range(78, 101, 2)},
        ),
        Make(
            "Trackball Mouse",
            (49, 85),
            "The mouse stands still and your wrist with it; the thumb does the travelling.",
            {"connection": "Bluetooth", "months": range(10, 25, 2), "weight_g": range(130, 171, 5)},
            form=1,
        ),
        Make(
            "Wired Mouse",
            (19, 32),
            "Plug it in. That was all.",
            {"connection": "USB-C cable", "weight_g": range(68, 91, 2)},
            form=2,
        ),
        Make(
            "Travel Mouse",
            (25, 42),
            "Half the size, all the buttons, and a slot for the receiver.",
            {"connection": "Bluetooth and 2.4 GHz", "months": range(8, 19, 2), "weight_g": range(54, 73, 2)},
        ),
        Make(
            "Precision Mouse",
            (59, 99),
            "Eight thousand reports a second, for drawing and other sports.",
            {"connection": "2.4 GHz and cable", "months": range(2, 5), "weight_g": range(56, 73, 2)},
            form=2,
        ),
    ),
    opens=(
        "The {model} is shaped by the hand that holds it.",
        "After a day with the {model} you will not have noticed it, which is the point.",
        "The {model} has a wheel that runs freely or in steps, as you like.",
    ),
    tells=(
        "{connection}, {dpi} dpi, {weight}, made for {hand}.",
        "It weighs {weight}, senses {dpi} dpi and suits {hand}. Connection: {connection}.",
    ),
    closes=("Feet can be replaced.", "The shell is made from old refrigerators.", "No driver, no light show."),
)

KINDS = (HEADPHONES, SPEAKERS, CABLES, CHARGERS, KEYBOARDS, MICE)
