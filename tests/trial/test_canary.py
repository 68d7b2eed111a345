"""A person who was erased is found nowhere; and what looks for them would find them, however they were spelt."""

import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.canary import canary_trial
from banyan.trial.canary.scanning import Search, declared, files

MARK = "zq0123456789ab"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="banyan-canary-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.slow
async def test_an_erased_person_is_found_in_nothing_that_the_shop_keeps(folder: Path) -> None:
    clock = SystemClock()
    verdict = await canary_trial(folder, orders=1, clock=clock, ids=SystemIds(clock))
    assert verdict.wrong == []
    assert verdict.planted > 30
    assert {"users.account", "orders.cart"} <= set(verdict.before)
    assert "orders.event" not in verdict.before  # sealed from the first moment
    assert all(place.startswith("postgres/pg_wal/") for place in verdict.after)


@pytest.mark.parametrize(
    "kept",
    [
        f"name: {MARK}-name".encode(),
        MARK.upper().encode(),
        f"\\x{f'x{MARK}y'.encode().hex()}".encode(),
        *(b64encode(b"." * shift + MARK.encode() + b"...") for shift in range(3)),
    ],
)
def test_a_mark_is_found_however_it_is_spelt(kept: bytes) -> None:
    assert Search(MARK).count(kept) >= 1


def test_nothing_is_found_where_nothing_is() -> None:
    assert Search(MARK).count(b"zq0123456789aa" + b64encode(b"somebody else") * 9) == 0


def test_a_mark_across_two_pieces_of_a_file_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banyan.trial.canary.scanning._PIECE", 70)
    (tmp_path / "log").write_bytes(b"x" * 64 + MARK.encode() + b"x" * 200)
    assert files(tmp_path, Search(MARK)) == ({"log": 1}, 64 + len(MARK) + 200)


def test_only_the_write_ahead_log_is_declared() -> None:
    assert declared("postgres/pg_wal/000000010000000000000001")
    for place in ("postgres/base/16384/2619", "users.account", "pg_dumpall", "mail/a.eml", "shop.log", "/metrics"):
        assert not declared(place)
