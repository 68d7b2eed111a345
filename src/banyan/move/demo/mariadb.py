"""A private MariaDB server in a folder of its own, with the binlog as a move needs it. For the demo and for tests."""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import pymysql

from banyan.foundation.free_ports import free_port
from banyan.kernel.refusals import Unavailable

INSTALL = "MariaDB is not installed: on Debian and Ubuntu `apt-get install mariadb-server` brings it (it need not run)"
USER, PASSWORD = "mover", "mover"
_SETTINGS = {
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
    "binlog-row-metadata": "FULL",
    "server-id": "3307",
    "log-bin": "binlog",
    "character-set-server": "utf8mb4",
    "skip-name-resolve": "1",
    "innodb-flush-log-at-trx-commit": "2",  # like a shop that has to be quick; the tests of crashes kill us, not the disk
    "innodb-buffer-pool-size": "256M",
    "max-allowed-packet": "128M",
    "performance-schema": "0",
}


@dataclass
class MariaDb:
    """`settings` are mariadbd's own, added to and overriding ours."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, making its data folder first where there is none. Unavailable where MariaDB is not installed."""
        program, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
        if program is None or install is None:
            raise Unavailable(INSTALL)
        data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = not (data / "mysql").exists()
        user = ["--user=root"] if os.geteuid() == 0 else []
        scratch = self.folder / "tmp"  # of its own: a server that starts clears its temporary tables away, and others'
        scratch.mkdir(exist_ok=True)
        if fresh:
            subprocess.run(  # noqa: S603
                [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
                check=True,
                capture_output=True,
                env={**os.environ, "TMPDIR": str(scratch)},
            )
        self.port = self.port or free_port()
        options = {
            **_SETTINGS,
            "datadir": str(data),
            "port": str(self.port),
            "bind-address": "127.0.0.1",
            "socket": str(self.folder / "s"),
            "pid-file": str(self.folder / "pid"),
            "tmpdir": str(scratch),
            **self.settings,
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [program, "--no-defaults", *user, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_start()
        if fresh:
            with self.connect(user="root", password="") as con, con.cursor() as cursor:
                for host in ("localhost", "127.0.0.1", "%"):
                    cursor.execute(f"CREATE USER '{USER}'@'{host}' IDENTIFIED BY '{PASSWORD}'")
                    cursor.execute(f"GRANT ALL ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION")

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or at once with `kill`."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self._process.wait(30)
        self._process = None

    def url(self, database: str = "") -> str:
        """As BANYAN_LEGACY_URL wants it."""
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def connect(
        self, database: str | None = None, *, user: str = USER, password: str = PASSWORD
    ) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=database, autocommit=True
        )

    def load(self, database: str, dump: Path) -> None:
        """Fill a new database from an SQL file, .gz too."""
        with self.connect() as con, con.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{database}`")
        reader = ["gzip", "-dc", str(dump)] if dump.suffix == ".gz" else ["cat", str(dump)]
        client = shutil.which("mariadb") or "mariadb"
        given = [f"--port={self.port}", "--host=127.0.0.1", f"--user={USER}", f"--password={PASSWORD}", database]
        with subprocess.Popen(reader, stdout=subprocess.PIPE) as source:  # noqa: S603
            subprocess.run([client, "--no-defaults", *given], stdin=source.stdout, check=True)  # noqa: S603

    def _await_start(self) -> None:
        assert self._process is not None
        until = monotonic() + 60
        while monotonic() < until:
            if self._process.poll() is not None:
                told = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-3:]
                raise Unavailable("MariaDB ended at its start: " + " | ".join(told))
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    line.settimeout(1)
                    if line.recv(1):
                        return
            except OSError:
                sleep(0.05)
        raise Unavailable("MariaDB did not start within a minute")
