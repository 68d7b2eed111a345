"""In a mesh the sidecar says who calls, and it is believed only where a mesh is configured."""

import pytest

from banyan.foundation.identity.mesh import named_by_the_mesh
from banyan.foundation.peers import Peers
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Forbidden

PREFIX = "spiffe://cluster.local/ns/banyan/sa/"
ORDERS = f'By={PREFIX}inventory;Hash=ab12;Subject="CN=x,O=y";URI={PREFIX}orders'


@pytest.mark.parametrize(
    "header", [ORDERS, f"URI={PREFIX}orders", f'URI="{PREFIX}orders"', f"Hash=1;URI={PREFIX}orders;DNS=a"]
)
def test_a_caller_has_the_name_of_its_account(header: str) -> None:
    assert named_by_the_mesh(header, PREFIX) == "orders"


STRANGERS = (
    *("", "Hash=1", "URI=", f"URI={PREFIX}", "URI=spiffe://cluster.local/ns/other/sa/orders", f"URI={PREFIX}orders/x"),
    *(f"URI={PREFIX}a;URI={PREFIX}orders", f"URI=spiffe://evil/x,URI={PREFIX}orders", f"URI={PREFIX}orders,{ORDERS}"),
    *(f'Subject=";URI={PREFIX}orders"', f'Subject=";URI={PREFIX}orders;"', f'Subject="a;URI={PREFIX}orders'),
    *(f"XURI={PREFIX}orders", f"By={PREFIX}orders"),
)


@pytest.mark.parametrize("header", STRANGERS)
def test_who_is_not_named_for_sure_is_nobody(header: str) -> None:
    with pytest.raises(Forbidden):
        named_by_the_mesh(header, PREFIX)


def test_the_header_is_believed_in_a_mesh_alone_and_the_proof_outside_of_it() -> None:
    plain = Peers({}, clock=SystemClock(), secret="between us", caller="orders")
    meshed = Peers({}, clock=SystemClock(), caller="inventory", mesh=PREFIX)
    assert meshed.caller_of({"x-forwarded-client-cert": ORDERS}) == "orders"
    assert plain.caller_of({"x-banyan-peer": plain.proof()}) == "orders"
    with pytest.raises(Forbidden):
        plain.caller_of({"x-forwarded-client-cert": ORDERS})
    with pytest.raises(Forbidden):
        meshed.caller_of({"x-banyan-peer": plain.proof()})


def test_a_mesh_without_a_prefix_does_not_start() -> None:
    clock = SystemClock()
    with pytest.raises(WrongSettings, match="BANYAN_MESH_PREFIX"):
        Shop.over(Settings(identity="mesh"), None, clock=clock, ids=SystemIds(clock))  # type: ignore[arg-type]
