"""Products in and out as files: CSV or JSON Lines, checked row by row, resumable, upserted by SKU.

A row is a variant. Rows that stand together and say the same `product` are variants of one product; what is told of the
product is taken from the first row that says it. What a row does not say (absent, null, empty) stays as it is.

    sku          made of name, brand, options and first image where it is not said
    product      what the file calls the product; new products without it have one variant
    name         needed for a new product        slug, description, brand, tax_class, popularity
    categories   ["Home", "Lamps"] or "Home > Lamps": the path, made on the way
    price        49.99 or "49.99" in `currency` (else the shop's), or {"amount": 4999, "currency": "EUR"}
    prices       {"EUR": "49.99", "USD": 55}     options   {"Colour": "Moss"}
    attributes   {"weight_g": 900}: those nobody declared are declared as what their first value is
    image(s)     an http(s) address, kept as it is, or media:path; all pictures of the product, in order
    stock        units as counted now, told to inventory, with low_stock_at and backorder
    status       published (else for new ones), draft or archived        weight_g

In CSV, maps may also be columns: `option:Colour`, `attribute:weight_g`, `price:USD`. What an import changes it tells on
the bus, and whoever keeps an index hears of it; nothing here needs the index itself.
"""

from banyan.catalog.importing.exporting import export
from banyan.catalog.importing.report import Fate, ImportReport, Outcome
from banyan.catalog.importing.taking import import_demo, import_file, import_rows

__all__ = ["Fate", "ImportReport", "Outcome", "export", "import_demo", "import_file", "import_rows"]
