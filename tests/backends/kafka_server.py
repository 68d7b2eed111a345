"""A private Kafka broker, which is met in the open and behind TLS and a password."""

import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from banyan.cluster.engines.kafka import Kafka
from banyan.foundation.free_ports import free_port
from tests.backends.programs import running

USER, PASSWORD = "shop", "p/ss:w@rd"
_SECURE = """\
listeners={places},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={places}
controller.quorum.voters=1@127.0.0.1:{controller}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {login};
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={folder}/keystore.pem
"""


@dataclass
class KafkaServer(Kafka):
    """`address` is what clients want to know; at `secure` it speaks TLS, and wants to hear USER and PASSWORD."""

    secure_port: int = field(default_factory=free_port)

    @property
    def secure(self) -> str:
        return f"127.0.0.1:{self.secure_port}"

    @property
    def authority(self) -> Path:
        """The PEM file of who vouches for it."""
        return self.folder / "certificate.pem"

    def settings(self) -> str:
        _certify(self.folder / "keystore.pem", self.authority)
        return super().settings() + _SECURE.format(
            places=f"PLAINTEXT://{self.address},SECURE://{self.secure}",
            controller=free_port(),
            login=f'user_{USER}="{PASSWORD}"',
            folder=self.folder,
        )


def started(folder: Path) -> KafkaServer:
    """A broker in this folder. Skips where Java or the jars are not to be had."""
    return running(KafkaServer(folder))


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker of this test run alone."""
    server = started(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop(kill=True)


def _certify(keystore: Path, authority: Path) -> None:
    """A key and a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = certificate.public_bytes(Encoding.PEM)
    authority.write_bytes(shown)
    keystore.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + shown)
