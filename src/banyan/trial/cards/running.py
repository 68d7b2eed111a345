"""The trial: a shop of its own with its vault, numbers typed everywhere, and then looked for everywhere."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
from aiohttp import web

from banyan import process, topology
from banyan.foundation import embedded, settings
from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Refusal
from banyan.trial.cards import cores, looking, places
from banyan.trial.cards.canaries import Search, numbers, written
from banyan.trial.cards.places import Place
from banyan.trial.cards.verdict import Memory, Verdict
from banyan.trial.crowd import Buyer
from banyan.trial.own_shop import OwnShop, let_go
from banyan.vault.safe import Safe

_PAGES = ("/", "/search?q=mug", "/cart", "/sign-in", "/sign-up", "/checkout/payment", "/console/sign-in")
_AT_ONCE = 8
_SETTLES = 3.0  # seconds until what was begun is written
# A number that is refused, or kept, has passed by here: what is freed is not wiped, and is found until it is used again.
_PASSED_BY = ("the shop", "the vault")
_PAID = 20  # cards of the vault that also pay


async def cards_trial(
    folder: Path, *, count: int, kept: int, clock: Clock, ids: Ids, progress: Callable[..., None] = lambda *_: None
) -> Verdict:
    """Type `count` numbers into every place there is, round and round, and `kept` more into the vault's fields; then look."""
    verdict, all_of = Verdict(), numbers(count + kept, ids)
    typed, for_the_vault = all_of[:count], all_of[count:]
    traces, cwd = folder / "traces.bin", folder / "cwd"
    cwd.mkdir(parents=True)
    async with _Collector(traces) as collector:
        shop = OwnShop(
            folder / "shop",
            clock,
            {
                "BANYAN_CARD_FIELDS": "vault",
                "BANYAN_RATE_LIMITS": "false",
                "BANYAN_LOG_LEVEL": "debug",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            },
            works_in=cwd,
        )
        try:
            with cores.allowed():
                written_here = await asyncio.to_thread(cores.are_written, cwd)
                await shop.start(180)
            vault = _vault_of(shop.pid)
            await _type_everywhere(verdict, shop.url, vault, typed, progress)
            await _keep_cards(verdict, shop.url, vault, for_the_vault, clock, ids)
            await clock.sleep(_SETTLES)
            search = Search(all_of)
            await _look(verdict, shop, vault, search, set(typed), set(for_the_vault))
            verdict.opened = await _opened(shop.data_dir, set(for_the_vault))
            if written_here:
                await _break(verdict, shop, cwd, clock)
        finally:
            await shop.stop()
            await asyncio.to_thread(let_go, shop.data_dir)
    verdict.looked_at("files after the end", *await asyncio.to_thread(looking.in_files, folder, search))
    if verdict.opened != len(for_the_vault):
        verdict.wrong.append(f"the vault opens {verdict.opened} of {len(for_the_vault)} cards")
    verdict.wrong += [f"a number was not refused: {place}" for place in verdict.passed]
    return verdict


class _Collector:
    """Takes spans and writes them down as they come."""

    def __init__(self, into: Path) -> None:
        self._into = into

    async def __aenter__(self) -> str:
        async def take(request: web.Request) -> web.Response:
            with self._into.open("ab") as file:
                file.write(await request.read())
            return web.Response()

        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/traces", take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{port}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


def _vault_of(pid: int) -> str:
    """Where the vault listens that this shop has started."""
    for _, command in looking.below(pid):
        if " serve vault " in command and (port := re.search(r"--port (\d+)", command)):
            return f"http://127.0.0.1:{port[1]}"
    raise RuntimeError("this shop has no vault beside it")


async def _type_everywhere(
    verdict: Verdict, url: str, vault: str, typed: list[str], progress: Callable[..., None]
) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        async with http.get(f"{url}/openapi.json") as answer:
            described = await answer.json(content_type=None)
        found = [*places.of_api(described), *places.of_graphql()]
        for page in (*_PAGES, await _a_product(http, url)):
            async with http.get(url + page) as answer:
                found += places.of_page(page, await answer.text())
        # Cards' own page takes bodies; that is the next step's. Where it is asked of the shop nothing is read.
        found = [each for each in found if not each.path.startswith("/v1/vault")]
        here = [(url, each) for each in found] + [(vault, each) for each in _of_the_vault()]
        verdict.places = len(here)
        rounds = max(len(here), len(typed))
        progress(0, rounds)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            base, place = here[number % len(here)]
            async with turns:
                await _send(
                    http, base, place, written(typed[number % len(typed)], number // len(typed) + number), verdict
                )
            progress(number)

        await asyncio.gather(*map(one, range(rounds)))


def _of_the_vault() -> list[Place]:
    mark = places.MARK
    return [
        Place("vault path", "GET", f"/fields/{mark}"),
        Place("vault query", "GET", f"/card?return={mark}"),
        Place("vault nowhere", "GET", f"/{mark}"),
        *(
            Place(f"vault header {name}", "GET", "/fields", {name: mark})
            for name in ("user-agent", "referer", "x-note")
        ),
        Place("vault redemption header", "POST", "/v1/vault/redemptions", {"user-agent": mark}, {"reference": "x"}),
    ]


async def _a_product(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(f"{url}/v1/products?limit=1") as answer:
        items = (await answer.json(content_type=None))["items"]
    return f"/p/{items[0]['slug']}" if items else "/"


async def _send(http: aiohttp.ClientSession, base: str, place: Place, text: str, verdict: Verdict) -> None:
    from yarl import URL

    asked = place.asked(text)
    given: dict[str, Any] = {"json": asked.body} if asked.body is not None else {}
    if asked.form is not None:
        given = {"data": asked.form}
    try:
        async with http.request(
            asked.method,
            URL(base + asked.path, encoded=True),
            headers=asked.headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=30),
            **given,
        ) as answer:
            body = await answer.read()
            code = "card_number" if b'"card_number"' in body else str(answer.status)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        code = type(error).__name__
    verdict.typed += 1
    verdict.answers["refused as card numbers" if code == "card_number" else code] += 1
    if code.isdigit():
        if _may_pass(place, code):
            verdict.unread += 1
        else:
            verdict.passed.append(f"{place.name} → {code}")


def _may_pass(place: Place, code: str) -> bool:
    """Headers of tracing are left out where they hold a number, and the request goes on; answers that lie ready read no
    headers; webhooks are not looked into at the door."""
    _, _, header = place.name.partition(" header ")
    ready = bool(header) and place.method == "GET" and code == "200"
    return ready or header in ("traceparent", "tracestate", "x-request-id") or "/webhooks/" in place.path


async def _keep_cards(verdict: Verdict, url: str, vault: str, kept: list[str], clock: Clock, ids: Ids) -> None:
    tokens = []
    async with aiohttp.ClientSession(vault) as http:
        for place, number in enumerate(kept):
            body = {
                "number": written(number, place % 3),
                "exp_month": 12,
                "exp_year": clock.now().year + 3,
                "cvc": "123",
            }
            async with http.post("/v1/vault/cards" if place % 2 else "/fields/cards", json=body) as answer:
                if answer.status == 201:
                    tokens.append((await answer.json())["token"])
    verdict.kept = len(tokens)
    async with aiohttp.ClientSession(url) as http:
        async with http.get("/v1/products?limit=50") as answer:
            items = (await answer.json(content_type=None))["items"]
        for item, token in zip(items, tokens, strict=False):  # some goods are sold out
            status, _ = await Buyer(http, "", clock=clock, ids=ids).buy(item["variants"][0]["sku"], token)
            verdict.paid += status == "confirmed"
            if verdict.paid == _PAID:
                break


async def _look(verdict: Verdict, shop: OwnShop, vault: str, search: Search, typed: set[str], kept: set[str]) -> None:
    folder = shop.data_dir.parent
    if looking.may_look():
        for name, pid, shared in _processes(shop):
            try:
                size, found = await asyncio.to_thread(looking.in_memory, pid, search, shared=shared)
            except OSError:  # it has ended, or does not let anybody look
                continue
            seen = verdict.memory.setdefault(name, Memory())
            seen.size, seen.typed, seen.kept = seen.size + size, seen.typed | found & typed, seen.kept | found & kept
        verdict.wrong += [
            f"memory of {name}: {len(each.typed | each.kept)} numbers"
            for name, each in verdict.memory.items()
            if name not in _PASSED_BY and each.typed | each.kept
        ]
    async with aiohttp.ClientSession() as http:
        for name, url in (("the shop", shop.url), ("the vault", vault)):
            async with http.get(f"{url}/metrics") as answer:
                text = await answer.read()
            verdict.looked_at(f"metrics of {name}", len(text), {"metrics": search(text)})
    verdict.looked_at("everything in the databases, as text", *await _in_databases(shop.data_dir, search))
    verdict.looked_at(
        "files (databases, WAL, logs, traces, mail)", *await asyncio.to_thread(looking.in_files, folder, search)
    )


async def _break(verdict: Verdict, shop: OwnShop, cwd: Path, clock: Clock) -> None:
    """Every process that took numbers breaks at once: whether its memory comes to lie in a file."""
    taken = [(name, pid) for name, pid, _ in _processes(shop) if name in _PASSED_BY]
    await cores.abort([pid for _, pid in taken], clock)
    verdict.aborted = tuple(name for name, _ in taken)
    verdict.wrong += [f"a core file was written: {each.name}" for each in cores.files(cwd)]


def _processes(shop: OwnShop) -> list[tuple[str, int, bool]]:
    found = [
        ("the vault" if " serve vault " in f" {command} " else "the shop", pid, True)
        for pid, command in looking.below(shop.pid)
        if "postgres" not in command
    ]
    postmaster = int((shop.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    return found + [("the database server", pid, pid == postmaster) for pid, _ in looking.below(postmaster)]


async def _in_databases(data_dir: Path, search: Search) -> tuple[int, dict[str, set[str]]]:
    server = await asyncio.to_thread(embedded.start, data_dir)
    size, found = 0, dict[str, set[str]]()
    try:
        for name in (*topology.SERVICES, *topology.APART, "bus"):
            con = await asyncpg.connect(urlunsplit(urlsplit(server.url)._replace(path=f"/banyan_{name}")))
            try:
                tables = await con.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                for (table,) in tables:
                    rows = await con.fetch(f'SELECT t::text FROM "{table}" AS t')
                    text = "\n".join(row[0] for row in rows).encode()
                    size += len(text)
                    if here := search(text):
                        found[f"{name}.{table}"] = here
            finally:
                await con.close()
    finally:
        await asyncio.to_thread(server.stop)
    return size, found


async def _opened(data_dir: Path, wanted: set[str]) -> int:
    """How many of these numbers the vault's keys open in the vault's database."""
    read = settings.read({}, data_dir=data_dir)
    here, urls = await process.connect(read, topology.APART)
    try:
        ports, safe, found = await here.shop.open(topology.service("vault"), urls["vault"]), Safe(), set[str]()
        for row in await ports.db.fetch("SELECT * FROM card"):
            with suppress(Refusal):
                found.add((await safe.open(ports, row)).number)
        return len(found & wanted)
    finally:
        await here.close()
