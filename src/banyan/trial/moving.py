"""A live shop moves in, start to finish: a legacy shop of the demo's own under steady traffic, the commands a user would type,
and at the end every acknowledged write looked for on the side that owns it, and on the other.
"""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo import stocking
from banyan.move.demo.mariadb import MariaDb
from banyan.move.demo.shoppers import Ledger, Promise, Shoppers, quantile
from banyan.trial.own_shop import OwnShop, free_port, own_shop

GROUPS = ("catalog", "users", "orders")
DATABASE = "old"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How large a trial: `writes` and `reads` a second by so many signed-in `shoppers`, and how often a group goes over
    and back. `max_pause`: milliseconds."""

    writes: float = 60.0
    reads: float = 40.0
    shoppers: int = 300
    rounds: int = 1
    group: str = "users"
    quiet_seconds: float = 5.0  # of traffic before, between and after
    max_pause: float = 500.0
    everything: bool = True  # the other groups too
    size: stocking.Size = field(default_factory=stocking.Size)


@dataclass(frozen=True, slots=True)
class Handed:
    """One change of hands: what it was, how long writes were held, and the slowest write that shoppers saw meanwhile."""

    group: str
    what: str
    outcome: str
    pause_ms: float
    slowest_ms: float
    why: str = ""


@dataclass(slots=True)
class Evidence:
    """What was seen."""

    hands: list[Handed] = field(default_factory=list)
    promises: int = 0
    lost: list[Promise] = field(default_factory=list)
    doubled: list[Promise] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what a shopper should never have seen
    writes: int = 0
    reads: int = 0
    p95_before_ms: float = 0.0  # of page views, from the legacy shop itself
    p95_after_ms: float = 0.0  # from us, when all is ours
    told: list[str] = field(default_factory=list)  # refusals and failures of commands

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.told)

    @property
    def done(self) -> list[Handed]:
        return [each for each in self.hands if each.outcome == "done"]

    def as_json(self) -> dict[str, Any]:
        pauses = [each.pause_ms for each in self.done]
        return {
            "changes_of_hands": [
                {name: getattr(each, name) for name in ("group", "what", "outcome", "pause_ms", "slowest_ms", "why")}
                for each in self.hands
            ],
            "pause_p50_ms": round(quantile(pauses, 0.5), 1),
            "pause_max_ms": round(max(pauses, default=0.0), 1),
            "writes": self.writes,
            "reads": self.reads,
            "promises": self.promises,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "errors_seen": len(self.wrong),
            "examples": [*self.wrong[:10], *self.told[:10]],
            "p95_before_ms": round(self.p95_before_ms, 1),
            "p95_after_ms": round(self.p95_after_ms, 1),
        }

    def lines(self) -> list[str]:
        told = ["", "What the shoppers saw, by their own ledger:"]
        told += [
            f"  {each.what:8} {each.group:8} {each.outcome:8} writes held {each.pause_ms:6.0f} ms,"
            f" slowest write {each.slowest_ms:6.0f} ms {each.why}".rstrip()
            for each in self.hands
        ]
        pauses = [each.pause_ms for each in self.done]
        told += [
            f"  {self.writes} writes and {self.reads} page views; {len(self.wrong)} errors",
            f"  {self.promises} acknowledged writes looked for: {len(self.lost)} lost, {len(self.doubled)} doubled",
            f"  pauses: p50 {quantile(pauses, 0.5):.0f} ms, longest {max(pauses, default=0.0):.0f} ms",
            f"  page views p95: {self.p95_before_ms:.0f} ms before, {self.p95_after_ms:.0f} ms after",
        ]
        told += [f"  WRONG {each}" for each in [*self.wrong[:10], *self.told[:10]]]
        return told


@dataclass(slots=True)
class Stage:
    """The legacy shop and ours, both running; `move` runs a command as a user would."""

    clock: Clock
    ids: Ids
    mariadb: MariaDb
    shop: OwnShop
    old_url: str
    env: dict[str, str]
    say: Say

    async def move(self, *words: str, quiet: bool = False) -> tuple[int, Any]:
        """`banyan move …` with --json: its exit status and what it told."""
        if not quiet:
            self.say(f"$ banyan move {' '.join(words)}")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "banyan.cli", "move", *words, "--json", "--data-dir", str(self.shop.data_dir)),
            env={**os.environ, **self.env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        try:
            told = orjson.loads(out) if out.strip() else {}
        except orjson.JSONDecodeError:
            told = {"text": out.decode(errors="replace")}
        if process.returncode and not told:
            told = {"error": err.decode(errors="replace").strip()[-500:]}
        return process.returncode or 0, told


@contextlib.asynccontextmanager
async def stage(folder: Path, wish: Wish, *, clock: Clock, ids: Ids, say: Say) -> AsyncIterator[Stage]:
    """A filled legacy shop with its web server, and an empty shop of ours in front of it. Unavailable without MariaDB."""
    mariadb = MariaDb(folder / "mariadb")
    await asyncio.to_thread(mariadb.start)
    try:
        port = free_port()
        old_url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(_fill, mariadb, clock, ids, old_url, wish)
        async with _old_shop(mariadb, port), _ours(folder, mariadb, old_url, clock) as shop:
            env = {name: value for name, value in shop.env.items() if name.startswith("BANYAN_LEGACY")}
            yield Stage(clock, ids, mariadb, shop, old_url, env, say)
    finally:
        await asyncio.to_thread(mariadb.stop)


def _ours(
    folder: Path, mariadb: MariaDb, old_url: str, clock: Clock
) -> contextlib.AbstractAsyncContextManager[OwnShop]:
    return _started(
        own_shop(
            folder / "shop",
            clock,
            options=("--empty",),
            legacy_url=mariadb.url(DATABASE),
            legacy_shop="opencart4",
            legacy_http=old_url,
            rate_limits="false",
        )
    )


@contextlib.asynccontextmanager
async def _started(making: contextlib.AbstractAsyncContextManager[OwnShop]) -> AsyncIterator[OwnShop]:
    async with making as shop:
        await shop.start()
        yield shop


@contextlib.asynccontextmanager
async def _old_shop(mariadb: MariaDb, port: int) -> AsyncIterator[None]:
    """Its web server, a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.move.demo.old_shop", "--port", str(port), "--database", mariadb.url(DATABASE))
    )
    try:
        for _ in range(400):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.025)
        yield
    finally:
        process.terminate()
        await process.wait()


def _fill(mariadb: MariaDb, clock: Clock, ids: Ids, old_url: str, wish: Wish) -> None:
    with mariadb.connect() as con, con.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    con = mariadb.connect(DATABASE)
    con.autocommit(False)
    stocking.fill(con, ids=ids, now=clock.now().replace(tzinfo=None, microsecond=0), origin=old_url, size=wish.size)
    con.close()


async def moving_day(folder: Path, wish: Wish, *, clock: Clock, ids: Ids, say: Say = lambda _: None) -> Evidence:
    """The whole of it; Evidence holds whatever came of it."""
    evidence = Evidence()
    async with stage(folder, wish, clock=clock, ids=ids, say=say) as on, _http() as http:
        say(f"A legacy shop is open at {on.old_url}; ours stands in front of it at {on.shop.url}")
        customers = range(1, min(wish.shoppers, wish.size.customers) + 1)
        shoppers = Shoppers(on.shop.url, customers, clock=clock, ids=ids, products=wish.size.products)
        evidence.p95_before_ms = await _page_views(on.old_url, http, clock, ids, wish)
        await shoppers.sign_in(http)
        shopping = True
        traffic = asyncio.create_task(
            shoppers.shop(http, writes=wish.writes, reads=wish.reads, going_on=lambda: shopping)
        )
        try:
            await _move_in(on, wish, shoppers.ledger, evidence)
        finally:
            shopping = False
            await traffic
        evidence.p95_after_ms = await _page_views(on.shop.url, http, clock, ids, wish)
        await _look_for_everything(on, shoppers.ledger, evidence)
    return evidence


async def _move_in(on: Stage, wish: Wish, ledger: Ledger, evidence: Evidence) -> None:
    status, diagnosis = await on.move("doctor")
    if status:
        evidence.told.append(f"doctor: {str(diagnosis)[:300]}")
    for words in (("prepare", "all"), ("copy", "all"), ("verify", "all")):
        status, told = await on.move(*words)
        if status:
            evidence.told.append(f"{' '.join(words)}: {str(told)[:500]}")
            return
    await on.clock.sleep(wish.quiet_seconds)
    groups = GROUPS if wish.everything else (wish.group,)
    for group in groups:
        rounds = wish.rounds if group == wish.group else 0
        for _ in range(rounds):
            await _turn(on, wish, ledger, evidence, "cutover", group)
            await on.clock.sleep(wish.quiet_seconds)
            await _turn(on, wish, ledger, evidence, "revert", group)
            await on.clock.sleep(wish.quiet_seconds)
        await _turn(on, wish, ledger, evidence, "cutover", group)
        await on.clock.sleep(wish.quiet_seconds)


async def _turn(on: Stage, wish: Wish, ledger: Ledger, evidence: Evidence, what: str, group: str) -> None:
    """One change of hands; a gate that is shut just now is waited for."""
    told: Any = {}
    for _ in range(30):
        began = on.clock.monotonic()
        _, told = await on.move(what, group, "--max-pause", str(wish.max_pause))
        if told.get("outcome") in ("done", "aborted"):
            slowest = ledger.slowest(began, on.clock.monotonic())
            handed = Handed(group, what, told["outcome"], told["pause_ms"], slowest * 1000, told.get("why", ""))
            evidence.hands.append(handed)
            on.say(f"  {what} {group}: {handed.outcome}, writes waited {handed.pause_ms:.0f} ms {handed.why}".rstrip())
            if handed.outcome == "done":
                return
        else:
            on.say(f"  not yet: {str(told.get('error', told))[:300]}")
        await on.clock.sleep(1.0)
    evidence.told.append(f"{what} {group}: {str(told)[:500]}")


async def _page_views(base: str, http: aiohttp.ClientSession, clock: Clock, ids: Ids, wish: Wish) -> float:
    """p95 in milliseconds of a few seconds of page views."""
    shoppers = Shoppers(base, [1], clock=clock, ids=ids, products=wish.size.products)
    until = clock.monotonic() + 4
    await shoppers.view(http, reads=wish.reads, going_on=lambda: clock.monotonic() < until)
    return quantile([took for _, took in shoppers.ledger.reads], 0.95) * 1000


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())


async def _look_for_everything(on: Stage, ledger: Ledger, evidence: Evidence) -> None:
    """Every promise on both sides: the way back has to have written it there, too."""
    evidence.writes, evidence.reads = len(ledger.writes), len(ledger.reads)
    evidence.wrong = list(ledger.wrong)
    evidence.promises = len(ledger.promises)
    addresses = [each for each in ledger.promises if each.kind == "address"]
    edits = [each for each in ledger.promises if each.kind == "edit"]
    customers = sorted({each.customer for each in ledger.promises})
    for _ in range(40):  # what was acknowledged a moment ago may still be on its way back
        there = await asyncio.to_thread(_there, on.mariadb)
        here = await _here(on, customers)
        evidence.lost = [each for each in addresses if not there.lines[each.token] or not here.lines[each.token]]
        evidence.lost += _overwritten(edits, there.names) + _overwritten(edits, here.names)
        if not evidence.lost:
            break
        await on.clock.sleep(0.5)
    evidence.doubled = [each for each in addresses if there.lines[each.token] > 1 or here.lines[each.token] > 1]


def _overwritten(edits: Sequence[Promise], names: Mapping[int, str]) -> list[Promise]:
    """Edits that are gone though nothing came after them: the last of a customer's, or one of those at the same time."""
    lost = []
    newest: dict[int, Promise] = {}
    for each in edits:
        if each.customer not in newest or each.began > newest[each.customer].began:
            newest[each.customer] = each
    tokens = {each.token: each for each in edits}
    for customer, last in newest.items():
        kept = tokens.get(names.get(customer, ""))
        # What is kept may be older than the newest only if it had not ended when the newest was sent.
        if kept is None or kept.at < last.began:
            lost.append(last)
    return lost


@dataclass(slots=True)
class Found:
    """What one side holds: first address lines, and last names by customer."""

    lines: Counter[str] = field(default_factory=Counter)
    names: dict[int, str] = field(default_factory=dict)


def _there(mariadb: MariaDb) -> Found:
    """In the legacy database."""
    with mariadb.connect(DATABASE) as con, con.cursor() as cursor:
        cursor.execute("SELECT address_1 FROM oc_address")
        lines = Counter(str(row[0]) for row in cursor.fetchall())
        cursor.execute("SELECT customer_id, lastname FROM oc_customer")
        return Found(lines, {int(row[0]): str(row[1]) for row in cursor.fetchall()})


async def _here(on: Stage, customers: Sequence[int]) -> Found:
    """What shoppers see with us, signed in with the passwords of the legacy shop."""
    found = Found()
    async with _http() as http:
        for customer in customers:
            body = {"email": f"shopper{customer}@example.com", "password": stocking.PASSWORD}
            async with http.post(f"{on.shop.url}/v1/sessions", json=body) as answer:
                signed_in = await answer.json()
            headers = {"Authorization": f"Bearer {signed_in.get('access_token', '')}"}
            async with http.get(f"{on.shop.url}/v1/me", headers=headers) as answer:
                found.names[customer] = (await answer.json()).get("name", "").rpartition(" ")[2]
            cursor: str | None = ""
            while cursor is not None:
                url = f"{on.shop.url}/v1/me/addresses?limit=100" + (f"&cursor={cursor}" if cursor else "")
                async with http.get(url, headers=headers) as answer:
                    page = await answer.json()
                found.lines.update(each["line1"] for each in page.get("items", ()))
                cursor = page.get("next_cursor")
    return found
