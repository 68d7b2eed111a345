"""Reads asked again, off the shopper's way: the legacy shop twice, so that its own noise is known, and ours once."""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from banyan.contracts.moving import AskPlace
from banyan.foundation import deadlines
from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal, Unavailable
from banyan.move.shift.facts import Facts, differing, facts
from banyan.move.storage import log, shift

AT_ONCE = 5  # samples taken in one go, asked one after the other: a slow shop is not pressed
EVERY = 0.5  # seconds between looks
IDLE = 60.0  # … where there is no legacy shop
_PATIENCE = 10.0  # seconds for one page
_LONGEST = 2_000_000  # bytes of a page that are read
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What comparing showed so far of one group."""

    group: str
    pages: tuple[dict[str, Any], ...]
    examples: tuple[dict[str, Any], ...]

    @property
    def asked(self) -> int:
        return sum(page["asked"] for page in self.pages)

    @property
    def differing(self) -> float:
        """The share of comparisons in which ours was wrong, 0 to 1."""
        compared = sum(page["asked"] - page["failed"] for page in self.pages)
        return sum(page["different"] for page in self.pages) / compared if compared else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "asked": self.asked,
            "differing": round(self.differing, 5),
            "pages": list(self.pages),
            "examples": list(self.examples),
        }

    def lines(self) -> list[str]:
        told = [f"{self.group}: {self.asked} reads asked again, {self.differing:.2%} differ"]
        told += [
            f"  {page['route']}: {page['same']} same, {page['different']} different, {page['noisy']} noise"
            for page in self.pages
        ]
        told += [f"  {each['target']}: legacy {each['legacy']}, ours {each['ours']}" for each in self.examples[:5]]
        return told


async def shadowed(ports: Ports, group: str) -> Shadowed:
    """What was found so far."""
    pages = tuple(dict(row) for row in await shift.shadows(ports.db, group))
    examples = tuple(
        {
            "route": row["route"],
            "target": row["target"],
            "legacy": row["legacy"],
            "ours": row["ours"],
            "at": str(row["at"]),
        }
        for row in await shift.differences(ports.db, group)
    )
    return Shadowed(group, pages, examples)


class Shadow:
    """Works off the samples that gateways told of."""

    async def step(self, ports: Ports) -> float:
        """A few samples; seconds until the next look."""
        if not ports.settings.legacy_http:
            return IDLE
        async with ports.db.transaction() as tx:
            taken = await shift.take_samples(tx, AT_ONCE)
        if not taken:
            return EVERY
        async with _session() as session:
            for row in taken:
                await self._compare(ports, session, row)
        return 0.0

    async def _compare(self, ports: Ports, session: aiohttp.ClientSession, row: Row) -> None:
        group, route, target = row["group_name"], row["route"], row["target"]
        try:
            first = await _legacy(ports, session, route, target)
            ours = await _ours(ports, route, target)
            second = await _legacy(ports, session, route, target)
        except (Refusal, aiohttp.ClientError, TimeoutError) as error:
            _log.info("a read was not asked again", extra={"target": target[:200], "why": type(error).__name__})
            async with ports.db.transaction() as tx:
                await shift.shadowed(tx, group, route, "failed")
            return
        wrong, noise = differing(first, second, ours)
        async with ports.db.transaction() as tx:
            await shift.shadowed(tx, group, route, "different" if wrong else "noisy" if noise else "same")
            if wrong:
                legacy, here = ({name: each.get(name) for name in sorted(wrong)} for each in (first, ours))
                if await shift.differ(tx, group, route, target[:2000], legacy, here):
                    await log.add(tx, f"{route}: our page differs from the legacy shop's", group=group, target=target)


async def _legacy(ports: Ports, session: aiohttp.ClientSession, route: str, target: str) -> Facts:
    """Without cookies: as anybody sees it. The address that shoppers use goes along, shops insist on it."""
    url = URL(ports.settings.legacy_http.rstrip("/") + target, encoded=True)
    host = urlsplit(ports.settings.origin).netloc
    async with session.get(url, headers={"host": host}, allow_redirects=False) as answer:
        body = bytearray()
        async for part in answer.content.iter_any():
            body += part
            if len(body) > _LONGEST:
                break
        return facts(route, answer.status, answer.content_type, bytes(body))


async def _ours(ports: Ports, route: str, target: str) -> Facts:
    async with deadlines.within(_PATIENCE):
        place = await ports.peers.ask(AskPlace(method="GET", route=route, target=target))
        if not place.path:
            return {"status": "4xx"}
        answer = await ports.peers.http("storefront", "GET", place.path, headers={"accept-encoding": "identity"})
    if answer.status >= 502:
        raise Unavailable(f"our side answered {answer.status}")
    return facts(route, answer.status, answer.header("content-type") or "", answer.body)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_PATIENCE, connect=1.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"user-agent": "Mozilla/5.0 (compatible; Banyan mover)"},
    )
