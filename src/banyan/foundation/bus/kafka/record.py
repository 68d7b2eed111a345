"""A fact as a Kafka record: the CloudEvent as JSON, its key the aggregate's id, what routers look at as headers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from banyan.foundation.envelope import Envelope

_TEXTS = ("id", "type", "subject", "time")


class Unreadable(Exception):
    """A record that is no fact of this topic; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be appended to a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def written(envelope: Envelope, topic: str) -> Record:
    """CloudEvents' Kafka binding, structured mode; `id`, `type` and `traceparent` again as headers."""
    headers = [
        ("content-type", b"application/cloudevents+json; charset=UTF-8"),
        ("id", envelope.id.encode()),
        ("type", envelope.type.encode()),
    ]
    if envelope.traceparent:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return Record(topic, envelope.key.encode(), orjson.dumps(envelope.cloud_event()), tuple(headers))


def read(owner: str, value: bytes | None) -> Envelope:
    """The fact in a record of `owner`'s topic. Unreadable when it is none."""
    try:
        told: Any = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise Unreadable("no JSON") from None
    if not isinstance(told, dict) or told.get("specversion") != "1.0":
        raise Unreadable("no CloudEvent of version 1.0")
    for name in _TEXTS:
        if not isinstance(told.get(name), str) or not told[name]:
            raise Unreadable(f"no {name}")
    data, trace = told.get("data"), told.get("traceparent", "")
    if not isinstance(data, dict) or not isinstance(trace, str):
        raise Unreadable("no data")
    try:
        time = datetime.fromisoformat(told["time"])
    except ValueError:
        raise Unreadable("no time") from None
    if time.tzinfo is None:
        raise Unreadable("a time without its zone")
    envelope = Envelope(told["id"], told["type"], told["subject"], time, data, trace)
    if envelope.topic != owner:
        raise Unreadable(f"{envelope.type} on the topic of {owner}"[:200])
    return envelope
