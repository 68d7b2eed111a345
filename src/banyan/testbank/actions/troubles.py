"""Trouble on purpose: failing, or answering late, where a test token asks for it. Only who asked waits."""

from banyan.foundation.service import Ports
from banyan.kernel.refusals import DeadlinePassed, Refusal
from banyan.testbank import domain, storage
from banyan.testbank.domain import Step, Trouble


async def stumble(ports: Ports, manner: str, step: Step, reference: str) -> None:
    """Fail on purpose, with nothing done: the first times that tok_5xx is asked for something."""
    if domain.TOKENS[manner].troubles(step) is not Trouble.BROKEN:
        return
    async with ports.db.transaction() as tx:
        times = await storage.stumble(tx, f"{step} {reference}")
    if times <= domain.STUMBLES:
        raise Refusal("the bank stumbled over this token", status=500, code="stumbled")


async def linger(ports: Ports, manner: str, step: Step) -> None:
    """Answer late, or too late, where the token asks for it; what was asked is done and committed by now."""
    trouble = domain.TOKENS[manner].troubles(step)
    if trouble is Trouble.SLOW:
        await ports.clock.sleep(domain.SLOW_SECONDS)
    elif trouble is Trouble.LOST:
        await ports.clock.sleep(domain.LOST_SECONDS)
        raise DeadlinePassed("the answer is lost")
