"""What a killed rehearsal left among the temporary files is gone at the next one, and nothing else is."""

import subprocess
import sys
from pathlib import Path

from banyan.commands.move.leftovers import own_folder

_KILLED = """
import os, signal, sys
from pathlib import Path
from banyan.commands.move.leftovers import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "something").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_only_what_bears_our_mark_and_is_held_by_nobody_is_cleared_away(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    [left] = tmp_path.iterdir()
    assert (left / "something").exists()
    theirs = tmp_path / "banyan-rehearsal-of-somebody"
    theirs.mkdir()
    with own_folder(tmp_path) as one:
        assert {*tmp_path.iterdir()} == {one, theirs}
        with own_folder(tmp_path) as two:
            assert {*tmp_path.iterdir()} == {one, two, theirs}
    assert [*tmp_path.iterdir()] == [theirs]
