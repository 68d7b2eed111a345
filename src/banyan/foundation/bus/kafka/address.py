"""Where a Kafka is and how it is entered: `kafka://host:9092,host2:9092/prefix?partitions=12`, `kafkas://` with TLS."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from aiokafka.helpers import create_ssl_context

from banyan.foundation.settings import WrongSettings

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_KNOWN = ("partitions", "replication", "retention_days", "session", "sasl", "ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class Address:
    """`servers` are asked first; the others of the cluster are learned from them."""

    servers: tuple[str, ...]
    prefix: str
    partitions: int = 12  # of a topic that is missing
    replication: int = 0  # of a topic that is missing; 0: three, or as many as there are brokers
    retention_days: int = 7
    session: int = 10  # seconds without a sign of life after which a member's partitions go to others
    entry: Mapping[str, Any] = field(
        default_factory=dict, repr=False
    )  # how clients prove themselves: holds the password

    def __str__(self) -> str:
        return f"Kafka at {', '.join(self.servers)}"

    def client(self) -> dict[str, Any]:
        """What every client of this cluster is given."""
        return {"bootstrap_servers": list(self.servers), **self.entry}


def read(url: str) -> Address:
    """The address a URL names. WrongSettings says what is wrong with it, and never repeats a password."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        _wrong("is no URL such as kafka://host:9092/banyan?partitions=12")
    for name in options:
        if name not in _KNOWN:
            _wrong(f"{name} is no option of a Kafka bus; known: {', '.join(_KNOWN)}")
    login, _, places = parts.netloc.rpartition("@")
    servers = tuple(_server(place) for place in places.split(","))
    prefix = parts.path.strip("/") or "banyan"
    if not _NAME.issuperset(prefix) or len(prefix) > 100:
        _wrong("the path is the prefix of our topics' names: at most 100 letters, digits, dots, dashes and underscores")
    return Address(
        servers,
        prefix,
        partitions=_number(options, "partitions", 12, 1, 1000),
        replication=_number(options, "replication", 0, 0, 10),
        retention_days=_number(options, "retention_days", 7, 1, 3650),
        session=_number(options, "session", 10, 1, 300),
        entry=_entry(parts.scheme == "kafkas", login, options),
    )


def _entry(tls: bool, login: str, options: Mapping[str, str]) -> dict[str, Any]:
    protocol = ("SASL_SSL" if login else "SSL") if tls else ("SASL_PLAINTEXT" if login else "PLAINTEXT")
    entry: dict[str, Any] = {"security_protocol": protocol}
    if tls:
        entry["ssl_context"] = _tls(options)
    elif any(name in options for name in ("ca", "cert", "key")):
        _wrong("ca, cert and key belong to kafkas://")
    if login:
        user, _, password = login.partition(":")
        mechanism = options.get("sasl", "PLAIN").upper()
        if mechanism not in _MECHANISMS:
            _wrong(f"sasl is one of {', '.join(_MECHANISMS)}")
        entry |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": unquote(user),
            "sasl_plain_password": unquote(password),
        }
    elif "sasl" in options:
        _wrong("sasl needs a user and a password: kafkas://user:password@host:9093")
    return entry


def _tls(options: Mapping[str, str]) -> ssl.SSLContext:
    """The system's authorities, or those in the file `ca`; `cert` and `key` prove us where brokers ask for it."""
    try:
        context: ssl.SSLContext = create_ssl_context(
            cafile=options.get("ca") or None, certfile=options.get("cert") or None, keyfile=options.get("key") or None
        )
        return context
    except (OSError, ssl.SSLError) as error:
        _wrong(f"ca, cert and key name PEM files: {error.strerror or type(error).__name__}")


def _server(place: str) -> str:
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, "9092"
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        _wrong("brokers are named as host:9092, several separated by commas")
    return f"{host}:{port}"


def _number(options: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = options.get(name, str(default))
    if not given.isdigit() or not least <= int(given) <= most:
        _wrong(f"{name} is a number between {least} and {most}")
    return int(given)


def _wrong(why: str) -> NoReturn:
    raise WrongSettings(f"BANYAN_BUS_URL: {why}")
