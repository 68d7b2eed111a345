"""`banyan gateway`: a configuration is written or refused whole; HAProxy's weights are told, changed, and follow the mover."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from banyan.commands import gateway, opened
from banyan.foundation import settings
from banyan.foundation.db import Db
from banyan.foundation.free_ports import free_port
from banyan.foundation.settings import WrongSettings
from banyan.gateway.render import haproxy
from banyan.gateway.render.runtime import Runtime
from banyan.kernel.refusals import NotFound, Refusal, Unavailable
from tests.backends import haproxy_server
from tests.gateway.render.conftest import plan_of

Fresh = Callable[..., Awaitable[dict[str, str]]]


def said(*words: object, **env: str) -> Result:
    return CliRunner().invoke(gateway.app, [str(word) for word in words], env=env, catch_exceptions=False)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for the whole of its process, which is ours here."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


# ---- render ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["haproxy", "nginx", "istio"])
def test_a_proxys_files_are_written_and_named(tmp_path: Path, kind: str) -> None:
    into = tmp_path / "new" / "proxy"
    done = said("render", kind, "--into", into, "--server", "orders=http://10.0.0.7:8001", "--data-dir", tmp_path)
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == sorted(str(file) for file in into.iterdir())
    assert "10.0.0.7" in "".join(file.read_text() for file in into.iterdir())


def test_servers_are_those_of_the_settings_and_a_named_one_wins(tmp_path: Path) -> None:
    urls = {"BANYAN_ORDERS_URL": "http://10.0.0.1:1", "BANYAN_USERS_URL": "http://10.0.0.2:2"}
    named = ("--server", "orders=http://10.0.0.3:3", "--server", "orders=http://10.0.0.4:4")
    assert said("render", "haproxy", "--into", tmp_path, "--data-dir", tmp_path, *named, **urls).exit_code == 0
    config = (tmp_path / "haproxy.cfg").read_text()
    found = [each for each in ("10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3", "10.0.0.4:4") if each in config]
    assert found == ["10.0.0.2:2", "10.0.0.3:3", "10.0.0.4:4"]
    assert "127.0.0.1:8000" in config  # the gateway, where nobody says otherwise


LEGACY = {"BANYAN_LEGACY_HTTP": "http://10.0.0.9:80", "BANYAN_LEGACY_SHOP": "opencart4"}


def test_a_groups_share_of_the_reads_is_written_into_the_map_of_weights(tmp_path: Path) -> None:
    words = ("render", "haproxy", "--into", tmp_path, "--data-dir", tmp_path)
    assert said(*words, "--weight", "catalog=25", **LEGACY).exit_code == 0
    weights = dict(line.split() for line in (tmp_path / "weights.map").read_text().splitlines())
    assert weights.pop("catalog") == "25"
    assert set(weights.values()) == {"100"}


@pytest.mark.parametrize(
    ("words", "env", "why"),
    [
        (("--server", "carrots=http://10.0.0.1:1"), {}, "carrots is no part of the shop"),
        (("--weight", "catalog=25"), {}, "there is no legacy shop to share with"),
        (("--weight", "catalog=many"), LEGACY, "a weight is given as catalog=25"),
        (("--weight", "catalog=101"), LEGACY, "a weight is a percentage"),
    ],
    ids=["no part", "no legacy shop", "no number", "more than all"],
)
def test_what_cannot_be_rendered_is_refused_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], env: dict[str, str], why: str
) -> None:
    into = tmp_path / "proxy"
    with pytest.raises(WrongSettings, match=why):
        said("render", "haproxy", "--into", into, "--data-dir", tmp_path, *words, **env)
    assert not into.exists()


def test_a_proxy_of_another_kind_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = said("render", "squid", "--into", tmp_path / "proxy")
    assert done.exit_code == 2
    assert "haproxy, nginx, istio" in done.output
    assert not (tmp_path / "proxy").exists()


# ---- weights --------------------------------------------------------------------------------------------------------


class Running:
    """A real HAProxy on a rendered plan, which can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.files = haproxy.files(plan_of(folder, self.port, dict.fromkeys(SIDES, 9), catalog=10, users=10))
        self.at = f"unix:{folder}/haproxy.sock"
        self._folder = folder
        self.start()

    def start(self) -> None:
        self.proxy = haproxy_server.haproxy(self._folder, self.port, self.files)

    def weights(self) -> dict[str, int]:
        return Runtime(self.at).weights()


SIDES = ("gateway", "legacy", "orders", "payments")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.proxy.stop()


def test_weights_are_shown_and_one_is_changed_without_touching_the_others(proxy: Running) -> None:
    before = proxy.weights()
    assert json.loads(said("weights", "--haproxy", proxy.at, "--json").stdout) == before
    assert said("weights", "catalog", 25, "--haproxy", proxy.at).stdout == "catalog: 25 % (before: 10 %)\n"
    assert proxy.weights() == before | {"catalog": 25}
    done = said("weights", "catalog", 0, "--haproxy", proxy.at, "--json")
    assert json.loads(done.stdout) == {"group": "catalog", "before": 25, "weight": 0}
    rows = [line.split() for line in said("weights", "--haproxy", proxy.at).stdout.splitlines() if line.strip()]
    assert ["catalog", "0"] in rows
    assert rows[0] == ["group", "percent"]


@pytest.mark.parametrize(
    "words",
    [("catalog",), ("catalog", 25, "--follow"), ("catalog", 101), ("catalog", "many")],
    ids=["no percent", "and follow", "more than all", "no number"],
)
def test_half_an_order_changes_nothing(proxy: Running, words: tuple[object, ...]) -> None:
    before = proxy.weights()
    assert said("weights", *words, "--haproxy", proxy.at).exit_code == 2
    assert proxy.weights() == before


def test_a_group_it_does_not_have_and_a_proxy_that_is_not_there_are_refused(proxy: Running, tmp_path: Path) -> None:
    before = proxy.weights()
    with pytest.raises(NotFound, match=r"no weight for carrots; it has .*catalog"):
        said("weights", "carrots", 25, "--haproxy", proxy.at)
    assert proxy.weights() == before
    with pytest.raises(Unavailable, match="HAProxy does not answer"):
        said("weights", "--haproxy", f"unix:{tmp_path}/nobody.sock")
    with pytest.raises(WrongSettings, match="unix:/path or tcp:host:port"):
        said("weights", "--haproxy", "haproxy.sock")


# ---- weights --follow -----------------------------------------------------------------------------------------------


@pytest.fixture
async def mover(fresh: Fresh, tmp_path: Path) -> AsyncIterator[tuple[Db, dict[str, str]]]:
    """A mover's database with two groups, and the settings by which it is reached."""
    urls = await fresh("bus", "move")
    env = {"BANYAN_MOVE_DATABASE_URL": urls["move"], "BANYAN_BUS_URL": urls["bus"], "BANYAN_DATA_DIR": str(tmp_path)}
    async with opened(settings.read(env), "move") as process:
        db = process.shop.ports["move"].db
        await db.execute(
            "INSERT INTO groups (name, state, weight) VALUES ('catalog', 'verified', 40), ('carrots', 'verified', 7)"
        )
        yield db, env


@asynccontextmanager
async def following(proxy: Running, env: dict[str, str]) -> "AsyncIterator[asyncio.subprocess.Process]":
    """The command as a process, ended in order."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", "gateway", "weights", "--follow", "--haproxy", proxy.at),
        env=own | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def until(proxy: Running, **wanted: int) -> None:
    """Until HAProxy has these weights."""
    async with asyncio.timeout(30):
        while not wanted.items() <= (await asyncio.to_thread(known, proxy)).items():
            await asyncio.sleep(0.05)


def known(proxy: Running) -> dict[str, int]:
    try:
        return proxy.weights()
    except Refusal:
        return {}


async def test_haproxy_follows_the_mover_through_a_cutover_a_restart_and_back(
    proxy: Running, mover: tuple[Db, dict[str, str]]
) -> None:
    db, env = mover
    before = proxy.weights()
    async with following(proxy, env) as process:
        await until(proxy, catalog=40)
        assert proxy.weights() == before | {"catalog": 40}  # a group that the mover does not have keeps its own
        await db.execute("UPDATE groups SET weight = 60")
        await until(proxy, catalog=60)
        await db.execute("UPDATE groups SET state = 'cutting_over', step = 'C1'")
        await until(proxy, catalog=100)  # while it changes hands already
        proxy.proxy.stop()
        await db.execute("UPDATE groups SET state = 'verified', step = NULL, weight = 5")
        proxy.start()  # on the map as it was rendered
        await until(proxy, catalog=5)
        assert process.returncode is None
    assert process.stdout is not None
    told = (await process.stdout.read()).decode()
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in told
    assert "a weight was changed" in told
    assert proxy.weights() == before | {"catalog": 5}  # what was said last goes on to hold
