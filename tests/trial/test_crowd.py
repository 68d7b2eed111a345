"""A crowd on few units through HTTP checkout: exactly as many are sold as there were, and all of them do sell."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from banyan.trial.crowd_trial import crowd_trial


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for a socket's path, open enough for the database's own user."""
    made = Path(tempfile.mkdtemp(prefix="banyan-c-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("warehouses", "leave"),
    [(1, 0.0), (2, 0.0), (1, 0.3)],
    ids=["one warehouse", "two warehouses", "holds that expire"],
)
async def test_of_a_crowd_exactly_as_many_buy_as_there_are_units(folder: Path, warehouses: int, leave: float) -> None:
    verdict = await crowd_trial(folder, buyers=240, units=30, parallel=48, warehouses=warehouses, leave=leave)
    assert verdict.wrong == []
    assert verdict.sold == 30
    assert bool(verdict.outcome.counts["left"]) == bool(leave)
