"""Services speak by mutual TLS with certificates of our own authority; these, and the authority, change while they speak."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.responses import PlainTextResponse

from banyan.foundation.free_ports import free_port
from banyan.foundation.identity.authority import Authority
from banyan.foundation.identity.channel import Channel
from banyan.foundation.peers import Peers
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds, SystemIds
from banyan.kernel.refusals import Conflict, NotFound, Unavailable
from banyan.process import renew

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path, SystemIds(SystemClock()))
    made.begin(NOW)
    for name in ("orders", "inventory"):
        made.issue(name, NOW)
    return made


@pytest.fixture
async def port(authority: Authority, tmp_path: Path) -> AsyncIterator[int]:
    """Inventory, served as a process serves it, its certificate looked after."""
    channel, port = Channel(tmp_path, "inventory"), free_port()
    app = PlainTextResponse("pong")
    server = Server(
        app, port=port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False, **channel.server()
    )
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(renew(server, channel, 0.02))]
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.02)
    writer.close()
    yield port
    tasks[1].cancel()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait_for(tasks[0], 30)


def peers(folder: Path, port: int, *, service: str = "inventory") -> Peers:
    channel = Channel(folder, "orders")
    return Peers({service: f"https://127.0.0.1:{port}"}, clock=SystemClock(), secret="x", channel=channel)


async def _serial(folder: Path, port: int) -> int:
    """Of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=Channel(folder, "orders").client(), server_hostname="inventory"
    )
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).serial_number


async def _until(holds: Callable[[], object], port: int, folder: Path) -> None:
    """… and the worker that served with the old one has gone, which may cut off who is just connecting."""
    async with asyncio.timeout(20):
        in_a_row = 0
        while in_a_row < 20:
            try:
                in_a_row = in_a_row + 1 if holds() == await _serial(folder, port) else 0
            except ConnectionError:
                in_a_row = 0


def _leaf(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


async def test_who_has_a_certificate_is_answered(tmp_path: Path, port: int) -> None:
    orders = peers(tmp_path, port)
    assert (await orders.http("inventory", "GET", "/")).body == b"pong"
    await orders.close()


async def test_who_has_none_or_one_of_another_authority_is_not_spoken_with(tmp_path: Path, port: int) -> None:
    elsewhere = tmp_path / "elsewhere"
    other = Authority(elsewhere, SystemIds(SystemClock()))
    other.begin(NOW)
    other.issue("orders", NOW)
    (elsewhere / "ca.pem").write_bytes((tmp_path / "ca.pem").read_bytes())  # it trusts us; we do not trust it
    stranger = peers(elsewhere, port)
    with pytest.raises(Unavailable):
        await stranger.http("inventory", "GET", "/")
    await stranger.close()
    nobody = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"https://127.0.0.1:{port}/", ssl=nobody, server_hostname="inventory")
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{port}/")


async def test_a_server_that_is_another_service_is_not_asked(tmp_path: Path, port: int) -> None:
    orders = peers(tmp_path, port, service="payments")  # its address leads to inventory
    with pytest.raises(Unavailable):
        await orders.http("payments", "GET", "/")
    await orders.close()


async def test_a_certificate_is_renewed_while_requests_run(tmp_path: Path, port: int, authority: Authority) -> None:
    orders = peers(tmp_path, port)
    before = await _serial(tmp_path, port)
    over, answered = asyncio.Event(), 0

    async def traffic() -> None:
        nonlocal answered
        while not over.is_set():
            assert (await orders.http("inventory", "GET", "/")).status == 200
            answered += 1

    running = asyncio.create_task(traffic())
    authority.renew("inventory", NOW)
    await _until(lambda: _leaf(tmp_path, "inventory").serial_number, port, tmp_path)
    seen = answered
    while answered < seen + 20 and not running.done():
        await asyncio.sleep(0)
    over.set()
    await running
    assert await _serial(tmp_path, port) != before
    await orders.close()


async def test_a_broken_file_leaves_what_was_there(tmp_path: Path, port: int) -> None:
    before, orders = await _serial(tmp_path, port), peers(tmp_path, port)
    good = (tmp_path / "inventory.pem").read_bytes()
    (tmp_path / "inventory.pem").write_bytes(good[:200])
    (tmp_path / "orders.pem").write_bytes(good[:200])
    await asyncio.sleep(0.2)
    assert (await orders.http("inventory", "GET", "/")).status == 200
    (tmp_path / "orders.pem").write_bytes(good)
    assert await _serial(tmp_path, port) == before
    await orders.close()


async def test_the_authority_changes_in_three_steps_and_both_sides_trust_each_other_in_each(
    tmp_path: Path, port: int, authority: Authority
) -> None:
    first = (tmp_path / "ca.pem").read_bytes()
    for step, authorities in (("trust", 2), ("sign", 2), ("forget", 1)):
        assert authority.rotate(NOW) == step
        assert (tmp_path / "ca.pem").read_bytes().count(b"BEGIN CERTIFICATE") == authorities
        await _until(lambda: _leaf(tmp_path, "inventory").serial_number, port, tmp_path)
        orders = peers(tmp_path, port)
        assert (await orders.http("inventory", "GET", "/")).status == 200
        await orders.close()
    assert (tmp_path / "ca.pem").read_bytes() != first
    assert authority.rotate(NOW) == "trust"


def test_a_certificate_says_who_it_is_and_holds_no_longer_than_asked(tmp_path: Path, authority: Authority) -> None:
    ends = authority.issue("catalog", NOW, hosts=["catalog.internal", "10.0.0.7"], hours=5)
    leaf = _leaf(tmp_path, "catalog")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://banyan/catalog"]
    assert set(names.get_values_for_type(x509.DNSName)) == {"catalog", "localhost", "catalog.internal"}
    assert "10.0.0.7" in [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    assert ends == NOW + timedelta(hours=5)
    assert leaf.not_valid_after_utc <= ends


def test_what_has_lived_two_thirds_of_its_time_is_due_and_keeps_its_names(tmp_path: Path, authority: Authority) -> None:
    authority.issue("catalog", NOW, hosts=["catalog.internal"], hours=6)
    assert authority.due(NOW + timedelta(hours=3)) == []
    assert authority.due(NOW + timedelta(hours=4, minutes=30)) == ["catalog"]
    before = _leaf(tmp_path, "catalog")
    assert authority.renew("catalog", NOW + timedelta(hours=4)) == NOW + timedelta(hours=10)
    after = _leaf(tmp_path, "catalog")
    assert after.serial_number != before.serial_number
    kind = x509.SubjectAlternativeName
    assert after.extensions.get_extension_for_class(kind).value == before.extensions.get_extension_for_class(kind).value


def test_keys_are_for_their_owner_alone(tmp_path: Path, authority: Authority) -> None:
    for name in ("ca.key", "orders.pem"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()


def test_mistakes_are_said(tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(Conflict):
        authority.begin(NOW)
    with pytest.raises(NotFound, match="banyan ca issue"):
        authority.renew("payments", NOW)
    with pytest.raises(NotFound, match="banyan ca init"):
        Authority(tmp_path / "none", SeededIds(SystemClock(), 1)).issue("orders", NOW)
    with pytest.raises(WrongSettings, match="banyan ca issue payments"):
        Channel(tmp_path, "payments")
