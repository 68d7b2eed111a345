"""Where peers are installed and run: a scratch folder, commands in it, servers that surely end, and one PostgreSQL."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import asyncpg
from bench.peers.asked import Skipped

from banyan.foundation import embedded

HERE = Path(__file__).parent
NODE = 20  # the oldest major version that the peers on Node run on


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the embedded server, as each kind of client wants to be told."""

    url: str
    sockets: str
    name: str

    @property
    def env(self) -> dict[str, str]:
        return {"PEER_DB_HOST": self.sockets, "PEER_DB_NAME": self.name}


@dataclass(frozen=True, slots=True)
class Ground:
    """One peer's folder below the scratch folder."""

    folder: Path
    patience: float = 10.0  # seconds that a server has to end by itself

    async def run(self, what: str, *command: str, env: Mapping[str, str] | None = None, minutes: float = 20) -> str:
        """Run a command in the folder and return what it said, which is also added to `said.log`; Skipped if it fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), minutes * 60)
        except TimeoutError:
            raise Skipped(f"{what}: not done after {minutes:.0f} minutes") from None
        finally:
            await end(process, self.patience)
        text = said.decode(errors="replace")
        with (self.folder / "said.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{text}\n")
        if process.returncode:
            raise Skipped(f"{what} failed: {telling(text)} (all of it in {self.folder / 'said.log'})")
        return text

    @contextlib.asynccontextmanager
    async def server(self, name: str, *command: str, env: Mapping[str, str]) -> AsyncIterator[int]:
        """A server's process while the block runs; it and all that it started are gone afterwards."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.folder,
                env={**os.environ, **env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process.pid
        finally:
            await end(process, self.patience)

    async def answers(self, name: str, pid: int, url: str, seconds: float = 180) -> None:
        """Wait until a server answers 200; Skipped with its last words if it dies or never does."""
        ends = asyncio.get_running_loop().time() + seconds
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            while asyncio.get_running_loop().time() < ends:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(url) as answer:
                        if answer.status == 200:
                            return
                if _ended(pid):
                    break
                await asyncio.sleep(0.2)
        said = (self.folder / f"{name}.log").read_text(errors="replace")
        raise Skipped(f"{name} did not start: {telling(said)}")

    def put(self, source: Path, *names: str) -> None:
        """Copy files that a user of the peer would have written."""
        for name in names:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, self.folder / name)

    def done(self, what: str, version: str) -> bool:
        """Whether that was done here before in the same way."""
        mark = self.folder / f"{what}.done"
        return mark.exists() and mark.read_text() == version

    def mark(self, what: str, version: str) -> None:
        (self.folder / f"{what}.done").write_text(version)


def telling(text: str) -> str:
    """The line that tells most of why a program failed: one with a reason, else the last with an error, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for sign in ("reason:", "error:", "error"):
        found = [line for line in lines if sign in line.lower()]
        if found:
            return found[-1][:160]
    return lines[-1][:160] if lines else "it said nothing"


async def end(process: "asyncio.subprocess.Process", patience: float) -> None:
    """End a process and its whole group: politely, then surely. Safe to repeat."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
        if not await _group_left(process.pid, patience if number == signal.SIGTERM else 1):
            return


async def _group_left(group: int, patience: float) -> bool:
    for _ in range(int(patience / 0.1)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        await asyncio.sleep(0.1)
    return True


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def node() -> str:
    """Where node is; Skipped if there is none, or none that is new enough."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        raise Skipped(f"needs Node.js {NODE} or newer with npm, and there is none on the PATH")
    process = await asyncio.create_subprocess_exec(found, "--version", stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if int(said.decode().lstrip("v").split(".")[0]) < NODE:
        raise Skipped(f"needs Node.js {NODE} or newer, and this is {said.decode().strip()}")
    return found


@contextlib.asynccontextmanager
async def postgres(folder: Path) -> AsyncIterator[str]:
    """The embedded server that the peers share, with the settings that ours has; stopped afterwards."""
    running = await asyncio.to_thread(embedded.start, folder)
    try:
        yield running.url
    finally:
        await asyncio.to_thread(running.stop)


@contextlib.asynccontextmanager
async def bridge(base: Database) -> AsyncIterator[int]:
    """A TCP port of this machine that leads to the database's socket, for programs that know nothing else."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{base.sockets}/.s.PGSQL.5432")
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def postmaster(data_dir: Path) -> int:
    """The process number of the embedded server of a data folder."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


async def database(server: str, name: str, *, fresh: bool) -> Database:
    """A database of this name, made if it is not there; `fresh` empties one that is."""
    con: Any = await asyncpg.connect(server)
    try:
        if fresh:
            await con.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if fresh or not await con.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await con.execute(f'CREATE DATABASE "{name}"')
    finally:
        await con.close()
    parts = urlsplit(server)
    sockets = parse_qs(parts.query)["host"][0]
    return Database(parts._replace(path=f"/{name}").geturl(), sockets, name)


async def settle(server: str) -> None:
    """Have everything vacuumed, analyzed and on disk, so that filling a shop costs nothing while it is measured."""
    con: Any = await asyncpg.connect(server)
    names = [row[0] for row in await con.fetch("SELECT datname FROM pg_database WHERE datallowconn")]
    for name in names:
        there: Any = await asyncpg.connect(urlsplit(server)._replace(path=f"/{name}").geturl())
        await there.execute("VACUUM ANALYZE")
        await there.close()
    await con.execute("CHECKPOINT")
    await con.close()
