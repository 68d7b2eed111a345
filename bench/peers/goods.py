"""What every shop of the comparison sells: 1,000 products of two variants in 10 categories, made by rule."""

import zlib
from dataclasses import dataclass
from functools import cache

CATEGORIES = ("Lamps", "Chairs", "Tables", "Shelves", "Rugs", "Mugs", "Clocks", "Vases", "Baskets", "Mirrors")
WORDS = (
    *("Amber", "Birch", "Copper", "Denim", "Ebony", "Flint", "Granite", "Hazel", "Indigo", "Jasper"),
    *("Kelp", "Linen", "Marble", "Nickel", "Ochre", "Pewter", "Quartz", "Russet", "Slate", "Timber"),
)
"""Each stands in the names of 50 products, so that a search for it fills a page of 20."""
SIZES = ("Small", "Large")
PAGE = 20
UNITS = 1_000_000  # of every variant: nothing sells out while it is measured


@dataclass(frozen=True, slots=True)
class Product:
    number: int
    name: str
    category: str
    cents: int  # what the small one costs, in EUR; the large one costs a euro more

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    @property
    def description(self) -> str:
        return f"{self.name} for every room, made to last. Number {self.number} of a thousand."

    def sku(self, size: str) -> str:
        return f"P{self.number:04d}-{size[0]}"

    def price(self, size: str = SIZES[0]) -> int:
        """In cents."""
        return self.cents + 100 * SIZES.index(size)

    def euros(self, size: str = SIZES[0]) -> str:
        return f"{self.price(size) / 100:.2f}"


@cache
def products(count: int = 1000) -> list[Product]:
    made = []
    for number in range(1, count + 1):
        category = CATEGORIES[number % len(CATEGORIES)]
        word = WORDS[number // len(CATEGORIES) % len(WORDS)]
        made.append(Product(number, f"{word} {category[:-1]} N{number:04d}", category, 1000 + 7 * number))
    return made


def wanted_by(buyer: str) -> Product:
    """What somebody of this name buys: as good as random, and the same each time."""
    return products()[zlib.crc32(buyer.encode()) % len(products())]


def told() -> dict[str, object]:
    """The same as plain JSON, for programs that fill a peer."""
    return {
        "units": UNITS,
        "categories": list(CATEGORIES),
        "products": [
            {
                "name": each.name,
                "slug": each.slug,
                "category": each.category,
                "description": each.description,
                "variants": [{"size": size, "sku": each.sku(size), "cents": each.price(size)} for size in SIZES],
            }
            for each in products()
        ],
    }
