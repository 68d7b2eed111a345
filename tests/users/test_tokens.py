"""Access tokens: ours are believed by every service, nothing that only looks like one is (RFC 8725, RFC 9068)."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from banyan.foundation.auth import Authority
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unauthenticated
from banyan.users import signing
from banyan.users.storage import signing_keys
from tests.users.desk import Desk

Forge = Callable[["Workshop"], str]


def _b64(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Workshop:
    """Where tokens are forged: a true one, the true key, and the tools."""

    def __init__(self, token: str, key: RSAKey, now: int) -> None:
        self.token = token
        self.key = key
        self.now = now
        head, body, _ = token.split(".")
        self.header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=="))
        self.claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
        assert isinstance(key.raw_value, RSAPrivateKey)
        self._private = key.raw_value
        self.public_pem = self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def signed(self, header: dict[str, Any] | None = None, claims: object = None, **changed: Any) -> str:
        """Signed by the true key, whatever it says; None takes a claim away."""
        told = {name: value for name, value in (self.claims | changed).items() if value is not None}
        payload = json.dumps(told if claims is None else claims).encode()
        signed = f"{_b64(self.header if header is None else header)}.{_b64(payload)}"
        return f"{signed}.{_b64(self._private.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    def hmac_signed(self, secret: bytes, header: dict[str, Any]) -> str:
        signed = f"{_b64(header)}.{_b64(self.claims)}"
        return f"{signed}.{_b64(hmac.digest(secret, signed.encode(), 'sha256'))}"

    def by_another(self, header: dict[str, Any]) -> str:
        other = RSAKey.generate_key(2048, {"kid": "x"})
        return jwt.encode({"alg": "RS256", "typ": "at+jwt"} | header, self.claims, other)


def _no_signature(alg: object) -> Forge:
    return lambda w: f"{_b64(w.header | {'alg': alg})}.{_b64(w.claims)}."


def _no_signature_padded(w: Workshop) -> str:
    return f"{_b64(w.header | {'alg': 'none'})}.{_b64(w.claims)}.{'A' * 342}"


def _es256_zero(w: Workshop) -> str:
    return f"{_b64(w.header | {'alg': 'ES256'})}.{_b64(w.claims)}.{_b64(bytes(64))}"


def _embedded_key(w: Workshop) -> str:
    other = RSAKey.generate_key(2048, {"kid": "mine"})
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "mine", "jwk": other.as_dict(private=False)}
    registry = jws.JWSRegistry(strict_check_header=False)
    return jwt.encode(header, w.claims, other, registry=registry)


def _other_bits(w: Workshop) -> str:
    head, body, signature = w.token.split(".")
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _other_claims(w: Workshop) -> str:
    head, _, signature = w.token.split(".")
    return f"{head}.{_b64(w.claims | {'permissions': ['users:write']})}.{signature}"


FORGED: dict[str, Forge] = {
    "alg none": _no_signature("none"),
    "alg None": _no_signature("None"),
    "alg nOnE": _no_signature("nOnE"),
    "alg none, padded": _no_signature_padded,
    "alg missing": lambda w: w.signed({"typ": "at+jwt", "kid": w.header["kid"]}),
    "alg null": _no_signature(None),
    "alg a list": lambda w: w.signed(w.header | {"alg": ["RS256"]}),
    "alg a number": lambda w: w.signed(w.header | {"alg": 256}),
    "RS512 with our key": lambda w: w.signed(w.header | {"alg": "RS512"}),
    "PS256 with our key": lambda w: w.signed(w.header | {"alg": "PS256"}),
    "HS256 with the public key": lambda w: w.hmac_signed(w.public_pem, w.header | {"alg": "HS256"}),
    "HS256 with the modulus": lambda w: w.hmac_signed(
        base64.urlsafe_b64decode(str(w.key.as_dict(private=False)["n"]) + "=="), w.header | {"alg": "HS256"}
    ),
    "HS256 with nothing": lambda w: w.hmac_signed(b"", w.header | {"alg": "HS256", "kid": "../../dev/null"}),
    "ES256 with zeros": _es256_zero,
    "another key": lambda w: w.by_another({}),
    "another key under our kid": lambda w: w.by_another({"kid": w.header["kid"]}),
    "another key in the header": _embedded_key,
    "jku": lambda w: w.by_another({"kid": "x", "jku": "https://evil.example/jwks.json"}),
    "x5u": lambda w: w.by_another({"kid": "x", "x5u": "https://evil.example/cert.pem"}),
    "kid a path": lambda w: w.by_another({"kid": "../../../../etc/passwd"}),
    "kid an injection": lambda w: w.by_another({"kid": "x' UNION SELECT 'AAAA"}),
    "kid with NUL": lambda w: w.by_another({"kid": "\x00"}),
    "kid a list": lambda w: w.signed(w.header | {"kid": [w.header["kid"]]}),
    "kid an object": lambda w: w.signed(w.header | {"kid": {}}),
    "kid unknown": lambda w: w.signed(w.header | {"kid": "key_unknown"}),
    "typ JWT": lambda w: w.signed(w.header | {"typ": "JWT"}),
    "typ missing (an ID token)": lambda w: w.signed({"alg": "RS256", "kid": w.header["kid"]}),
    "typ a list": lambda w: w.signed(w.header | {"typ": ["at+jwt"]}),
    "crit": lambda w: w.signed(w.header | {"crit": ["exp"]}),
    "b64 false": lambda w: w.signed(w.header | {"b64": False, "crit": ["b64"]}),
    "iss other": lambda w: w.signed(iss="https://evil.example"),
    "iss with a slash": lambda w: w.signed(iss=w.claims["iss"] + "/"),
    "iss missing": lambda w: w.signed(iss=None),
    "iss a list": lambda w: w.signed(iss=[w.claims["iss"]]),
    "aud other": lambda w: w.signed(aud="payments"),
    "aud missing": lambda w: w.signed(aud=None),
    "aud a list": lambda w: w.signed(aud=["evil"]),
    "sub missing": lambda w: w.signed(sub=None),
    "sub a number": lambda w: w.signed(sub=1),
    "exp past": lambda w: w.signed(exp=w.now - 31, iat=w.now - 700),
    "exp missing": lambda w: w.signed(exp=None),
    "exp text": lambda w: w.signed(exp=str(w.now + 600)),
    "exp a fraction": lambda w: w.signed(exp=w.now + 600.5),
    "exp true": lambda w: w.signed(exp=True),
    "iat missing": lambda w: w.signed(iat=None),
    "iat text": lambda w: w.signed(iat=str(w.now)),
    "iat to come": lambda w: w.signed(iat=w.now + 31),
    "claims a list": lambda w: w.signed(claims=[w.claims]),
    "claims text": lambda w: w.signed(claims="claims"),
    "claims null": lambda w: w.signed(claims=0),
    "claims of 10,000 characters": lambda w: w.signed(more="x" * 10_000),
    "two signatures": lambda w: w.token + "." + w.token.rpartition(".")[2],
    "five parts (a JWE)": lambda w: ".".join(["AAAA"] * 5),
    "no signature": lambda w: w.token.rpartition(".")[0] + ".",
    "another signature": _other_bits,
    "other claims": _other_claims,
    "a header that is no JSON": lambda w: f"{_b64(b'not json')}.{w.token.partition('.')[2]}",
    "a header that is a list": lambda w: f"{_b64([])}.{w.token.partition('.')[2]}",
    "a header of bytes": lambda w: f"{_b64(bytes(range(200, 240)))}.{w.token.partition('.')[2]}",
    "JSON form": lambda w: json.dumps({"payload": _b64(w.claims), "signatures": []}),
    "a refresh token": lambda w: "rt_" + "A" * 43,
    "nothing": lambda w: " ",
}


@pytest.fixture(scope="module")
async def workshop(timed: Desk, clock: VirtualClock) -> Workshop:
    made = await timed.newcomer()
    sealed = await signing_keys.signing(timed.ports.db)
    assert sealed
    key = await signing.open_sealed(timed.ports.keys, sealed.kid, sealed.sealed)
    return Workshop(made["access_token"], key, int(clock.now().timestamp()))


def test_ours_says_what_it_should(workshop: Workshop, timed: Desk) -> None:
    assert workshop.header == {"alg": "RS256", "typ": "at+jwt", "kid": workshop.key.kid}
    claims = workshop.claims
    assert set(claims) == {"iss", "aud", "sub", "sid", "client_id", "iat", "exp", "jti", "permissions"}
    assert (claims["iss"], claims["aud"]) == (timed.shop.settings.origin, "banyan")
    assert claims["exp"] - claims["iat"] == timed.shop.settings.access_token_seconds
    assert claims["permissions"] == []


@pytest.mark.parametrize("name", FORGED)
async def test_what_only_looks_like_a_token_is_refused(timed: Desk, workshop: Workshop, name: str) -> None:
    answer = await timed.ask("GET", "/v1/me", headers={"authorization": f"Bearer {FORGED[name](workshop)}"})
    assert answer.status == 401, name
    assert answer.json()["code"] in ("invalid_token", "token_expired")
    assert (answer.header("www-authenticate") or "").startswith("Bearer error=")
    true = await timed.ask("GET", "/v1/me", token=workshop.token)
    assert true.status == 200  # and the true one still holds


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    place=st.integers(0, 2),
    cut=st.integers(0, 600),
    inserted=st.text("ABab01-_.=+/ \x00é", max_size=3),
)
async def test_no_change_of_a_true_token_is_believed(
    timed: Desk, workshop: Workshop, place: int, cut: int, inserted: str
) -> None:
    parts = workshop.token.split(".")
    at = cut % len(parts[place])
    parts[place] = parts[place][:at] + inserted + parts[place][at + 1 :]
    changed = ".".join(parts)
    try:
        who = await timed.shop.authority.principal(f"Bearer {changed}")
    except Unauthenticated:
        return
    assert changed == workshop.token or _same_bytes(changed, workshop.token)
    assert who.user_id == workshop.claims["sub"]


def _same_bytes(one: str, other: str) -> bool:
    """The last digit of base64 holds spare bits: another spelling of the very same signature."""

    def read(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    return [*map(read, one.split("."))] == [*map(read, other.split("."))]


async def test_a_key_set_with_other_kinds_of_keys_confuses_nobody(workshop: Workshop, timed: Desk) -> None:
    """Even if a symmetric or EC key stood in the set, RS256 is the only algorithm that is accepted."""
    secret = OctKey.import_key("a shared secret of 32 characters", {"kid": "oct"})
    curve = ECKey.generate_key("P-256", {"kid": "ec"})

    class Peers:
        async def ask(self, _: object) -> Any:
            class Answer:
                jwks = json.dumps(KeySet([secret, curve]).as_dict(private=True))

            return Answer

    authority = Authority(Peers(), issuer=workshop.claims["iss"], clock=timed.ports.clock)  # type: ignore[arg-type]
    for alg, key in (("HS256", secret), ("ES256", curve)):
        token = jwt.encode({"alg": alg, "typ": "at+jwt", "kid": key.kid}, workshop.claims, key, algorithms=[alg])
        with pytest.raises(Unauthenticated):
            await authority.principal(f"Bearer {token}")
