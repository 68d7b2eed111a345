"""A shop of wares that moves, asked over HTTP by people with different permissions; somebody is at work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pymysql
import pytest
from pydantic import SecretStr

from banyan.contracts.legacy import Record
from banyan.contracts.users import PERMISSIONS
from banyan.foundation import loopback
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.foundation.settings import Settings
from banyan.move import api, verify
from banyan.move.app import service
from banyan.move.cutover.keeping import BESIDES
from banyan.move.demo.mariadb import MariaDb
from banyan.move.legacy import Ref, Refused, Rows, Stock
from banyan.move.mover import Mover
from tests.conftest import OpenShop
from tests.move.cutover.world import GROUP, SCHEMA, Wares, catalog

PEOPLE = {
    "operator": Principal("usr_operator", permissions=PERMISSIONS),
    "support": Principal("usr_support", permissions=frozenset({"operate"})),
    "shopper": Principal("usr_shopper"),
}


class Doorman:
    """Knows people by name: `Bearer operator`."""

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        return PEOPLE.get(authorization.removeprefix("Bearer "), GUEST)


class Named(Wares):
    """Wares of which one without a name cannot be taken over."""

    def record(self, ref: Ref, rows: Rows, stock: Stock, version: int) -> tuple[Record, ...] | Refused:  # type: ignore[override]
        for row in rows.get("ware") or ():
            if not row.text("name"):
                return Refused(ref, f"the ware {ref.key} has no name: give it one")
        return super().record(ref, rows, stock, version)


async def rehearsal(settings: Settings, group: str, rounds: int, max_pause: float, who: str) -> str:
    """In place of the command, which opens a whole shop."""
    await asyncio.sleep(0.3)
    return f"{group} was not rehearsed {rounds} times"


def moving_service() -> Service:
    """The move service, for a shop of wares."""
    return replace(service(), routes=lambda ports: api.routes(ports, lambda _: Named(), rehearsal), chores={})


@dataclass
class Counter:
    """Where operators ask; `con` writes to the legacy shop."""

    shop: Shop
    con: "pymysql.Connection[Any]"
    mover: Mover | None = None
    _working: "asyncio.Task[None] | None" = None

    @property
    def ports(self) -> Ports:
        return self.shop.ports["move"]

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = "operator",
        raw: bytes | None = None,
        **more: str,
    ) -> HttpAnswer:
        local = self.shop.peers.local("move")
        assert local is not None
        given = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers |= {"authorization": f"Bearer {who}"} | ({"content-type": "application/json"} if given else {})
        return await loopback.request(local.app, method, path, headers=headers, body=given)

    async def get(self, path: str = "", **given: str) -> Any:
        answer = await self.ask("GET", f"/v1/move{path}", **given)
        assert answer.status == 200, answer.body
        return answer.json()

    async def post(self, path: str, body: object = None, **given: str) -> Any:
        answer = await self.ask("POST", f"/v1/move{path}", body, **given)
        assert answer.status < 300, answer.body
        return answer.json()

    async def refusal(self, path: str, body: object = None, **given: str) -> Any:
        answer = await self.ask("POST", f"/v1/move{path}", body, **given)
        assert answer.status >= 400, answer.body
        assert answer.header("content-type") == "application/problem+json"
        return answer.json()

    async def group(self) -> Any:
        return await self.get(f"/{GROUP}")

    async def until(self, holds: Callable[[], Awaitable[Any]], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not await holds():
                await asyncio.sleep(0.05)

    async def is_(self, **wanted: object) -> None:
        """Wait until the group is so."""

        async def holds() -> bool:
            seen = await self.group()
            return all(seen[name] == value for name, value in wanted.items())

        await self.until(holds)

    def sql(self, statement: str, *args: object) -> None:
        with self.con.cursor() as cursor:
            cursor.execute(statement, args or None)

    async def work(self) -> None:
        """Somebody works on the move, in this process."""
        self.mover = await Mover.open(self.ports, Named())
        self.mover.besides = {**BESIDES, "verification": verify.beside}
        self._working = asyncio.create_task(self.mover.work())

    async def rest(self) -> None:
        task, self._working = self._working, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
        if self.mover is not None:
            await self.mover.source.close()


@pytest.fixture(scope="module")
async def make_counter(
    open_shop: OpenShop, mariadb: MariaDb, legacy_database: Callable[[str], str]
) -> AsyncIterator[Callable[[], Awaitable[Counter]]]:
    """`c = await make_counter()`: twelve wares, one of them without a name; nothing is prepared."""
    made: list[Counter] = []

    async def make() -> Counter:
        database = legacy_database("")
        con = mariadb.connect(database)
        with con.cursor() as cursor:
            for statement in SCHEMA:
                cursor.execute(statement)
            names = [f"old {each}" for each in range(11)] + [""]
            cursor.executemany(
                "INSERT INTO ware (name, position) VALUES (%s, %s)", [(name, each) for each, name in enumerate(names)]
            )
            cursor.execute("INSERT INTO ware_note (ware_id, note) SELECT ware_id, name FROM ware")
        wares = catalog()
        shop = await open_shop(
            moving_service(), wares, legacy_url=SecretStr(mariadb.url(database)), legacy_shop="opencart4"
        )
        shop.ports["move"].authority = Doorman()  # type: ignore[assignment]
        shop.work(wares)
        found = Counter(shop, con)
        made.append(found)
        return found

    yield make
    for each in made:
        await each.rest()
        each.con.close()


@pytest.fixture(scope="module")
async def counter(make_counter: Callable[[], Awaitable[Counter]]) -> Counter:
    """The module's own, in sync: copied through the API."""
    found = await make_counter()
    await found.work()
    await found.post(f"/{GROUP}/prepare")
    await found.post(f"/{GROUP}/copy")
    await found.is_(state="verified", copy_percent=100.0, due=0)
    return found
