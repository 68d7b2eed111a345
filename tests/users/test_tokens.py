"""Access tokens: ours are believed by every service, no change of one is (RFC 9068). Hostile ones: oauth/hostile_tokens.json."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from banyan.foundation.auth import Authority
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unauthenticated
from banyan.users import signing
from banyan.users.storage import signing_keys
from tests.users.desk import Desk
from tests.users.oauth.workshop import Workshop


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
