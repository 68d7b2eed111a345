"""The protocol of changing hands holds in every history within the bounds, and each thing wrong in it is found."""

import pytest

from banyan.trial.cutover_model import MUTANTS, SMALL, Bound, catch, explore


@pytest.mark.parametrize(
    "bound",
    [
        Bound(attempts=1, writes=1, bypasses=1, crashes=1),
        Bound(attempts=2, writes=1, bypasses=1, crashes=0, delays=1),
        SMALL,
    ],
    ids=["a bypasser and a crash", "there and back in time or not", "crash, repeat and a lost lease"],
)
def test_every_promise_holds_in_every_state(bound: Bound) -> None:
    verdict = explore(bound)
    assert verdict.holds, "\n".join(verdict.lines())
    assert verdict.complete
    assert verdict.states > 10_000


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_what_is_wrong_with_the_protocol_is_caught_with_its_history(name: str) -> None:
    [caught] = catch([name])
    assert caught.verdict.broken, "\n".join(caught.lines())
    assert len(caught.lines()) == 1 + len(caught.verdict.history)
    assert caught.as_json()["mutant"] == name


def test_a_search_says_when_it_was_cut_short() -> None:
    verdict = explore(Bound(states=500))
    assert not verdict.complete
    assert verdict.holds
    assert "the first" in verdict.lines()[0]
