"""Over TLS everything is read as without it, and a server that cannot prove its name is not trusted when that was asked."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from banyan.kernel.refusals import Unavailable
from banyan.move.binlog import Follower, Start
from banyan.move.demo.mariadb import MariaDb
from banyan.move.rows import unpack
from banyan.move.source import Source, head, read_tables


def certificate(folder: Path, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kept = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(kept)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    certificate(folder, "127.0.0.1")
    (folder / "other").mkdir()
    certificate(folder / "other", "127.0.0.2")
    return folder


@pytest.fixture(scope="module")
def encrypted(folder: Path) -> Iterator[MariaDb]:
    keys = {"ssl-cert": str(folder / "cert.pem"), "ssl-key": str(folder / "key.pem")}
    server = MariaDb(folder / "db", {"innodb-buffer-pool-size": "16M", **keys})
    server.start()
    with server.connect() as con, con.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("CREATE TABLE shop.item (id INT PRIMARY KEY, w LONGTEXT)")
    yield server
    server.stop(kill=True)


def cipher(source: Source) -> bytes | None:
    with source.connect() as con:
        return con.query("SHOW STATUS LIKE 'Ssl_cipher'")[0][1]


async def test_rows_and_the_log_come_over_tls(encrypted: MariaDb, folder: Path) -> None:
    source = Source(encrypted.url("shop") + f"?ssl=verify&ssl_ca={folder / 'cert.pem'}")
    assert cipher(source)
    with source.connect() as con:
        now, tables = head(con), read_tables(con)
        con.execute("INSERT INTO item SELECT seq, REPEAT('x', seq * 17 % 3000) FROM seq_1_to_3000")
        con.execute("INSERT INTO item VALUES (3001, REPEAT('y', 17000000))")
        rows = [unpack(image) for some in con.images("SELECT * FROM item ORDER BY id") for image in some]
    assert rows == [(b"%d" % n, b"x" * (n * 17 % 3000)) for n in range(1, 3001)] + [(b"3001", b"y" * 17_000_000)]
    follower = Follower(source, Start(now.file, now.offset), tables.get, server_id=7)
    came: list[object] = []
    while len(came) < len(rows):
        came += [change.after for each in await follower.next() for change in each.changes]
    assert came == rows
    waiting = asyncio.create_task(follower.next())
    await asyncio.sleep(0.05)
    await follower.close()
    with pytest.raises(Unavailable):
        await waiting


def test_how_much_is_asked_of_the_server(encrypted: MariaDb, mariadb: MariaDb, folder: Path) -> None:
    url = encrypted.url("shop")
    assert cipher(Source(url)), "encrypted where it can be"
    assert cipher(Source(url + "?ssl=required"))
    assert cipher(Source(url + "?ssl=off")) == b""
    assert cipher(Source(mariadb.url("mysql"))) == b""
    for wrong in (
        url + "?ssl=verify",
        url + f"?ssl=verify&ssl_ca={folder / 'other' / 'cert.pem'}",
        url.replace("127.0.0.1", "localhost") + f"?ssl=verify&ssl_ca={folder / 'cert.pem'}",
        mariadb.url("mysql") + "?ssl=required",
    ):
        with pytest.raises(Unavailable, match="cannot be reached"):
            Source(wrong).connect()
