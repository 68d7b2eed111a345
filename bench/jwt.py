"""What it costs to know who asks: the check of an access token at the gateway, first and after, beside the bare library.

    .venv/bin/python -m bench.jwt [--seconds 3]

`after the first` is what nearly every request pays: the token is remembered, its key and its end are looked at again.
"""

import argparse
import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from banyan.foundation.auth import Authority
from banyan.kernel.clock import SystemClock

ISSUER = "https://shop.example"
MOST = 50.0  # microseconds after the first: what was promised


class Keys:
    """Stands for users, which is asked for its keys once in five minutes."""

    def __init__(self, key: RSAKey) -> None:
        self.jwks = json.dumps(KeySet([key]).as_dict(private=False))

    async def ask(self, _: object) -> "Keys":
        return self


def token(key: RSAKey, number: int) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "banyan",
        "sub": "usr_01jd3xh1ts0v5k0rj5d1zq9t5e",
        "sid": "ses_01jd3xh1ts0v5k0rj5d1zq9t5e",
        "client_id": "banyan",
        "iat": now,
        "exp": now + 600,
        "jti": f"tok_{number}",
        "permissions": ["operate", "orders:read", "orders:write", "payments:read", "stock:read", "users:read"],
    }
    return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": key.kid}, claims, key)


async def microseconds(work: Callable[[int], Awaitable[Any]], seconds: float) -> float:
    """The median of rounds of 200."""
    rounds, done, until = list[float](), 0, time.perf_counter() + seconds
    while time.perf_counter() < until or not rounds:
        began = time.perf_counter()
        for number in range(200):
            await work(done + number)
        rounds.append((time.perf_counter() - began) / 200 * 1e6)
        done += 200
    return sorted(rounds)[len(rounds) // 2]


async def measure(seconds: float) -> dict[str, float]:
    key = RSAKey.generate_key(2048, {"kid": "key_1", "use": "sig", "alg": "RS256"})
    authority = Authority(Keys(key), issuer=ISSUER, clock=SystemClock())  # type: ignore[arg-type]
    known = [f"Bearer {token(key, number)}" for number in range(200)]
    for each in known:
        await authority.principal(each)
    signed, _, signature = known[0].removeprefix("Bearer ").rpartition(".")
    raw, public = _bytes(signature), key.get_op_key("verify")
    assert isinstance(public, RSAPublicKey)
    keys = KeySet([key])

    async def verify(_: int) -> None:
        public.verify(raw, signed.encode(), padding.PKCS1v15(), SHA256())

    async def library(number: int) -> None:
        jwt.decode(known[number % 200].removeprefix("Bearer "), keys, algorithms=["RS256"])

    async def first(number: int) -> None:
        authority._known.clear()
        await authority.principal(known[number % 200])

    async def after(number: int) -> None:
        await authority.principal(known[number % 200])

    part = seconds / 4
    measured = {"raw RSA verify (cryptography)": await microseconds(verify, part)}
    measured["decode with its key (joserfc)"] = await microseconds(library, part)
    measured["check, first time"] = await microseconds(first, part)
    for each in known:
        await authority.principal(each)
    measured["check, after the first"] = await microseconds(after, part)
    return measured


def _bytes(text: str) -> bytes:

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    measured = asyncio.run(measure(parser.parse_args().seconds))
    for name, cost in measured.items():
        print(f"{name:32} {cost:8.1f} µs")
    if measured["check, after the first"] > MOST:
        raise SystemExit(f"more than {MOST:.0f} µs after the first")


if __name__ == "__main__":
    main()
