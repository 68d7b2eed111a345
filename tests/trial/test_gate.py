"""The regression gate decides rightly: chance is no regression, a dearer part is, and the other tree is what was named."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.trial import gate
from banyan.trial.costs import Cpu
from banyan.trial.gate import CannotCompare, Figures, Turn, judge

THEIRS = Turn(Cpu(1.0, 0.5), 1000)


def figures(*ours: Turn, statements: tuple[float, float] = (4.0, 4.0), theirs: Turn = THEIRS) -> Figures:
    return Figures("checkout", [(turn, theirs) for turn in ours], statements)


def test_the_same_cost_passes() -> None:
    verdict = judge(figures(*[THEIRS] * 3))
    assert (verdict.app.ratio, verdict.database.ratio, verdict.statements.ratio) == (1.0, 1.0, 1.0)
    assert verdict.dearer == ()


def test_more_requests_at_the_same_price_are_no_regression() -> None:
    assert judge(figures(*[Turn(Cpu(2.0, 1.0), 2000)] * 3)).dearer == ()


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (Turn(Cpu(1.2, 0.5), 1000), "app CPU 1.20 times"),
        (Turn(Cpu(1.0, 0.6), 1000), "database CPU 1.20 times"),
        (Turn(Cpu(1.0, 0.5), 800), "app CPU 1.25 times"),
    ],
)
def test_a_part_that_got_a_fifth_dearer_is_named(turn: Turn, said: str) -> None:
    assert said in judge(figures(*[turn] * 3)).dearer


@given(st.floats(0.1, 1.149))
def test_within_the_limit_nothing_is_said(ratio: float) -> None:
    assert judge(figures(*[Turn(Cpu(ratio, 0.5 * ratio), 1000)] * 3)).dearer == ()


def test_one_disturbed_round_among_five_decides_nothing() -> None:
    assert judge(figures(*[THEIRS] * 4, Turn(Cpu(5.0, 3.0), 1000))).dearer == ()


def test_statements_count_as_cpu_does_but_half_a_one_is_others_work() -> None:
    assert judge(figures(THEIRS, statements=(5.0, 4.0))).dearer == ("statements 1.25 times",)
    assert judge(figures(THEIRS, statements=(0.3, 0.01))).dearer == ()
    assert judge(figures(THEIRS, statements=(1.0, 0.0))).dearer == ("statements 2.00 times",)


def test_what_is_too_little_to_be_told_is_not_judged() -> None:
    assert judge(figures(Turn(Cpu(1.0, 0.04), 1000), theirs=Turn(Cpu(1.0, 0.01), 1000))).database.ratio is None
    assert judge(figures(Turn(Cpu(9.0, 0.4), 1000), theirs=Turn(Cpu(9.0, 0.2), 1000))).database.ratio is None


def test_a_small_part_that_became_a_big_one_is_judged() -> None:
    assert judge(figures(*[Turn(Cpu(1.0, 2.0), 1000)] * 3, theirs=Turn(Cpu(9.0, 0.2), 1000))).dearer == (
        "database CPU 10.00 times",
    )


def test_answers_that_fail_here_are_a_regression_and_there_a_reason_to_skip() -> None:
    broken = Turn(Cpu(0.1, 0.1), 1000, failed=50)
    assert judge(figures(broken)).dearer == ("answers fail",)
    assert judge(figures(THEIRS, theirs=broken)).skipped
    assert judge(figures(THEIRS, theirs=broken)).dearer == ()


def test_an_unknown_path_names_the_known_ones() -> None:
    with pytest.raises(CannotCompare, match=r"known: product, list"):
        gate.chosen("product,kitchen")
    assert [path.name for path in gate.chosen("add, product")] == ["add", "product"]


async def test_a_folder_without_the_shop_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotCompare, match="no source tree"):
        async with gate.other(str(tmp_path), tmp_path):
            pass


async def test_a_folder_may_hold_the_packages_or_the_whole_tree(tmp_path: Path) -> None:
    (tmp_path / "src" / "banyan").mkdir(parents=True)
    (tmp_path / "src" / "banyan" / "cli.py").touch()
    for named in (tmp_path, tmp_path / "src"):
        async with gate.other(str(named), tmp_path) as (_, packages):
            assert packages == tmp_path / "src"


async def test_a_ref_is_laid_out_beside_and_taken_away_again(tmp_path: Path) -> None:
    home = tmp_path / "checkout"
    (home / "src" / "banyan").mkdir(parents=True)
    (home / "src" / "banyan" / "cli.py").write_text("before")

    def git(*words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        return subprocess.run(["git", "-C", str(home), *who, *words], check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "v1")
    (home / "src" / "banyan" / "cli.py").write_text("after")
    async with gate.other("", tmp_path, ours=home / "src") as (called, packages):
        assert called.startswith("v1 (")
        assert (packages / "banyan" / "cli.py").read_text() == "before"
    assert not packages.exists()
    assert len(git("worktree", "list").splitlines()) == 1
    with pytest.raises(CannotCompare, match="v9 is neither a folder nor a git ref"):
        async with gate.other("v9", tmp_path, ours=home / "src"):
            pass
