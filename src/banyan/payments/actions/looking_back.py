"""Reconciliation as it is shown: runs, differences, the trial balance."""

from typing import Any

from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.kernel.refusals import NotFound
from banyan.payments.storage import reconciliations as kept
from banyan.payments.storage import statements


async def reconciliation(ports: Ports, run: str) -> dict[str, Any]:
    """NotFound when there is no such run."""
    found = await kept.find(ports.db, run)
    if found is None:
        raise NotFound("there is no such reconciliation", code="no_such_reconciliation")
    return found


async def reconciliations(ports: Ports, *, provider: str | None, below: str | None, limit: int) -> list[dict[str, Any]]:
    return await kept.page(ports.db, provider=provider, below=below, limit=limit)


async def differences(
    ports: Ports, *, provider: str | None, below: str | None, only_open: bool, limit: int
) -> list[dict[str, Any]]:
    return await kept.differences(ports.db, provider=provider, below=below, only_open=only_open, limit=limit)


async def trial_balance(ports: Ports) -> list[tuple[str, Money]]:
    return await statements.balance(ports.db)
