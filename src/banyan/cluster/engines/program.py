"""A program beside us: started with its words in a file, waited for until it listens, ended in order or at once."""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

SECONDS = 60.0
"""So long a program may take to start, and to end."""


class NotHere(Exception):
    """A program that this machine has not; the text says how to get it."""


class DidNotStart(RuntimeError):
    """It ended, or did not listen in time; the text has its last words."""


def listens(at: int | Path) -> bool:
    """Whether somebody does at this port, or at this socket in the file system."""
    family, address = (socket.AF_UNIX, str(at)) if isinstance(at, Path) else (socket.AF_INET, ("127.0.0.1", at))
    with socket.socket(family) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(address) == 0


def needed(*programs: str, package: str) -> None:
    """NotHere where one of these is not installed."""
    for each in programs:
        if shutil.which(each) is None:
            raise NotHere(f"{each} is not installed: on Debian `apt-get install {package}` brings it")


@dataclass(slots=True)
class Program:
    """`command` in a process group of its own, so that Ctrl-C is ours to pass on. `user`: who runs it, if not we.

    `unix_socket`: where it listens besides its port, if it does.
    """

    name: str
    folder: Path
    port: int
    user: str | None = None
    unix_socket: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def begin(self, command: Sequence[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own words)
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=self.user,
                env={**os.environ, **self.env},
            )

    def start(self, command: Sequence[str], seconds: float = SECONDS) -> None:
        """Begin, and wait until it listens. DidNotStart with what it said last."""
        self.begin(command)
        until = monotonic() + seconds
        while monotonic() < until and self.runs:
            if listens(self.port) and (self.unix_socket is None or listens(self.unix_socket)):
                return
            sleep(0.02)
        self.stop(kill=True)
        raise DidNotStart(f"{self.name} did not start: {self.last_words() or 'it said nothing'}")

    def stop(self, *, kill: bool = False, seconds: float = SECONDS) -> None:
        """End it in order, or at once with `kill`; whoever does not end in time is killed. Safe to repeat."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.kill() if kill else process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(seconds)

    def last_words(self, length: int = 600) -> str:
        return self.log.read_text(errors="replace")[-length:].strip() if self.log.exists() else ""
