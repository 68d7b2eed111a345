"""A small certificate authority of a folder: short-lived certificates for services, and a change of authority in three steps.

`ca.key` stays with whoever issues; services need `ca.pem` and their own `NAME.pem` (certificate and key in one file, so that
both are renewed by one rename). Names are `spiffe://banyan/NAME` (SPIFFE-ID) and, for TLS, the DNS name `NAME`.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from banyan.foundation.identity.channel import CA
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Conflict, NotFound

TRUST = "spiffe://banyan/"
AUTHORITY_DAYS, LEAF_HOURS = 730, 72
_KEY, _NEXT = "ca.key", "next.key"
_SKEW = timedelta(minutes=5)  # clocks of other machines may be behind


class Authority:
    """The authority that lives in `folder`. NotFound where there is none yet, Conflict for a second one."""

    def __init__(self, folder: Path, ids: Ids) -> None:
        self._folder = folder
        self._ids = ids

    def begin(self, now: datetime) -> None:
        """Make the authority: its key, readable by nobody else, and its certificate."""
        if (self._folder / _KEY).exists():
            raise Conflict(
                "there is an authority in this folder already; `banyan ca rotate` replaces it", code="exists"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write(CA, _pem(self._new(_KEY, now)), 0o644)

    def issue(self, name: str, now: datetime, *, hosts: Iterable[str] = (), hours: int = LEAF_HOURS) -> datetime:
        """Write a new certificate and key for a service; the time at which it ends. `hosts`: other names and addresses of it."""
        key, authority = self._signing()
        leaf = generate_private_key(SECP256R1())
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(TRUST + name)]
        names += [_general(each) for each in dict.fromkeys((name, "localhost", "127.0.0.1", *hosts))]
        ends = min(now + timedelta(hours=hours), authority.not_valid_after_utc)
        made = (
            self._builder(name, authority.subject, leaf, now, ends)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        self._write(f"{name}.pem", _pem(made) + _key_pem(leaf), 0o600)
        return ends

    def due(self, now: datetime) -> list[str]:
        """The services whose certificates have lived two thirds of their time."""
        return [
            name
            for name, leaf in self._leaves()
            if (leaf.not_valid_after_utc - now) * 3 <= leaf.not_valid_after_utc - leaf.not_valid_before_utc
        ]

    def renew(self, name: str, now: datetime) -> datetime:
        """Issue again with the same names and for as long."""
        leaf = next((leaf for known, leaf in self._leaves() if known == name), None)
        if leaf is None:
            raise NotFound(f"nothing was issued to {name} yet: banyan ca issue {name}")
        lasted = leaf.not_valid_after_utc - leaf.not_valid_before_utc - _SKEW
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [str(each.value) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]
        return self.issue(name, now, hosts=hosts, hours=max(1, round(lasted / timedelta(hours=1))))

    def rotate(self, now: datetime) -> str:
        """The next step of a change of authority, and its name. Let every process hear of one before the next is taken.

        `trust`: a new authority is believed beside the old one. `sign`: it signs, and all certificates are issued anew.
        `forget`: the old one is believed no more.
        """
        trusted = self._trusted()
        if (self._folder / _NEXT).exists():
            os.replace(self._folder / _NEXT, self._folder / _KEY)
            for name, _ in list(self._leaves()):
                self.renew(name, now)
            return "sign"
        if len(trusted) > 1:
            self._write(CA, _pem(self._signing()[1]), 0o644)
            return "forget"
        self._write(CA, b"".join(_pem(each) for each in (*trusted, self._new(_NEXT, now))), 0o644)
        return "trust"

    def _new(self, file: str, now: datetime) -> x509.Certificate:
        key = generate_private_key(SECP256R1())
        name = f"Banyan services {self._ids.secret(4).hex()}"
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(*(each in (5, 6) for each in range(9)))  # certificates and their revocations
        made = (
            self._builder(name, subject, key, now, now + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write(file, _key_pem(key), 0o600)
        return made

    def _builder(
        self, name: str, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, ends: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(self._ids.secret(19)) + 1)  # RFC 5280 §4.1.2.2: positive, 20 bytes at most
            .not_valid_before(now - _SKEW)
            .not_valid_after(ends)
        )

    def _signing(self) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
        place = self._folder / _KEY
        if not place.exists():
            raise NotFound("there is no authority in this folder: banyan ca init")
        key = serialization.load_pem_private_key(place.read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return key, next(each for each in self._trusted() if each.public_key() == key.public_key())

    def _trusted(self) -> list[x509.Certificate]:
        if not (self._folder / CA).exists():
            raise NotFound("there is no authority in this folder: banyan ca init")
        return x509.load_pem_x509_certificates((self._folder / CA).read_bytes())

    def _leaves(self) -> Iterator[tuple[str, x509.Certificate]]:
        for file in sorted(self._folder.glob("*.pem")):
            if file.name != CA:
                yield file.stem, x509.load_pem_x509_certificate(file.read_bytes())

    def _write(self, name: str, data: bytes, mode: int) -> None:
        """Whole or not at all, and never readable by others for a moment."""
        new = self._folder / f".{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            file.write(data)
        os.replace(new, self._folder / name)


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
