"""Which pictures a product has, and how each is drawn when somebody asks for it."""

from collections.abc import Iterator

from banyan.catalog.demo.colours import NAMED, distance
from banyan.catalog.demo.drawings import DRAWINGS
from banyan.catalog.demo.drawings.stage import closeup, front
from banyan.catalog.demo.drawings.svg import Look
from banyan.catalog.demo.products import Product, products, slug

FOLDER = "demo/"


def paths(product: Product) -> Iterator[str]:
    """The front, the close-up, then one front for each further colour."""
    yield f"{FOLDER}{product.handle}.svg"
    yield f"{FOLDER}{product.handle}-2.svg"
    for colour in product.colours[1:]:
        yield f"{FOLDER}{product.handle}-{slug(colour)}.svg"


def picture(path: str) -> bytes:
    """The SVG for a path named in a row, without its `media:`. KeyError for any other path."""
    stem = path.removeprefix(FOLDER).removesuffix(".svg")
    product, ending = _found(stem)
    if product is None or path not in paths(product):
        raise KeyError(path)
    colour = next((name for name in product.colours if slug(name) == ending), product.colours[0])
    drawing = DRAWINGS[product.kind.drawing]
    draw = closeup if ending == "2" else front
    return draw(drawing, _look(product, colour)).encode()


def _found(stem: str) -> tuple[Product | None, str]:
    """The product a file name is about, and what follows its handle."""
    known = products()
    if stem in known:
        return known[stem], ""
    handle, _, ending = stem.rpartition("-")
    return known.get(handle), ending


def _look(product: Product, colour: str) -> Look:
    """The variant's colour, trimmed with whichever of the brand's two colours stands out more."""
    main = NAMED[colour]
    accent = max((NAMED[trim] for trim in product.brand.trims), key=lambda trim: distance(main, trim))
    return Look(main, accent, product.make.form)
