"""What the house promises of itself: no blind clock, one golden name for each setting, docs whose commands exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from banyan import topology
from banyan.cli import app
from banyan.foundation import migrate
from banyan.foundation.operate import COMMON
from banyan.foundation.settings import Settings
from banyan.trial.invariants import ACROSS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "banyan"


@pytest.mark.parametrize("service", topology.SERVICES)
def test_sql_asks_the_shops_clock_and_not_the_databases(service: str) -> None:
    for file in sorted((SOURCE / service).rglob("*")):
        # Of the mover, what stands outside these two speaks to the legacy shop's database, whose clock is its own.
        if service == "move" and file.parent.name not in ("schema", "storage"):
            continue
        if file.suffix in (".sql", ".py"):
            blind = re.findall(r"(?<!shop_)\bnow\(\)|current_timestamp|clock_timestamp", file.read_text("utf-8"), re.I)
            assert [each for each in blind if not _asks_the_port(file, each)] == [], file


def _asks_the_port(file: Path, found: str) -> bool:
    """`clock.now()` in Python is the port, not SQL."""
    return file.suffix == ".py" and not re.search(
        rf"(?<!clock\.)(?<!shop_)\b{re.escape(found)}", file.read_text("utf-8")
    )


@pytest.mark.parametrize("service", topology.SERVICES)
def test_schema_steps_are_numbered_without_gaps(service: str) -> None:
    assert migrate.steps(topology.service(service).folder)


def test_every_setting_is_in_the_settings_page() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert [name for name in Settings.model_fields if f"`BANYAN_{name.upper()}`" not in page] == []


def _commands() -> list[str]:
    """The `banyan …` commands that README and docs show."""
    found = set()
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.S):
            for line in block.splitlines():
                if words := re.match(r"(?:\.venv/bin/)?banyan ((?:[a-z][a-z-]* ?)+)", line.strip()):
                    found.add(words[1].strip())
    return sorted(found)


@pytest.mark.parametrize("command", _commands())
def test_each_command_in_the_docs_exists(command: str) -> None:
    words = command.split()
    for length in (len(words), 2, 1):  # the rest are arguments
        told = CliRunner().invoke(app, [*words[:length], "--help"])
        if told.exit_code == 0:
            return
    pytest.fail(f"banyan {command}: {told.output}")


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    assert [file.name for file in sorted(folder.glob("0*.md")) if f"({file.name})" not in index] == []


def test_every_invariant_is_in_its_page() -> None:
    page = (ROOT / "docs" / "invariants.md").read_text("utf-8")
    names = (*topology.SERVICES, *topology.APART)
    known = [each for name in names for each in topology.service(name).invariants] + list(COMMON)
    promises = [each.promise for each in known] + [promise for _, _, promise, _ in ACROSS]
    assert [promise for promise in promises if f" {promise} |" not in page] == []


def test_a_step_that_takes_something_away_says_which_versions_it_leaves() -> None:
    steps = [step for name in topology.SERVICES for step in migrate.steps(topology.service(name).folder)]
    taking = re.compile(
        r"^\s*(?:DROP (?!TRIGGER|FUNCTION|INDEX)|ALTER TABLE [^;]*\b(?:DROP (?!CONSTRAINT)|RENAME|TYPE|SET NOT NULL)\b)",
        re.I | re.M,
    )
    silent = [step for step in [*steps, *migrate.steps(migrate.FOUNDATION)] if taking.search(step.read_text("utf-8"))]
    assert [step.name for step in silent if not step.read_text("utf-8").startswith("-- needs ")] == []
