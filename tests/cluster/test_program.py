"""A program is started when it can be spoken to wherever it listens, and one that does not start says why."""

import sys
from pathlib import Path

import pytest

from banyan.cluster.engines.program import DidNotStart, Program, listens
from banyan.foundation.free_ports import free_port

_LATE = """
import os, socket, sys, time
first = socket.create_server(("127.0.0.1", {port}))
time.sleep(0.3)
second = socket.socket(socket.AF_UNIX)
second.bind("{path}")
time.sleep(0.3)
second.listen()
time.sleep(60)
"""


def test_a_program_is_started_when_its_port_and_its_socket_both_answer(tmp_path: Path) -> None:
    program = Program("late", tmp_path, free_port(), unix_socket=tmp_path / "s")
    program.start([sys.executable, "-c", _LATE.format(port=program.port, path=program.unix_socket)])
    try:
        assert program.runs
        assert listens(program.port)
        assert listens(tmp_path / "s")
    finally:
        program.stop(kill=True)
    assert not listens(program.port)
    assert not listens(tmp_path / "s")


def test_a_program_that_ends_at_its_start_tells_its_last_words(tmp_path: Path) -> None:
    program = Program("short", tmp_path, free_port())
    with pytest.raises(DidNotStart, match=r"short did not start: .*no such day"):
        program.start([sys.executable, "-c", "import sys; sys.exit('no such day')"])
    assert not program.runs


def test_a_program_that_never_listens_is_given_up_and_ended(tmp_path: Path) -> None:
    program = Program("mute", tmp_path, free_port())
    with pytest.raises(DidNotStart, match="it said nothing"):
        program.start([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.5)
    assert not program.runs
