"""What docs/security.md claims is shown by tests that exist, each requirement once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
CLAIMS = re.findall(
    r"^\| (?:([0-9.]+(?:, [0-9.]+)*) \| ([123]) \| )?[^|]+ \| ((?:`tests/[^`]+`(?:, )?)+) \|$", PAGE, re.M
)
NAMED = sorted({name for _, _, tests in CLAIMS for name in re.findall(r"`([^`]+)`", tests)})


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_as_evidence_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert re.search(rf"^(?:async )?def {function}\b", (ROOT / file).read_text("utf-8"), re.M), name


def test_every_line_of_the_tables_is_read_and_no_requirement_is_claimed_twice() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(CLAIMS) == len(lines) > 25
    ids = [each for told, _, _ in CLAIMS if told for each in told.split(", ")]
    assert sorted(set(ids)) == sorted(ids)
    assert all(6 <= int(each.partition(".")[0]) <= 10 for each in ids)
