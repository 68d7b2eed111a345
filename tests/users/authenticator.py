"""A passkey device in software (WebAuthn Level 3, §6): makes credentials and signs challenges, honestly or not.

What a test wants to be wrong is given by name; everything else is as a good device and browser would do it.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
GOOD = UP | UV


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def data(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """Holds one credential, and counts."""

    origin: str
    rp_id: str
    credential_id: bytes
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0
    handle: bytes = b""

    def make(
        self,
        options: dict[str, Any],
        *,
        origin: str | None = None,
        rp_id: str | None = None,
        challenge: str | None = None,
        flags: int = GOOD,
        kind: str = "webauthn.create",
        algorithm: int = -7,
        fmt: str = "none",
        statement: dict[str, Any] | None = None,
        attestation: bytes | None = None,
        cross_origin: bool = False,
        **changed: Any,
    ) -> dict[str, Any]:
        """What navigator.credentials.create() gives, as JSON."""
        self.handle = data(options["user"]["id"])
        client = self._client(kind, challenge or options["challenge"], origin, cross_origin)
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: algorithm, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + cbor2.dumps(cose)
        made = self._head(rp_id, flags | AT) + attested
        statement = statement if statement is not None else {}
        if fmt == "packed" and not statement:
            signed = self.key.sign(made + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
            statement = {"alg": -7, "sig": signed}
        whole = attestation or cbor2.dumps({"fmt": fmt, "attStmt": statement, "authData": made})
        return self._credential({"clientDataJSON": text(client), "attestationObject": text(whole)}) | changed

    def sign(
        self,
        options: dict[str, Any],
        *,
        origin: str | None = None,
        rp_id: str | None = None,
        challenge: str | None = None,
        flags: int = GOOD,
        kind: str = "webauthn.get",
        count: int | None = None,
        handle: bytes | None = None,
        signature: bytes | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        cross_origin: bool = False,
        **changed: Any,
    ) -> dict[str, Any]:
        """What navigator.credentials.get() gives, as JSON."""
        self.count = self.count + 1 if count is None else count
        client = self._client(kind, challenge or options["challenge"], origin, cross_origin)
        head = self._head(rp_id, flags)
        signed = (key or self.key).sign(head + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(head),
            "signature": text(signature if signature is not None else signed),
            "userHandle": text(self.handle if handle is None else handle),
        }
        return self._credential(response) | changed

    def _client(self, kind: str, challenge: str, origin: str | None, cross_origin: bool) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": origin or self.origin, "crossOrigin": cross_origin}
        return json.dumps(said).encode()

    def _head(self, rp_id: str | None, flags: int) -> bytes:
        return sha256((rp_id or self.rp_id).encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": text(self.credential_id),
            "rawId": text(self.credential_id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }
