"""Where tokens are forged: a true one, the key it was signed with, and the tools. What is made is written in a list."""

import base64
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from joserfc.jwk import ECKey, RSAKey

Make = dict[str, Any]
_OTHER = RSAKey.generate_key(2048, {"kid": "mine"})
_CURVE = ECKey.generate_key("P-256", {"kid": "mine"})


def b64(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass
class Workshop:
    """`told`: further words that a list may use, as `$nonce`. `retired`: a key that was replaced."""

    token: str
    key: RSAKey
    now: int
    told: dict[str, str] = field(default_factory=dict)
    retired: RSAKey | None = None

    @property
    def header(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(unb64(self.token.split(".")[0]))
        return found

    @property
    def claims(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(unb64(self.token.split(".")[1]))
        return found

    def make(self, make: Make) -> str:
        """A token as a line of the list says: its header and claims changed, signed by whom it names."""
        if "form" in make:
            head, body, sign = self.token.split(".")
            parts = {"head": head, "body": body, "sign": sign, "short": sign[:-8]}
            return str(self._fill(make["form"].format(**parts)))
        header = self.header | self._fill(make.get("header", {}))
        header |= self._brought(make.get("bring", ""))
        header = {name: value for name, value in header.items() if name not in make.get("drop_header", ())}
        claims = self.claims | self._fill(make.get("claims", {}))
        claims = {name: value for name, value in claims.items() if name not in make.get("drop", ())}
        signed = f"{self._part(make, 'header', header)}.{self._part(make, 'payload', claims)}"
        if make.get("sign", "copy") == "copy":
            return f"{signed}.{self.token.split('.')[2]}"
        return f"{signed}.{b64(self._signature(make['sign'], signed.encode()))}"

    def _part(self, make: Make, name: str, value: dict[str, Any]) -> str:
        if f"{name}_hex" in make:
            return b64(bytes.fromhex(make[f"{name}_hex"]))
        raw = make.get(f"{name}_raw")
        return b64(value if raw is None else str(self._fill(raw)).encode())

    def _fill(self, value: Any) -> Any:
        """The list's words in place of what they stand for."""
        if isinstance(value, dict):
            if value.keys() & {"now", "now_text", "now_fraction"}:
                [(kind, seconds)] = value.items()
                at = self.now + seconds
                return {"now": at, "now_text": str(at), "now_fraction": at + 0.5}[kind]
            return {name: self._fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if not isinstance(value, str):
            return value
        value = re.sub(r"\$repeat:(.):(\d+):?", lambda found: found[1] * int(found[2]), value)
        words = {"$now": str(self.now), "$soon": str(self.now + 600)} | {f"${n}": v for n, v in self.told.items()}
        for name, given in (
            ("kid", self.header.get("kid", "")),
            ("iss", self.claims["iss"]),
            ("sub", self.claims["sub"]),
        ):
            words |= {f"${name}": given, f"${name.upper()}": given.upper()}
        for word in sorted(words, key=len, reverse=True):
            value = value.replace(word, words[word])
        return value

    def _brought(self, bring: str) -> dict[str, Any]:
        key = {"": None, "jwk": _OTHER, "true jwk": self.key}[bring]
        return {"jwk": key.as_dict(private=False)} if key else {}

    def _signature(self, how: str, signed: bytes) -> bytes:
        kind, _, with_what = how.partition(" ")
        if kind == "hmac":
            return hmac.digest(self._secrets()[with_what], signed, "sha256")
        if kind == "zeros":
            return bytes(int(with_what))
        if kind == "ec":
            assert isinstance(_CURVE.private_key, ec.EllipticCurvePrivateKey)
            return _CURVE.private_key.sign(signed, ec.ECDSA(SHA256()))
        if how in ("nothing", "garbage", "der zeros"):
            return {"nothing": b"", "garbage": b"A" * 256, "der zeros": bytes.fromhex("3006020100020100")}[how]
        rsa = {"other": _OTHER, "retired": self.retired or _OTHER}.get(how, self.key).raw_value
        assert isinstance(rsa, RSAPrivateKey)
        if how == "pss":
            return rsa.sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        digest = {"rs512": SHA512(), "rs1": SHA1()}.get(how, SHA256())
        return rsa.sign(signed, padding.PKCS1v15(), digest)

    def _secrets(self) -> dict[str, bytes]:
        assert isinstance(self.key.raw_value, RSAPrivateKey)
        public = self.key.raw_value.public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return {
            "pem": public.public_bytes(serialization.Encoding.PEM, form),
            "der": public.public_bytes(serialization.Encoding.DER, form),
            "modulus": unb64(str(self.key.as_dict(private=False)["n"])),
            "jwk": json.dumps(self.key.as_dict(private=False)).encode(),
            "nothing": b"",
            "kid": str(self.key.kid).encode(),
            "secret": self.told.get("secret", "").encode(),
        }
