"""Labels as numbers: the same for every process, held exactly by a float, and known again by the index's own terms."""

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation.search.embedded.fields import prepare, schema
from banyan.foundation.search.embedded.labels import Labels, number_of


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_number_survives_being_a_float_and_tells_labels_apart(one: str, other: str) -> None:
    assert int(float(number_of(one))) == number_of(one)
    assert (number_of(one) == number_of(other)) == (one == other)


def test_numbers_stay_what_they_are_in_indexes_on_disk() -> None:
    assert number_of("Fennick") == 155_159_924_042_689


def test_a_label_that_came_later_is_learnt_and_one_that_never_came_is_none() -> None:
    index = tantivy.Index(schema())
    prepare(index)
    labels = Labels()
    for brand in ("Fennick", "Lomvik"):
        with index.writer(15_000_000, 1) as writer:
            writer.add_document(tantivy.Document(brand=[brand]))
        index.reload()
        assert labels.text(index.searcher(), "brand", float(number_of(brand))) == brand
    with pytest.raises(KeyError):
        labels.text(index.searcher(), "brand", float(number_of("Nobody")))
