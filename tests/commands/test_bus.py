"""`banyan bus`: how far everybody is, and the refusals of a move that leave everything as it was. Moves: tests/backends."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from banyan import topology
from banyan.catalog import importing
from banyan.commands import bus, opened
from banyan.foundation import outbox, settings
from banyan.foundation.running import Shop
from tests.process.cli import Said, banyan

ELSEWHERE = "kafka://broker:9092/elsewhere"
ROW = {"sku": "BUS-1", "name": "Told", "price": {"amount": 1999, "currency": "EUR"}}


@dataclass
class Stage:
    """A shop in which nothing moves by itself."""

    shop: Shop
    env: dict[str, str]

    async def banyan(self, *words: str, **more: str) -> Said:
        return await banyan("bus", *words, **self.env | more)

    async def say(self, service: str, where: str | None) -> None:
        """Have this service's database say where its facts go."""
        await self.shop.ports[service].db.execute("UPDATE relay_position SET bus = $1", where)

    async def said(self) -> dict[str, str | None]:
        return {
            name: await ports.db.fetchval("SELECT bus FROM relay_position") for name, ports in self.shop.ports.items()
        }


@pytest.fixture(scope="module")
async def stage(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    urls = await fresh("bus", *topology.SERVICES)
    env = {"BANYAN_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    env |= {f"BANYAN_{name.upper()}_DATABASE_URL": urls[name] for name in topology.SERVICES}
    env |= {"BANYAN_BUS_URL": urls["bus"]}
    async with opened(settings.read(env), *topology.SERVICES) as process:
        yield Stage(process.shop, env)


async def test_what_waits_to_be_sent_and_to_be_handled_is_told_of_every_service(stage: Stage) -> None:
    ports = stage.shop.ports["catalog"]
    await importing.import_rows(ports, [ROW])
    await outbox.claim(ports.db, stage.shop.bus)
    while await outbox.relay_once(ports.db, stage.shop.bus):
        pass
    await importing.import_rows(ports, [ROW | {"sku": "BUS-2", "name": "Not told yet"}])
    said = await stage.banyan("status", "--json")
    assert (said.status, said.json()["bus"]) == (0, "postgresql")
    stands = {each.pop("service"): each for each in said.json()["services"]}
    assert set(stands) == set(topology.SERVICES)
    assert stands["catalog"]["bus"] == "postgresql"
    assert {name for name in stands if stands[name]["unsent"]} == {"catalog"}
    assert {name for name in stands if stands[name]["unhandled"]} == {
        name for name in topology.SERVICES if "catalog" in _heard_by(name)
    }


def _heard_by(name: str) -> set[str]:
    """The services to whose facts this one reacts."""
    return {event.TYPE.partition(".")[0] for event in topology.service(name).reactions}


async def test_facts_that_go_to_another_bus_than_ours_are_an_exit_status(stage: Stage) -> None:
    await stage.say("orders", ELSEWHERE)
    wrong = await stage.banyan("status")
    await stage.say("orders", None)
    assert (wrong.status, wrong.out.splitlines()[0]) == (1, "This process would use postgresql.")
    told = {words[0]: words[1:] for line in wrong.out.splitlines()[1:] if (words := line.split())}
    assert told["orders"][0] == ELSEWHERE
    assert " ".join(told["users"]) == "(none sent yet) 0 0"
    assert wrong.plain()


async def test_a_move_to_the_bus_it_has_changes_nothing(stage: Stage) -> None:
    before = await stage.said()
    told = await stage.banyan("move", "--to", "own")
    assert (told.status, told.err) == (2, "banyan: this is one and the same bus: postgresql\n")
    assert await stage.said() == before


async def test_a_group_that_can_go_back_keeps_the_shop_on_its_bus(stage: Stage) -> None:
    db, before = stage.shop.ports["move"].db, await stage.said()
    await db.execute(
        "INSERT INTO groups (name, state, owner, way_back_from) VALUES ('catalog', 'new_primary', 'new', '0-0')"
    )
    told = await stage.banyan("move", NEW_BUS_URL="own")  # not a word of the command: others may read those
    await db.execute("DELETE FROM groups")
    assert (told.status, len(told.err.splitlines())) == (2, 1)
    assert "catalog can still go back to the legacy shop" in told.err
    assert await stage.said() == before


def test_a_move_is_told_where_to() -> None:
    done = CliRunner().invoke(bus.app, ["move"], env={"NEW_BUS_URL": None})
    assert done.exit_code == 2
    assert "--to" in done.output
