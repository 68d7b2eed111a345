"""Ids: later ones sort later, none comes twice, and a seed gives the same ones."""

from hypothesis import given
from hypothesis import strategies as st

from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.ids import SeededIds, SystemIds, spell


def test_later_ids_sort_later() -> None:
    clock = VirtualClock()
    ids = SeededIds(clock, 1)
    made = []
    for _ in range(100):
        made.append(ids.new("ord"))
        clock.advance(0.001)
    assert made == sorted(made)


def test_ten_thousand_ids_are_all_different() -> None:
    ids = SystemIds(SystemClock())
    assert len({ids.new("crt") for _ in range(10_000)}) == 10_000


def test_a_seed_gives_the_same_ids_secrets_and_chances() -> None:
    def draw() -> list[object]:
        ids = SeededIds(VirtualClock(), 7)
        return [ids.new("x"), ids.secret(), ids.fraction()]

    assert draw() == draw()


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1))
def test_spelling_keeps_the_order(one: int, other: int) -> None:
    assert (one < other) == (spell(one, 26) < spell(other, 26))
