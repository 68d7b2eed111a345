"""A proxy on a rendered configuration does what our gateway does at its door: whose a path is, who may say what, what is
hidden, what is asked twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from banyan import topology
from banyan.foundation.free_ports import free_port
from banyan.foundation.settings import WrongSettings
from banyan.gateway.headers import Safety
from banyan.gateway.legacy.sides import Visitors
from banyan.gateway.render import Plan, Server, Split, haproxy, nginx
from banyan.gateway.routes import Routes
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds
from tests.backends import haproxy_server, nginx_server
from tests.gateway.legacy.conftest import RULES
from tests.gateway.render.conftest import PRODUCT, get, one, plan_of, side

Started = Callable[..., int]


@pytest.fixture(scope="module", params=["haproxy", "nginx"])
def started(
    request: pytest.FixtureRequest, sides: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """A proxy on a plan; its port. The same plan is the same proxy."""
    running: dict[str, tuple[haproxy_server.Proxy, int]] = {}

    def start(**given: object) -> int:
        key = repr(given)
        if key not in running:
            folder, port = tmp_path_factory.mktemp(request.param), free_port()
            plan = plan_of(folder, port, sides, **given)  # type: ignore[arg-type]
            if request.param == "haproxy":
                running[key] = haproxy_server.haproxy(folder, port, haproxy.files(plan)), port
            else:
                running[key] = nginx_server.nginx(folder, port, nginx.files(plan)), port
        return running[key][1]

    start.kind = request.param  # type: ignore[attr-defined]
    yield start
    for proxy, _ in running.values():
        proxy.stop()


@pytest.fixture(scope="module")
def legacy_one() -> str:
    """Somebody on the legacy shop's side at 25 percent."""
    visitors = Visitors(SeededIds(SystemClock(), 3))
    return next(name for name in (visitors.new() for _ in range(9)) if int(name[:2]) >= 25)


PATHS = (
    *(
        "/v1/orders",
        "/v1/orders/ord_1",
        "/v1/orders/",
        "/v1/payments/pay_1",
        "/v1/me/payment-methods/x",
        "/v1/carts?a=b",
    ),
    *(
        "/v1/me",
        "/v1/products/prd_1",
        "/graphql",
        "/docs",
        "/webhooks/bank",
        "/",
        "/p/mug",
        "/v1/ordersx",
        "/v1/menu",
        "/v1",
    ),
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_whose_the_gateways_table_says(started: Started, path: str) -> None:
    found = Routes({**topology.ROUTES, "/graphql": "gateway", "/docs": "gateway"}).find(
        path.partition("?")[0].rstrip("/") or "/"
    )
    wanted = "404" if found is None else found.service if found.service in ("orders", "payments") else "gateway"
    assert side(started(legacy=""), get(path)) == wanted


HIDDEN = ("/internal/calls/orders.X", "/internal", "/%69nternal/calls/x", "/metrics", "/readyz", "/livez")
ODD = ("//internal/calls/x", "/v1/../internal/x", "/v1//orders", "/v1/orders%2fx", "/v1/./orders", "/v1/orders/%5cx")


@pytest.mark.parametrize(("path", "status"), [(each, "404") for each in HIDDEN] + [(each, "400") for each in ODD])
def test_what_services_say_to_each_other_is_not_reached_however_it_is_spelt(
    started: Started, path: str, status: str
) -> None:
    assert side(started(legacy=""), get(path)) == status


def test_who_plays_a_peer_is_told_that_nothing_is_there(started: Started) -> None:
    assert side(started(legacy=""), get("/v1/orders", more="X-Banyan-Peer: orders.1.abc\r\n")) == "404"


def test_callers_do_not_say_who_they_are_and_traces_pass(started: Started) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    lies = ("X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil", "Forwarded: for=9.9.9.9")
    lies += (
        "X-Real-IP: 9.9.9.9",
        "X-Deadline: 99999999999",
        "X-Banyan-Held: 7",
        "X-Forwarded-Client-Cert: URI=spiffe://x",
    )
    more = "".join(f"{each}\r\n" for each in (*lies, f"traceparent: {trace}", "X-Request-Id: req-7"))
    status, _, heard = one(started(legacy=""), get("/v1/payments/x", more=more))
    assert status == 200
    told = dict(line.split(": ", 1) for line in heard.lower().splitlines() if ": " in line)
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "https"
    assert told["x-forwarded-host"] == "shop.example" == told["host"]
    assert (told["traceparent"], told["x-request-id"]) == (trace, "req-7")
    assert not {"forwarded", "x-real-ip", "x-deadline", "x-banyan-held", "x-forwarded-client-cert"} & set(told)
    _, _, heard = one(started(legacy=""), get("/v1/payments/x"))
    assert "x-request-id: " in heard.lower()


def test_what_a_service_does_not_say_about_safety_is_said_for_it(started: Started) -> None:
    _, head, _ = one(started(legacy=""), get("/v1/orders", cookie="a=b"))
    for name, value in Safety("https://shop.example").added([], "/v1/"):
        assert head.count(f"{name.decode()}: {value.decode().lower()}") == 1
    _, head, _ = one(started(legacy=""), get("/graphql"))
    assert "content-security-policy" not in head  # the gateway's own answer is left alone


def test_reads_of_the_legacy_shops_visitors_pass_the_gateway_by_and_nothing_else_does(
    started: Started, legacy_one: str
) -> None:
    port = started(catalog=25)
    assert side(port, get(PRODUCT, legacy_one)) == "legacy"
    assert side(port, get(PRODUCT, legacy_one, method="HEAD")) == "legacy"
    assert side(port, get("/", legacy_one)) == "legacy"
    through = {
        "a first visit": get(PRODUCT),
        "a write": get(PRODUCT, legacy_one, method="POST", more="Content-Length: 0\r\n"),
        "one who just wrote": get(PRODUCT, legacy_one, cookie="banyan_wrote=catalog"),
        "a page that writes": get("/index.php?route=checkout/checkout", legacy_one),
        "a page of another group": get("/index.php?route=account/account", legacy_one),
        "a page below one": get("/index.php?route=product/product.review", legacy_one),
        "a page nobody described": get("/index.php?route=extension/x", legacy_one),
        "a route said twice": get(PRODUCT + "&route=checkout/checkout", legacy_one),
        "a route said twice, in disguise": get(PRODUCT + "&%72oute=checkout/checkout", legacy_one),
        "a made-up address": get("/mugs/blue-mug", legacy_one),
        "our own page": get("/p/mug", legacy_one),
    }
    assert {name: side(port, request) for name, request in through.items()} == dict.fromkeys(through, "gateway")


def test_the_legacy_shop_does_not_see_our_cookies(started: Started, legacy_one: str) -> None:
    port = started(legacy="payments", catalog=25)
    ours = "OCSESSID=abc; __Host-banyan_session=s; banyan_a=1; lang=en; __Secure-banyan_b=2;banyan_c=3; mybanyan_d=4"
    _, head, heard = one(port, get(PRODUCT, legacy_one, cookie=ours))
    assert "x-side: payments" in head
    cookies = next(line for line in heard.splitlines() if line.lower().startswith("cookie: "))[8:]
    assert [each.strip() for each in cookies.split(";")] == ["OCSESSID=abc", "lang=en", "mybanyan_d=4"]
    _, head, heard = one(port, get(PRODUCT, legacy_one))
    assert "x-side: payments" in head
    assert "cookie" not in heard.lower()


def test_only_what_may_be_asked_twice_is_asked_twice(started: Started) -> None:
    port = started(legacy="", orders=("orders", "spare"))
    path = "/v1/orders/orders.down"  # `orders` closes the connection, `spare` answers
    assert {side(port, get(path)) for _ in range(6)} == {"spare"}
    posted = [side(port, get(path, method="POST", more="Content-Length: 0\r\n")) for _ in range(6)]
    assert set(posted) <= {"502", "spare"}


def test_who_is_not_ready_is_asked_nothing(started: Started) -> None:
    if started.kind != "haproxy":  # type: ignore[attr-defined]
        pytest.skip("nginx does not ask whether servers are ready")
    port = started(legacy="", orders=("orders", "resting"))
    for _ in range(400):
        if {side(port, get("/v1/orders")) for _ in range(10)} == {"orders"}:
            return
    pytest.fail("a server that is not ready goes on being asked")


def test_more_callers_than_files_are_never_let_in(tmp_path: Path, sides: dict[str, int]) -> None:
    plan = replace(plan_of(tmp_path, 8080, sides), files=20_000)
    assert 2 * plan.connections + 200 <= 20_000
    assert f"maxconn {plan.connections} " in haproxy.files(plan)["haproxy.cfg"]


def test_a_plan_that_cannot_be_is_refused(tmp_path: Path) -> None:
    here = {"gateway": [Server("127.0.0.1", 8000)]}
    place = PurePosixPath(tmp_path)
    with pytest.raises(WrongSettings, match="where the gateway listens"):
        Plan(topology.ROUTES, {}, "http://x", place)
    for weights in ({"catalog": 101}, {"carrots": 5}):
        with pytest.raises(WrongSettings):
            Plan(topology.ROUTES, here, "http://x", place, split=Split(here["gateway"], RULES, weights))
    for url in ("ftp://x", "http://u:secret@x", "x:80", "http://x/path"):
        with pytest.raises(WrongSettings) as refused:
            Server.of(url)
        assert "secret" not in str(refused.value)
