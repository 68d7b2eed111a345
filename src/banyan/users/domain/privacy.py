"""Archives that people ask for, and erasures: the records this service works with."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ACCOUNT_GONE = "account"  # the step after which nobody knows any more whose it was


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody asked to be forgotten. `steps`: what is done, and when."""

    id: str
    account_id: str
    asked_at: datetime
    due_at: datetime
    steps: dict[str, str] = field(default_factory=dict)
    attempt: int = 0
    waits_for: str = ""
    done_at: datetime | None = None

    @property
    def state(self) -> Literal["waiting", "erasing", "erased"]:
        if ACCOUNT_GONE in self.steps:
            return "erased"
        return "erasing" if self.steps or self.attempt else "waiting"


@dataclass(frozen=True, slots=True)
class Export:
    """An archive that was asked for; `size` in bytes once it is ready."""

    id: str
    account_id: str
    asked_at: datetime
    attempt: int
    ready_at: datetime | None
    expires_at: datetime
    size: int | None
    failed: str | None

    @property
    def state(self) -> Literal["making", "ready", "failed"]:
        if self.ready_at is not None:
            return "ready"
        return "failed" if self.failed else "making"
