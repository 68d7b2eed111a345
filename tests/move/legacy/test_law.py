"""The first law of the way back: what was read and not changed goes back byte for byte."""

from typing import Any

import pytest

from banyan.contracts.legacy import Record
from banyan.move.legacy import Refused
from tests.move.legacy.conftest import Shelf


def unchanged(shelf: Shelf) -> int:
    """Put every record of every aggregate back; how many there were."""
    count = 0
    for ref in list(shelf.by_ref):
        found = shelf.read(ref)
        if isinstance(found, Refused):
            continue
        before = {name: tuple(row.values for row in rows) for name, rows in shelf.rows(ref).items()}
        for record in found:
            assert dict(shelf.adapter.rows(ref, record, shelf.rows(ref), shelf.stock)) == before, ref
            later = record.model_copy(update={"version": record.version + 9})
            assert dict(shelf.adapter.rows(ref, later, shelf.rows(ref), shelf.stock)) == before, ref
            count += 1
    return count


def test_what_an_installed_opencart_4_has_goes_back_byte_for_byte(installed4: Shelf) -> None:
    assert unchanged(installed4) > 100


def test_what_an_installed_opencart_3_has_goes_back_byte_for_byte(installed3: Shelf) -> None:
    assert unchanged(installed3) > 90


@pytest.mark.usefixtures("mariadb")
def test_what_a_shop_of_many_years_has_goes_back_byte_for_byte(
    traded: tuple[Shelf, dict[str, Any], dict[str, list[Record | Refused]]],
) -> None:
    assert unchanged(traded[0]) > 4000
