"""`plan`: what the legacy shop is made of, where its boundaries run, and in which order to take its groups out. It only reads."""

import asyncio
from dataclasses import replace
from pathlib import Path

from banyan.kernel.refusals import NotFound
from banyan.move.assess.accesslog import Route, Traffic, read_log
from banyan.move.assess.asking import Asking
from banyan.move.assess.belonging import common_prefix, crossings, groups_of, members, relations
from banyan.move.assess.code import Code, read_tree
from banyan.move.assess.extraction import Facts, order
from banyan.move.assess.found import Knowledge, Survey
from banyan.move.assess.planned import Plan
from banyan.move.assess.profile import Rates, Slow, counted, rates, slow_queries
from banyan.move.assess.survey import survey
from banyan.move.source import Source

SECONDS = 20.0


async def plan(
    source: Source, adapter: Knowledge | None = None, code: Path | None = None, access_log: Path | None = None
) -> Plan:
    """Survey the shop and propose an order. Unavailable when it cannot be reached, NotFound for a folder or file that is not.

    `code` is the shop's PHP tree, `access_log` its web server's log. Some seconds are spent on reading back in the binlog.
    """
    seen, by_server, slow = await asyncio.to_thread(_ask, source, adapter)
    measured = await rates(source, by_server)
    belongs, shared = groups_of(seen, adapter)
    every = relations(seen)
    prefix = adapter.prefix(seen.tables) if adapter else common_prefix(seen.tables)
    read = await asyncio.to_thread(_read_code, code, seen, prefix) if code else None
    traffic = _placed(await asyncio.to_thread(_read_log, access_log), adapter) if access_log else None
    facts = Facts(members(belongs, seen), belongs, crossings(every, belongs), measured, read, traffic)
    return Plan(
        seen=seen,
        facts=facts,
        relations=every,
        shared=shared,
        steps=order(facts),
        adapter_order=adapter.groups if adapter else (),
        prefix=prefix,
        slow=slow,
    )


def _ask(source: Source, adapter: Knowledge | None) -> tuple[Survey, Rates, tuple[Slow, ...]]:
    with source.connect() as con:
        ask = Asking(con, seconds=SECONDS)
        seen = survey(ask, source.name, adapter)
        by_server, slow = counted(ask), slow_queries(ask)
        return replace(seen, unseen=tuple(dict.fromkeys(ask.unseen))), by_server, slow


def _read_code(root: Path, seen: Survey, prefix: str) -> Code:
    try:
        return read_tree(root, seen.tables, prefix)
    except OSError as error:
        raise NotFound(f"--code: {error}") from None


def _read_log(path: Path) -> Traffic:
    try:
        return read_log(path)
    except OSError as error:
        raise NotFound(f"--access-log: {path} cannot be read: {error.strerror or error}") from None


def _placed(traffic: Traffic, adapter: Knowledge | None) -> Traffic:
    """Say of each route which group answers it, where the adapter knows."""
    for route in traffic.routes:
        page = next((p for p in adapter.pages if _fits(route, p.method, p.route)), None) if adapter else None
        if page is not None:
            route.group, route.kind = page.group, page.kind
    return traffic


def _fits(route: Route, method: str, pattern: str) -> bool:
    asked = "GET" if route.method == "HEAD" else route.method
    if asked != method:
        return False
    return route.route.startswith(pattern[:-1]) if pattern.endswith("*") else route.route == pattern
