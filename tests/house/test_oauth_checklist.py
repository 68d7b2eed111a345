"""What docs/oauth-checklist.md claims is shown by tests that exist, and by lines of the lists of abuses."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "oauth-checklist.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| section")]
_OAUTH = ROOT / "tests" / "users" / "oauth"
LINES = {
    each["name"]
    for file in ("hostile_tokens.json", "oauth_abuses.json")
    for each in json.loads((_OAUTH / file).read_text("utf-8"))
}


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40] + " " + row.split("|")[2].strip()[:40]
)
def test_each_rule_is_shown_by_tests_that_exist(row: str) -> None:
    shown = row.rstrip(" |").rpartition("|")[2]
    tests, lines = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", shown), re.findall(r'"([^"]+)"', shown)
    assert tests or lines or "not done" in row
    for file, name in tests:
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.M), name
    assert [line for line in lines if line not in LINES] == []


def test_both_documents_are_gone_through() -> None:
    assert len(ROWS) >= 35
    for section in ("2.1", "2.2.2", "4.14", "3.1 ", "3.10", "3.12"):
        assert any(section in row.split("|")[1] + " " for row in ROWS), section
