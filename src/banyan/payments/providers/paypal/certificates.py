"""Whose key signs PayPal's webhooks: a certificate from the one pinned host, vouched for by known authorities, in its days."""

import asyncio
import re
import ssl
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Malformed, Unavailable

SECONDS = 2.5
KEPT = 16  # certificates; PayPal uses a few at a time
LONGEST = 65_536  # bytes of a certificate with those above it
_PATH = re.compile(r"/v1/notifications/certs/CERT-[A-Za-z0-9-]{1,64}")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class _Good:
    key: RSAPublicKey
    since: datetime
    until: datetime


class Certificates:
    """Those that were found good, by their URL."""

    def __init__(self) -> None:
        self._good: dict[str, _Good] = {}
        self._one_at_a_time = asyncio.Lock()  # who asks for many names does not make many requests
        self._roots: dict[str, Store] = {}

    def check(self, settings: Settings) -> None:
        """WrongSettings when there is nobody to vouch."""
        try:
            self._store(settings)
        except (OSError, ValueError) as error:
            raise WrongSettings(f"BANYAN_PAYPAL_CERT_ROOTS: no certificates can be read there ({error})") from None

    async def key(self, ports: Ports, url: str) -> RSAPublicKey:
        """The key of the certificate at `url`. Malformed (`bad_certificate`) when it is not PayPal's, now."""
        if not url.startswith(f"{_origin(ports.settings)}/") or not _PATH.fullmatch(url, len(_origin(ports.settings))):
            raise _bad("its address is not PayPal's")
        async with self._one_at_a_time:
            good = self._good.get(url)
            if good is None or not good.since <= ports.clock.now() <= good.until:
                self._good.pop(url, None)
                good = self._vouched(ports, await _fetch(ports, url))
                while len(self._good) >= KEPT:
                    self._good.pop(next(iter(self._good)))
                self._good[url] = good
        return good.key

    def _vouched(self, ports: Ports, chain: bytes) -> _Good:
        """The first certificate of the chain, where it is a server's of the name that PayPal signs by."""
        try:
            leaf, *above = x509.load_pem_x509_certificates(chain)
            policy = PolicyBuilder().store(self._store(ports.settings)).time(ports.clock.now().replace(tzinfo=None))
            path = policy.build_server_verifier(x509.DNSName(_signer(ports.settings))).verify(leaf, above)
            if not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
                raise _bad("its key is not for signing")
        except (ValueError, VerificationError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
            raise _bad("nobody we know vouches for it now") from error
        key = leaf.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
            raise _bad("its key is not a strong one of RSA")
        since = max(each.not_valid_before_utc for each in path)
        return _Good(key, since, min(each.not_valid_after_utc for each in path))

    def _store(self, settings: Settings) -> Store:
        place = settings.paypal_cert_roots
        if place not in self._roots:
            self._roots[place] = Store(_from_file(place) if place else _of_the_system())
        return self._roots[place]


def _origin(settings: Settings) -> str:
    """Over TLS; a simulator on this very machine may do without, for the chain is checked all the same."""
    host = settings.paypal_cert_host
    plain = settings.environment == "laptop" and _LOOPBACK.fullmatch(host)
    return f"{'http' if plain else 'https'}://{host}"


def _signer(settings: Settings) -> str:
    """The name in PayPal's certificate: `messageverificationcerts.paypal.com`, in the sandbox `….sandbox.paypal.com`."""
    host = settings.paypal_cert_host
    domain = "paypal.test" if _LOOPBACK.fullmatch(host) else host.partition(":")[0].removeprefix("api.")
    return f"messageverificationcerts.{domain}"


async def _fetch(ports: Ports, url: str) -> bytes:
    answer = await ports.egress.send("GET", url, seconds=SECONDS)
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable("PayPal's certificate cannot be had just now", retry_after=60)
    if answer.status != 200 or len(answer.body) > LONGEST:
        raise _bad("it is not at its address")
    return answer.body


def _from_file(place: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(Path(place).read_bytes())


def _of_the_system() -> list[x509.Certificate]:
    """An old authority whose certificate is not to the letter (no serial number …) vouches for nobody."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in ssl.create_default_context().get_ca_certs(binary_form=True):
            with suppress(ValueError, Warning):
                found.append(x509.load_der_x509_certificate(each))
    return found


def _bad(why: str) -> Malformed:
    return Malformed(f"the webhook's certificate is not to be believed: {why}", code="bad_certificate")
