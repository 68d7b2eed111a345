"""What signs the played PayPal's webhooks: an authority of its own, and a certificate from it for PayPal's name."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Authority:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def begin(cls, now: datetime, name: str = "Played Authority") -> "Authority":
        key = new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            _builder(subject, subject, key, now - timedelta(days=1), now + 10 * _YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(for_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return cls(key, made)

    def issue(
        self,
        key: rsa.RSAPrivateKey,
        name: str,
        since: datetime,
        until: datetime,
        *,
        client: bool = False,  # for TLS clients instead of servers
        signs: bool = True,  # whether its key may sign
    ) -> x509.Certificate:
        use = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return (
            _builder(subject, self.certificate.subject, key, since, until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=signs), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def headers(
    key: rsa.RSAPrivateKey, cert_url: str, transmission_id: str, sent: datetime, webhook_id: str, body: bytes
) -> Mapping[str, str]:
    """As PayPal signs: transmission id, time, webhook id and the body's CRC-32, between bars."""
    time = f"{sent:%Y-%m-%dT%H:%M:%SZ}"
    message = f"{transmission_id}|{time}|{webhook_id}|{crc32(body)}".encode()
    return {
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": cert_url,
        "paypal-transmission-id": transmission_id,
        "paypal-transmission-time": time,
        "paypal-transmission-sig": b64encode(key.sign(message, PKCS1v15(), SHA256())).decode(),
    }


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _usage(*, for_certificates: bool = False, signs: bool = True) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_encipherment=not for_certificates,
        key_cert_sign=for_certificates,
        crl_sign=for_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
