"""Colours a shop has names for, and how to mix them. Hex in, hex out."""

NAMED = {
    # earth and stone
    "Moss": "#6b7f4a", "Sage": "#9db092", "Fern": "#4f7d55", "Forest": "#2f5245", "Olive": "#7d7a45",
    "Sand": "#d8c3a0", "Oat": "#e4d8c3", "Stone": "#b5ada1", "Clay": "#b9795b", "Terracotta": "#c8694a",
    "Rust": "#b4532f", "Ochre": "#d29b3c", "Mustard": "#dbab3a", "Cocoa": "#6d4c3d", "Walnut": "#7b5539",
    "Oak": "#c59a66", "Birch": "#e3cda6", "Cork": "#c99c6f",
    # sea and sky
    "Sky": "#8db8d6", "Ice": "#c6dde4", "Denim": "#4f6f97", "Navy": "#2c3e5f", "Midnight": "#232f44",
    "Petrol": "#235e6b", "Teal": "#2f8a87", "Lagoon": "#4bb0ac", "Mint": "#a6d3bd", "Storm": "#5d6f7e",
    # berries and blossoms
    "Berry": "#93375a", "Plum": "#5f3b5c", "Lilac": "#b3a0cf", "Blush": "#e5b7ae", "Rose": "#cf7f86",
    "Coral": "#e8775c", "Poppy": "#d8493a", "Apricot": "#efae7c", "Lemon": "#ecd05c",
    # greys and metals
    "Ivory": "#f1eadb", "Snow": "#f2f3f1", "Pebble": "#cfcac2", "Slate": "#66717c", "Graphite": "#4a4e55",
    "Charcoal": "#3a3d43", "Black": "#2a2b2f", "Steel": "#b9c0c7", "Brass": "#c9a254", "Copper": "#c27a52",
    "Natural": "#dcbf95",
}  # fmt: skip

INK = "#2b2d33"
STEEL = "#ccd2d8"
STEEL_DIM = "#98a1aa"
STEEL_DEEP = "#6a727c"
WOOD = "#cda272"
WOOD_DIM = "#ab7f52"
PAPER = "#fbf8f2"
CREAM = "#f6f1e8"


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(one: str, other: str, share: float) -> str:
    """From one colour (share 0) to the other (share 1)."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lighter(colour: str, share: float) -> str:
    return mix(colour, "#ffffff", share)


def darker(colour: str, share: float) -> str:
    """Towards a warm near-black: plain black makes shadows look dirty."""
    return mix(colour, "#1c1a24", share)


def brightness(colour: str) -> float:
    """How light it looks, 0 to 1 (weights of ITU-R BT.601)."""
    red, green, blue = _parts(colour)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def distance(one: str, other: str) -> int:
    """How far apart two colours are; good enough to tell a trim from its cloth."""
    return sum(abs(a - b) for a, b in zip(_parts(one), _parts(other), strict=True))
