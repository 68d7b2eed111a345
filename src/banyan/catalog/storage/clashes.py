"""What the database's constraints refuse, said as the shop says it."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from banyan.kernel.refusals import Conflict

CLASHES = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError)
_TAKEN = {
    "product_slug_pkey": ("slug_taken", "another product has, or had, this slug"),
    "variant_sku_key": ("sku_taken", "another variant has this SKU"),
    "variant_options": ("options_taken", "another variant of this product has these options"),
    "media_product_id_path_key": ("picture_taken", "the product has this picture already"),
    "category_slug_key": ("slug_taken", "another category has this slug"),
    "category_parent_id_name_key_key": ("name_taken", "another category here has this name"),
    "attribute_pkey": ("code_taken", "there is an attribute of this code"),
    "category_parent_id_fkey": ("category_in_use", "other categories are in it; move or delete them first"),
    "product_category_id_fkey": ("category_in_use", "products are in it; move them first"),
}


@contextmanager
def told() -> Iterator[None]:
    """Raise Conflict with a code of its own where a unique name is taken or something is still in use."""
    try:
        yield
    except CLASHES as error:
        code, detail = _TAKEN.get(error.constraint_name or "", ("conflict", "somebody else was quicker; try again"))
        raise Conflict(detail, code=code) from error
