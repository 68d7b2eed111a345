"""A plan over two web servers that say who they are, and a client that asks thousands of questions on few connections."""

import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from banyan import topology
from banyan.gateway.render import Plan, Server, Split
from tests.backends.haproxy_server import answering
from tests.gateway.legacy.conftest import RULES

PRODUCT = "/index.php?route=product/product&product_id=40"
_BATCH = 400


class Answer(NamedTuple):
    status: int
    side: str


@pytest.fixture(scope="package")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Ports of web servers: each answers `ok` and its name, `echo` what it heard."""
    proxy, ports = answering(
        tmp_path_factory.mktemp("sides"),
        **dict.fromkeys(("gateway", "legacy", "orders", "spare", "resting"), "ok"),
        payments="%[req.hdrs]",
    )
    yield ports
    proxy.stop()


def plan_of(
    folder: Path,
    port: int,
    sides: dict[str, int],
    *,
    legacy: str = "legacy",
    orders: Sequence[str] = (),
    **weights: int,
) -> Plan:
    """The shop's own table, with the gateway and two services in reach; payments repeats what it hears."""

    def servers(*names: str) -> list[Server]:
        return [Server("127.0.0.1", sides[name]) for name in names]

    here = {"gateway": servers("gateway"), "orders": servers(*orders or ("orders",)), "payments": servers("payments")}
    split = Split(servers(legacy), RULES, weights) if legacy else None
    listen = f"127.0.0.1:{port}"
    return Plan(topology.ROUTES, here, "https://shop.example", PurePosixPath(folder), listen, split, files=2000)


def get(path: str = PRODUCT, visitor: str = "", *, method: str = "GET", more: str = "", cookie: str = "") -> bytes:
    cookies = "; ".join(each for each in (f"banyan_visitor={visitor}" if visitor else "", cookie) if each)
    told = f"Cookie: {cookies}\r\n" if cookies else ""
    return f"{method} {path} HTTP/1.1\r\nHost: shop.example\r\n{told}{more}\r\n".encode()


def ask(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """All of them in their order. What a server leaves unanswered when it says that it closes is asked again, as browsers
    do (RFC 9112 §9.3.2); OSError when a connection breaks otherwise."""
    found: list[Answer] = []
    while len(found) < len(requests):
        batch = requests[len(found) : len(found) + _BATCH]
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(b"".join(batch))
            got = b""
            while got.count(b"\r\n\r\nok") < len(batch) and b"\r\nConnection: close\r\n" not in got[-400:]:
                if not (more := line.recv(262_144)):
                    raise ConnectionError(got[-300:])
                got += more
        statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)]
        named = [each.decode() for each in re.findall(rb"^x-side: (\w+)", got, re.M)]
        found += [Answer(*each) for each in zip(statuses, named, strict=True)]
    return found


def one(port: int, request: bytes) -> tuple[int, str, str]:
    """Status, headers in lower case, and body of one request on a connection of its own; status 0 where it was cut."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        got = b""
        while more := line.recv(65_536):
            got += more
    head, _, body = got.decode("latin-1").partition("\r\n\r\n")
    return int(head[9:12] or 0) if head else 0, head.lower(), unquote(body)  # HAProxy encodes what it repeats


def side(port: int, request: bytes) -> str:
    """Which server answered; the status where none did."""
    status, head, _ = one(port, request)
    found = re.search(r"^x-side: (\w+)", head, re.M)
    return found[1] if found else str(status)
