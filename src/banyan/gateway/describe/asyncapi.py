"""An AsyncAPI 3.1 document of every fact the services tell, out of the contracts and their golden examples."""

import inspect
import re
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic.json_schema import models_json_schema

from banyan import __version__, contracts
from banyan.contracts import EVENTS, Event
from banyan.contracts.examples import example
from banyan.foundation.envelope import Envelope

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_ID = "evt_01jd3v8m2k7q0x4c9n5b6t1wab"
_TIME = "2026-11-22T09:30:00Z"
_BINDING = "0.5.0"  # of the Kafka binding; topics are named so where the bus's URL names no other prefix
_HEADERS = {
    "type": "object",
    "description": "Of the Kafka record: what routers need not open the payload for.",
    "required": ["content-type", "id", "type"],
    "properties": {
        "content-type": {"type": "string"},
        "id": {"type": "string"},
        "type": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
    },
}
_INTRODUCTION = (
    "Facts are told at least once, and in order per key (the aggregate's id); consumers tell repetitions by `id`. "
    "Contracts only grow: ignore fields you do not know."
)


def facts() -> dict[str, type[Event]]:
    """Every event of the contracts by its type, `orders.OrderPlaced`."""
    for module in iter_modules(contracts.__path__):
        import_module(f"{contracts.__name__}.{module.name}")
    ours = f"{contracts.__name__}."
    return {name: EVENTS[name] for name in sorted(EVENTS) if EVENTS[name].__module__.startswith(ours)}


@cache
def document() -> Json:
    """The document: a channel for each service that tells, a message for each fact."""
    known = facts()
    owners = sorted({name.partition(".")[0] for name in known})
    named, defined = models_json_schema(
        [(kind, "serialization") for kind in known.values()], ref_template=_SCHEMAS + "{model}"
    )
    schemas: Json = {**defined.get("$defs", {}), "CloudEvent": _envelope()}
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Banyan", "version": __version__, "description": _INTRODUCTION},
        "defaultContentType": "application/cloudevents+json",
        "channels": {owner: _channel(owner, [name for name in known if _told_by(owner, name)]) for owner in owners},
        "operations": {
            f"{owner}Tells": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{owner}"},
                "summary": f"What {owner} tells",
                "messages": [
                    {"$ref": f"#/channels/{owner}/messages/{name}"} for name in known if _told_by(owner, name)
                ],
            }
            for owner in owners
        },
        "components": {
            "messages": {name: _message(name, kind, named[(kind, "serialization")]) for name, kind in known.items()},
            "schemas": schemas,
        },
    }


def _told_by(owner: str, name: str) -> bool:
    return name.startswith(f"{owner}.")


def _channel(owner: str, names: list[str]) -> Json:
    return {
        "address": owner,
        "title": owner.capitalize(),
        "description": f"The stream of {owner}: everything it tells, in order per key.",
        "bindings": {"kafka": {"topic": f"banyan.{owner}", "bindingVersion": _BINDING}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _message(name: str, kind: type[Event], schema: Json) -> Json:
    said = inspect.cleandoc(kind.__doc__ or "") or f"{' '.join(re.findall('[A-Z][a-z]*', kind.__name__)).capitalize()}."
    envelope = {
        "allOf": [
            {"$ref": _SCHEMAS + "CloudEvent"},
            {"type": "object", "properties": {"type": {"const": name}, "data": schema}},
        ]
    }
    return {
        "name": name,
        "title": kind.__name__,
        "summary": said.partition("\n")[0],
        "description": f"{said}\n\nKey: `{kind.KEY}`.",
        "contentType": "application/cloudevents+json",
        "headers": _HEADERS,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The aggregate's id: `{kind.KEY}`"},
                "bindingVersion": _BINDING,
            }
        },
        "payload": envelope,
        "examples": [{"name": kind.__name__, "payload": _told(name, kind)}],
    }


def _told(name: str, kind: type[Event]) -> Json:
    """The golden example as it goes over the bus."""
    fact = example(name)
    return Envelope(_ID, name, str(fact[kind.KEY]), datetime.fromisoformat(_TIME), fact).cloud_event()


def _envelope() -> Json:
    """CloudEvents 1.0, JSON format."""
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "description": "The envelope of every fact (CloudEvents 1.0).",
        "required": ["specversion", "id", "type", "source", "subject", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "description": "Tells repetitions: the same fact always has the same id"},
            "type": {**text, "description": "owner.Name"},
            "source": {**text, "description": "/banyan/ and the owner"},
            "subject": {**text, "description": "The key: facts of one key are told in order"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "traceparent": {"type": "string", "description": "W3C Trace Context"},
            "data": {"type": "object"},
        },
    }
