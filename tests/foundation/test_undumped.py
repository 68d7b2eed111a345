"""A process that card numbers pass by leaves no core dump; one that is closed lets nobody look but root."""

import subprocess
import sys
from pathlib import Path

import pytest

from banyan.trial.cards import cores

_BREAK = (
    "import os, signal; from banyan.foundation import undumped; undumped.{}(); os.kill(os.getpid(), signal.SIGABRT)"
)
_LOOK = """
import ctypes, os, resource
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from banyan.foundation import undumped
if os.geteuid() == 0:  # as an ordinary user, to whom a closed process' own /proc does not belong any more
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
undumped.{}()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), end=" ")
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
except ValueError:
    print("for good")
registry = CollectorRegistry()
ProcessCollector(registry=registry)
text = generate_latest(registry).decode()
assert "process_resident_memory_bytes" in text and "process_open_fds" in text, text
"""


@pytest.mark.parametrize("way", ["no_core_dumps", "closed_to_others"])
def test_a_process_that_breaks_leaves_no_core_file(way: str, tmp_path: Path) -> None:
    with cores.allowed():
        if not cores.are_written(tmp_path):
            pytest.skip("no core files are written into folders here")
        done = subprocess.run([sys.executable, "-c", _BREAK.format(way)], cwd=tmp_path, check=False)
    assert done.returncode == -6
    assert cores.files(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_DUMPABLE is Linux's")
@pytest.mark.parametrize(("way", "dumpable"), [("no_core_dumps", 1), ("closed_to_others", 0)])
def test_nobody_allows_it_again_and_metrics_still_tell_of_the_process(way: str, dumpable: int) -> None:
    done = subprocess.run([sys.executable, "-c", _LOOK.format(way)], capture_output=True, text=True, check=False)
    assert done.stdout == f"(0, 0) {dumpable} for good\n", done.stderr
