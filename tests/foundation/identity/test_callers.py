"""Who may ask what: the table names every call and every service that asks, and holds in one process and over a socket."""

import ast
from pathlib import Path

import pytest
from fastapi import APIRouter

from banyan.contracts import CALLS, callers, catalog, inventory, moving, orders, payments, privacy, users, vault  # noqa: F401  (their calls are known then)
from banyan.contracts import legacy as taking
from banyan.foundation import loopback
from banyan.foundation.edge import Edge
from banyan.foundation.peers import CALL_PATH, Peers
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.foundation.settings import APART, FACES
from banyan.foundation.settings import SERVICES as TOGETHER
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Refusal
from tests.conftest import OpenShop
from tests.gateway.conftest import Served, served  # noqa: F401  (a fixture)

SERVICES = (*TOGETHER, *APART)
SOURCE = Path(callers.__file__).parents[1]
OURS = {name: kind for name, kind in CALLS.items() if kind.__module__.startswith("banyan.")}
PARTS = sorted({*SERVICES, *FACES, callers.LAMBDA, callers.SHOP})


def test_every_call_has_a_row_and_every_row_a_call() -> None:
    assert set(OURS) == {name for name in callers.CALLERS if name.partition(".")[0] in SERVICES}


def test_the_table_names_nobody_who_is_not_there() -> None:
    assert set().union(*(callers.CALLERS[name] for name in OURS)) <= set(PARTS)
    assert {*TOGETHER, *FACES, callers.SHOP} == callers.EVERYBODY, "the vault asks nobody"


def _asks() -> dict[str, set[str]]:
    """Call → who mentions it in its code, the owner's answering left out: `TAKE[…]` of the mover is each of its calls."""
    tables = {"TAKE": taking.TAKE, "HAND_OVER": taking.HAND_OVER, "TENURE": taking.TENURE}
    found: dict[str, set[str]] = {name: set() for name in OURS}
    by_class = {kind.__name__: name for name, kind in OURS.items()}
    for part in (*SERVICES, *FACES):
        for file in (SOURCE / part).rglob("*.py"):
            text = file.read_text("utf-8")
            if not any(word in text for word in (*by_class, *tables)):
                continue
            nodes = list(ast.walk(ast.parse(text)))
            made = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            taken = {
                node.value.id for node in nodes if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
            }
            kinds = {each.__name__ for table in taken & set(tables) for each in tables[table].values()}
            for name in (made | kinds) & set(by_class):
                found[by_class[name]].add(part)
    return found


def test_the_table_is_what_the_code_asks() -> None:
    for name, askers in _asks().items():
        named = callers.CALLERS[name]
        if named is not callers.EVERYBODY and name != "inventory.FeedStock":
            owner = name.partition(".")[0]
            assert askers - {owner} == named - {owner}, name


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop) -> Shop:
    """Every service with its own calls, each answered by Conflict: who gets that far may ask."""

    async def reached(_: Ports, __: object) -> None:
        raise Refusal("reached", code="reached", status=418)

    def service(name: str) -> Service:
        calls = {kind: reached for kind in OURS.values() if name == kind.OWNER}
        return Service(name=name, folder=Path(__file__).parents[1] / "toy", routes=lambda _: APIRouter(), calls=calls)

    return await open_shop(*(service(name) for name in SERVICES), peer_secret="between us")


async def _code(peers: Peers, name: str) -> str:
    """What became of the question."""
    try:
        await peers.ask(OURS[name].model_construct())
    except Refusal as refusal:
        return refusal.code
    return "answered"


@pytest.mark.parametrize("caller", sorted(set(PARTS) - {callers.SHOP}))
async def test_in_one_process_each_is_answered_what_the_table_says(shop: Shop, caller: str) -> None:
    peers = shop.ports[caller].peers if caller in shop.ports else shop.peers.of(caller)
    assert peers.caller == caller
    told = {name: await _code(peers, name) for name in OURS}
    assert told == {name: "reached" if callers.may(caller, name) else "not_allowed" for name in OURS}


@pytest.mark.parametrize("caller", PARTS)
async def test_by_http_each_is_answered_what_the_table_says(shop: Shop, caller: str) -> None:
    """Every caller and every call, through the service's own application."""
    proof = {"x-banyan-peer": shop.peers.of(caller).proof()}
    for name, kind in OURS.items():
        local = shop.peers.local(kind.OWNER)
        assert local is not None
        got = await loopback.request(local.app, "POST", CALL_PATH + name, headers=proof, body=b"{}")
        may = callers.may(caller, name)
        assert (got.json()["code"] == "not_allowed") != may, name
        assert (got.status == 403) != may, name


async def test_an_unknown_name_is_answered_nothing(shop: Shop) -> None:
    for name in OURS:
        assert await _code(shop.peers.of("warehouse"), name) == "not_allowed"


@pytest.fixture(scope="module")
async def urls(shop: Shop, served: Served) -> dict[str, str]:  # noqa: F811
    """Two of them on real sockets."""
    found = {}
    for name in ("inventory", "users"):
        local = shop.peers.local(name)
        assert local is not None
        clock = SystemClock()
        edge = Edge(local.app, name, clock=clock, ids=SystemIds(clock), ready=shop.ready, trust=True)
        found[name] = await served(edge)
    return found


@pytest.mark.parametrize(
    ("caller", "call", "code"),
    [
        ("orders", "inventory.HoldStock", "reached"),
        ("payments", "inventory.HoldStock", "not_allowed"),
        ("gateway", "inventory.SetStock", "not_allowed"),
        ("catalog", "inventory.SetStock", "reached"),
        ("lambda", "inventory.FeedStock", "reached"),
        ("shop", "inventory.SetStock", "not_allowed"),
        ("shop", "users.AskKeys", "reached"),
        ("orders", "users.SignIn", "not_allowed"),
        ("move", "users.SignIn", "reached"),
    ],
)
async def test_over_a_socket_each_is_answered_what_the_table_says(
    urls: dict[str, str], caller: str, call: str, code: str
) -> None:
    kind = OURS[call]
    far = Peers(urls, clock=SystemClock(), secret="between us", caller=caller)
    given = kind.model_construct(**_WHOLE.get(call, {}))
    try:
        with pytest.raises(Refusal) as refused:
            await far.ask(given)
    finally:
        await far.close()
    assert refused.value.code == code


_WHOLE = {
    "inventory.HoldStock": {"cart_id": "crt_1", "lines": ()},
    "inventory.SetStock": {"counts": ()},
    "inventory.FeedStock": {"messages": ()},
    "users.SignIn": {"user_id": "usr_1"},
}
