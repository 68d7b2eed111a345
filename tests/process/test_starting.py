"""Starting: what is wrong is told in a line before anything runs, and nobody sees a traceback."""

import socket
from pathlib import Path

import pytest

from banyan.foundation.settings import Settings
from tests.process.cli import banyan


@pytest.fixture
def taken() -> "socket.socket":
    held = socket.create_server(("127.0.0.1", 0))
    yield held
    held.close()


@pytest.mark.parametrize("command", [("up",), ("serve", "catalog")])
async def test_a_port_that_is_taken_is_told_in_a_line_and_nothing_is_started(
    command: tuple[str, ...], taken: socket.socket, tmp_path: Path
) -> None:
    port = str(taken.getsockname()[1])
    said = await banyan(*command, "--port", port, "--data-dir", str(tmp_path / "data"))
    assert said.status == 2
    assert said.err.strip() == (
        f"banyan: 127.0.0.1:{port} cannot be listened on (Address already in use); choose another with --port"
    )
    assert not (tmp_path / "data" / "postgres").exists()


async def test_an_address_that_is_not_ours_is_told(tmp_path: Path) -> None:
    said = await banyan("up", "--host", "192.0.2.1", "--data-dir", str(tmp_path))
    assert (said.status, said.plain()) == (2, True)
    assert "192.0.2.1:8000 cannot be listened on" in said.err


async def test_an_unknown_setting_stops_the_start_and_names_those_that_are_known(tmp_path: Path) -> None:
    said = await banyan("up", "--data-dir", str(tmp_path / "data"), BANYAN_CURENCY="EUR")
    assert (said.status, said.plain()) == (2, True)
    assert "BANYAN_CURENCY is not a setting. Did you mean BANYAN_CURRENCY?" in said.err
    assert [name for name in Settings.model_fields if f"BANYAN_{name.upper()}" not in said.err] == []
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"BANYAN_POOL_SIZE": "many", "BANYAN_CURRENCY": "euro", "BANYAN_POSTGRES_URL": "mysql://root:hunter2@db/x"},
            ("BANYAN_POOL_SIZE: ", "BANYAN_CURRENCY: ", "BANYAN_POSTGRES_URL: Value error, a database is reached by"),
        ),
        ({"BANYAN_ORDERS_DATABASE_URL": "postgresql://u:hunter2@h:none/x"}, ("what is set is no such URL",)),
        ({"BANYAN_BUS_URL": "nats://u:hunter2@broker"}, ("Known: postgresql://, kafka://",)),
        ({"BANYAN_POSTGRES_URL": "postgresql://u:hunter2@127.0.0.1:9/x"}, ("PostgreSQL does not answer",)),
    ],
)
async def test_wrong_values_are_told_by_name_and_without_their_secrets(
    scratch: Path, settings: dict[str, str], told: tuple[str, ...]
) -> None:
    said = await banyan("db", "upgrade", "orders", "--data-dir", str(scratch / "wrong"), **settings)
    assert said.status in (1, 2)
    assert said.plain(), said.err
    assert [each for each in told if each not in said.err] == []
    assert "hunter2" not in said.err


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ("order", "order is no part of the shop; known: gateway, users"),
        (",", "nothing is no part of the shop"),
        ("users,catalog", "several services in one process need the gateway"),
    ],
)
async def test_parts_that_cannot_be_served_are_told(tmp_path: Path, parts: str, told: str) -> None:
    said = await banyan("serve", parts, "--port", "1024", "--data-dir", str(tmp_path / "data"))
    assert (said.status, said.plain()) == (2, True), said.err
    assert told in said.err
    assert not (tmp_path / "data" / "postgres").exists()


async def test_separate_services_in_production_need_their_secret(tmp_path: Path) -> None:
    said = await banyan("serve", "orders", "--data-dir", str(tmp_path), BANYAN_ENVIRONMENT="production")
    assert (said.status, said.plain()) == (2, True)
    assert "BANYAN_PEER_SECRET is not set" in said.err


async def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = await banyan("up", "--port", "1024", "--data-dir", str(tmp_path / "file" / "below"))
    assert (said.status, said.plain()) == (2, True), said.err
    assert str(tmp_path / "file") in said.err
