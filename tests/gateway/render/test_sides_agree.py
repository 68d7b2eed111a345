"""HAProxy and nginx send every visitor to the side that our own split chooses, and change sides as it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from banyan.foundation.free_ports import free_port
from banyan.foundation.settings import WrongSettings
from banyan.gateway.legacy.sides import Visitors, choose
from banyan.gateway.render import haproxy, nginx
from banyan.gateway.render.runtime import Runtime
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import Invalid, NotFound, Unavailable
from tests.backends import haproxy_server, nginx_server
from tests.gateway.render.conftest import ask, get, plan_of

N = 20_000


@pytest.fixture(scope="module")
def visitors() -> list[str]:
    """Names as our gateway gives them, and some that a browser may have made up."""
    named = Visitors(SeededIds(SystemClock(), 11))
    return [named.new() for _ in range(N - 4)] + ["x", "a b", "0" * 200, "~!*'()"]


@dataclass
class Ready:
    """A proxy that can be told another weight of the catalogue."""

    port: int
    folder: Path
    sides: dict[str, int]
    kind: str

    def weigh(self, percent: int) -> None:
        if self.kind == "haproxy":
            Runtime(f"unix:{self.folder}/{haproxy.SOCKET}").set("catalog", percent)
            return
        plan = plan_of(self.folder, self.port, self.sides, catalog=percent)
        for name, text in nginx.files(plan).items():
            (self.folder / name).write_text(text)
        nginx_server.reload(self.folder)

    def chosen(self, visitors: list[str]) -> list[str]:
        answers = ask(self.port, [get(visitor=each) for each in visitors])
        assert {each.status for each in answers} == {200}
        return ["new" if each.side == "gateway" else each.side for each in answers]

    def settled(self, visitors: list[str], percent: int) -> list[str]:
        """What holds after the change. HAProxy's is there at once; nginx's old workers take some more connections."""
        for _ in range(1 if self.kind == "haproxy" else 100):
            found = self.chosen(visitors)
            if found == [ours(each, percent) for each in visitors]:
                break
        return found


@pytest.fixture(scope="module", params=["haproxy", "nginx"])
def proxy(
    request: pytest.FixtureRequest, sides: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ready]:
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    plan = plan_of(folder, port, sides, catalog=10)
    if request.param == "haproxy":
        running = haproxy_server.haproxy(folder, port, haproxy.files(plan))
    else:
        running = nginx_server.nginx(folder, port, nginx.files(plan))
    yield Ready(port, folder, sides, request.param)
    running.stop()


def ours(visitor: str, percent: int) -> str:
    return choose(visitor, {"new": percent, "legacy": 100 - percent})


def test_every_visitor_has_the_side_that_our_split_says_and_more_weight_only_brings_visitors(
    proxy: Ready, visitors: list[str]
) -> None:
    ten = proxy.chosen(visitors)
    assert ten == [ours(each, 10) for each in visitors]
    proxy.weigh(25)
    more = proxy.settled(visitors, 25)
    assert more == [ours(each, 25) for each in visitors]
    moved = {(before, after) for before, after in zip(ten, more, strict=True) if before != after}
    assert moved == {("legacy", "new")}
    assert abs(more.count("new") / N * 100 - 25) <= 0.5


@pytest.mark.parametrize("percent", [1, 33, 50, 99, 100])
def test_the_sides_agree_at_any_weight(proxy: Ready, visitors: list[str], percent: int) -> None:
    proxy.weigh(percent)
    assert proxy.settled(visitors[:1000], percent) == [ours(each, percent) for each in visitors[:1000]]


def test_without_weight_nobody_is_left_on_our_side(proxy: Ready, visitors: list[str]) -> None:
    proxy.weigh(1)
    assert "new" in proxy.settled(visitors[:1000], 1)
    proxy.weigh(0)
    assert set(proxy.settled(visitors[:1000], 0)) == {"legacy"}


def test_weights_change_under_traffic_without_a_failed_request(proxy: Ready, visitors: list[str]) -> None:
    failed: list[BaseException] = []
    asked, over = 0, Event()

    def traffic() -> None:
        nonlocal asked
        try:
            while not over.is_set():
                asked += len(proxy.chosen(visitors[:50]))
        except BaseException as error:
            failed.append(error)

    shoppers = [Thread(target=traffic) for _ in range(3)]
    for each in shoppers:
        each.start()
    for percent in (5, 60, 20, 90, 10):
        proxy.weigh(percent)
        assert proxy.settled(visitors[:400], percent) == [ours(each, percent) for each in visitors[:400]]
    over.set()
    for each in shoppers:
        each.join()
    assert failed == []
    assert asked >= 150


def test_a_weight_is_kept_for_the_next_start(proxy: Ready) -> None:
    if proxy.kind != "haproxy":
        pytest.skip("nginx has its weights in its configuration")
    runtime = Runtime(f"unix:{proxy.folder}/{haproxy.SOCKET}")
    before = runtime.weights()["catalog"]
    assert runtime.set("catalog", 42) == before
    assert runtime.weights() == {"catalog": 42, "orders": 100, "users": 100}
    assert sorted((proxy.folder / haproxy.WEIGHTS).read_text().split("\n")) == [
        "",
        "catalog 42",
        "orders 100",
        "users 100",
    ]
    for wrong, refusal in ((("catalog", 101), Invalid), (("carrots", 5), NotFound)):
        with pytest.raises(refusal):
            runtime.set(*wrong)
    assert runtime.weights()["catalog"] == 42


def test_a_haproxy_that_is_not_there_is_said_to_be_away(tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path}/none", f"tcp:127.0.0.1:{free_port()}"):
        with pytest.raises(Unavailable, match="does not answer"):
            Runtime(address).weights()
    for address in ("/tmp/x", "http://127.0.0.1", "tcp:here"):
        with pytest.raises(WrongSettings):
            Runtime(address)
