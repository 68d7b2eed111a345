"""`banyan cluster`: who runs where is told as it was written down, and a cluster that cannot be is refused before any of it."""

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from typer.testing import CliRunner

from banyan.commands import cluster
from banyan.foundation.free_ports import free_port
from banyan.foundation.settings import WrongSettings
from tests.process.cli import Said, banyan

PROGRAMS = ("java", "mvn", "redis-server", "redis-cli", "haproxy")


@pytest.fixture
def listening() -> Iterator[int]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that is taken, and where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def written(tmp_path: Path, listening: int, silent: int) -> Path:
    """The folder of a cluster of which a part and a database have ended."""
    engines = {
        "postgres": {"primary": "a", "ports": [listening, silent]},
        "kafka": {"port": listening},
        "haproxy": {"port": silent, "config": "/somewhere/haproxy.cfg"},
    }
    parts = {"orders-1": {"port": listening, "pid": 41}, "orders-2": {"port": silent, "pid": 42}}
    told = {"origin": "http://127.0.0.1:8000", "engines": engines, "parts": parts}
    (tmp_path / "cluster.json").write_text(json.dumps(told))
    return tmp_path


def status(*words: str) -> str:
    done = CliRunner().invoke(cluster.app, ["status", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_each_copy_and_each_engine_is_told_with_whether_it_answers(written: Path, listening: int, silent: int) -> None:
    assert json.loads(status("--data-dir", str(written), "--json")) == [
        {"what": "orders-1", "port": listening, "pid": 41, "state": "listens"},
        {"what": "orders-2", "port": silent, "pid": 42, "state": "does not answer"},
        {"what": "postgres", "port": listening, "pid": "", "state": "listens"},
        {"what": "postgres", "port": silent, "pid": "", "state": "does not answer"},
        {"what": "kafka", "port": listening, "pid": "", "state": "listens"},
        {"what": "haproxy", "port": silent, "pid": "", "state": "does not answer"},
    ]


def test_people_read_the_same_in_rows(written: Path, silent: int) -> None:
    head, _, *rows = [line.split() for line in status("--data-dir", str(written)).strip().splitlines()]
    assert head == ["what", "port", "pid", "state"]
    assert ["orders-2", str(silent), "42", "does", "not", "answer"] in rows
    assert [row[0] for row in rows] == ["orders-1", "orders-2", "postgres", "postgres", "kafka", "haproxy"]


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_folder_without_a_cluster_says_how_to_start_one(tmp_path: Path, more: tuple[str, ...]) -> None:
    with pytest.raises(WrongSettings, match=f"banyan cluster up --data-dir {tmp_path}$"):
        status("--data-dir", str(tmp_path), *more)
    assert list(tmp_path.iterdir()) == []


def refused(said: Said, folder: Path) -> str:
    """The one line of a refusal that left nothing behind: no file, and no process that works in the folder."""
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert said.plain()
    assert not folder.exists()
    assert [each.pid for each in psutil.process_iter() if _works_in(folder, each)] == []
    return said.err


def _works_in(folder: Path, process: psutil.Process) -> bool:
    try:
        return any(str(folder) in word for word in process.cmdline())
    except psutil.Error:
        return False


async def test_a_taken_port_is_said_before_anything_is_started(tmp_path: Path, listening: int) -> None:
    folder = tmp_path / "cluster"
    said = await banyan("cluster", "up", "--port", str(listening), "--data-dir", str(folder))
    told = refused(said, folder)
    assert f"127.0.0.1:{listening}" in told
    assert "--port" in told


@pytest.mark.parametrize(
    ("missing", "package"),
    [
        (PROGRAMS, "default-jdk-headless maven"),
        (("haproxy",), "haproxy"),
    ],
    ids=["all", "the last that is started"],
)
async def test_a_missing_program_is_said_with_what_brings_it_before_anything_is_started(
    tmp_path: Path, missing: tuple[str, ...], package: str
) -> None:
    here, folder = tmp_path / "bin", tmp_path / "cluster"
    here.mkdir()
    for name in set(PROGRAMS) - set(missing):
        (here / name).write_text("#!/bin/sh\nexit 1\n")
        (here / name).chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = await banyan("cluster", "up", "--port", str(port), "--data-dir", str(folder), PATH=str(here))
    assert f"{missing[0]} is not installed: on Debian `apt-get install {package}` brings it" in refused(said, folder)


def test_what_is_asked_for_beforehand_is_what_the_engines_ask_for() -> None:
    """They ask for themselves too; whoever adds a program there is told here."""
    import banyan.cluster.engines

    text = "".join(file.read_text("utf-8") for file in Path(banyan.cluster.engines.__file__).parent.glob("*.py"))
    for package, programs in cluster._NEEDED.items():
        names = ", ".join(f'"{name}"' for name in programs)
        assert f'needed({names}, package="{package}")' in text
    assert text.count("    needed(") == len(cluster._NEEDED)


async def test_a_missing_driver_is_said_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiokafka", None)
    with pytest.raises(WrongSettings, match=re.escape("banyan-commerce[kafka]")):
        await cluster._up(free_port(), "127.0.0.1", 1, tmp_path / "cluster", True)
    assert list(tmp_path.iterdir()) == []
