"""A mail server of our own (aiosmtpd): takes mail over plain SMTP, STARTTLS or TLS, and can be told to say no."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from banyan.foundation.free_ports import free_port

USER, PASSWORD = "shop", "s3cret/?"


@dataclass
class SmtpServer:
    """`says`: the answer to the next mails, by recipient."""

    folder: Path
    mails: list[Message] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    _running: list[Controller] = field(default_factory=list)

    @property
    def certificate(self) -> Path:
        return self.folder / "smtp.pem"

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    def start(self) -> None:
        _make_certificate(self.certificate)
        trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trusted.load_cert_chain(self.certificate)
        secure = {"authenticator": _known, "auth_required": True}
        for name, given in (
            ("plain", {}),
            ("starttls", {"tls_context": trusted, "require_starttls": True, **secure}),
            ("tls", {"ssl_context": trusted, "auth_require_tls": False, **secure}),
        ):
            made = Controller(self, hostname="127.0.0.1", port=0, **given)
            made.port = free_port()
            made.start()
            self._running.append(made)
            self.ports[name] = made.port

    def stop(self) -> None:
        for each in self._running:
            each.stop(no_assert=True)
        self._running.clear()


def _known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    fits = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=fits)


def _make_certificate(place: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    place.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="package")
def smtp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpServer]:
    server = SmtpServer(tmp_path_factory.mktemp("smtp"))
    server.start()
    yield server
    server.stop()
