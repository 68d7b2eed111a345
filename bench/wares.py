"""A catalogue of any size that reads like a real one, and what its shoppers ask for: the same for the same seed.

Words, brands, categories and what is wanted follow Zipf's law, as in real shops: a few common ones, and a tail of names that
stand in one product each. Prices are log-normal; one product in three has variants; one variant in twenty-five is sold out.
"""

import gzip
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson


def _words(text: str) -> list[str]:
    return text.split()


_ONSETS = _words("b br c ch cl d dr f fl g gl gr h j k kl l m n p pl pr qu r s sc sh sk sl sp st t th tr v w z")
_VOWELS = _words("a e i o u ai ea ee ie oo ou y")
_CODAS = [
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "g",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nt",
    "p",
    "r",
    "rk",
    "s",
    "sh",
    "st",
    "t",
    "x",
]
_THINGS = _words(
    "lamp chair table desk shelf jacket shirt trousers boots shoes backpack bottle kettle pan knife bowl plate mug clock rug "
    "blanket pillow tent stove bicycle helmet lock pump keyboard mouse monitor cable charger speaker headphones camera lens "
    "tripod battery torch radio guitar drum puzzle doll kite ball racket glove scarf hat belt wallet watch ring necklace mirror "
    "towel soap brush comb razor perfume candle vase frame book notebook pen pencil stapler folder envelope printer scanner "
    "drill hammer saw wrench screw nail ladder paint brush glue hose spade rake seed pot planter fence grill oven fridge kettle "
    "toaster blender mixer scale timer jar basket box crate hook hanger curtain carpet sofa bed mattress wardrobe drawer bench"
)
_LOOKS = _words(
    "black white red blue green grey brown oak walnut steel copper brass linen cotton wool leather silk bamboo glass ceramic "
    "small large slim wide light heavy soft warm cool dry waterproof wireless folding classic modern vintage portable compact "
    "double single electric manual rechargeable organic recycled outdoor indoor travel kids professional premium basic set pack"
)
_PLAIN = _words(
    "with and for the a of in to from made by our your it is this every day use easy clean quality design fits well great gift "
    "home office garden kitchen comes lasts years hand machine wash size colour finish material warranty including parts simple"
)


class Zipf:
    """Draws one of many, the first the likeliest: the n-th with a weight of 1 / n**slope."""

    def __init__(self, values: Sequence[Any], slope: float = 1.0) -> None:
        self._values = values
        self._sums = list(accumulate(1 / (rank**slope) for rank in range(1, len(values) + 1)))

    def draw(self, dice: random.Random) -> Any:
        return self._values[bisect_left(self._sums, dice.random() * self._sums[-1])]


class Wares:
    """So many products; `rows` are an import's, `asks` are searches by people who know what such shops sell."""

    def __init__(self, products: int, seed: int = 1) -> None:
        self.products = products
        dice = random.Random(seed)
        rare = list(dict.fromkeys(_word(dice) for _ in range(30_000)))
        common = list(dict.fromkeys([*_LOOKS, *rare[:2_000]]))
        self._seed = seed
        self._things = Zipf(list(dict.fromkeys(_THINGS)), 0.6)
        self._looks = Zipf(common, 1.0)
        self._prose = Zipf([*_PLAIN, *common, *rare[2_000:]], 1.05)
        self._lines = Zipf(rare[2_000:8_000], 0.8)
        self._brands = Zipf([word.title() for word in rare[8_000:8_800]], 0.9)
        roots = [thing.title() for thing in dict.fromkeys(_THINGS)][:20]
        leaves = [
            (f"{root} World", f"{look.title()} {root}", f"{kind.title()} {root}")
            for root in roots
            for look in dice.sample(_LOOKS, 8)
            for kind in dice.sample(_LOOKS, 5)
        ]
        dice.shuffle(leaves)
        self._shelves = Zipf(leaves, 0.7)

    def rows(self) -> Iterator[dict[str, Any]]:
        for number in range(self.products):
            yield from self._product(number, random.Random(f"{self._seed}/{number}"))

    def write(self, file: Path) -> int:
        """As JSON Lines, gzipped; how many rows."""
        count = 0
        with gzip.open(file, "wb", compresslevel=1) as out:
            for row in self.rows():
                out.write(orjson.dumps(row) + b"\n")
                count += 1
        return count

    def _product(self, number: int, dice: random.Random) -> Iterator[dict[str, Any]]:
        brand, shelf = self._brands.draw(dice), self._shelves.draw(dice)
        euros = min(9_999.0, dice.lognormvariate(3.6, 1.0))
        words = " ".join(self._prose.draw(dice) for _ in range(dice.randint(25, 70)))
        sizes = ["one size"] if dice.random() < 0.67 else [f"size {n}" for n in range(1, dice.randint(2, 6) + 1)]
        for place, size in enumerate(sizes):
            yield {
                "sku": f"W{number:06d}-{place}",
                "product": f"W{number:06d}",
                "name": self.name(number),
                "brand": brand,
                "categories": list(shelf),
                "description": words,
                "price": f"{euros * (1 + place / 10):.2f}",
                "currency": "EUR",
                "options": {"Size": size} if len(sizes) > 1 else {},
                "attributes": {"weight_g": dice.randint(20, 20_000), "material": self._looks.draw(dice)},
                "popularity": int(4000 * dice.random() ** 3),
                "stock": 0 if dice.random() < 0.04 else dice.randint(1, 300),
            }

    def name(self, number: int) -> str:
        """ "Brusk Green Folding Lamp": a line, what it looks like, what it is."""
        dice = random.Random(f"{self._seed}/{number}/name")
        looks = dict.fromkeys(self._looks.draw(dice) for _ in range(dice.randint(1, 3)))
        return " ".join([self._lines.draw(dice), *looks, self._things.draw(dice)]).title()

    def asks(self, count: int, seed: int, *, brands: Sequence[str], categories: Sequence[str]) -> list[str]:
        """Different searches as paths: words of names, some misspelt, a third of them narrowed or sorted, some deeper pages."""
        dice = random.Random(seed)
        found: dict[str, None] = {}
        while len(found) < count:
            found[f"/v1/search?{urlencode(self._ask(dice, brands, categories))}"] = None
        return list(found)

    def _ask(self, dice: random.Random, brands: Sequence[str], categories: Sequence[str]) -> list[tuple[str, str]]:
        words = self.name(dice.randrange(self.products)).lower().split()
        if dice.random() < 0.7:  # what it is and what it looks like, rather than what the maker calls it
            words = words[1:]
        words = words[-dice.choice((1, 2, 2, 2, 3)) :]
        if dice.random() < 0.1 and len(words[-1]) > 4:
            at = dice.randrange(1, len(words[-1]) - 1)
            words[-1] = words[-1][:at] + words[-1][at + 1 :]
        asked = [("q", " ".join(words)), ("limit", "20")]
        kind = dice.random()
        if kind < 0.1:
            asked.append(("brand", dice.choice(brands)))
        elif kind < 0.2:
            asked.append(("category", dice.choice(categories)))
        elif kind < 0.3:
            asked += [
                ("price_min", str(dice.randrange(10, 50) * 100)),
                ("price_max", str(dice.randrange(50, 300) * 100)),
            ]
        elif kind < 0.35:
            asked.append(("sort", dice.choice(("price", "-price", "newest", "popularity", "name"))))
        return asked

    def beginnings(self, count: int, seed: int) -> list[str]:
        """What is typed into the search field, letter for letter, as paths; different ones."""
        dice = random.Random(seed)
        found: dict[str, None] = {}
        while len(found) < count:
            words = self.name(dice.randrange(self.products)).lower().split()
            typed = " ".join(words[dice.randrange(len(words)) :])
            found[f"/v1/suggest?{urlencode({'q': typed[: dice.randint(2, max(3, len(typed)))]})}"] = None
        return list(found)


def _word(dice: random.Random) -> str:
    syllables = dice.choice((1, 2, 2, 2, 3))
    said = "".join(dice.choice(_ONSETS) + dice.choice(_VOWELS) for _ in range(syllables))
    return said + dice.choice(_CODAS) if len(said) > 2 else said + "nd"
