"""The brands on the shelves. All invented; each has the two colours it trims its things with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Brand:
    name: str
    roots: tuple[str, ...]
    trims: tuple[str, str]


BRANDS = (
    Brand("Tarnwick", ("Outdoor", "Bikes"), ("Mustard", "Petrol")),
    Brand("Skarnholt", ("Outdoor", "Clothing"), ("Coral", "Midnight")),
    Brand("Windrath", ("Outdoor", "Clothing", "Shoes"), ("Lemon", "Teal")),
    Brand("Lomvik", ("Outdoor",), ("Poppy", "Ivory")),
    Brand("Brackenfold", ("Outdoor", "Clothing"), ("Apricot", "Forest")),
    Brand("Ullsten", ("Clothing",), ("Rust", "Ivory")),
    Brand("Merrowdale", ("Clothing",), ("Lagoon", "Berry")),
    Brand("Cottonbrae", ("Clothing",), ("Blush", "Navy")),
    Brand("Threnna", ("Clothing",), ("Lilac", "Mustard")),
    Brand("Strideholm", ("Shoes",), ("Coral", "Petrol")),
    Brand("Wandermark", ("Shoes",), ("Ochre", "Forest")),
    Brand("Pavley", ("Shoes",), ("Mint", "Plum")),
    Brand("Ostrand", ("Shoes",), ("Apricot", "Denim")),
    Brand("Ellerby Haus", ("Home",), ("Brass", "Petrol")),
    Brand("Morrow & Pine", ("Home",), ("Oak", "Forest")),
    Brand("Tidehus", ("Home", "Kitchen"), ("Lagoon", "Coral")),
    Brand("Linnevik", ("Home", "Kitchen"), ("Blush", "Denim")),
    Brand("Coppermarch", ("Kitchen",), ("Copper", "Ivory")),
    Brand("Emberlane", ("Kitchen",), ("Poppy", "Oat")),
    Brand("Brunnholt", ("Kitchen",), ("Mustard", "Teal")),
    Brand("Voltarn", ("Electronics",), ("Lagoon", "Apricot")),
    Brand("Nuvanta", ("Electronics",), ("Coral", "Ice")),
    Brand("Sonderlo", ("Electronics",), ("Brass", "Berry")),
    Brand("Plinkt", ("Electronics", "Office"), ("Lemon", "Navy")),
    Brand("Halvolt", ("Electronics",), ("Mint", "Poppy")),
    Brand("Foliant", ("Office",), ("Berry", "Mustard")),
    Brand("Quire & Rowe", ("Office",), ("Brass", "Forest")),
    Brand("Deskarl", ("Office",), ("Coral", "Sky")),
    Brand("Wobblewood", ("Toys",), ("Lagoon", "Apricot")),
    Brand("Hollabee", ("Toys",), ("Mustard", "Berry")),
    Brand("Tumbletree", ("Toys",), ("Coral", "Fern")),
    Brand("Pimpelmoos", ("Toys",), ("Poppy", "Teal")),
    Brand("Mossgarth", ("Garden",), ("Brass", "Ivory")),
    Brand("Greenwether", ("Garden",), ("Apricot", "Petrol")),
    Brand("Leafold", ("Garden",), ("Blush", "Forest")),
    Brand("Velurra", ("Bikes",), ("Coral", "Ice")),
    Brand("Pedalow", ("Bikes",), ("Mint", "Rust")),
    Brand("Kranzel", ("Bikes",), ("Lemon", "Petrol")),
)
