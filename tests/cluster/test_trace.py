"""One order's trace in a cluster: one tree, over every service it went through."""

import aiohttp

from banyan.cluster.running import Cluster
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.stocking import stock
from tests.cluster.collector import Collector, Span

SKU = "TRACE-2"
WANTED = {
    ("gateway", "publish"): False,
    ("orders", "transaction"): True,
    ("orders", "publish orders.OrderPlaced"): True,
    ("inventory", "transaction"): True,
    ("payments", "transaction"): True,
    ("payments", "publish payments."): True,
    ("orders", "react payments."): True,
}


async def test_one_order_is_one_tree_over_http_kafka_and_the_databases(cluster: Cluster, collector: Collector) -> None:
    clock = SystemClock()
    await stock(cluster.data, SKU, 5, env=cluster.env)
    before = len(collector.spans)
    async with aiohttp.ClientSession() as http:
        buyer = Buyer(http, cluster.layout.origin, clock=clock, ids=SystemIds(clock))
        status, order = await buyer.buy(SKU)
    assert status == "confirmed", order
    tree: list[Span] = []
    for _ in range(100):
        tree = _tree_of_the_checkout(collector.spans[before:])
        whole = len({span.id for span in tree} & {span.parent for span in tree}) == len({s.parent for s in tree} - {""})
        if whole and all(_there(tree, *each) for each, wanted in WANTED.items() if wanted):
            break  # each process sends its spans in its own time
        await clock.sleep(0.2)
    names = sorted({f"{span.service}: {span.name}" for span in tree})
    assert [each for each, wanted in WANTED.items() if _there(tree, *each) is not wanted] == [], names
    ids = {span.id for span in tree}
    roots = [span for span in tree if span.parent not in ids]
    assert [(root.service, root.parent) for root in roots] == [("gateway", "")], roots


def _tree_of_the_checkout(spans: list[Span]) -> list[Span]:
    traces = {span.trace for span in spans if span.service == "gateway" and span.name.endswith("/checkout")}
    return [span for span in spans if span.trace in traces]


def _there(tree: list[Span], service: str, name: str) -> bool:
    return any(span.service == service and span.name.startswith(name) for span in tree)
