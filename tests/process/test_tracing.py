"""One order's spans reach a collector as one tree, by the standard OTEL_* settings and nothing else."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import stock

SKU = "TRACE-1"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="banyan-t-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def test_one_order_is_one_tree_of_spans_from_the_door_to_the_bank_and_the_bus(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans: list[tuple[str, str]] = []  # (trace, name)

    async def collect(request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            for scope in resource.scope_spans:
                spans.extend((span.trace_id.hex(), span.name) for span in scope.spans)
        return web.Response(body=b"", content_type="application/x-protobuf")

    collector, port, clock = web.Application(), free_port(), SystemClock()
    collector.router.add_post("/v1/traces", collect)
    runner = web.AppRunner(collector)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    async with own_shop(folder, clock, options=("--empty",)) as shop, aiohttp.ClientSession() as http:
        await stock(folder, SKU, 5)
        await shop.start()
        buyer = Buyer(http, shop.url, clock=clock, ids=SystemIds(clock))
        status, order = await buyer.buy(SKU)
        assert status == "confirmed"
        async with asyncio.timeout(30):
            while order["payment_status"] != "captured":  # which happens after the answer
                await clock.sleep(0.1)
                _, order = await buyer.call("GET", f"/v1/orders/{order['id']}")
        await clock.sleep(3)  # spans are sent when the shop stops; until then facts find their listeners
    await runner.cleanup()
    [trace] = {trace for trace, name in spans if name == "ask inventory.HoldStock"}
    tree = {name for each, name in spans if each == trace}
    assert {
        "ask catalog.AskItems",
        "ask inventory.HoldStock",
        "ask payments.Authorize",
        "ask inventory.SellStock",
    } <= tree
    assert any(name.startswith("POST /v1/carts/") for name in tree)
    assert any(name.startswith("react payments.") for name in tree), sorted(spans)
