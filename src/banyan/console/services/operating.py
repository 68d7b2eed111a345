"""What every service tells operators: streams that wait behind an event, and the proof of its invariants."""

from datetime import datetime
from typing import Any

from pydantic import Field

from banyan.console.services.parts import Part, parts
from banyan.foundation.face.line import Line, Seen
from banyan.foundation.settings import SERVICES


class Waiting(Seen):
    """A stream that waits, by its first event. `behind`: how many more stand behind it."""

    seq: int
    consumer: str
    topic: str = ""
    key: str
    event_id: str
    type: str
    envelope: Any = None
    attempts: int
    next_at: datetime | None = None
    error: str | None = None
    since: datetime
    parked_at: datetime | None = None
    behind: int = 0

    @property
    def parked(self) -> bool:
        """Whether it waits for an operator, and not for its next try."""
        return self.parked_at is not None


class _Streams(Seen):
    items: tuple[Waiting, ...]


class Finding(Seen):
    """One check: what it promises, how many violations there are, and the first of them."""

    id: str
    promise: str
    violations: int
    rows: tuple[dict[str, Any], ...] = ()


class Proof(Seen):
    """All checks of a service, and when they were made."""

    proved_at: datetime
    findings: tuple[Finding, ...] = Field(validation_alias="items")

    @property
    def broken(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.violations)


def services(line: Line) -> list[str]:
    """Those to be asked: all, without the test bank where there is none."""
    return [name for name in SERVICES if name != "testbank" or line.knows(name)]


async def waiting(line: Line, service: str) -> tuple[Waiting, ...]:
    """Parked ones first."""
    return (await line.get(_Streams, service, "/operate/parked")).items


async def proof(line: Line, service: str) -> Proof:
    """The last proof; a service makes a new one at most once a minute."""
    return await line.get(Proof, service, "/operate/invariants")


async def all_waiting(line: Line) -> dict[str, Part[tuple[Waiting, ...]]]:
    names = services(line)
    return dict(zip(names, await parts(*(waiting(line, name) for name in names)), strict=True))


async def all_proofs(line: Line) -> dict[str, Part[Proof]]:
    names = services(line)
    return dict(zip(names, await parts(*(proof(line, name) for name in names)), strict=True))


async def retry(line: Line, service: str, seq: int) -> None:
    """NotFound when it does not wait any more."""
    await line.send(service, "POST", f"/operate/parked/{seq}/retry")


async def discard(line: Line, service: str, seq: int) -> None:
    """Give it up: it counts as handled. NotFound when it does not wait any more."""
    await line.send(service, "POST", f"/operate/parked/{seq}/discard")
