"""What can be heard of a Debezium connector: its newest events, its topics, and its settings where we are told them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from banyan.kernel.refusals import Unavailable
from banyan.move.assess.hazards import Unseen
from banyan.move.binlog import Halt
from banyan.move.debezium.looking import Look, look

_SECONDS = 5.0


@dataclass(frozen=True)
class Heard:
    """`settings` is None where nobody gave us them; `prefix` is what our topics are said to begin with ('' for a file)."""

    look: Look | None = None
    away: str = ""  # why nothing could be read
    broken: str = ""  # what is wrong with the file of events
    prefix: str = ""
    settings: Mapping[str, str] | None = None
    stopped: tuple[str, ...] = ()  # of the connector and its tasks: what does not run, and why
    elsewhere: str = ""  # why its events are those of another server
    unseen: tuple[Unseen, ...] = field(default=())


async def hear(stream: str, connector: str = "") -> Heard:
    """Listen to BANYAN_LEGACY_STREAM, and read the settings at `connector`: its URL in Kafka Connect, or a file."""
    seen, away, broken = None, "", ""
    try:
        seen = await look(stream)
    except Unavailable as error:
        away = error.detail
    except Halt as halt:
        broken = halt.reason
    prefix = urlsplit(stream).path.strip("/") if stream.startswith("kafka:") else ""
    settings, stopped, unseen = None, tuple[str, ...](), []
    if not connector:
        unseen.append(
            Unseen("the connector's settings", "say where they are: --connector URL-in-Kafka-Connect or FILE")
        )
    else:
        try:
            settings, stopped = await _told_at(connector)
        except (OSError, ValueError, aiohttp.ClientError, TimeoutError) as error:
            unseen.append(Unseen("the connector's settings", f"{_shown(connector)}: {error or type(error).__name__}"))
    return Heard(seen, away, broken, prefix, settings, stopped, unseen=tuple(unseen))


async def _told_at(connector: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    if not connector.startswith(("http://", "https://")):
        return settings_in(await asyncio.to_thread(Path(connector).read_text, "utf-8")), ()
    url = connector.rstrip("/").removesuffix("/config")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS), raise_for_status=True) as session:
        async with session.get(f"{url}/config") as answer:
            settings = _flat(await answer.json(content_type=None))
        async with session.get(f"{url}/status") as answer:
            return settings, _stopped(await answer.json(content_type=None))


def settings_in(text: str) -> Mapping[str, str]:
    """Of a JSON file as it is posted to Kafka Connect, or of a file of properties (Debezium Server's too). ValueError."""
    if text.lstrip().startswith("{"):
        return _flat(orjson.loads(text))
    lines = (line.strip() for line in text.splitlines())
    named = (line.partition("=")[::2] for line in lines if line and line[0] not in "#!")
    return {name.strip().removeprefix("debezium.source."): value.strip() for name, value in named}


def _flat(said: Any) -> Mapping[str, str]:
    inner = said.get("config", said) if isinstance(said, dict) else None
    if not isinstance(inner, dict):
        raise ValueError("there are no settings of a connector")  # noqa: TRY004  # it is the file that is wrong
    return {str(name): str(value).lower() if isinstance(value, bool) else str(value) for name, value in inner.items()}


def _stopped(status: Any) -> tuple[str, ...]:
    parts = {"the connector": status.get("connector", {})}
    parts |= {f"its task {task.get('id')}": task for task in status.get("tasks") or ()}
    found = []
    for name, part in parts.items():
        if part.get("state") != "RUNNING":
            trace = str(part.get("trace") or "").strip().splitlines()
            found.append(f"{name} is {part.get('state', 'unknown')}" + (f": {trace[0][:200]}" if trace else ""))
    return (*found, *(["it has no task"] if not status.get("tasks") else []))


def _shown(connector: str) -> str:
    """Where it is, without a password."""
    host = urlsplit(connector).hostname if "://" in connector else None
    return f"Kafka Connect at {host}" if host else connector
