"""JMeter's plan and Locust's file say what the mix says, and what those tools saw is read rightly."""

import ast
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from banyan.trial.outsiders import NotHere, Tool, send, written
from banyan.trial.outsiders.jmeter import plan, shares
from banyan.trial.outsiders.locust import locustfile
from banyan.trial.outsiders.running import seen
from banyan.trial.shoppers import mixes
from banyan.trial.shoppers.mixes import Mix

BENCH = Path(__file__).parents[2] / "bench"
JMX, LOCUST = BENCH / "jmeter" / "banyan-day.jmx", BENCH / "locust" / "locustfile.py"


@pytest.fixture(params=mixes.known())
def mix(request: pytest.FixtureRequest) -> Mix:
    return mixes.read(request.param)


def constants(text: str) -> dict[str, object]:
    """The numbers at the top of a Locust file."""
    body = ast.parse(text).body
    names = {"SHARES", "THINK", "PHASES", "SKEW", "HOT"}
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names
    }


def test_the_files_in_bench_are_those_of_the_day() -> None:
    day = mixes.read("day")
    assert JMX.read_text() == plan(day), "write them anew with outsiders.written"
    assert LOCUST.read_text() == locustfile(day)


def test_a_jmeter_plan_lets_each_act_through_as_often_as_the_mix_says(mix: Mix) -> None:
    assert shares(list(ET.fromstring(plan(mix)).iter())) == pytest.approx(dict(mix.shares))


def test_a_locust_file_has_the_mix_in_it(mix: Mix) -> None:
    assert constants(locustfile(mix)) == {
        "SHARES": dict(mix.shares),
        "THINK": mix.think,
        "PHASES": [(phase.seconds, phase.times) for phase in mix.phases],
        "SKEW": mix.skew,
        "HOT": mix.hot,
    }


def test_a_plan_knows_its_shop_and_every_element_has_a_place_for_its_children(tmp_path: Path) -> None:
    made = written(Tool.JMETER, mixes.read("day"), "http://127.0.0.5:8123", 77, tmp_path / "own.jmx")
    text = made.read_text()
    for said in ("${__P(host,127.0.0.5)}", "${__P(port,8123)}", "${__P(shoppers,77)}", "${__P(seconds,300)}"):
        assert said in text
    for tree in ET.fromstring(text).iter("hashTree"):
        assert [child.tag == "hashTree" for child in tree] == [False, True] * (len(tree) // 2)


async def test_without_the_tool_its_plan_is_written_and_how_to_get_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotHere, match=r"own.py is written, but locust is not on PATH.*pip install locust"):
        await send(tmp_path, Tool.LOCUST, mixes.read("day"), 5, products=1, workers=1, file=tmp_path / "own.py")
    assert constants((tmp_path / "own.py").read_text())


def test_what_jmeter_saw_is_a_line_for_each_request(tmp_path: Path) -> None:
    lines = ["timeStamp,elapsed,label,responseCode,success", "1,900,look around,200,true"]
    lines += [f"1,{each},product,200,true" for each in range(1, 101)] + ["1,40,cart,503,false"]
    (tmp_path / "r.jtl").write_text("\n".join(lines))
    product, cart = seen(Tool.JMETER, tmp_path / "r.jtl")
    assert (product.name, product.requests, product.p50, product.p99, product.failed) == ("product", 100, 51, 100, 0)
    assert (cart.name, cart.requests, cart.failed) == ("cart", 1, 1)


def test_what_locust_saw_of_an_act_is_added_up_over_its_methods(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(
        "Type,Name,Request Count,Failure Count,50%,90%,95%,99%\n"
        "POST,cart,20,1,9,12,20,30\nPUT,cart,10,0,11,13,15,40\nGET,list,0,0,N/A,N/A,N/A,N/A\n,Aggregated,30,1,9,12,20,30\n"
    )
    (cart,) = seen(Tool.LOCUST, tmp_path / "s.csv")
    assert (cart.requests, cart.failed, cart.p50, cart.p95, cart.p99) == (30, 1, 11, 20, 40)
