"""One cluster for all tests of this run, its spans collected; a folder of a test's own that a database's user can reach."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from banyan.cluster.engines.program import DidNotStart, NotHere
from banyan.cluster.layout import Layout
from banyan.cluster.running import Cluster
from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from tests.cluster.collector import Collector


def _scratch() -> Path:
    made = Path(tempfile.mkdtemp(prefix="banyan-cluster-"))
    made.chmod(0o755)
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    made = _scratch()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="package")
async def collector() -> AsyncIterator[Collector]:
    made = Collector(free_port())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="package")
async def cluster(collector: Collector) -> AsyncIterator[Cluster]:
    """Two copies of every service on Kafka, Redis, OpenSearch and two PostgreSQL servers, behind HAProxy."""
    made, clock = _scratch(), SystemClock()
    running = Cluster(Layout.of(made, free_port(), 2, SystemIds(clock)), clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "500")
        try:
            await running.start(rate_limits="false")
            yield running
        except NotHere as missing:
            pytest.skip(str(missing))
        except DidNotStart:
            for log in sorted((made / "parts").glob("*.log")):
                print(log.name, log.read_text(errors="replace")[-400:])
            raise
        finally:
            await running.stop()
            shutil.rmtree(made, ignore_errors=True)
