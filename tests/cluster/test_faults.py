"""A shop of separate services on real engines: nothing acknowledged is lost, whatever is killed."""

import pytest

from banyan.cluster.running import Cluster
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import NotFound
from banyan.trial import faults

STRUCK = ("orders killed", "kafka killed", "redis flushed", "opensearch killed", "primary database killed")


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_or_done_twice_whatever_is_killed(cluster: Cluster) -> None:
    clock = SystemClock()
    chosen = faults.chosen(STRUCK)
    verdict = await faults.fault_trial(cluster, chosen, parallel=4, clock=clock, ids=SystemIds(clock))
    assert verdict.wrong == []
    assert [each.name for each in verdict.struck] == list(STRUCK)
    assert all(each.orders > 0 for each in verdict.struck)
    assert verdict.outcomes["confirmed"] == verdict.acknowledged > 0
    assert verdict.redelivered > 100


def test_a_fault_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"known: gateway killed, .*redis flushed"):
        faults.chosen(("lightning",))
    assert [each.name for each in faults.chosen(())] == list(faults.FAULTS)
