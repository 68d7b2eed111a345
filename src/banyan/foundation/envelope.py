"""An event on its way: the CloudEvents 1.0 attributes around a fact's own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banyan.contracts import EVENTS, Event


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the bus carries. `key` orders: facts of one key arrive in the order they were told."""

    id: str
    type: str  # owner.Name
    key: str
    time: datetime
    data: dict[str, Any]
    traceparent: str = ""

    @property
    def owner(self) -> str:
        return self.type.partition(".")[0]

    @property
    def topic(self) -> str:
        """The owner's stream: one topic per service."""
        return self.owner

    def event(self) -> Event | None:
        """The fact itself; None when this version knows no such type. ValidationError when it does not fit."""
        known = EVENTS.get(self.type)
        return known.model_validate(self.data) if known else None

    def cloud_event(self) -> dict[str, Any]:
        """CloudEvents 1.0 in structured JSON mode."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": f"/banyan/{self.owner}",
            "subject": self.key,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": self.data,
            **({"traceparent": self.traceparent} if self.traceparent else {}),
        }
